/**
 * Sessions and the refresh tokens that prolong them. Every request reads the session's row: once the session has ended,
 * every access token of it is refused by every instance.
 */
import { randomUUID } from 'node:crypto';
import { change, type Db, databaseTime, isoTime, isTrue, select, type Tx } from '../../../infra/database.js';
import type { Role } from '../../../kernel/access.js';
import type { AccountStatus, SessionEnd } from '../rules/account.js';

/** A session ends after this long, however often it is refreshed (days). */
const SESSION_DAYS = 90;
/** A refresh token that is not used ends after this long (days). */
const REFRESH_TOKEN_DAYS = 30;

export interface Device {
  readonly ip: string;
  readonly userAgent: string;
}

/** Opens a session for an account whose row the caller has locked. Returns its id. */
export async function insertSession(tx: Tx, accountId: number, device: Device): Promise<string> {
  const sessionId = randomUUID();
  await change(
    tx,
    `INSERT INTO account_session (session_id, account_id, user_agent, ip, created_at, refreshed_at, expires_at)
     VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ${SESSION_DAYS} DAY)`,
    [sessionId, accountId, device.userAgent.slice(0, 255), device.ip.slice(0, 45)],
  );
  return sessionId;
}

/** Stores a refresh token by its hash. It ends with its session, or earlier. */
export async function insertRefreshToken(tx: Tx, sessionId: string, tokenHash: string): Promise<void> {
  await change(
    tx,
    `INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at)
     SELECT ?, session_id, UTC_TIMESTAMP(3), LEAST(expires_at, UTC_TIMESTAMP(3) + INTERVAL ${REFRESH_TOKEN_DAYS} DAY)
     FROM account_session WHERE session_id = ?`,
    [tokenHash, sessionId],
  );
}

export interface RefreshState {
  readonly sessionId: string;
  readonly accountId: number;
  readonly used: boolean;
  readonly expired: boolean;
  /** Why its session has ended; null while it stands. */
  readonly ended: SessionEnd | null;
}

/** The state of a refresh token, read under the lock of its session: two refreshes of one session take turns. */
export async function lockRefreshToken(tx: Tx, tokenHash: string): Promise<RefreshState | undefined> {
  const [found] = await select<Pick<RefreshState, 'sessionId'>>(
    tx,
    'SELECT session_id AS sessionId FROM refresh_token WHERE token_hash = ?',
    [tokenHash],
  );
  if (found === undefined) return undefined;
  const [session] = await select<Pick<RefreshState, 'accountId' | 'ended'>>(
    tx,
    'SELECT account_id AS accountId, ended_reason AS ended FROM account_session WHERE session_id = ? FOR UPDATE',
    [found.sessionId],
  );
  // The token is read again under the session's lock, because the former holder of the lock may have used it.
  const [token] = await select<Pick<RefreshState, 'used' | 'expired'>>(
    tx,
    `SELECT used_at IS NOT NULL AS used, expires_at <= UTC_TIMESTAMP(3) AS expired
     FROM refresh_token WHERE token_hash = ? FOR UPDATE`,
    [tokenHash],
    { used: isTrue, expired: isTrue },
  );
  return session === undefined || token === undefined ? undefined : { ...found, ...session, ...token };
}

/** Marks a token used and its session refreshed; the caller holds the session's lock. */
export async function useRefreshToken(tx: Tx, state: RefreshState, tokenHash: string, device: Device): Promise<void> {
  await change(tx, 'UPDATE refresh_token SET used_at = UTC_TIMESTAMP(3) WHERE token_hash = ? AND used_at IS NULL', [
    tokenHash,
  ]);
  await change(
    tx,
    'UPDATE account_session SET refreshed_at = UTC_TIMESTAMP(3), ip = ?, user_agent = ? WHERE session_id = ?',
    [device.ip.slice(0, 45), device.userAgent.slice(0, 255), state.sessionId],
  );
}

/** Ends a session; one that has ended keeps its reason. */
export async function endSession(db: Db, sessionId: string, reason: SessionEnd): Promise<void> {
  await change(
    db,
    'UPDATE account_session SET ended_at = UTC_TIMESTAMP(3), ended_reason = ? WHERE session_id = ? AND ended_at IS NULL',
    [reason, sessionId],
  );
}

/** Ends the sessions of an account, all or all but one. Returns how many. */
export async function endSessions(tx: Tx, accountId: number, reason: SessionEnd, except = ''): Promise<number> {
  return change(
    tx,
    `UPDATE account_session SET ended_at = UTC_TIMESTAMP(3), ended_reason = ?
     WHERE account_id = ? AND ended_at IS NULL AND session_id <> ?`,
    [reason, accountId, except],
  );
}

/** What a request has to know about its sender. */
export interface SessionState {
  readonly sessionId: string;
  readonly accountId: number;
  readonly role: Role;
  readonly sellerId: string | null;
  readonly status: AccountStatus;
  /** The account has a second factor. */
  readonly secondFactor: boolean;
  /** Neither ended nor expired. */
  readonly live: boolean;
}

/** Sessions with their accounts, by primary key. */
export async function readSessionStates(db: Db, sessionIds: readonly string[]): Promise<SessionState[]> {
  return select<SessionState>(
    db,
    `SELECT s.session_id AS sessionId, s.account_id AS accountId, a.role, a.seller_id AS sellerId, a.status, a.second_factor AS secondFactor,
       s.ended_at IS NULL AND s.expires_at > UTC_TIMESTAMP(3) AS live
     FROM account_session s JOIN account a ON a.account_id = s.account_id
     WHERE s.session_id IN (?)`,
    [sessionIds],
    { secondFactor: isTrue, live: isTrue },
  );
}

export interface SessionRecord {
  readonly sessionId: string;
  readonly userAgent: string;
  readonly ip: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly refreshedAt: string;
  readonly expiresAt: string;
}

/** The live sessions of an account, newest first, read by key. */
export async function listLiveSessions(
  db: Db,
  accountId: number,
  after: { readonly createdAt: string; readonly sessionId: string } | undefined,
  limit: number,
): Promise<SessionRecord[]> {
  const from =
    after === undefined ? [] : [databaseTime(after.createdAt), databaseTime(after.createdAt), after.sessionId];
  const further = after === undefined ? '' : 'AND created_at <= ? AND (created_at < ? OR session_id < ?)';
  return select<SessionRecord>(
    db,
    `SELECT session_id AS sessionId, user_agent AS userAgent, ip, created_at AS createdAt, refreshed_at AS refreshedAt,
       expires_at AS expiresAt FROM account_session
     WHERE account_id = ? AND ended_at IS NULL AND expires_at > UTC_TIMESTAMP(3) ${further}
     ORDER BY created_at DESC, session_id DESC LIMIT ?`,
    [accountId, ...from, limit],
    { createdAt: isoTime, refreshedAt: isoTime, expiresAt: isoTime },
  );
}

/** The account of the session; undefined when there is no such session. */
export async function readSessionOwner(db: Db, sessionId: string): Promise<number | undefined> {
  const [row] = await select<{ accountId: number }>(
    db,
    'SELECT account_id AS accountId FROM account_session WHERE session_id = ?',
    [sessionId],
  );
  return row?.accountId;
}

/** Deletes sessions that expired this many days ago, with their tokens; at most `limit` sessions. Returns how many. */
export async function purgeSessions(tx: Tx, days: number, limit: number): Promise<number> {
  const rows = await select<{ sessionId: string }>(
    tx,
    'SELECT session_id AS sessionId FROM account_session WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY expires_at LIMIT ?',
    [days, limit],
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ sessionId }) => sessionId);
  await change(tx, 'DELETE FROM refresh_token WHERE session_id IN (?)', [ids]);
  return change(tx, 'DELETE FROM account_session WHERE session_id IN (?)', [ids]);
}

/** Deletes refresh tokens that expired a day ago, at most `limit`; used or not, they are no longer needed. Returns how many. */
export async function purgeRefreshTokens(db: Db, limit: number): Promise<number> {
  return change(
    db,
    'DELETE FROM refresh_token WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY ORDER BY expires_at LIMIT ?',
    [limit],
  );
}
