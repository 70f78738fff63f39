/** Cancellations before an order is shipped: of the whole rest of it, or of units of its lines. Where it was paid, money is given back. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { recordEvents } from '../outbox/record-events.js';
import { leaveDrops } from '../stock/drops.js';
import { releaseReservation, returnUnits } from '../stock/end-reservation.js';
import { endCancellation, type MoneyBack, type ReturnMoney } from './money-back.js';
import { type Actor, lockForStep, type StepOptions, takeStep } from './order-step.js';
import { cutParts, type LinePart, nothingLeft, paidByAll, type WantedPart } from './rules/line-part.js';
import { type CheckoutRecord, endPending, lockCheckout, lowerDue } from './stores/checkout.js';
import { lockOrdersOf, type OrderRecord, raiseReturning, readOrderParties } from './stores/order.js';
import { type OrderLineRecord, readOrderLines, takeUnits } from './stores/order-line.js';
import { beginMoneyPending, insertOrderRefund } from './stores/order-refund.js';

export interface PartsToGo extends StepOptions {
  /** Null: the whole rest of the order. */
  readonly parts: readonly WantedPart[] | null;
  readonly reason: string;
  /** Gives back the money that was paid for them. */
  readonly returnMoney: ReturnMoney;
}

/**
 * Cancels an order or parts of it. @returns the id of the refund that records the cancelled units, or ORDER_NOT_FOUND, ORDER_STATE_CONFLICT, FORBIDDEN,
 * CHECKOUT_EXPIRED, PAYMENT_IN_PROGRESS, ORDER_LINE_NOT_FOUND, QUANTITY_EXCEEDS_ORDER
 */
export async function cancelOrder(tx: Tx, orderId: number, by: Actor, cancel: PartsToGo): Promise<number | Refusal> {
  const parties = await readOrderParties(tx, orderId);
  // A payment, an expiry and the cancellations of a checkout come one after the other.
  const checkout = parties && (await lockCheckout(tx, parties.checkoutId));
  if (checkout === undefined) return refuse('ORDER_NOT_FOUND', { orderId });
  const order = await lockForStep(tx, orderId, 'CANCEL', by, cancel);
  if (isRefusal(order)) return order;
  const pending = order.status === 'PENDING_PAYMENT';
  const { checkoutId } = checkout;
  if (pending && checkout.expired) return refuse('CHECKOUT_EXPIRED', { checkoutId });
  if (pending && checkout.paying) return refuse('PAYMENT_IN_PROGRESS', { checkoutId }); // its amount is being charged
  const lines = await readOrderLines(tx, [orderId]);
  const parts = cutParts(lines, 'CANCEL', cancel.parts);
  if (isRefusal(parts)) return parts;

  const amountMinor = paidByAll(parts);
  const whole = nothingLeft(lines, parts);
  const to = await takeStep(tx, order, whole ? 'CANCEL' : 'CANCEL_PART', by, cancel, { goneMinor: amountMinor });
  const refundId = await writeRefund(tx, 'CANCEL', { order, parts, amountMinor, paid: !pending }, by, cancel);
  const units = unitsOf(lines, parts);
  if (pending) await lowerCheckout(tx, checkout, amountMinor);
  else {
    await recordRefunded(tx, order, { refundId, amountMinor, units }, by);
    const returning = await giveMoneyBack(tx, order, { refundId, amountMinor, by }, cancel);
    if (to === 'CANCELLING' && returning === 0) await endCancellation(tx, orderId);
  }

  await leaveDrops(tx, checkoutId, units);
  const holder = { holderId: checkoutId, requestedBy: by.requestedBy, reason: `order ${orderId} cancelled` };
  await (pending ? releaseReservation : returnUnits)(tx, holder, units);
  return refundId;
}

/** Gives back the money of a refund, now or later. @returns how much of the order's money is then on its way back (minor units) */
export async function giveMoneyBack(
  tx: Tx,
  { orderId, checkoutId, returningMinor }: OrderRecord,
  back: Pick<MoneyBack, 'refundId' | 'amountMinor' | 'by'>,
  { returnMoney, reason }: PartsToGo,
): Promise<number> {
  if ((await returnMoney(tx, { ...back, checkoutId, orderId, reason })) === 'at-once') return returningMinor;
  await beginMoneyPending(tx, back.refundId);
  await raiseReturning(tx, orderId, back.amountMinor);
  return returningMinor + back.amountMinor;
}

/** Reduces the amount to pay; it is nothing when no order is left. */
async function lowerCheckout(tx: Tx, { checkoutId }: CheckoutRecord, amountMinor: number): Promise<void> {
  await lowerDue(tx, checkoutId, amountMinor);
  const orders = await lockOrdersOf(tx, checkoutId);
  if (orders.every(({ status }) => status === 'CANCELLED')) await endPending(tx, checkoutId, 'CANCELLED');
}

/** Records which units left an order and their amounts. @returns the refund's id */
export async function writeRefund(
  tx: Tx,
  kind: 'CANCEL' | 'RETURN',
  gone: {
    readonly order: OrderRecord;
    readonly parts: readonly LinePart[];
    readonly amountMinor: number;
    readonly paid: boolean;
  },
  { requestedBy }: Actor,
  { reason }: PartsToGo,
): Promise<number> {
  const { order, ...refund } = gone;
  const { orderId } = order;
  for (const { lineNumber, quantity } of gone.parts) await takeUnits(tx, kind, { orderId, lineNumber, quantity });
  return insertOrderRefund(tx, { orderId, kind, reason, requestedBy, ...refund });
}

/** Records that units of a paid order are given back. */
export async function recordRefunded(
  tx: Tx,
  { orderId, buyerId, sellerId, currency }: OrderRecord,
  refund: { readonly refundId: number; readonly amountMinor: number; readonly units: RefundedUnit[] },
  { requestId = '' }: Actor,
): Promise<void> {
  const payload = { orderId, buyerId, sellerId, currency, ...refund };
  await recordEvents(tx, [{ type: 'order.refunded', payload, requestId }]);
}

interface RefundedUnit {
  readonly unitId: number;
  readonly productId: number;
  readonly quantity: number;
}

/** The units of the parts. */
export const unitsOf = (lines: readonly OrderLineRecord[], parts: readonly LinePart[]): RefundedUnit[] =>
  parts.flatMap(({ lineNumber, quantity }) =>
    lines
      .filter((line) => line.lineNumber === lineNumber)
      .map(({ unitId, productId }) => ({ unitId, productId, quantity })),
  );
