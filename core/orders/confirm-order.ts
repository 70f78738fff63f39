/** Confirmation of a purchase: the uncancelled units of an order become sales of the settlement feed, in the same transaction. */
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { type BatchBounds, type Failed, oneByOne } from '../../infra/one-by-one.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { shopOrderId } from '../feed/rules/shop-ids.js';
import { enterSales, type ShopDate, type ShopSale, shareShopDates, withShopDates } from '../feed/shop-entries.js';
import { recordEvents } from '../outbox/record-events.js';
import { type Actor, lockForStep, type StepOptions, takeStep } from './order-step.js';
import { remainingSale } from './rules/line-part.js';
import { type OrderRecord, readDelivered } from './stores/order.js';
import { type OrderLineRecord, readOrderLines } from './stores/order-line.js';

/**
 * Confirms a delivered order. `on` was shared by the transaction's first statement. Refuses with ORDER_NOT_FOUND, ORDER_STATE_CONFLICT or FORBIDDEN.
 */
export async function confirmOrder(
  tx: Tx,
  on: ShopDate,
  orderId: number,
  by: Actor,
  options: StepOptions = {},
): Promise<Refusal | undefined> {
  const order = await lockForStep(tx, orderId, 'CONFIRM', by, options);
  if (isRefusal(order)) return order;
  await takeStep(tx, order, 'CONFIRM', by, options);
  const lines = await readOrderLines(tx, [orderId]);
  const sales = lines.map((line) => saleOf(order, line)).filter(({ quantity }) => quantity > 0);
  // The order's own state keeps this from happening twice.
  decided(await enterSales(tx, on, sales));
  const { sellerId, buyerId } = order;
  const { requestId = '' } = by;
  await recordEvents(tx, [{ type: 'order.confirmed', payload: { orderId, sellerId, buyerId }, requestId }]);
  return undefined;
}

/** The feed's line of an order line: the units that were not cancelled. */
function saleOf(order: OrderRecord, line: OrderLineRecord): ShopSale {
  const { quantity, sellerDiscount, platformDiscount, shippingFee } = remainingSale(line);
  return {
    orderId: shopOrderId(order.orderId),
    lineId: String(line.lineNumber),
    sellerId: order.sellerId,
    productId: line.productExternalId,
    category: line.category,
    quantity,
    unitPrice: line.unitPrice,
    sellerDiscount,
    platformDiscount,
    shippingFee,
    currency: order.currency,
    orderedOn: order.orderedOn,
  };
}

const SECONDS_PER_DAY = 86_400;

/**
 * Confirms at most `rowsMax` orders that were delivered long enough ago (`config.confirmDays`), each in a transaction of its own. One that fails does not keep
 * the others from their confirmation.
 * @returns how many were found, which is `rowsMax` while there may be more, how many were confirmed, and those that failed
 */
export async function confirmDelivered(
  db: Db,
  config: Pick<Config, 'timeZone' | 'confirmDays'>,
  bounds: BatchBounds,
): Promise<{ readonly found: number; readonly confirmed: number; readonly failed: readonly Failed[] }> {
  const due = await readDelivered(db, config.confirmDays * SECONDS_PER_DAY, bounds);
  const by = { cause: 'system', requestedBy: 'confirmation' } as const;
  const { done: confirmed, failed } = await oneByOne(due, async (orderId) => {
    const refusal = await withShopDates(db, config, (dates) =>
      inTransaction(db, async (tx) => confirmOrder(tx, await shareShopDates(tx, dates), orderId, by)),
    );
    return refusal === undefined; // else the buyer was faster
  });
  return { found: due.length, confirmed, failed };
}
