/** The control calls of the sandbox for tests and people: its book, its faults, the messages sent to it, and decisions of buyers without a page. */
import { type Response, Router } from 'express';
import * as z from 'zod';
import type { Book, NewPayment, ProviderName, SandboxPayment } from './book.js';
import { decideOver, openWindow } from './decide.js';
import { type Faults, faultRules } from './faults.js';
import type { Mailbox } from './mailbox.js';
import type { World } from './provider-call.js';
import type { Webhooks } from './webhooks.js';

const provider = z.enum(['TOSS', 'PORTONE', 'KAKAOPAY']);
const NOWHERE = 'http://127.0.0.1/';
const url = z.url({ protocol: /^https?$/ }).default(NOWHERE);

const paymentSchema = z.strictObject({
  provider,
  reference: z.string().min(1).max(100),
  amount: z.number().positive(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('KRW'),
  orderName: z.string().min(1).max(300).default('order'),
  buyer: z.string().min(1).max(100).default('guest'),
  successUrl: url,
  failUrl: url,
  /** Where KakaoPay sends a buyer who has declined. */
  cancelUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Where webhooks of this payment go, instead of the address in the setting. */
  webhookUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Decided at once. */
  decision: z.enum(['approve', 'decline']).optional(),
  /** The provider's code for the reason of the decline. */
  code: z.string().min(1).max(64).optional(),
});
/** A charge of an earlier sandbox, from the platform's records. */
const chargesSchema = z
  .array(
    z.strictObject({
      provider,
      key: z.string().min(1).max(200),
      ...paymentSchema.pick({ reference: true, amount: true, currency: true, orderName: true, buyer: true }).shape,
      cancelled: z.number().min(0).default(0),
    }),
  )
  .max(500);
const webhookSchema = z.strictObject({ target: z.url({ protocol: /^https?$/ }).nullable() });

const declineSchema = z.strictObject({ code: z.string().min(1).max(64).optional() });

export interface Controlled {
  readonly world: World;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly mailbox: Mailbox;
  readonly reset: () => void;
}

export function controlRoutes({ world, faults, webhooks, mailbox, reset }: Controlled): Router {
  const { book } = world;
  const routes = Router();
  routes.get('/sandbox/book', (_req, res) => void res.json(book.read()));
  routes.get('/sandbox/webhooks', (_req, res) => void res.json(webhooks.read()));
  routes.get('/sandbox/mails', (_req, res) => void res.json(mailbox.read()));
  routes.get('/sandbox/faults', (_req, res) => void res.json(faults.get()));
  routes.put('/sandbox/faults', (req, res) => {
    const rules = faultRules.safeParse(req.body);
    if (!rules.success) return refuse(res, rules.error);
    faults.set(rules.data);
    res.json(faults.get());
  });
  routes.delete('/sandbox/faults', (_req, res) => {
    faults.set([]);
    res.status(204).end();
  });
  routes.put('/sandbox/webhooks', (req, res) => {
    const asked = webhookSchema.safeParse(req.body);
    if (!asked.success) return refuse(res, asked.error);
    webhooks.target = asked.data.target;
    res.json(asked.data);
  });
  routes.post('/sandbox/payments', async (req, res) => {
    const asked = paymentSchema.safeParse(req.body);
    if (!asked.success) return refuse(res, asked.error);
    const { decision, code, ...made } = asked.data;
    const payment = openWindow(world, made);
    const say = (sentTo: string | null) => void res.status(201).json({ ...paymentBody(payment), sentTo });
    if (decision === undefined) return say(null);
    await decideOver(world, payment, { decision, code }, res, say);
  });
  routes.post('/sandbox/charges', (req, res) => {
    const asked = chargesSchema.safeParse(req.body);
    if (!asked.success) return refuse(res, asked.error);
    for (const { cancelled, ...made } of asked.data) bringBack(book, made, cancelled);
    res.status(204).end();
  });
  routes.post('/sandbox/payments/:provider/:key/:decision', async (req, res) => {
    const { decision } = req.params;
    const payment = book.byKey(req.params.provider.toUpperCase() as ProviderName, req.params.key);
    if (payment === undefined || (decision !== 'approve' && decision !== 'decline'))
      return void res
        .status(404)
        .json({ code: 'NOT_FOUND', message: 'There is no such payment, or no such decision.' });
    const asked = declineSchema.safeParse(req.body ?? {});
    if (!asked.success) return refuse(res, asked.error);
    await decideOver(world, payment, { decision, ...asked.data }, res, (sentTo) =>
      res.json({ ...paymentBody(payment), sentTo }),
    );
  });
  routes.post('/sandbox/reset', (_req, res) => {
    reset();
    res.status(204).end();
  });
  return routes;
}

/** Enters a charge of an earlier sandbox; a known one stays as it is. */
function bringBack(book: Book, made: Omit<NewPayment, 'successUrl' | 'failUrl'>, cancelled: number): void {
  if (book.byKey(made.provider, made.key) !== undefined) return;
  const payment = book.open({ ...made, successUrl: NOWHERE, failUrl: NOWHERE });
  book.charge(payment);
  if (cancelled > 0) book.cancel(payment, cancelled, 'before');
}

const refuse = (res: Response, error: z.ZodError): void =>
  void res.status(400).json({ code: 'INVALID_REQUEST', message: z.prettifyError(error) });

const paymentBody = ({ provider: of, key, reference, amount, currency, status, token, failure }: SandboxPayment) => ({
  provider: of,
  key,
  reference,
  amount,
  currency,
  status,
  token,
  failure,
});
