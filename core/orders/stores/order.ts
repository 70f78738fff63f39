/** Orders: one seller's part of a checkout. */
import { change, type Db, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import type { BatchBounds } from '../../../infra/one-by-one.js';
import type { OrderStatus } from '../rules/order-state.js';
import type { Amounts } from '../rules/price-basket.js';

export interface OrderRecord extends Amounts {
  readonly orderId: number;
  readonly checkoutId: number;
  readonly buyerId: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly status: OrderStatus;
  /** The amount that the buyer got back, or did not have to pay, for units that were cancelled or returned (minor units). */
  readonly goneMinor: number;
  /** The part of it that the payment provider still has to give back. */
  readonly returningMinor: number;
  /** Business date in the platform's zone. */
  readonly orderedOn: string;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deliveredAt: string | null;
}

/** The columns of an order `o`. */
export const ORDER_COLUMNS = `o.order_id AS orderId, o.checkout_id AS checkoutId, o.buyer_id AS buyerId, o.seller_id AS sellerId, o.currency,
  o.status, o.item_amount AS itemAmount, o.seller_discount AS sellerDiscount, o.platform_discount AS platformDiscount,
  o.shipping_fee AS shippingFee, o.amount_minor AS amountMinor, o.gone_minor AS goneMinor, o.returning_minor AS returningMinor, o.ordered_on AS orderedOn, o.carrier,
  o.tracking_number AS trackingNumber, o.version, o.created_at AS createdAt, o.updated_at AS updatedAt, o.delivered_at AS deliveredAt`;
export const orderReading: Reading<OrderRecord> = { createdAt: isoTime, updatedAt: isoTime, deliveredAt: isoTime };

/** The owners of an order: its buyer and its seller. */
export interface OrderParties {
  readonly checkoutId: number;
  readonly buyerId: number;
  readonly sellerId: string;
}

export async function readOrderParties(db: Db, orderId: number): Promise<OrderParties | undefined> {
  const sql =
    'SELECT checkout_id AS checkoutId, buyer_id AS buyerId, seller_id AS sellerId FROM market_order WHERE order_id = ?';
  return (await select<OrderParties>(db, sql, [orderId]))[0];
}

/** An order, locked until the commit. */
export async function lockOrder(tx: Tx, orderId: number): Promise<OrderRecord | undefined> {
  const sql = `SELECT ${ORDER_COLUMNS} FROM market_order o WHERE o.order_id = ? FOR UPDATE`;
  return (await select<OrderRecord>(tx, sql, [orderId], orderReading))[0];
}

/** The orders of a checkout, locked until the commit. */
export async function lockOrdersOf(tx: Tx, checkoutId: number): Promise<OrderRecord[]> {
  const sql = `SELECT ${ORDER_COLUMNS} FROM market_order o FORCE INDEX (market_order_seller_of) WHERE o.checkout_id = ? ORDER BY o.order_id FOR UPDATE`;
  return select<OrderRecord>(tx, sql, [checkoutId], orderReading);
}

/** The orders of a checkout. */
export async function readOrdersOf(db: Db, checkoutId: number): Promise<OrderRecord[]> {
  const sql = `SELECT ${ORDER_COLUMNS} FROM market_order o FORCE INDEX (market_order_seller_of) WHERE o.checkout_id = ? ORDER BY o.order_id`;
  return select<OrderRecord>(db, sql, [checkoutId], orderReading);
}

export type NewOrder = Pick<OrderRecord, 'checkoutId' | 'buyerId' | 'sellerId' | 'currency' | 'orderedOn'> & Amounts;

/** The key that finds an order of a checkout, in which each seller has one. */
export const orderKey = ({ checkoutId, sellerId }: Pick<OrderRecord, 'checkoutId' | 'sellerId'>): string =>
  `${checkoutId}\t${sellerId}`;

/** Stores orders that wait for their payment. @returns their ids by `orderKey` */
export async function insertOrders(tx: Tx, orders: readonly NewOrder[]): Promise<Map<string, number>> {
  const row = `(?, ?, ?, ?, 'PENDING_PAYMENT', ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`;
  await change(
    tx,
    `INSERT INTO market_order (checkout_id, buyer_id, seller_id, currency, status, item_amount, seller_discount, platform_discount,
       shipping_fee, amount_minor, ordered_on, created_at, updated_at) VALUES ${orders.map(() => row).join(', ')}`,
    orders.flatMap((order) => [
      order.checkoutId,
      order.buyerId,
      order.sellerId,
      order.currency,
      order.itemAmount,
      order.sellerDiscount,
      order.platformDiscount,
      order.shippingFee,
      order.amountMinor,
      order.orderedOn,
    ]),
  );
  const rows = await select<{ orderId: number; checkoutId: number; sellerId: string }>(
    tx,
    `SELECT order_id AS orderId, checkout_id AS checkoutId, seller_id AS sellerId FROM market_order FORCE INDEX (market_order_seller_of)
     WHERE checkout_id IN (?)`,
    [[...new Set(orders.map(({ checkoutId }) => checkoutId))]],
  );
  return new Map(rows.map((order) => [orderKey(order), order.orderId]));
}

/** The fields that change with a step. */
export interface StepChange {
  readonly carrier?: string | null;
  readonly trackingNumber?: string | null;
  /** Sets its time to now. */
  readonly delivered?: boolean;
  /** Added to the amount that has left the order (minor units). */
  readonly goneMinor?: number;
}

/** Takes an order from its expected state to another, with its next version. @returns whether it was in that state */
export async function moveOrder(
  tx: Tx,
  { orderId, status }: Pick<OrderRecord, 'orderId' | 'status'>,
  to: OrderStatus,
  moved: StepChange = {},
): Promise<boolean> {
  const changed = await change(
    tx,
    `UPDATE market_order SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3), gone_minor = gone_minor + ?,
       carrier = COALESCE(?, carrier), tracking_number = COALESCE(?, tracking_number),
       delivered_at = IF(?, UTC_TIMESTAMP(3), delivered_at)
     WHERE order_id = ? AND status = ?`,
    [
      to,
      moved.goneMinor ?? 0,
      moved.carrier ?? null,
      moved.trackingNumber ?? null,
      moved.delivered === true ? 1 : 0,
      orderId,
      status,
    ],
  );
  return changed === 1;
}

/** Records that more of the money of a locked order is on its way back. */
export const raiseReturning = (tx: Tx, orderId: number, amountMinor: number): Promise<number> =>
  change(tx, 'UPDATE market_order SET returning_minor = returning_minor + ? WHERE order_id = ?', [
    amountMinor,
    orderId,
  ]);

/** Records that money of a locked order is back. The version moves, because the order is shown differently. */
export async function lowerReturning(tx: Tx, orderId: number, amountMinor: number): Promise<void> {
  const lowered = await change(
    tx,
    `UPDATE market_order SET returning_minor = returning_minor - ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE order_id = ? AND returning_minor >= ?`,
    [amountMinor, orderId, amountMinor],
  );
  if (lowered !== 1) throw new Error(`less than ${amountMinor} is on its way back for order ${orderId}`);
}

/** Takes all orders of a checkout that wait for its payment to another state. Along the key of the status it would wait for other checkouts, too. */
export async function movePendingOrders(tx: Tx, checkoutId: number, to: OrderStatus): Promise<void> {
  await change(
    tx,
    `UPDATE market_order FORCE INDEX (market_order_seller_of) SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE checkout_id = ? AND status = 'PENDING_PAYMENT'`,
    [to, checkoutId],
  );
}

/** Orders that were delivered at least this many seconds ago and are not confirmed, in the order of their delivery. */
export async function readDelivered(db: Db, seconds: number, { rowsMax, except = [] }: BatchBounds): Promise<number[]> {
  const rows = await select<{ orderId: number }>(
    db,
    `SELECT order_id AS orderId FROM market_order FORCE INDEX (market_order_delivered)
     WHERE status = 'DELIVERED' AND delivered_at <= UTC_TIMESTAMP(3) - INTERVAL ? SECOND ${except.length === 0 ? '' : 'AND order_id NOT IN (?)'}
     ORDER BY delivered_at LIMIT ?`,
    except.length === 0 ? [seconds, rowsMax] : [seconds, except, rowsMax],
  );
  return rows.map(({ orderId }) => orderId);
}

/** Deletes the rows that this transaction has inserted for checkouts that were refused. */
export async function deletePlaced(tx: Tx, checkoutIds: readonly number[], orderIds: readonly number[]): Promise<void> {
  await change(tx, 'DELETE FROM order_event WHERE order_id IN (?)', [orderIds]);
  await change(tx, 'DELETE FROM order_line WHERE order_id IN (?)', [orderIds]);
  await change(tx, 'DELETE FROM market_order WHERE order_id IN (?)', [orderIds]);
  await change(tx, 'DELETE FROM checkout WHERE checkout_id IN (?)', [checkoutIds]);
}
