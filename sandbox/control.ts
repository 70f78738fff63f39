/** What tests and curious people ask of the sandbox itself: its book, its faults, what was sent to it, and the decisions of buyers without a page. */
import { Router } from 'express';
import * as z from 'zod';
import type { Book, NewPayment, ProviderName, SandboxPayment } from './book.js';
import { decide, openWindow } from './decide.js';
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
  /** Decided at once. */
  decision: z.enum(['approve', 'decline']).optional(),
});
/** What an earlier sandbox has charged, as the platform knows it. */
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
const slackSchema = z.looseObject({ text: z.string() });

const SLACK_MAX = 1_000;

export interface Controlled {
  readonly world: World;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly mailbox: Mailbox;
  readonly messages: Messages;
  readonly reset: () => void;
}

/** The newest messages for Slack. */
export class Messages {
  private kept: { readonly text: string; readonly at: string }[] = [];

  read(): readonly { readonly text: string; readonly at: string }[] {
    return this.kept;
  }

  keep(text: string): void {
    if (this.kept.length >= SLACK_MAX) this.kept.shift();
    this.kept.push({ text, at: new Date().toISOString() });
  }

  reset(): void {
    this.kept = [];
  }
}

export function controlRoutes({ world, faults, webhooks, mailbox, messages, reset }: Controlled): Router {
  const { book } = world;
  const routes = Router();
  routes.get('/sandbox/book', (_req, res) => void res.json(book.read()));
  routes.get('/sandbox/webhooks', (_req, res) => void res.json(webhooks.read()));
  routes.get('/sandbox/mails', (_req, res) => void res.json(mailbox.read()));
  routes.get('/sandbox/slack', (_req, res) => void res.json(messages.read()));
  routes.post('/slack', (req, res) => {
    const message = slackSchema.safeParse(req.body);
    if (!message.success) return void res.status(400).send('invalid_payload');
    messages.keep(message.data.text);
    res.send('ok');
  });
  routes.get('/sandbox/faults', (_req, res) => void res.json(faults.get()));
  routes.put('/sandbox/faults', (req, res) => {
    const rules = faultRules.safeParse(req.body);
    if (!rules.success) return void res.status(400).json({ errors: z.treeifyError(rules.error) });
    faults.set(rules.data);
    res.json(faults.get());
  });
  routes.delete('/sandbox/faults', (_req, res) => {
    faults.set([]);
    res.status(204).end();
  });
  routes.put('/sandbox/webhooks', (req, res) => {
    const asked = webhookSchema.safeParse(req.body);
    if (!asked.success) return void res.status(400).json({ errors: z.treeifyError(asked.error) });
    webhooks.target = asked.data.target;
    res.json(asked.data);
  });
  routes.post('/sandbox/payments', (req, res) => {
    const asked = paymentSchema.safeParse(req.body);
    if (!asked.success) return void res.status(400).json({ errors: z.treeifyError(asked.error) });
    const { decision, ...made } = asked.data;
    const payment = openWindow(book, made);
    const sentTo = decision === undefined ? null : decide(world, payment, decision);
    res.status(201).json({ ...paymentBody(payment), sentTo });
  });
  routes.post('/sandbox/charges', (req, res) => {
    const asked = chargesSchema.safeParse(req.body);
    if (!asked.success) return void res.status(400).json({ errors: z.treeifyError(asked.error) });
    for (const { cancelled, ...made } of asked.data) bringBack(book, made, cancelled);
    res.status(204).end();
  });
  routes.post('/sandbox/payments/:provider/:key/:decision', (req, res) => {
    const { decision } = req.params;
    const payment = book.byKey(req.params.provider.toUpperCase() as ProviderName, req.params.key);
    if (payment === undefined || (decision !== 'approve' && decision !== 'decline')) return void res.status(404).end();
    const sentTo = decide(world, payment, decision);
    res.json({ ...paymentBody(payment), sentTo });
  });
  routes.post('/sandbox/reset', (_req, res) => {
    reset();
    res.status(204).end();
  });
  return routes;
}

/** Enters a charge of an earlier sandbox; one that is known stays as it is. */
function bringBack(book: Book, made: Omit<NewPayment, 'successUrl' | 'failUrl'>, cancelled: number): void {
  if (book.byKey(made.provider, made.key) !== undefined) return;
  const payment = book.open({ ...made, successUrl: NOWHERE, failUrl: NOWHERE });
  book.charge(payment);
  if (cancelled > 0) book.cancel(payment, cancelled, 'before');
}

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
