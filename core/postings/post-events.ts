/** Posts payments and refunds of this platform's shop to the ledger: each event once, with a transaction for each seller. */
import type { Tx } from '../../infra/database.js';
import { momentIn } from '../../infra/time-zone.js';
import { postTransactions } from '../ledger/post-transactions.js';
import { type About, postingsOf, type RuleName } from '../ledger/rules/posting-rules.js';
import type { NewTransaction } from '../ledger/rules/transaction.js';
import { readOrderParties } from '../orders/stores/order.js';
import { type PaidPart, readPaidPartsOf } from '../orders/stores/order-refund.js';
import type { EventOf } from '../outbox/rules/events.js';
import { readPayment, readProviders } from '../payments/stores/payment.js';
import { readPaymentCancel, readProviderOfRefund } from '../payments/stores/payment-cancel.js';

type Succeeded = EventOf<'payment.succeeded'>;
export type PostedEvent = Succeeded | EventOf<'payment.cancelled' | 'order.refunded'>;

interface Happened {
  readonly event: PostedEvent;
  /** `recordedAt`: ISO 8601, UTC. */
  readonly context: { readonly recordedAt: string };
}

/** One amount that moves by a rule. */
interface Movement {
  readonly key: string;
  readonly rule: RuleName;
  readonly about: About;
  readonly amountMinor: number;
}

/** What was read of the payments of a group. */
interface Paid {
  readonly parts: ReadonlyMap<number, readonly PaidPart[]>;
  readonly providers: ReadonlyMap<number, string>;
}

/**
 * Posts events together. Throws the code of a refusal, such as LEDGER_ACCOUNT_CLOSED: then each is tried alone and later again, and is a dead letter in the end.
 * @param timeZone of the platform: an event counts for the date on which it happened there
 */
export async function postEvents(tx: Tx, events: readonly Happened[], timeZone: string): Promise<void> {
  const paid = await readPaid(
    tx,
    events.flatMap(({ event }) => (event.type === 'payment.succeeded' ? [event] : [])),
  );
  const wanted: NewTransaction[] = [];
  for (const { event, context } of events) {
    const effectiveOn = momentIn(timeZone, Date.parse(context.recordedAt)).date;
    for (const { key, rule, about, amountMinor } of await movementsOf(tx, event, paid)) {
      if (amountMinor === 0) continue;
      const postings = postingsOf(rule, about, { amount: BigInt(amountMinor) });
      wanted.push({ key, kind: rule, sellerId: about.sellerId, effectiveOn, postings, requestedBy: 'system' });
    }
  }
  await postTransactions(tx, wanted);
}

async function readPaid(tx: Tx, events: readonly Succeeded[]): Promise<Paid> {
  const checkoutIds = events.map(({ payload }) => payload.checkoutId);
  const paymentIds = events.flatMap(({ payload }) => payload.paymentId ?? []);
  return { parts: await readPaidPartsOf(tx, checkoutIds), providers: await readProviders(tx, paymentIds) };
}

function movementsOf(tx: Tx, event: PostedEvent, paid: Paid): Promise<Movement[]> | Movement[] {
  switch (event.type) {
    case 'payment.succeeded':
      return ofPayment(event.payload, paid);
    case 'order.refunded':
      return ofRefund(tx, event.payload);
    case 'payment.cancelled':
      return ofMoneyBack(tx, event.payload);
  }
}

/** What was paid, parted among the sellers of the checkout. */
function ofPayment(
  { checkoutId, paymentId, amountMinor }: Succeeded['payload'],
  { parts, providers }: Paid,
): Movement[] {
  const provider = paymentId === null ? undefined : providers.get(paymentId);
  if (paymentId !== null && provider === undefined) throw new Error(`there is no payment ${paymentId}`);
  const of = parts.get(checkoutId) ?? [];
  const sum = of.reduce((total, { paidMinor }) => total + paidMinor, 0);
  if (sum !== amountMinor)
    throw new Error(`the orders of checkout ${checkoutId} come to ${sum}, not to ${amountMinor}`);
  return of.map(({ orderId, sellerId, currency, paidMinor }) => ({
    key: `payment:${checkoutId}:${orderId}`,
    amountMinor: paidMinor,
    ...(provider === undefined
      ? { rule: 'PAYMENT_BY_HAND', about: { sellerId, currency } }
      : { rule: 'PAYMENT', about: { sellerId, currency, provider } }),
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
