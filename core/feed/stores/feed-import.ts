/**
 * The record of an import: who works on it, how far it is, which dates it keeps open. A lease in database time says whether
 * its writer is alive. Every update restates the owner: that is the fence against a writer whose import was taken over.
 */
import { hostname } from 'node:os';
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  isTrue,
  orRefusal,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';

export type ImportKind = 'lines' | 'refunds' | 'seed';
export type ImportStatus = 'RUNNING' | 'COMPLETED' | 'REFUSED' | 'ABANDONING' | 'ABANDONED' | 'WITHDRAWN';

/** How long a writer may be silent before another process may continue its import. */
const LEASE_SECONDS = 10;
const lease = `lease_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, updated_at = UTC_TIMESTAMP(3)`;

export interface ImportRecord {
  readonly importId: number;
  readonly kind: ImportKind;
  readonly source: string;
  readonly fingerprint: string;
  readonly status: ImportStatus;
  readonly lateOn: string | null;
  readonly rowsTotal: number;
  readonly rowsDone: number;
  readonly rowsNew: number;
  readonly rowsUnchanged: number;
  readonly rowsRejected: number;
  readonly owner: string;
  readonly leaseUntil: string;
  readonly leaseExpired: boolean;
  readonly host: string;
  readonly requestedBy: string;
  readonly createdAt: string;
  readonly completedAt: string | null;
  readonly errorCode: string | null;
}

export interface ImportCounts {
  readonly rowsNew: number;
  readonly rowsUnchanged: number;
  readonly rowsRejected: number;
}

export interface NewImport extends ImportCounts {
  readonly kind: ImportKind;
  readonly source: string;
  readonly fingerprint: string;
  readonly lateOn: string | null;
  readonly rowsTotal: number;
  readonly owner: string;
  readonly requestedBy: string;
}

const SELECT_IMPORT = `SELECT import_id AS importId, kind, source, fingerprint, status, late_on AS lateOn, rows_total AS rowsTotal,
  rows_done AS rowsDone, rows_new AS rowsNew, rows_unchanged AS rowsUnchanged, rows_rejected AS rowsRejected, owner,
  lease_until AS leaseUntil, lease_until < UTC_TIMESTAMP(3) AS leaseExpired, host, requested_by AS requestedBy, created_at AS createdAt,
  completed_at AS completedAt, error_code AS errorCode FROM feed_import`;

const selectImports = (db: Db, rest: string, params: readonly unknown[]): Promise<ImportRecord[]> =>
  select<ImportRecord>(db, `${SELECT_IMPORT} ${rest}`, params, {
    leaseUntil: isoTime,
    leaseExpired: isTrue,
    createdAt: isoTime,
    completedAt: isoTime,
  });

export async function readImport(db: Db, importId: number): Promise<ImportRecord | undefined> {
  return (await selectImports(db, 'WHERE import_id = ?', [importId]))[0];
}

/** Reads the record under a lock: it waits for a change that is about to commit, and no later change can come in between. */
export async function lockImport(tx: Tx, importId: number): Promise<ImportRecord | undefined> {
  return (await selectImports(tx, 'WHERE import_id = ? FOR UPDATE', [importId]))[0];
}

/** The unfinished import of exactly this work, if there is one. */
export async function findUnfinishedImport(db: Db, fingerprint: string): Promise<ImportRecord | undefined> {
  return (await selectImports(db, 'WHERE active_fingerprint = ?', [fingerprint]))[0];
}

/** The latest completed import of exactly this work. */
export async function findCompletedImport(
  db: Db,
  kind: ImportKind,
  fingerprint: string,
): Promise<ImportRecord | undefined> {
  const latest = `WHERE status = 'COMPLETED' AND kind = ? AND fingerprint = ? ORDER BY import_id DESC LIMIT 1`;
  return (await selectImports(db, latest, [kind, fingerprint]))[0];
}

/** The imports that begin their source with this text. */
export async function findImportsBySource(db: Db, kind: ImportKind, sourcePrefix: string): Promise<ImportRecord[]> {
  const begins = 'WHERE kind = ? AND LEFT(source, CHAR_LENGTH(?)) = ? ORDER BY import_id';
  return selectImports(db, begins, [kind, sourcePrefix, sourcePrefix]);
}

/** The latest imports, newest first. */
export async function listImports(db: Db, limit: number): Promise<ImportRecord[]> {
  return selectImports(db, 'ORDER BY import_id DESC LIMIT ?', [limit]);
}

/** Registers an import. @returns its id, or IMPORT_RUNNING when an unfinished one of exactly this work is registered */
export async function insertImport(tx: Tx, record: NewImport): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    `INSERT INTO feed_import (kind, source, fingerprint, active_fingerprint, status, late_on, rows_total, rows_new, rows_unchanged,
       rows_rejected, owner, lease_until, host, requested_by, created_at, updated_at)
     VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, 0, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      record.kind,
      record.source,
      record.fingerprint,
      record.fingerprint,
      record.lateOn,
      record.rowsTotal,
      record.rowsUnchanged,
      record.rowsRejected,
      record.owner,
      hostname().slice(0, 255),
      record.requestedBy.slice(0, 64),
    ],
  );
  return orRefusal(inserted, refuse('IMPORT_RUNNING'));
}

/** The dates that this import may write to: nobody closes them while it is unfinished. Dates it holds already are kept. */
export async function holdDates(tx: Tx, importId: number, dates: readonly string[]): Promise<void> {
  const missing = new Set(dates);
  for (const date of await heldDates(tx, importId)) missing.delete(date);
  if (missing.size === 0) return;
  await change(tx, 'INSERT INTO feed_import_date (import_id, business_on) VALUES ?', [
    [...missing].map((date) => [importId, date]),
  ]);
}

export async function heldDates(db: Db, importId: number): Promise<string[]> {
  const sql = 'SELECT business_on AS date FROM feed_import_date WHERE import_id = ? ORDER BY business_on';
  return (await select<{ date: string }>(db, sql, [importId])).map(({ date }) => date);
}

/** Makes `owner` the writer of an import if its lease has expired and it still belongs to `formerOwner`; else changes nothing. */
export async function takeOverImport(tx: Tx, importId: number, formerOwner: string, owner: string): Promise<void> {
  const sql = `UPDATE feed_import SET owner = ?, host = ?, ${lease}
    WHERE import_id = ? AND owner = ? AND status IN ('RUNNING', 'ABANDONING') AND lease_until < UTC_TIMESTAMP(3)`;
  await change(tx, sql, [owner, hostname().slice(0, 255), importId, formerOwner]);
}

/** Stores the results of a new check of the whole source, when an interrupted import is continued. */
export async function recount(
  tx: Tx,
  importId: number,
  found: Pick<NewImport, 'lateOn' | 'rowsTotal' | 'rowsUnchanged' | 'rowsRejected'>,
): Promise<void> {
  const sql = `UPDATE feed_import SET late_on = COALESCE(late_on, ?), rows_total = ?, rows_unchanged = ?, rows_rejected = ?
    WHERE import_id = ?`;
  await change(tx, sql, [found.lateOn, found.rowsTotal, found.rowsUnchanged, found.rowsRejected, importId]);
}

/** Lets another process continue at once: the writer stops and gives its lease up. */
export async function releaseImport(db: Db, importId: number, owner: string): Promise<void> {
  const sql = `UPDATE feed_import SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
    WHERE import_id = ? AND owner = ? AND status IN ('RUNNING', 'ABANDONING')`;
  await change(db, sql, [importId, owner]);
}

/**
 * The fence of a batch: moves the import on to `rowsDone` and renews the lease, if it is still `owner`'s.
 * @returns false when it is not: roll back and leave
 */
export async function advanceImport(
  tx: Tx,
  importId: number,
  owner: string,
  moved: { readonly from: number; readonly to: number } & ImportCounts,
): Promise<boolean> {
  const sql = `UPDATE feed_import SET rows_done = ?, rows_new = rows_new + ?, rows_unchanged = rows_unchanged + ?,
      rows_rejected = rows_rejected + ?, ${lease}
    WHERE import_id = ? AND owner = ? AND status = 'RUNNING' AND rows_done = ?`;
  const counts = [moved.rowsNew, moved.rowsUnchanged, moved.rowsRejected];
  return (await change(tx, sql, [moved.to, ...counts, importId, owner, moved.from])) === 1;
}

/** Renews the lease in a step that moves no rows. @returns false when the import is no longer `owner`'s in this status */
export async function renewImport(tx: Tx, importId: number, owner: string, status: ImportStatus): Promise<boolean> {
  const sql = `UPDATE feed_import SET ${lease} WHERE import_id = ? AND owner = ? AND status = ?`;
  return (await change(tx, sql, [importId, owner, status])) === 1;
}

/** Begins to withdraw an import, or continues to. @returns false when it is no longer `owner`'s */
export async function markAbandoning(
  tx: Tx,
  importId: number,
  owner: string,
  errorCode: string | null,
): Promise<boolean> {
  const sql = `UPDATE feed_import SET status = 'ABANDONING', error_code = COALESCE(error_code, ?), ${lease}
    WHERE import_id = ? AND owner = ? AND status IN ('RUNNING', 'ABANDONING')`;
  return (await change(tx, sql, [errorCode, importId, owner])) === 1;
}

/**
 * Begins to withdraw a completed import for `owner`: the same work finds it again, like an unfinished one.
 * @returns IMPORT_RUNNING when the same work is unfinished
 */
export async function markWithdrawing(tx: Tx, importId: number, owner: string): Promise<number | Refusal> {
  const sql = `UPDATE feed_import SET status = 'ABANDONING', active_fingerprint = fingerprint, owner = ?, host = ?, ${lease}
    WHERE import_id = ? AND status = 'COMPLETED'`;
  return orRefusal(change(tx, sql, [owner, hostname().slice(0, 255), importId]), refuse('IMPORT_RUNNING'));
}

/** The unfinished imports beside this one (at most ten). */
export async function findUnfinishedOthers(db: Db, importId: number): Promise<number[]> {
  const sql = `SELECT import_id AS importId FROM feed_import WHERE status IN ('RUNNING', 'ABANDONING') AND import_id <> ?
    ORDER BY import_id LIMIT 10`;
  return (await select<{ importId: number }>(db, sql, [importId])).map((row) => row.importId);
}

/** How many completed imports were withdrawn, or are being withdrawn: the number only grows. */
export async function countWithdrawals(db: Db): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM feed_import WHERE status = 'WITHDRAWN' OR (status = 'ABANDONING' AND completed_at IS NOT NULL)`;
  return Number((await select<{ n: number }>(db, sql))[0]?.n ?? 0);
}

/** Ends an import and releases its dates. @returns false when it is no longer `owner`'s in the status `from` */
export async function finishImport(
  tx: Tx,
  importId: number,
  owner: string,
  from: ImportStatus,
  to: ImportStatus,
): Promise<boolean> {
  const sql = `UPDATE feed_import SET status = ?, active_fingerprint = NULL, completed_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)
    WHERE import_id = ? AND owner = ? AND status = ?`;
  if ((await change(tx, sql, [to, importId, owner, from])) !== 1) return false;
  await change(tx, 'DELETE FROM feed_import_date WHERE import_id = ?', [importId]);
  return true;
}

/** Shares the records of these imports until the commit, so that none of them can be withdrawn meanwhile; their statuses. */
export async function shareImports(tx: Tx, importIds: readonly number[]): Promise<Map<number, ImportStatus>> {
  if (importIds.length === 0) return new Map();
  const rows = await select<Pick<ImportRecord, 'importId' | 'status'>>(
    tx,
    'SELECT import_id AS importId, status FROM feed_import WHERE import_id IN (?) ORDER BY import_id LOCK IN SHARE MODE',
    [[...importIds].sort((a, b) => a - b)],
  );
  return new Map(rows.map(({ importId, status }) => [importId, status]));
}
