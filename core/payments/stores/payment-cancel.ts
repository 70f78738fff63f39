/** Money that goes back through a provider. Every change of a row is made under the lock of its payment's checkout. */
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  isTrue,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { BatchBounds } from '../../../infra/one-by-one.js';

export interface NewPaymentCancel {
  readonly paymentId: number;
  /** The order's refund; null: the whole charge goes back, because it was not accepted. */
  readonly orderId: number | null;
  readonly refundId: number | null;
  readonly amountMinor: number;
  readonly reason: string;
  readonly requestedBy: string;
}

export interface PaymentCancel extends NewPaymentCancel {
  readonly cancelId: number;
  readonly status: 'PENDING' | 'DONE';
  readonly attempts: number;
  /** It may be tried now. */
  readonly due: boolean;
  /** Random; names the last process that tried. */
  readonly askedBy: string | null;
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  readonly secondsOld: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly doneAt: string | null;
}

const SELECT_CANCEL = `SELECT cancel_id AS cancelId, payment_id AS paymentId, order_id AS orderId, refund_id AS refundId, amount_minor AS amountMinor,
  reason, requested_by AS requestedBy, status, attempts, COALESCE(next_try_at <= UTC_TIMESTAMP(3), 0) AS due, asked_by AS askedBy,
  failure_code AS failureCode, failure_message AS failureMessage, TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(3)) AS secondsOld,
  created_at AS createdAt, done_at AS doneAt FROM payment_cancel`;
const reading: Reading<PaymentCancel> = { due: isTrue, createdAt: isoTime, doneAt: isoTime };

/** Stores a cancellation to be carried out at once. @returns its id */
export const insertPaymentCancel = (tx: Tx, made: NewPaymentCancel): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO payment_cancel (payment_id, order_id, refund_id, amount_minor, reason, requested_by, status, next_try_at, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [made.paymentId, made.orderId, made.refundId, made.amountMinor, made.reason, made.requestedBy],
  );

/** The provider that gives the money of a refund back; undefined: no provider was paid for it. */
export async function readProviderOfRefund(db: Db, refundId: number): Promise<string | undefined> {
  const sql = `SELECT p.provider FROM payment_cancel c FORCE INDEX (payment_cancel_refund) JOIN payment p ON p.payment_id = c.payment_id WHERE c.refund_id = ?`;
  return (await select<{ provider: string }>(db, sql, [refundId]))[0]?.provider;
}

export async function readPaymentCancel(db: Db, cancelId: number): Promise<PaymentCancel | undefined> {
  return (await select(db, `${SELECT_CANCEL} WHERE cancel_id = ?`, [cancelId], reading))[0];
}

/** The newest 200 cancellations of a payment, the oldest first. */
export async function readPaymentCancels(db: Db, paymentId: number): Promise<PaymentCancel[]> {
  const sql = `${SELECT_CANCEL} FORCE INDEX (payment_cancel_payment) WHERE payment_id = ? ORDER BY cancel_id DESC LIMIT 200`;
  return (await select(db, sql, [paymentId], reading)).reverse();
}

/** The oldest waiting cancellation of a payment; the others wait for it. */
export async function readFirstPending(tx: Tx, paymentId: number): Promise<PaymentCancel | undefined> {
  const sql = `${SELECT_CANCEL} FORCE INDEX (payment_cancel_payment) WHERE payment_id = ? AND status = 'PENDING' ORDER BY cancel_id LIMIT 1`;
  return (await select(tx, sql, [paymentId], reading))[0];
}

/** Begins a try; no other begins within this many ms. */
export const beginTry = (tx: Tx, cancelId: number, asker: string, ms: number): Promise<number> =>
  change(
    tx,
    `UPDATE payment_cancel FORCE INDEX (PRIMARY) SET attempts = attempts + 1, asked_by = ?, next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
     WHERE cancel_id = ? AND status = 'PENDING'`,
    [asker, ms * 1_000, cancelId],
  );

/** Postpones a cancellation, because another must be carried out first (ms). */
export const putOff = (tx: Tx, cancelId: number, ms: number): Promise<number> =>
  change(
    tx,
    `UPDATE payment_cancel FORCE INDEX (PRIMARY) SET next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE cancel_id = ? AND status = 'PENDING'`,
    [ms * 1_000, cancelId],
  );

/** Records that a try failed; the next one comes after this many ms. @returns how many rows: 0 when somebody else tries meanwhile */
export const failTry = (
  tx: Tx,
  cancelId: number,
  asker: string,
  failure: { readonly code: string; readonly message: string },
  ms: number,
): Promise<number> =>
  change(
    tx,
    `UPDATE payment_cancel FORCE INDEX (PRIMARY) SET failure_code = ?, failure_message = ?, asked_by = NULL,
       next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE cancel_id = ? AND status = 'PENDING' AND asked_by = ?`,
    [failure.code.slice(0, 64), [...failure.message].slice(0, 255).join(''), ms * 1_000, cancelId, asker],
  );

/** Records that the money is back. */
export async function endPaymentCancel(tx: Tx, cancelId: number): Promise<void> {
  const ended = await change(
    tx,
    `UPDATE payment_cancel FORCE INDEX (PRIMARY) SET status = 'DONE', done_at = UTC_TIMESTAMP(3), next_try_at = NULL, asked_by = NULL,
       failure_code = NULL, failure_message = NULL WHERE cancel_id = ? AND status = 'PENDING'`,
    [cancelId],
  );
  if (ended !== 1) throw new Error(`the cancellation ${cancelId} is not pending`);
}

/** Cancellations that are due now; the longest waiting ones come first. */
export async function readDueCancels(db: Db, { rowsMax, except = [] }: BatchBounds): Promise<number[]> {
  const rows = await select<{ cancelId: number }>(
    db,
    `SELECT cancel_id AS cancelId FROM payment_cancel FORCE INDEX (payment_cancel_due)
     WHERE status = 'PENDING' AND next_try_at <= UTC_TIMESTAMP(3) ${except.length === 0 ? '' : 'AND cancel_id NOT IN (?)'}
     ORDER BY next_try_at LIMIT ?`,
    except.length === 0 ? [rowsMax] : [except, rowsMax],
  );
  return rows.map(({ cancelId }) => cancelId);
}
