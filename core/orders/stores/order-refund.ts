/** Units that left orders: cancelled or returned together, with the amounts that they carry. */
import { change, type Db, insertReturningId, isoTime, isTrue, select, type Tx } from '../../../infra/database.js';
import type { LinePart } from '../rules/line-part.js';

export interface NewOrderRefund {
  readonly orderId: number;
  readonly kind: 'CANCEL' | 'RETURN';
  /** The order had been paid, so money goes back. */
  readonly paid: boolean;
  /** The amount that the buyer paid for the parts (minor units). */
  readonly amountMinor: number;
  readonly reason: string;
  readonly requestedBy: string;
  readonly parts: readonly LinePart[];
}

export interface OrderRefundRecord extends NewOrderRefund {
  readonly refundId: number;
  /** The payment provider still has to give the amount back. */
  readonly moneyPending: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Stores a refund with its parts. @returns its id */
export async function insertOrderRefund(tx: Tx, made: NewOrderRefund): Promise<number> {
  const refundId = await insertReturningId(
    tx,
    `INSERT INTO order_refund (order_id, kind, paid, amount_minor, reason, requested_by, created_at)
     VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [made.orderId, made.kind, made.paid ? 1 : 0, made.amountMinor, made.reason, made.requestedBy],
  );
  await change(
    tx,
    `INSERT INTO order_refund_line (refund_id, line_number, quantity, item_amount, seller_discount, platform_discount, shipping_fee)
     VALUES ${made.parts.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
    made.parts.flatMap((part) => [
      refundId,
      part.lineNumber,
      part.quantity,
      part.itemAmount,
      part.sellerDiscount,
      part.platformDiscount,
      part.shippingFee,
    ]),
  );
  return refundId;
}

/** Records that the money of a refund is on its way back. */
export const beginMoneyPending = (tx: Tx, refundId: number): Promise<number> =>
  change(tx, 'UPDATE order_refund SET money_pending = 1 WHERE refund_id = ?', [refundId]);

/** Records that the money of a refund is back. */
export const endMoneyPending = (tx: Tx, refundId: number): Promise<number> =>
  change(tx, 'UPDATE order_refund SET money_pending = 0 WHERE refund_id = ?', [refundId]);

/** The amount paid for an order: its amount less the units that had left it before the payment (minor units). */
export interface PaidPart {
  readonly orderId: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly paidMinor: number;
}

/** What was paid for each order of checkouts that are paid, by checkout. */
export async function readPaidPartsOf(db: Db, checkoutIds: readonly number[]): Promise<Map<number, PaidPart[]>> {
  if (checkoutIds.length === 0) return new Map();
  const rows = await select<PaidPart & { checkoutId: number }>(
    db,
    `SELECT o.checkout_id AS checkoutId, o.order_id AS orderId, o.seller_id AS sellerId, o.currency, o.amount_minor - COALESCE((
       SELECT SUM(r.amount_minor) FROM order_refund r WHERE r.order_id = o.order_id AND r.paid = 0), 0) AS paidMinor
     FROM market_order o FORCE INDEX (market_order_seller_of) WHERE o.checkout_id IN (?) ORDER BY o.order_id`,
    [checkoutIds],
    { paidMinor: Number },
  );
  const parts = new Map<number, PaidPart[]>(checkoutIds.map((checkoutId) => [checkoutId, []]));
  for (const { checkoutId, ...part } of rows) parts.get(checkoutId)?.push(part);
  return parts;
}

/** The refunds of an order newest first, read by key: two statements. */
export async function listOrderRefunds(
  db: Db,
  orderId: number,
  before: number | undefined,
  limit: number,
): Promise<OrderRefundRecord[]> {
  const rows = await select<Omit<OrderRefundRecord, 'parts'>>(
    db,
    `SELECT refund_id AS refundId, order_id AS orderId, kind, paid, amount_minor AS amountMinor, reason, requested_by AS requestedBy,
       money_pending AS moneyPending, created_at AS createdAt FROM order_refund FORCE INDEX (order_refund_order)
     WHERE order_id = ? ${before === undefined ? '' : 'AND refund_id < ?'} ORDER BY refund_id DESC LIMIT ?`,
    before === undefined ? [orderId, limit] : [orderId, before, limit],
    { paid: isTrue, moneyPending: isTrue, createdAt: isoTime },
  );
  if (rows.length === 0) return [];
  const parts = await select<LinePart & { readonly refundId: number }>(
    db,
    `SELECT refund_id AS refundId, line_number AS lineNumber, quantity, item_amount AS itemAmount, seller_discount AS sellerDiscount,
       platform_discount AS platformDiscount, shipping_fee AS shippingFee
     FROM order_refund_line WHERE refund_id IN (?) ORDER BY refund_id, line_number`,
    [rows.map(({ refundId }) => refundId)],
  );
  return rows.map((row) => ({ ...row, parts: parts.filter(({ refundId }) => refundId === row.refundId) }));
}
