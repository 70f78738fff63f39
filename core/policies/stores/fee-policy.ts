/**
 * Fee policy versions and their recorded ends. `definition` is the version in the form of a policy file, so stored policies are
 * read by the same reader as files.
 */

import type { Db, Tx } from '../../../infra/database.js';
import { change, isoTime, select } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { type FeePolicy, type PolicyKey, policyToFile } from '../rules/fee-policy.js';
import type { PolicyEnd, StoredPolicy } from '../rules/policy-book.js';
import { parsePolicyFile } from '../rules/policy-file.js';

/** Rows of one INSERT: definitions of about 1 KB stay far below `max_allowed_packet`. */
const INSERT_ROWS_MAX = 500;

/** A policy version as lists show it. */
export interface PolicyRecord extends StoredPolicy {
  /** The revision of the policy book that brought it. */
  readonly revision: number;
  readonly appliedBy: string;
  readonly appliedAt: string;
  /** The end that a later version recorded, if one did. */
  readonly end: { readonly endsOn: string; readonly byVersion: number } | null;
}

interface PolicyRow {
  readonly policyId: number;
  readonly revision: number;
  readonly code: string;
  readonly version: number;
  readonly definition: string;
  readonly appliedBy: string;
  readonly appliedAt: string;
  readonly recordedEnd: string | null;
  readonly endedByVersion: number | null;
}

/** The revision of the policy book, shared until the transaction ends: nobody applies policies meanwhile. */
export async function readPolicyRevision(tx: Db): Promise<number> {
  return bookRevision(tx, 'LOCK IN SHARE MODE');
}

/** The same, locked for a change of the policies. It is the first lock of its transaction. */
export async function lockPolicyBook(tx: Tx): Promise<number> {
  return bookRevision(tx, 'FOR UPDATE');
}

async function bookRevision(tx: Db, lock: string): Promise<number> {
  const [row] = await select<{ revision: number }>(tx, `SELECT revision FROM policy_book WHERE book_id = 1 ${lock}`);
  if (row === undefined)
    throw new MagamError('SCHEMA_OUTDATED', 'The row of policy_book is missing; run magam migrate.');
  return row.revision;
}

/** The policies known at this revision of the policy book (by default at the latest), by code and version. */
export async function readPolicies(db: Db, revision?: number): Promise<StoredPolicy[]> {
  const rows =
    revision === undefined ? await readRows(db) : await readRows(db, 'p.revision <= ?', [revision], revision);
  return toRecords(rows);
}

/**
 * A fingerprint of the result of `readPolicies`: two books with the same fingerprint are equal, including the ids. The database makes it in the time of one
 * scan of the policies (12 to 22 ms for 5,000 of them, against 90 to 360 ms for reading them), so a process that keeps a compiled book can ask often.
 */
export async function readPolicyContent(db: Db, revision?: number): Promise<string> {
  const [known, ended] = revision === undefined ? ['TRUE', ''] : ['p.revision <= ?', 'AND e.revision <= ?'];
  const part = (from: number): string =>
    `COALESCE(SUM(CAST(CONV(SUBSTRING(b.hash, ${from}, 12), 16, 10) AS UNSIGNED)), 0)`;
  const [row] = await select<{ content: string }>(
    db,
    `SELECT CONCAT_WS(' ', COUNT(*), ${part(1)}, ${part(13)}, ${part(25)}) AS content FROM (
       SELECT SHA2(CONCAT_WS('|', p.policy_id, p.definition, COALESCE(e.ends_on, '')), 256) AS hash
       FROM fee_policy p LEFT JOIN fee_policy_end e ON e.policy_id = p.policy_id ${ended} WHERE ${known}) AS b`,
    revision === undefined ? [] : [revision, revision],
  );
  return row?.content ?? '';
}

/** The policies with these ids, with the ends that are recorded today. */
export async function readPoliciesById(db: Db, ids: readonly number[]): Promise<StoredPolicy[]> {
  return ids.length === 0 ? [] : toRecords(await readRows(db, 'p.policy_id IN (?)', [ids]));
}

/** Every version, or those of one code, with their origin, for people. */
export async function readPolicyRecords(db: Db, code?: string): Promise<PolicyRecord[]> {
  return toRecords(code === undefined ? await readRows(db) : await readRows(db, 'p.code = ?', [code]));
}

export interface PolicyFilter {
  readonly currency?: string | undefined;
  /** Only policies whose scope names the seller. */
  readonly sellerId?: string | undefined;
  readonly inForceOn?: string | undefined;
}

/** The next versions by code and version, after the given one. */
export async function readPolicyPage(
  db: Db,
  { currency, sellerId, inForceOn }: PolicyFilter,
  after: PolicyKey,
  limit: number,
): Promise<PolicyRecord[]> {
  const conditions = ['p.code >= ? AND (p.code > ? OR p.version > ?)'];
  const params: unknown[] = [after.code, after.code, after.version];
  const add = (condition: string, ...values: unknown[]): void => {
    conditions.push(condition);
    params.push(...values);
  };
  if (currency !== undefined) add('p.currency = ?', currency);
  if (sellerId !== undefined) add(`JSON_UNQUOTE(JSON_EXTRACT(p.definition, '$.scope.seller')) = ?`, sellerId);
  if (inForceOn !== undefined) {
    add('p.effective_from <= ? AND (p.effective_to IS NULL OR p.effective_to >= ?)', inForceOn, inForceOn);
    add('(e.ends_on IS NULL OR e.ends_on >= ?)', inForceOn);
  }
  return toRecords(await readRows(db, conditions.join(' AND '), params, undefined, limit));
}

async function readRows(
  db: Db,
  where = 'TRUE',
  params: readonly unknown[] = [],
  revision?: number,
  limit?: number,
): Promise<PolicyRow[]> {
  const known = revision === undefined ? '' : 'AND e.revision <= ?';
  return select<PolicyRow>(
    db,
    `SELECT p.policy_id AS policyId, p.revision, p.code, p.version, p.definition, p.applied_by AS appliedBy, p.applied_at AS appliedAt,
       e.ends_on AS recordedEnd, b.version AS endedByVersion
     FROM fee_policy p
     LEFT JOIN fee_policy_end e ON e.policy_id = p.policy_id ${known}
     LEFT JOIN fee_policy b ON b.policy_id = e.ended_by
     WHERE ${where}
     ORDER BY p.code, p.version${limit === undefined ? '' : ' LIMIT ?'}`,
    [...(revision === undefined ? [] : [revision]), ...params, ...(limit === undefined ? [] : [limit])],
    { appliedAt: isoTime },
  );
}

function toRecords(rows: readonly PolicyRow[]): PolicyRecord[] {
  const policies = readDefinitions(rows);
  return rows.flatMap((row, i) => {
    const policy = policies[i];
    if (policy === undefined) return [];
    const { policyId, revision, appliedBy, appliedAt, recordedEnd: ends } = row;
    return {
      policyId,
      policy,
      endsOn: ends === null || (policy.effectiveTo !== null && policy.effectiveTo < ends) ? policy.effectiveTo : ends,
      revision,
      appliedBy,
      appliedAt,
      end: ends === null ? null : { endsOn: ends, byVersion: row.endedByVersion ?? 0 },
    };
  });
}

function readDefinitions(rows: readonly PolicyRow[]): readonly FeePolicy[] {
  if (rows.length === 0) return [];
  const parsed = parsePolicyFile(`{"policies":[${rows.map((row) => row.definition).join(',')}]}`);
  if ('policies' in parsed && parsed.policies.length === rows.length) return parsed.policies;
  // The stored policy passed this reader before, so somebody has changed it in the database.
  const faults = rows.flatMap(({ code, version, definition }) => {
    const alone = parsePolicyFile(`{"policies":[${definition}]}`);
    return 'faults' in alone ? alone.faults.map(({ path, message }) => ({ policy: code, version, path, message })) : [];
  });
  throw new MagamError('POLICY_UNREADABLE', undefined, { faults });
}

/** Stores new versions under a revision. */
export async function insertPolicies(
  tx: Tx,
  policies: readonly FeePolicy[],
  revision: number,
  appliedBy: string,
): Promise<void> {
  for (let at = 0; at < policies.length; at += INSERT_ROWS_MAX) {
    const rows = policies.slice(at, at + INSERT_ROWS_MAX);
    const params = rows.flatMap((policy) => [
      revision,
      policy.code,
      policy.version,
      policy.currency,
      policy.effectiveFrom,
      policy.effectiveTo,
      JSON.stringify(policyToFile(policy)),
      appliedBy,
    ]);
    await change(
      tx,
      `INSERT INTO fee_policy (revision, code, version, currency, effective_from, effective_to, definition, applied_by, applied_at)
       VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
      params,
    );
  }
}

/** Records that later versions ended open ones. Both versions must be stored. */
export async function insertPolicyEnds(tx: Tx, ends: readonly PolicyEnd[], revision: number): Promise<void> {
  for (const { code, version, endsOn, byVersion } of ends) {
    await change(
      tx,
      `INSERT INTO fee_policy_end (policy_id, revision, ends_on, ended_by)
       SELECT o.policy_id, ?, ?, n.policy_id FROM fee_policy o JOIN fee_policy n ON n.code = o.code AND n.version = ?
       WHERE o.code = ? AND o.version = ?`,
      [revision, endsOn, byVersion, code, version],
    );
  }
}

/** Moves the policy book to a revision; the caller holds its lock. */
export async function writePolicyRevision(tx: Tx, revision: number): Promise<void> {
  await change(tx, 'UPDATE policy_book SET revision = ? WHERE book_id = 1', [revision]);
}
