/** Opens a payment: it is saved before the buyer goes to the provider, and prepared at the provider where that requires it. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { payCheckout } from '../orders/pay-checkout.js';
import { type CheckoutRecord, lockCheckout } from '../orders/stores/checkout.js';
import { readOrdersOf } from '../orders/stores/order.js';
import { readOrderLines } from '../orders/stores/order-line.js';
import { recordEvents } from '../outbox/record-events.js';
import { askOf } from './ask-provider.js';
import { refusalToPay } from './confirm-payment.js';
import {
  ASKING_MS,
  byProvider,
  bySystem,
  knownPayment,
  type PaymentActor,
  type PaymentProviders,
  type Steps,
  takePaymentStep,
} from './payment-step.js';
import type {
  NextStep,
  Opened,
  PaymentProvider,
  ProviderFailure,
  ProviderOutcome,
  ReturnUrls,
} from './providers/provider.js';
import { lockPayment } from './settle-payment.js';
import {
  countReady,
  insertPayment,
  movePayment,
  NO_PROVIDER,
  type PaymentRecord,
  readUnopened,
} from './stores/payment.js';
import { insertPaymentEvent } from './stores/payment-event.js';

export interface OpenAsk {
  readonly checkoutId: number;
  /** In capitals; not read where there is nothing to pay. */
  readonly provider: string;
  readonly urls: ReturnUrls;
  readonly by: PaymentActor;
}

export interface OpenedPayment {
  readonly payment: PaymentRecord;
  /** Null: there was nothing to pay, and the checkout is paid. */
  readonly next: NextStep | null;
}

/** This many payments of a checkout can be open at the same time. Each is looked up when the checkout expires, and again later. */
const READY_MAX = 20;

/**
 * Opens a payment of the amount due for a checkout. A checkout with nothing to pay is paid at once. Throws CHECKOUT_NOT_FOUND, CHECKOUT_EXPIRED,
 * CHECKOUT_STATE_CONFLICT, PAYMENT_IN_PROGRESS, PAYMENT_LIMIT_REACHED, PROVIDER_NOT_CONFIGURED, PROVIDER_CURRENCY_UNSUPPORTED or PROVIDER_UNAVAILABLE.
 * @returns the answer that `last` makes from the open payment, or from PAYMENT_DECLINED
 */
export async function openPayment<Answer>(
  providers: PaymentProviders,
  steps: Steps<OpenedPayment | Refusal, Answer>,
  ask: OpenAsk,
): Promise<Answer> {
  const saved = decided(await steps.step((tx) => save(tx, providers, ask)));
  if (saved === 'nothing to pay') return steps.last((tx) => payNothing(tx, ask));
  const { payment, provider } = saved;
  await faultPoint('payment.saved');
  const opened = await openAt(provider, payment, ask.urls);
  if (opened.outcome === 'done') {
    const { providerKey, next } = opened.value;
    return steps.last(async (tx) => {
      const ours = await lockOurs(tx, payment);
      if (ours === undefined) return refuse('PAYMENT_IN_PROGRESS', { checkoutId: payment.checkoutId });
      await movePayment(tx, ours, ours.status, {
        opened: true,
        providerKey: providerKey ?? ours.providerKey,
        asker: null,
      });
      return { payment: await knownPayment(tx, payment.paymentId), next };
    });
  }
  if (opened.outcome === 'declined') return steps.last((tx) => declined(tx, payment, opened.failure, ask.by));
  // Opening charges nothing, so this payment is abandoned, whether or not the provider knows of it.
  await steps.step(async (tx) => {
    const ours = await lockOurs(tx, payment);
    const { failure } = opened;
    const ended = { asker: null, look: null, failure } as const;
    const reason = `${failure.code}: ${failure.message}`;
    if (ours !== undefined) await takePaymentStep(tx, ours, 'EXPIRE', bySystem, ended, reason);
  });
  return decided<Answer>(refuse('PROVIDER_UNAVAILABLE', { provider: provider.name }));
}

/** The payment, with its checkout locked; undefined where another call has taken it over, because this one was silent for too long. */
async function lockOurs(tx: Tx, { paymentId, askedBy }: PaymentRecord): Promise<PaymentRecord | undefined> {
  const { payment } = await lockPayment(tx, paymentId);
  return payment.status === 'READY' && payment.askedBy === askedBy ? payment : undefined;
}

async function openAt(
  provider: PaymentProvider,
  payment: PaymentRecord,
  urls: ReturnUrls,
): Promise<ProviderOutcome<Opened>> {
  try {
    return await provider.open(askOf(payment), urls);
  } catch (error) {
    return { outcome: 'unknown', failure: { code: 'PROVIDER_FAILED', message: String(error) } };
  }
}

interface Saved {
  readonly payment: PaymentRecord;
  readonly provider: PaymentProvider;
}

async function save(
  tx: Tx,
  providers: PaymentProviders,
  { checkoutId, provider: name, by }: OpenAsk,
): Promise<Saved | 'nothing to pay' | Refusal> {
  const checkout = await payableCheckout(tx, checkoutId);
  if (isRefusal(checkout)) return checkout;
  const { dueMinor: amountMinor, currency } = checkout;
  if (amountMinor === 0) return 'nothing to pay';
  const provider = providers.get(name);
  if (provider === undefined) return refuse('PROVIDER_NOT_CONFIGURED', { provider: name });
  if (!provider.currencies.includes(currency))
    return refuse('PROVIDER_CURRENCY_UNSUPPORTED', { provider: name, currency, currencies: provider.currencies });
  // The process that saved it died before it was opened: the same buyer, perhaps under the same key, continues it.
  const left = await readUnopened(tx, { checkoutId, provider: name, amountMinor });
  if (left !== undefined) {
    await movePayment(tx, left, 'READY', { asker: { name: randomUUID(), ms: ASKING_MS } });
    return { provider, payment: await knownPayment(tx, left.paymentId) };
  }
  if ((await countReady(tx, checkoutId)) >= READY_MAX)
    return refuse('PAYMENT_LIMIT_REACHED', { checkoutId, paymentsMax: READY_MAX });
  const payment = await insert(tx, checkout, { provider: name, status: 'READY', lookAt: checkout.expiresAt }, by);
  return { provider, payment };
}

async function payableCheckout(tx: Tx, checkoutId: number): Promise<CheckoutRecord | Refusal> {
  const checkout = await lockCheckout(tx, checkoutId);
  if (checkout === undefined) return refuse('CHECKOUT_NOT_FOUND', { checkoutId });
  return refusalToPay(checkout) ?? checkout;
}

async function insert(
  tx: Tx,
  checkout: CheckoutRecord,
  more: { readonly provider: string; readonly status: 'READY' | 'DONE'; readonly lookAt: string | null },
  by: PaymentActor,
): Promise<PaymentRecord> {
  const { checkoutId, buyerId, currency, dueMinor: amountMinor } = checkout;
  const orderName = await orderNameOf(tx, checkoutId);
  const made = { checkoutId, buyerId, currency, amountMinor, orderName, reference: randomUUID(), ...more };
  const paymentId = await insertPayment(tx, made, { name: randomUUID(), ms: ASKING_MS });
  const step = more.status === 'READY' ? 'OPEN' : 'SUCCEED';
  const { cause: causedBy, requestedBy } = by;
  await insertPaymentEvent(tx, paymentId, {
    step,
    fromStatus: null,
    toStatus: more.status,
    causedBy,
    requestedBy,
    reason: '',
  });
  return knownPayment(tx, paymentId);
}

/** Pays a checkout with nothing to pay. */
async function payNothing(tx: Tx, { checkoutId, by }: OpenAsk): Promise<OpenedPayment | Refusal> {
  const checkout = await payableCheckout(tx, checkoutId);
  if (isRefusal(checkout)) return checkout;
  const system = { ...bySystem, requestedBy: by.requestedBy };
  const payment = await insert(tx, checkout, { provider: NO_PROVIDER, status: 'DONE', lookAt: null }, system);
  const { requestedBy, requestId = '' } = by;
  decided(await payCheckout(tx, checkoutId, { cause: 'system', requestedBy, requestId }, payment.paymentId));
  return { payment, next: null };
}

async function declined(tx: Tx, payment: PaymentRecord, failure: ProviderFailure, by: PaymentActor): Promise<Refusal> {
  const { paymentId, checkoutId, buyerId, provider } = payment;
  const ours = await lockOurs(tx, payment);
  if (ours !== undefined) {
    await takePaymentStep(tx, ours, 'DECLINE', byProvider(ours), { asker: null, look: null, failure }, failure.code);
    const payload = { paymentId, checkoutId, buyerId, provider, ...failure };
    await recordEvents(tx, [{ type: 'payment.failed', payload, requestId: by.requestId ?? '' }]);
  }
  return refuse('PAYMENT_DECLINED', { paymentId, ...failure });
}

const NAME_MAX = 60;

/** The text that the buyer reads at the provider: the first product, and how many others there are. */
async function orderNameOf(tx: Tx, checkoutId: number): Promise<string> {
  const orders = (await readOrdersOf(tx, checkoutId)).filter(({ status }) => status === 'PENDING_PAYMENT');
  const lines = await readOrderLines(
    tx,
    orders.map(({ orderId }) => orderId),
  );
  const left = lines.filter(({ quantity, cancelledQuantity }) => quantity > cancelledQuantity);
  const name = [...(left[0]?.productName ?? '')].slice(0, NAME_MAX).join('');
  return left.length > 1 ? `${name} 외 ${left.length - 1}건` : name;
}
