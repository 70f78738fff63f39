/**
 * Carries out a recorded cancellation: the provider is asked outside any transaction, and the money is back when it says so. A provider that gives no answer
 * is asked again at growing intervals; each further try first looks up whether the previous one was carried out.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { moneyReturned } from '../orders/money-back.js';
import { recordEvents } from '../outbox/record-events.js';
import { askToCancel, lookUp } from './ask-provider.js';
import { ASKING_MS, byProvider, type PaymentContext, takePaymentStep } from './payment-step.js';
import type { ProviderFailure, ProviderOutcome, ProviderPayment } from './providers/provider.js';
import { pauseAfter } from './rules/back-off.js';
import { lockPayment, tellUnclear } from './settle-payment.js';
import type { PaymentRecord } from './stores/payment.js';
import {
  beginTry,
  endPaymentCancel,
  failTry,
  type PaymentCancel,
  putOff,
  readFirstPending,
  readPaymentCancel,
} from './stores/payment-cancel.js';

/** A try that is under way. */
interface Trying {
  readonly cancel: PaymentCancel;
  readonly payment: PaymentRecord;
  readonly asker: string;
}

/**
 * This many tries share an idempotency key. Under the same key a provider repeats its first answer for days, so a temporary refusal would become
 * permanent. A later key gives nothing back twice: the try looks up the payment first and states the rest of the charge, which the provider compares.
 */
const TRIES_OF_A_KEY = 4;

/** A cancellation that waits for an older one of its payment is checked again after this time (ms). */
const BEHIND_MS = 5_000;

/**
 * Tries a cancellation, unless its money is back, somebody else tries it at this moment, its next try is later, or an older one of the same payment must be
 * carried out first. @returns whether the money is back
 */
export async function carryOutCancel(
  db: Db,
  context: PaymentContext,
  { cancelId, requestId = '' }: { readonly cancelId: number; readonly requestId?: string },
): Promise<boolean> {
  const begun = await inTransaction(db, (tx) => begin(tx, cancelId));
  if (typeof begun === 'boolean') return begun;
  await faultPoint('cancel.marked');
  const failure = await giveBack(context, begun);
  await faultPoint('cancel.carried-out');
  return inTransaction(db, async (tx) => {
    if (failure === undefined) await finish(tx, begun, requestId);
    else await fail(tx, context, begun, failure, requestId);
    return failure === undefined;
  });
}

async function begin(tx: Tx, cancelId: number): Promise<Trying | boolean> {
  const wanted = await readPaymentCancel(tx, cancelId);
  if (wanted === undefined) throw new Error(`there is no cancellation ${cancelId}`);
  const { payment } = await lockPayment(tx, wanted.paymentId);
  const first = await readFirstPending(tx, payment.paymentId);
  const cancel = await readPaymentCancel(tx, cancelId);
  if (cancel === undefined || cancel.status === 'DONE') return true;
  if (!cancel.due) return false;
  if (first?.cancelId !== cancelId) {
    await putOff(tx, cancelId, BEHIND_MS);
    return false;
  }
  const asker = randomUUID();
  await beginTry(tx, cancelId, asker, ASKING_MS);
  return { cancel, payment, asker };
}

/** @returns why the money is not back; undefined: it is */
async function giveBack(
  { providers }: PaymentContext,
  { cancel, payment }: Trying,
): Promise<ProviderFailure | undefined> {
  const back = payment.cancelledMinor + cancel.amountMinor;
  let known = payment.cancelledMinor;
  if (cancel.attempts > 0) {
    const found = await lookUp(providers, payment);
    if (isBack(payment, found, back)) return undefined;
    if (found.outcome !== 'done') return found.failure;
    known = Math.max(known, found.value?.cancelledMinor ?? 0);
  }
  const done = await askToCancel(providers, payment, {
    amountMinor: cancel.amountMinor,
    remainingMinor: (payment.chargedMinor ?? 0) - known,
    reason: cancel.reason === '' ? 'cancelled' : cancel.reason,
    idempotencyKey: idempotencyKeyOf(payment, cancel),
  });
  if (isBack(payment, done, back)) return undefined;
  if (done.outcome === 'done')
    return { code: 'NOT_CANCELLED', message: 'the answer does not say that the money is back' };
  // It may refuse because it has already done it.
  if (done.outcome === 'declined' && isBack(payment, await lookUp(providers, payment), back)) return undefined;
  return done.failure;
}

function idempotencyKeyOf({ reference }: PaymentRecord, { cancelId, attempts }: PaymentCancel): string {
  const later = Math.floor(attempts / TRIES_OF_A_KEY);
  return later === 0 ? `${reference}-${cancelId}` : `${reference}-${cancelId}-${later}`;
}

/** Whether the provider says that this amount is back in all. */
const isBack = (
  { reference }: PaymentRecord,
  found: ProviderOutcome<ProviderPayment | null>,
  backMinor: number,
): boolean =>
  found.outcome === 'done' &&
  found.value !== null &&
  found.value.reference === reference &&
  found.value.cancelledMinor >= backMinor;

/** Records in the cancellation, the order and the payment that the money is back. */
async function finish(tx: Tx, { cancel: tried }: Trying, requestId: string): Promise<void> {
  const { payment } = await lockPayment(tx, tried.paymentId);
  const cancel = await readPaymentCancel(tx, tried.cancelId);
  if (cancel === undefined || cancel.status === 'DONE') return; // somebody else has recorded it before
  const { cancelId, orderId, refundId, amountMinor } = cancel;
  if (orderId !== null && refundId !== null) await moneyReturned(tx, { orderId, refundId, amountMinor });
  const whole = payment.cancelledMinor + amountMinor === payment.chargedMinor || payment.status === 'CANCELLED';
  const moved = { cancelledMinor: amountMinor, cancellingMinor: -amountMinor, ...(whole ? { live: false } : {}) };
  await takePaymentStep(tx, payment, whole ? 'CANCEL' : 'CANCEL_PART', byProvider(payment), moved, cancel.reason);
  await endPaymentCancel(tx, cancelId);
  const { paymentId, checkoutId, buyerId } = payment;
  const currency = payment.chargedCurrency ?? payment.currency;
  const payload = { paymentId, cancelId, checkoutId, buyerId, currency, amountMinor };
  await recordEvents(tx, [{ type: 'payment.cancelled', payload, requestId }]);
  // The money that was given back outside of the platform may have been this cancellation.
  if (payment.elsewhereMinor > 0)
    await recordEvents(tx, [{ type: 'payment.inquiry-wanted', payload: { paymentId }, requestId }]);
}

/** Records that the money is not known to be back. Operators are informed once. */
async function fail(
  tx: Tx,
  { config }: PaymentContext,
  { cancel, asker }: Trying,
  failure: ProviderFailure,
  requestId: string,
): Promise<void> {
  const { payment } = await lockPayment(tx, cancel.paymentId);
  const waiting = await failTry(tx, cancel.cancelId, asker, failure, pauseAfter(cancel.attempts + 1));
  const minutes = Math.floor(cancel.secondsOld / 60);
  if (waiting === 0 || payment.unclearTold || minutes < config.paymentAlarmMinutes) return;
  await tellUnclear(tx, payment.paymentId, minutes, requestId);
}
