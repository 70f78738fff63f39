/** Returns, after an order was confirmed: each is a refund in the settlement feed, in the same transaction. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { shopOrderId, shopRefundId } from '../feed/rules/shop-ids.js';
import { enterRefunds, type ShopDate } from '../feed/shop-entries.js';
import { returnUnits } from '../stock/end-reservation.js';
import { giveMoneyBack, type PartsToGo, recordRefunded, unitsOf, writeRefund } from './cancel-order.js';
import { type Actor, lockForStep, takeStep } from './order-step.js';
import { cutParts, type LinePart, nothingLeft, paidByAll } from './rules/line-part.js';
import { lockCheckout } from './stores/checkout.js';
import { readOrderParties } from './stores/order.js';
import { readOrderLines } from './stores/order-line.js';

/**
 * Takes back units of a confirmed order. `on` was shared by the transaction's first statement.
 * @param restock whether the units can be sold again
 * @returns the id of the refund, or ORDER_NOT_FOUND, ORDER_STATE_CONFLICT, FORBIDDEN, ORDER_LINE_NOT_FOUND, QUANTITY_EXCEEDS_ORDER
 */
export async function returnOrder(
  tx: Tx,
  on: ShopDate,
  orderId: number,
  by: Actor,
  taken: PartsToGo & { readonly restock: boolean },
): Promise<number | Refusal> {
  const parties = await readOrderParties(tx, orderId);
  // Everything that gives back money of a checkout waits for this lock.
  if (parties === undefined || (await lockCheckout(tx, parties.checkoutId)) === undefined)
    return refuse('ORDER_NOT_FOUND', { orderId });
  const order = await lockForStep(tx, orderId, 'RETURN', by, taken);
  if (isRefusal(order)) return order;
  const lines = await readOrderLines(tx, [orderId]);
  const parts = cutParts(lines, 'RETURN', taken.parts);
  if (isRefusal(parts)) return parts;

  const amountMinor = paidByAll(parts);
  const step = nothingLeft(lines, parts) ? 'RETURN' : 'RETURN_PART';
  await takeStep(tx, order, step, by, taken, { goneMinor: amountMinor });
  const refundId = await writeRefund(tx, 'RETURN', { order, parts, amountMinor, paid: true }, by, taken);
  await giveMoneyBack(tx, order, { refundId, amountMinor, by }, taken);
  await enterReturn(tx, on, { orderId, refundId, reason: taken.reason }, parts);
  const units = unitsOf(lines, parts);
  await recordRefunded(tx, order, { refundId, amountMinor, units }, by);
  if (taken.restock) {
    const holder = {
      holderId: order.checkoutId,
      requestedBy: by.requestedBy,
      reason: `order ${orderId} returned`,
    };
    await returnUnits(tx, holder, units);
  }
  return refundId;
}

/** Writes the feed's refunds. Orders and feed divide the same sale by the same rule; a difference is a fault of the program, and everything is rolled back. */
async function enterReturn(
  tx: Tx,
  on: ShopDate,
  { orderId, refundId, reason }: { readonly orderId: number; readonly refundId: number; readonly reason: string },
  parts: readonly LinePart[],
): Promise<void> {
  const entered = decided(
    await enterRefunds(
      tx,
      on,
      parts.map(({ lineNumber, quantity }) => ({
        refundId: shopRefundId(`${refundId}:${lineNumber}`),
        orderId: shopOrderId(orderId),
        lineId: String(lineNumber),
        quantity,
        reason,
      })),
    ),
  );
  for (const [at, part] of parts.entries()) {
    const entry = entered[at];
    const same = (['itemAmount', 'sellerDiscount', 'platformDiscount', 'shippingFee'] as const).every(
      (name) => entry !== undefined && part[name] + entry[name] === 0,
    );
    if (!same) throw new Error(`the feed takes back other amounts of line ${part.lineNumber} of order ${orderId}`);
  }
}
