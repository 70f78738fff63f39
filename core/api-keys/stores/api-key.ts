/** API keys. Whether a key is valid, and what its account may do, is read for every request. */
import {
  change,
  type Db,
  databaseTime,
  insertReturningId,
  isoTime,
  isTrue,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { Permission, Role } from '../../../kernel/access.js';

export interface NewApiKey {
  readonly keyHash: string;
  readonly beginning: string;
  readonly name: string;
  readonly accountId: number;
  readonly sellerId: string | null;
  readonly permissions: readonly Permission[];
  readonly requestsPerMinute: number | null;
  /** ISO 8601, UTC; null: never. */
  readonly expiresAt: string | null;
}

export interface ApiKeyRecord extends Omit<NewApiKey, 'keyHash'> {
  readonly keyId: number;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly expired: boolean;
}

const words = (text: string): never => text.split(' ').filter(Boolean) as never;

const SELECT_KEY = `SELECT key_id AS keyId, beginning, name, account_id AS accountId, seller_id AS sellerId, permissions,
  requests_per_minute AS requestsPerMinute, expires_at AS expiresAt, created_at AS createdAt, last_used_at AS lastUsedAt,
  revoked_at AS revokedAt, COALESCE(expires_at <= UTC_TIMESTAMP(3), 0) AS expired FROM api_key`;

const selectKeys = (db: Db, rest: string, params: readonly unknown[]): Promise<ApiKeyRecord[]> =>
  select<ApiKeyRecord>(db, `${SELECT_KEY} ${rest}`, params, {
    permissions: words,
    expiresAt: isoTime,
    createdAt: isoTime,
    lastUsedAt: isoTime,
    revokedAt: isoTime,
    expired: isTrue,
  });

export const insertApiKey = (tx: Tx, key: NewApiKey): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO api_key (key_hash, beginning, name, account_id, seller_id, permissions, requests_per_minute, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), ?)`,
    [
      key.keyHash,
      key.beginning,
      key.name,
      key.accountId,
      key.sellerId,
      key.permissions.join(' '),
      key.requestsPerMinute,
      key.expiresAt === null ? null : databaseTime(key.expiresAt),
    ],
  );

export const readApiKey = async (db: Db, keyId: number): Promise<ApiKeyRecord | undefined> =>
  (await selectKeys(db, 'WHERE key_id = ?', [keyId]))[0];

/** Keys, newest first, below `before`: of one seller, or of everybody. They include revoked and expired ones. */
export function listApiKeys(
  db: Db,
  sellerId: string | null,
  before: number | undefined,
  limit: number,
): Promise<ApiKeyRecord[]> {
  const conditions = [...(sellerId === null ? [] : ['seller_id = ?']), ...(before === undefined ? [] : ['key_id < ?'])];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const params = [...(sellerId === null ? [] : [sellerId]), ...(before === undefined ? [] : [before]), limit];
  return selectKeys(db, `${where} ORDER BY key_id DESC LIMIT ?`, params);
}

/** The number of valid keys of the seller, or of the account where there is no seller. */
export async function countApiKeys(
  db: Db,
  { accountId, sellerId }: Pick<NewApiKey, 'accountId' | 'sellerId'>,
): Promise<number> {
  const [row] = await select<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM api_key WHERE ${sellerId === null ? 'account_id' : 'seller_id'} = ? AND revoked_at IS NULL
       AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))`,
    [sellerId ?? accountId],
  );
  return Number(row?.n ?? 0);
}

/** Revokes a key. False: it was already revoked. */
export async function revokeApiKey(tx: Tx, keyId: number, by: number): Promise<boolean> {
  const sql =
    'UPDATE api_key SET revoked_at = UTC_TIMESTAMP(3), revoked_by = ? WHERE key_id = ? AND revoked_at IS NULL';
  return (await change(tx, sql, [by, keyId])) === 1;
}

/** Revokes all keys of an account. @returns how many were valid until now */
export const revokeApiKeysOf = (tx: Tx, accountId: number, by: number): Promise<number> =>
  change(
    tx,
    'UPDATE api_key SET revoked_at = UTC_TIMESTAMP(3), revoked_by = ? WHERE account_id = ? AND revoked_at IS NULL',
    [by, accountId],
  );

/** What a request has to know about its key. */
export interface ApiKeyState {
  readonly keyHash: string;
  readonly keyId: number;
  readonly accountId: number;
  readonly role: Role;
  readonly sellerId: string | null;
  readonly status: string;
  readonly permissions: readonly string[];
  readonly requestsPerMinute: number | null;
  /** Neither revoked nor expired. */
  readonly live: boolean;
  /** Its last use was noted within the last minute. */
  readonly noted: boolean;
}

/** Keys with their accounts, by their hashes or ids. A key that was made for a seller is valid while its account acts for that seller. */
export const readApiKeyStates = (
  db: Db,
  asked: { readonly hashes: readonly string[] } | { readonly keyIds: readonly number[] },
): Promise<ApiKeyState[]> =>
  select<ApiKeyState>(
    db,
    `SELECT k.key_hash AS keyHash, k.key_id AS keyId, k.account_id AS accountId, a.role, a.seller_id AS sellerId, a.status, k.permissions,
       k.requests_per_minute AS requestsPerMinute,
       k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > UTC_TIMESTAMP(3)) AND k.seller_id <=> a.seller_id AS live,
       COALESCE(k.last_used_at > UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, 0) AS noted
     FROM api_key k JOIN account a ON a.account_id = k.account_id WHERE ${'hashes' in asked ? 'k.key_hash' : 'k.key_id'} IN (?)`,
    ['hashes' in asked ? asked.hashes : asked.keyIds],
    { permissions: words, live: isTrue, noted: isTrue },
  );

/** Records that keys were used, at most once a minute. */
export async function noteApiKeyUse(db: Db, keyIds: readonly number[]): Promise<void> {
  await change(
    db,
    `UPDATE api_key SET last_used_at = UTC_TIMESTAMP(3)
     WHERE key_id IN (?) AND (last_used_at IS NULL OR last_used_at <= UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE)`,
    [keyIds],
  );
}
