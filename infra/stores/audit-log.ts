/**
 * The append-only record of changes by operators, admins and the command line. Nothing here changes the content of an entry, or deletes one. An entry is
 * written in the transaction of the change, so that neither exists without the other. Positions are given afterwards, one after the other and under a lock: a
 * reader that goes forward by them misses nothing, however long the transactions took.
 */
import type { Caller, Role } from '../../kernel/access.js';
import type { AuditSubject } from '../../kernel/audit-subject.js';
import { change, type Db, databaseTime, fromJson, isoTime, select, type Tx } from '../database.js';

export interface AuditEntry {
  /** Null: somebody at the command line. */
  readonly caller: Omit<Caller, 'sessionId'> | null;
  /** The user at the command line, as the operating system names them. */
  readonly userName?: string;
  readonly requestId: string | null;
  /** The action: `seller.edit`. */
  readonly action: string;
  readonly subjectType: AuditSubject;
  readonly subjectId: string;
  /** The changed object before and after; null where it did not or does not exist. Secrets are masked before they come here. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Appends an entry. A field whose name says that it is a secret is masked even if the caller forgot. */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await change(
    tx,
    `INSERT INTO audit_log (recorded_at, actor_account_id, actor_role, actor_api_key_id, actor_user_name, request_id, action,
       subject_type, subject_id, before_json, after_json)
     VALUES (UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      entry.caller?.accountId ?? null,
      entry.caller?.role ?? null,
      entry.caller?.apiKey?.keyId ?? null,
      entry.userName?.slice(0, 64) ?? null,
      entry.requestId?.slice(0, 128) ?? null,
      entry.action,
      entry.subjectType,
      entry.subjectId,
      stored(entry.before),
      stored(entry.after),
    ],
  );
}

const SECRET = /password|secret|token|accountNumber$/i;

const stored = (value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : JSON.stringify(value, (key, field) => (SECRET.test(key) && typeof field === 'string' ? '***' : field));

export interface AuditRecord {
  readonly auditId: number;
  /** The position for reading the log forward; null: none was given yet. */
  readonly position: number | null;
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
  readonly actorAccountId: number | null;
  readonly actorRole: Role | null;
  /** The API key by which the account acted; null: somebody who had signed in. */
  readonly actorApiKeyId: number | null;
  readonly actorUserName: string | null;
  readonly requestId: string | null;
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditFilter {
  readonly action?: string | undefined;
  readonly subject?: { readonly type: string; readonly id: string } | undefined;
  readonly actorAccountId?: number | undefined;
  /** From this moment on (ISO 8601, UTC). */
  readonly from?: string | undefined;
  /** Before this moment (ISO 8601, UTC). */
  readonly to?: string | undefined;
}

/** Entries newest first, after the last row of the previous page; read by key: each filter has an index that ends in (recorded_at, audit_id). */
export function listAudit(
  db: Db,
  filter: AuditFilter,
  limit: number,
  after?: { readonly recordedAt: string; readonly auditId: number },
): Promise<AuditRecord[]> {
  const [where, params] = conditionsOf(filter);
  if (after !== undefined) {
    // Only the first half bounds the range, because neither server reads (a, b) < (?, ?) as a range.
    const at = databaseTime(after.recordedAt);
    where.push('recorded_at <= ? AND (recorded_at < ? OR audit_id < ?)');
    params.push(at, at, after.auditId);
  }
  return selectAudit(db, '', where, params, 'recorded_at DESC, audit_id DESC', limit);
}

/** Entries behind a position, in the order of their positions. Entries without a position are left out, so `numberAudit` comes first. */
export function listAuditForward(db: Db, filter: AuditFilter, limit: number, after = 0): Promise<AuditRecord[]> {
  const [where, params] = conditionsOf(filter);
  // Otherwise the servers sort all entries of an action or a subject instead of reading on from a position.
  return selectAudit(
    db,
    'FORCE INDEX (audit_log_position)',
    ['position > ?', ...where],
    [after, ...params],
    'position',
    limit,
  );
}

function conditionsOf(filter: AuditFilter): [where: string[], params: unknown[]] {
  const where: string[] = [];
  const params: unknown[] = [];
  const add = (sql: string, ...values: unknown[]): void => {
    where.push(sql);
    params.push(...values);
  };
  if (filter.action !== undefined) add('action = ?', filter.action);
  if (filter.subject !== undefined) add('subject_type = ? AND subject_id = ?', filter.subject.type, filter.subject.id);
  if (filter.actorAccountId !== undefined) add('actor_account_id = ?', filter.actorAccountId);
  if (filter.from !== undefined) add('recorded_at >= ?', databaseTime(filter.from));
  if (filter.to !== undefined) add('recorded_at < ?', databaseTime(filter.to));
  return [where, params];
}

const selectAudit = (
  db: Db,
  index: string,
  where: readonly string[],
  params: readonly unknown[],
  order: string,
  limit: number,
): Promise<AuditRecord[]> =>
  select<AuditRecord>(
    db,
    `SELECT audit_id AS auditId, position, recorded_at AS recordedAt, actor_account_id AS actorAccountId, actor_role AS actorRole,
       actor_api_key_id AS actorApiKeyId, actor_user_name AS actorUserName, request_id AS requestId, action, subject_type AS subjectType, subject_id AS subjectId,
       before_json AS \`before\`, after_json AS after FROM audit_log ${index} ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
     ORDER BY ${order} LIMIT ?`,
    [...params, limit],
    { recordedAt: isoTime, before: fromJson, after: fromJson },
  );

/** Whether there are entries without a position. */
export const hasUnnumberedAudit = async (db: Db): Promise<boolean> =>
  (await select(db, 'SELECT 1 FROM audit_log FORCE INDEX (audit_log_position) WHERE position IS NULL LIMIT 1')).length >
  0;

/** Gives positions to the oldest entries that have none. Uncommitted ones get later positions. @returns how many */
export async function numberAuditBatch(tx: Tx, rowsMax: number): Promise<number> {
  const [log] = await select<{ last: number }>(
    tx,
    'SELECT last_position AS `last` FROM audit_position WHERE log_id = 1 FOR UPDATE',
  );
  if (log === undefined) throw new Error('audit_position has lost its only row');
  const rows = await select<{ auditId: number }>(
    tx,
    'SELECT audit_id AS auditId FROM audit_log FORCE INDEX (audit_log_position) WHERE position IS NULL ORDER BY audit_id LIMIT ?',
    [rowsMax],
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ auditId }) => auditId);
  await change(tx, 'UPDATE audit_log SET position = ? + FIELD(audit_id, ?) WHERE audit_id IN (?)', [
    log.last,
    ids,
    ids,
  ]);
  await change(tx, 'UPDATE audit_position SET last_position = ? WHERE log_id = 1', [log.last + ids.length]);
  return ids.length;
}
