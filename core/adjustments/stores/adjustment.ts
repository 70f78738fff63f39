/** Entries of the books that people make. The clock is the database's; an update restates the state that it expects. */
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { AdjustmentStatus, Dispute, Proposal } from '../rules/adjustment.js';

export interface AdjustmentRecord extends Proposal {
  readonly adjustmentId: number;
  readonly status: AdjustmentStatus;
  /** Only for a chargeback that is posted. */
  readonly dispute: Dispute | null;
  /** The business date that it was posted for. */
  readonly effectiveOn: string | null;
  readonly proposedBy: string;
  /** Null: at the command line. */
  readonly proposerAccountId: number | null;
  readonly proposerAccessFrom: number | null;
  /** ISO 8601, UTC. */
  readonly proposedAt: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly decisionNote: string | null;
}

const SELECT_ADJUSTMENT = `SELECT adjustment_id AS adjustmentId, reference, kind, seller_id AS sellerId, currency, amount_minor AS amountMinor, fee_minor AS feeMinor,
  fee_by AS feeBy, provider, order_id AS orderId, payment_id AS paymentId, reason_code AS reasonCode, reason, attachment, undoes_id AS undoesId,
  asked_on AS askedOn, effective_on AS effectiveOn, status, dispute, proposed_by AS proposedBy, proposer_account_id AS proposerAccountId,
  proposer_access_from AS proposerAccessFrom, proposed_at AS proposedAt, decided_by AS decidedBy, decided_at AS decidedAt, decision_note AS decisionNote
  FROM adjustment`;
const reading: Reading<AdjustmentRecord> = { proposedAt: isoTime, decidedAt: isoTime };

const readOne = async (db: Db, which: string, params: readonly unknown[]): Promise<AdjustmentRecord | undefined> =>
  (await select(db, `${SELECT_ADJUSTMENT} ${which}`, params, reading))[0];

export const readAdjustment = (db: Db, adjustmentId: number): Promise<AdjustmentRecord | undefined> =>
  readOne(db, 'WHERE adjustment_id = ?', [adjustmentId]);

export const readByReference = (db: Db, reference: string): Promise<AdjustmentRecord | undefined> =>
  readOne(db, 'WHERE reference = ?', [reference]);

/** An entry, locked until the commit: nobody else decides on it. */
export const lockAdjustment = (tx: Tx, adjustmentId: number): Promise<AdjustmentRecord | undefined> =>
  readOne(tx, 'WHERE adjustment_id = ? FOR UPDATE', [adjustmentId]);

/** Stores a proposal. @returns its id, or ADJUSTMENT_NOT_UNDOABLE where its reference is taken or another entry undoes the same one */
export const insertAdjustment = (
  tx: Tx,
  made: Proposal,
  proposedBy: string,
  accountId: number | null,
): Promise<number | Refusal> =>
  orRefusal(
    insertReturningId(
      tx,
      `INSERT INTO adjustment (reference, kind, seller_id, currency, amount_minor, fee_minor, fee_by, provider, order_id, payment_id, reason_code, reason,
         attachment, undoes_id, undoing_id, asked_on, status, proposed_by, proposer_account_id, proposer_access_from, proposed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'PROPOSED', ?, ?, (SELECT access_given_by FROM account WHERE account_id = ?), UTC_TIMESTAMP(3))`,
      [
        ...[made.reference, made.kind, made.sellerId, made.currency, made.amountMinor, made.feeMinor, made.feeBy],
        ...[made.provider, made.orderId, made.paymentId, made.reasonCode, made.reason, made.attachment],
        ...[made.undoesId, made.undoesId, made.askedOn, proposedBy, accountId, accountId],
      ],
    ),
    refuse('ADJUSTMENT_NOT_UNDOABLE', { why: 'another entry undoes it, or is proposed to' }),
  );

/** Ends an open entry that the caller has locked, as refused or cancelled. Another entry may then undo what it was to undo. */
export const endAdjustment = (
  tx: Tx,
  adjustmentId: number,
  status: 'REFUSED' | 'CANCELLED',
  decidedBy: string,
  note: string | null,
): Promise<number> =>
  change(
    tx,
    `UPDATE adjustment SET status = ?, undoing_id = NULL, decided_by = ?, decided_at = UTC_TIMESTAMP(3), decision_note = ?
     WHERE adjustment_id = ? AND status = 'PROPOSED'`,
    [status, decidedBy, note, adjustmentId],
  );

/** Marks an open entry that the caller has locked as posted; the dispute of a chargeback begins. */
export const markPosted = (
  tx: Tx,
  adjustmentId: number,
  effectiveOn: string,
  decidedBy: string,
  note: string | null,
): Promise<number> =>
  change(
    tx,
    `UPDATE adjustment SET status = 'POSTED', effective_on = ?, dispute = IF(kind = 'CHARGEBACK', 'OPENED', NULL), decided_by = ?,
       decided_at = UTC_TIMESTAMP(3), decision_note = ? WHERE adjustment_id = ? AND status = 'PROPOSED'`,
    [effectiveOn, decidedBy, note, adjustmentId],
  );

/** Moves the dispute of a chargeback on. @param to null: the chargeback was reversed @returns how many rows were in that state, 0 or 1 */
export const moveDispute = (tx: Tx, adjustmentId: number, from: readonly Dispute[], to: Dispute | null) =>
  change(tx, 'UPDATE adjustment SET dispute = ? WHERE adjustment_id = ? AND dispute IN (?)', [to, adjustmentId, from]);

/** A posted entry that was reversed no longer undoes another one. */
export const freeUndone = (tx: Tx, adjustmentId: number): Promise<number> =>
  change(tx, `UPDATE adjustment SET undoing_id = NULL WHERE adjustment_id = ? AND status = 'POSTED'`, [adjustmentId]);

export interface AdjustmentFilter {
  readonly status?: AdjustmentStatus | undefined;
  readonly sellerId?: string | undefined;
  readonly dispute?: Dispute | undefined;
  /** The last entry of the page before. */
  readonly before?: number | undefined;
}

/** Entries, the newest first, read by key. */
export function listAdjustments(db: Db, filter: AdjustmentFilter, rowsMax: number): Promise<AdjustmentRecord[]> {
  const filters: [string, unknown][] = [
    ['seller_id = ?', filter.sellerId],
    ['status = ?', filter.status],
    ['dispute = ?', filter.dispute],
    ['adjustment_id < ?', filter.before],
  ];
  const given = filters.filter(([, value]) => value !== undefined);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
  const params = [...given.map(([, value]) => value), rowsMax];
  return select(db, `${SELECT_ADJUSTMENT} ${where} ORDER BY adjustment_id DESC LIMIT ?`, params, reading);
}

/** The first business date of the seller and currency that is on no issued statement; undefined where there is no statement. */
export async function firstOpenDate(db: Db, sellerId: string, currency: string): Promise<string | undefined> {
  const last = await select<{ closesOn: string }>(
    db,
    'SELECT closes_on AS closesOn FROM statement WHERE seller_id = ? AND currency = ? ORDER BY closes_on DESC LIMIT 1',
    [sellerId, currency],
  );
  return last[0] && addDays(last[0].closesOn, 1);
}

/** The references under which an entry was posted, among these. */
export async function readPostedReferences(db: Db, references: readonly string[]): Promise<Set<string>> {
  if (references.length === 0) return new Set();
  const sql = `SELECT reference FROM adjustment WHERE reference IN (?) AND status = 'POSTED'`;
  return new Set((await select<{ reference: string }>(db, sql, [references])).map(({ reference }) => reference));
}
