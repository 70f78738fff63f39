/** The page on which a person approves or declines a payment, as in a provider's window. It needs no script. */
import { Router, urlencoded } from 'express';
import * as z from 'zod';
import type { Book, ProviderName, SandboxPayment } from './book.js';
import { type Decision, decideOver, openWindow } from './decide.js';
import { SANDBOX_KEYS } from './keys.js';
import { escaped, page } from './page.js';
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
  /** https://docs.tosspayments.com/sdk/v2/js: the form of an order's name. */
  orderId: z.string().regex(/^[\w=-]{6,64}$/),
  amount,
  currency,
  orderName: text,
  customerKey: text.default('guest'),
  successUrl: address,
  failUrl: address,
  webhookUrl: address.optional(),
});
const portoneQuery = z.object({
  storeId: z.literal(SANDBOX_KEYS.portone.storeId),
  paymentId: text,
  totalAmount: amount,
  currency,
  orderName: text,
  customer: text.default('guest'),
  redirectUrl: address,
  /** Replaces the address of the shop's console. */
  noticeUrls: address.optional(),
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
    const { key } = openWindow(world, { provider: 'TOSS', reference, buyer, ...payment });
    res.redirect(303, `/window/toss/${key}`);
  });
  routes.get('/window/portone', (req, res) => {
    const asked = portoneQuery.safeParse(req.query);
    if (!asked.success)
      return void res
        .status(400)
        .type('html')
        .send(page('400', refused(asked.error)));
    const { paymentId, totalAmount, customer, redirectUrl, noticeUrls, orderName, currency } = asked.data;
    const { key } = openWindow(world, {
      provider: 'PORTONE',
      reference: paymentId,
      buyer: customer,
      amount: totalAmount,
      ...{ orderName, currency },
      successUrl: redirectUrl,
      failUrl: redirectUrl,
      webhookUrl: noticeUrls,
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
  routes.post('/window/:provider/:key', urlencoded({ extended: false, limit: '2kb' }), async (req, res) => {
    const payment = find(book, req.params);
    if (payment === undefined)
      return void res.status(404).type('html').send(page('404', '<p>There is no such payment.</p>'));
    const decision: Decision = req.body?.decision === 'approve' ? 'approve' : 'decline';
    await decideOver(world, payment, { decision }, res, (sentTo) => res.redirect(303, sentTo));
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

const DECIDE = `<button name="decision" value="approve">Approve</button>
       <button name="decision" value="decline" class="plain">Decline</button>`;
const BACK = '<button name="decision" value="decline" class="plain">Back to the shop</button>';

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
     ${decided ? '<p>The payment is already decided.</p>' : ''}
     <form method="post">${decided ? BACK : DECIDE}</form>
     <p class="note">A sandbox: no money moves.</p>`,
  );
}
