/** Posts payments and refunds of this platform's shop to the ledger: each event once, with a transaction for each seller. */
import type { Tx } from '../../infra/database.js';
import { momentIn } from '../../infra/time-zone.js';
import { postTransactions } from '../ledger/post-transactions.js';
import { type About, postingsOf, type RuleName } from '../ledger/rules/posting-rules.js';
import type { NewTransaction } from '../ledger/rules/transaction.js';
import { readOrderParties } from '../orders/stores/order.js';
import { readPaidParts } from '../orders/stores/order-refund.js';
import type { EventOf } from '../outbox/rules/events.js';
import { readPayment } from '../payments/stores/payment.js';
import { readPaymentCancel, readProviderOfRefund } from '../payments/stores/payment-cancel.js';

export type PostedEvent = EventOf<'payment.succeeded' | 'payment.cancelled' | 'order.refunded'>;

interface Happened {
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
  /** Of the platform. */
  readonly timeZone: string;
}

/** One amount that moves by a rule. */
interface Movement {
  readonly key: string;
  readonly rule: RuleName;
  readonly about: About;
  readonly amountMinor: number;
}

/** Posts an event. Throws the code of a refusal, such as LEDGER_ACCOUNT_CLOSED: the event is tried again, and is a dead letter in the end. */
export async function postEvent(tx: Tx, event: PostedEvent, { recordedAt, timeZone }: Happened): Promise<void> {
  const effectiveOn = momentIn(timeZone, Date.parse(recordedAt)).date;
  const moved = (await movementsOf(tx, event)).filter(({ amountMinor }) => amountMinor !== 0);
  await postTransactions(
    tx,
    moved.map(({ key, rule, about, amountMinor }): NewTransaction => {
      const postings = postingsOf(rule, about, { amount: BigInt(amountMinor) });
      return { key, kind: rule, sellerId: about.sellerId, effectiveOn, postings, requestedBy: 'system' };
    }),
  );
}

function movementsOf(tx: Tx, event: PostedEvent): Promise<Movement[]> {
  switch (event.type) {
    case 'payment.succeeded':
      return ofPayment(tx, event.payload);
    case 'order.refunded':
      return ofRefund(tx, event.payload);
    case 'payment.cancelled':
      return ofMoneyBack(tx, event.payload);
  }
}

/** Divides the paid amount among the sellers of the checkout. */
async function ofPayment(
  tx: Tx,
  { checkoutId, paymentId, amountMinor }: EventOf<'payment.succeeded'>['payload'],
): Promise<Movement[]> {
  const payment = paymentId === null ? undefined : await readPayment(tx, paymentId);
  if (paymentId !== null && payment === undefined) throw new Error(`there is no payment ${paymentId}`);
  const parts = await readPaidParts(tx, checkoutId);
  const sum = parts.reduce((total, { paidMinor }) => total + paidMinor, 0);
  if (sum !== amountMinor)
    throw new Error(`the orders of checkout ${checkoutId} come to ${sum}, not to ${amountMinor}`);
  return parts.map(({ orderId, sellerId, currency, paidMinor }) => ({
    key: `payment:${checkoutId}:${orderId}`,
    amountMinor: paidMinor,
    ...(payment === undefined
      ? { rule: 'PAYMENT_BY_HAND', about: { sellerId, currency } }
      : { rule: 'PAYMENT', about: { sellerId, currency, provider: payment.provider } }),
  }));
}

/** Where no provider was paid, the money is back at once. */
async function ofRefund(
  tx: Tx,
  { refundId, sellerId, currency, amountMinor }: EventOf<'order.refunded'>['payload'],
): Promise<Movement[]> {
  const provider = await readProviderOfRefund(tx, refundId);
  const rule = provider === undefined ? 'CANCEL_BY_HAND' : 'CANCEL';
  return [{ key: `refund:${refundId}`, rule, about: { sellerId, currency }, amountMinor }];
}

/** A charge that was not accepted was never posted, so nothing is posted when it is back. */
async function ofMoneyBack(
  tx: Tx,
  { paymentId, cancelId, currency, amountMinor }: EventOf<'payment.cancelled'>['payload'],
): Promise<Movement[]> {
  const [payment, cancel] = [await readPayment(tx, paymentId), await readPaymentCancel(tx, cancelId)];
  if (payment === undefined || cancel === undefined) throw new Error(`there is no cancellation ${cancelId}`);
  const parties = cancel.orderId === null ? undefined : await readOrderParties(tx, cancel.orderId);
  if (parties === undefined) return [];
  const about = { sellerId: parties.sellerId, currency, provider: payment.provider };
  return [{ key: `money-back:${cancelId}`, rule: 'CANCEL_PAID', about, amountMinor }];
}
