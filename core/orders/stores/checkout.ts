/** Checkouts: orders that are paid together. A change of a checkout, or a cancellation in its orders, locks the checkout first. */
import { change, type Db, isoTime, isTrue, type Reading, select, type Tx } from '../../../infra/database.js';
import type { BatchBounds } from '../../../infra/one-by-one.js';

export type CheckoutStatus = 'PENDING_PAYMENT' | 'PAID' | 'CANCELLED' | 'EXPIRED';
export const CHECKOUT_STATUSES = [
  'PENDING_PAYMENT',
  'PAID',
  'CANCELLED',
  'EXPIRED',
] as const satisfies CheckoutStatus[];

/** The receiver, encrypted and bound to the checkout's reference. */
export interface StoredReceiver {
  readonly sealed: string;
  readonly keyId: string;
}

export interface CheckoutRecord {
  readonly checkoutId: number;
  /** Random; names the checkout to others. */
  readonly reference: string;
  readonly buyerId: number;
  readonly currency: string;
  /** The amount ordered, in minor units. */
  readonly amountMinor: number;
  /** The amount to pay, or paid. */
  readonly dueMinor: number;
  readonly promotionId: number | null;
  readonly status: CheckoutStatus;
  /** By the database's clock; the status may not show it yet. */
  readonly expired: boolean;
  /** A payment is being made, or its outcome is not known yet: the time to pay is extended. */
  readonly paying: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly paidAt: string | null;
}

const SELECT_CHECKOUT = `SELECT checkout_id AS checkoutId, reference, buyer_id AS buyerId, currency, amount_minor AS amountMinor,
  due_minor AS dueMinor, promotion_id AS promotionId, status, expires_at <= UTC_TIMESTAMP(3) AS expired,
  unextended_expires_at IS NOT NULL AS paying, created_at AS createdAt,
  expires_at AS expiresAt, paid_at AS paidAt FROM checkout`;
const reading: Reading<CheckoutRecord> = {
  expired: isTrue,
  paying: isTrue,
  createdAt: isoTime,
  expiresAt: isoTime,
  paidAt: isoTime,
};

export async function readCheckout(db: Db, checkoutId: number): Promise<CheckoutRecord | undefined> {
  return (await select<CheckoutRecord>(db, `${SELECT_CHECKOUT} WHERE checkout_id = ?`, [checkoutId], reading))[0];
}

/** The same, locked until the commit. */
export async function lockCheckout(tx: Tx, checkoutId: number): Promise<CheckoutRecord | undefined> {
  const sql = `${SELECT_CHECKOUT} WHERE checkout_id = ? FOR UPDATE`;
  return (await select<CheckoutRecord>(tx, sql, [checkoutId], reading))[0];
}

export async function readCheckoutBuyer(db: Db, checkoutId: number): Promise<number | undefined> {
  const sql = 'SELECT buyer_id AS buyerId FROM checkout WHERE checkout_id = ?';
  return (await select<{ buyerId: number }>(db, sql, [checkoutId]))[0]?.buyerId;
}

export interface NewCheckout {
  readonly reference: string;
  readonly buyerId: number;
  readonly currency: string;
  readonly amountMinor: number;
  readonly promotionId: number | null;
  readonly receiver: StoredReceiver;
  readonly expiresInMs: number;
}

/** Stores checkouts. @returns their ids by reference */
export async function insertCheckouts(tx: Tx, checkouts: readonly NewCheckout[]): Promise<Map<string, number>> {
  const row = `(?, ?, ?, ?, ?, ?, 'PENDING_PAYMENT', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)`;
  await change(
    tx,
    `INSERT INTO checkout (reference, buyer_id, currency, amount_minor, due_minor, promotion_id, status, receiver, receiver_key_id,
       created_at, expires_at) VALUES ${checkouts.map(() => row).join(', ')}`,
    checkouts.flatMap((made) => [
      made.reference,
      made.buyerId,
      made.currency,
      made.amountMinor,
      made.amountMinor,
      made.promotionId,
      made.receiver.sealed,
      made.receiver.keyId,
      made.expiresInMs * 1_000,
    ]),
  );
  const rows = await select<{ reference: string; checkoutId: number }>(
    tx,
    'SELECT reference, checkout_id AS checkoutId FROM checkout WHERE reference IN (?)',
    [checkouts.map(({ reference }) => reference)],
  );
  return new Map(rows.map(({ reference, checkoutId }) => [reference, checkoutId]));
}

/** Moves on a locked checkout that waits for its payment. */
export async function endPending(
  tx: Tx,
  checkoutId: number,
  status: Exclude<CheckoutStatus, 'PENDING_PAYMENT'>,
): Promise<void> {
  const paidAt = status === 'PAID' ? ', paid_at = UTC_TIMESTAMP(3)' : '';
  const sql = `UPDATE checkout SET status = ?, unextended_expires_at = NULL${paidAt} WHERE checkout_id = ? AND status = 'PENDING_PAYMENT'`;
  if ((await change(tx, sql, [status, checkoutId])) !== 1) throw new Error(`checkout ${checkoutId} is not pending`);
}

/** Lowers the amount to pay of a checkout that waits for its payment. */
export async function lowerDue(tx: Tx, checkoutId: number, byMinor: number): Promise<void> {
  const sql = `UPDATE checkout SET due_minor = due_minor - ? WHERE checkout_id = ? AND status = 'PENDING_PAYMENT'`;
  if ((await change(tx, sql, [byMinor, checkoutId])) !== 1) throw new Error(`checkout ${checkoutId} is not pending`);
}

/** Makes the time to pay of a locked checkout last at least this long from now. @returns whether it can still be paid, by the database's clock */
export async function extendTimeToPay(tx: Tx, checkoutId: number, ms: number): Promise<boolean> {
  // unextended_expires_at comes first, because it reads the old expires_at.
  const extended = await change(
    tx,
    `UPDATE checkout SET unextended_expires_at = COALESCE(unextended_expires_at, expires_at),
       expires_at = GREATEST(expires_at, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)
     WHERE checkout_id = ? AND status = 'PENDING_PAYMENT' AND expires_at > UTC_TIMESTAMP(3)`,
    [ms * 1_000, checkoutId],
  );
  return extended === 1;
}

/** Restores the former time to pay of a locked checkout, if it was extended. */
export const restoreTimeToPay = (tx: Tx, checkoutId: number): Promise<number> =>
  change(
    tx,
    `UPDATE checkout SET expires_at = unextended_expires_at, unextended_expires_at = NULL
     WHERE checkout_id = ? AND status = 'PENDING_PAYMENT' AND unextended_expires_at IS NOT NULL`,
    [checkoutId],
  );

/** Checkouts whose time to pay has passed, in the order in which they expired. */
export async function readExpiredCheckouts(db: Db, { rowsMax, except = [] }: BatchBounds): Promise<number[]> {
  const rows = await select<{ checkoutId: number }>(
    db,
    `SELECT checkout_id AS checkoutId FROM checkout FORCE INDEX (checkout_expiry)
     WHERE status = 'PENDING_PAYMENT' AND expires_at <= UTC_TIMESTAMP(3) ${except.length === 0 ? '' : 'AND checkout_id NOT IN (?)'}
     ORDER BY expires_at LIMIT ?`,
    except.length === 0 ? [rowsMax] : [except, rowsMax],
  );
  return rows.map(({ checkoutId }) => checkoutId);
}
