/**
 * The append-only record of what operators, admins and the command line changed. Nothing here updates or deletes a row. An entry is
 * written in the transaction of the change, so that neither exists without the other.
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
  /** What was done: `seller.edit`. */
  readonly action: string;
  readonly subjectType: AuditSubject;
  readonly subjectId: string;
  /** What changed, as it was and as it is; null where there was or is nothing. Secrets are masked before they come here. */
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
  /** By default the newest come first. */
  readonly oldestFirst?: boolean | undefined;
  /** The last row of the page before. */
  readonly after?: { readonly recordedAt: string; readonly auditId: number } | undefined;
}

/** Entries in the order of their times, read by key: each filter has an index that ends in (recorded_at, audit_id). */
export async function listAudit(db: Db, filter: AuditFilter, limit: number): Promise<AuditRecord[]> {
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
  const [follows, direction] = filter.oldestFirst === true ? ['>', 'ASC'] : ['<', 'DESC'];
  if (filter.after !== undefined) {
    // The first half alone bounds the range: neither server reads (a, b) < (?, ?) as one.
    const at = databaseTime(filter.after.recordedAt);
    add(
      `recorded_at ${follows}= ? AND (recorded_at ${follows} ? OR audit_id ${follows} ?)`,
      at,
      at,
      filter.after.auditId,
    );
  }
  return select<AuditRecord>(
    db,
    `SELECT audit_id AS auditId, recorded_at AS recordedAt, actor_account_id AS actorAccountId, actor_role AS actorRole,
       actor_api_key_id AS actorApiKeyId,       actor_user_name AS actorUserName, request_id AS requestId, action, subject_type AS subjectType, subject_id AS subjectId,
       before_json AS \`before\`, after_json AS after FROM audit_log ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
     ORDER BY recorded_at ${direction}, audit_id ${direction} LIMIT ?`,
    [...params, limit],
    { recordedAt: isoTime, before: fromJson, after: fromJson },
  );
}
