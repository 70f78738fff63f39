/** The page on which a person approves or declines a payment, as in a provider's window. It needs no script. */
import { Router, urlencoded } from 'express';
import * as z from 'zod';
import type { Book, ProviderName, SandboxPayment } from './book.js';
import { type Decision, decide, openWindow } from './decide.js';
import { SANDBOX_KEYS } from './keys.js';
import type { World } from './provider-call.js';

const address = z.url({ protocol: /^https?$/ });
const amount = z.coerce.number().positive();
const text = z.string().min(1).max(300);
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .default('KRW');

/** The parameters with which the providers' scripts open their windows. */
const tossQuery = z.object({
  clientKey: z.literal(SANDBOX_KEYS.toss.clientKey),
  orderId: text,
  amount,
  currency,
  orderName: text,
  customerKey: text.default('guest'),
  successUrl: address,
  failUrl: address,
});
const portoneQuery = z.object({
  storeId: z.literal(SANDBOX_KEYS.portone.storeId),
  paymentId: text,
  totalAmount: amount,
  currency,
  orderName: text,
  customer: text.default('guest'),
  redirectUrl: address,
});

const NAMES: Readonly<Record<string, ProviderName>> = { toss: 'TOSS', portone: 'PORTONE', kakaopay: 'KAKAOPAY' };
const LABELS: Readonly<Record<ProviderName, string>> = {
  TOSS: 'Toss Payments',
  PORTONE: 'PortOne',
  KAKAOPAY: 'KakaoPay',
};

export function windowRoutes(world: World): Router {
  const { book } = world;
  const routes = Router();
  routes.get('/window/toss', (req, res) => {
    const asked = tossQuery.safeParse(req.query);
    if (!asked.success)
      return void res
        .status(400)
        .type('html')
        .send(page('400', refused(asked.error)));
    const { orderId: reference, customerKey: buyer, clientKey: _, ...payment } = asked.data;
    const { key } = openWindow(book, { provider: 'TOSS', reference, buyer, ...payment });
    res.redirect(303, `/window/toss/${key}`);
  });
  routes.get('/window/portone', (req, res) => {
    const asked = portoneQuery.safeParse(req.query);
    if (!asked.success)
      return void res
        .status(400)
        .type('html')
        .send(page('400', refused(asked.error)));
    const { paymentId: reference, totalAmount, customer: buyer, redirectUrl, storeId: _, ...payment } = asked.data;
    const urls = { successUrl: redirectUrl, failUrl: redirectUrl };
    const { key } = openWindow(book, {
      provider: 'PORTONE',
      reference,
      buyer,
      amount: totalAmount,
      ...payment,
      ...urls,
    });
    res.redirect(303, `/window/portone/${key}`);
  });
  routes.get('/window/:provider/:key', (req, res) => {
    const payment = find(book, req.params);
    res
      .status(payment === undefined ? 404 : 200)
      .type('html')
      .send(payment === undefined ? page('404', '<p>There is no such payment.</p>') : paymentPage(payment));
  });
  routes.post('/window/:provider/:key', urlencoded({ extended: false, limit: '2kb' }), (req, res) => {
    const payment = find(book, req.params);
    if (payment === undefined)
      return void res.status(404).type('html').send(page('404', '<p>There is no such payment.</p>'));
    const decision: Decision = req.body?.decision === 'approve' ? 'approve' : 'decline';
    res.redirect(303, decide(world, payment, decision));
  });
  return routes;
}

const find = (
  book: Book,
  params: { readonly provider?: string; readonly key?: string },
): SandboxPayment | undefined => {
  const provider = NAMES[params.provider ?? ''];
  return provider === undefined ? undefined : book.byKey(provider, params.key ?? '');
};

const refused = (error: z.ZodError): string =>
  `<p>The window was opened with wrong parameters.</p><ul>${error.issues
    .map(({ path, message }) => `<li>${escaped(`${path.join('.')}: ${message}`)}</li>`)
    .join('')}</ul>`;

function paymentPage(payment: SandboxPayment): string {
  const money = new Intl.NumberFormat('ko-KR', { style: 'currency', currency: payment.currency });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 0;
  const facts = [
    ['Order', payment.orderName],
    ['Number', payment.reference],
    ['Buyer', payment.buyer],
    ['State', payment.status],
  ];
  const decided = payment.status !== 'OPEN';
  return page(
    LABELS[payment.provider],
    `<p class="amount">${escaped(money.format(payment.provider === 'PORTONE' ? payment.amount / 10 ** digits : payment.amount))}</p>
     <dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value ?? '')}</dd>`).join('')}</dl>
     ${decided ? '<p>It is decided already; either button takes the buyer back to the shop.</p>' : ''}
     <form method="post">
       <button name="decision" value="approve">Approve</button>
       <button name="decision" value="decline" class="plain">Decline</button>
     </form>
     <p class="note">A sandbox: no money moves.</p>`,
  );
}

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} sandbox</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f2f4f6; color: #191f28; }
main { max-width: 24rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #d1d6db; border-radius: 12px; }
h1 { font-size: 1.1rem; margin: 0; }
.amount { font-size: 2rem; font-weight: 700; margin: 0.5rem 0 1rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1rem; margin: 0 0 1.5rem; }
dt { color: #5a6573; } dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; gap: 0.75rem; }
button { flex: 1; padding: 0.75rem; font: inherit; font-weight: 600; border: 1px solid #1b64da; border-radius: 8px; background: #1b64da; color: #fff; cursor: pointer; }
button.plain { background: #fff; color: #1b64da; }
button:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
.note { margin: 1.5rem 0 0; color: #5a6573; font-size: 0.875rem; }
</style>
</head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body>
</html>
`;

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
