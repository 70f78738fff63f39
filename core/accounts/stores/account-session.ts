/**
 * Sessions and the refresh tokens that keep them going. The session's row is the truth that every request reads: once it has ended,
 * every access token of it is refused by every instance.
 */
import { randomUUID } from 'node:crypto';
import { type Cell, change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
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

/** What a refresh token is good for, behind the lock of its session: two refreshes of one family take turns. */
export async function lockRefreshToken(tx: Tx, tokenHash: string): Promise<RefreshState | undefined> {
  const [found] = await select<{ session_id: string }>(
    tx,
    'SELECT session_id FROM refresh_token WHERE token_hash = ?',
    [tokenHash],
  );
  if (found === undefined) return undefined;
  const sessions = await select<{ account_id: number; ended_reason: SessionEnd | null }>(
    tx,
    'SELECT account_id, ended_reason FROM account_session WHERE session_id = ? FOR UPDATE',
    [found.session_id],
  );
  // Read again behind the session's lock: whoever held it before may have used the token.
  const tokens = await select<{ used: number; expired: number }>(
    tx,
    `SELECT used_at IS NOT NULL AS used, expires_at <= UTC_TIMESTAMP(3) AS expired
     FROM refresh_token WHERE token_hash = ? FOR UPDATE`,
    [tokenHash],
  );
  const [session] = sessions;
  const [token] = tokens;
  if (session === undefined || token === undefined) return undefined;
  return {
    sessionId: found.session_id,
    accountId: Number(session.account_id),
    used: token.used === 1,
    expired: token.expired === 1,
    ended: session.ended_reason,
  };
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

/** What a request has to know of who sends it. */
export interface SessionState {
  readonly sessionId: string;
  readonly accountId: number;
  readonly role: Role;
  readonly sellerId: string | null;
  readonly status: AccountStatus;
  /** Neither ended nor expired. */
  readonly live: boolean;
}

/** Sessions with their accounts, by primary key. */
export async function readSessionStates(db: Db, sessionIds: readonly string[]): Promise<SessionState[]> {
  const rows = await select<Record<string, Cell>>(
    db,
    `SELECT s.session_id, s.account_id, a.role, a.seller_id, a.status,
       s.ended_at IS NULL AND s.expires_at > UTC_TIMESTAMP(3) AS live
     FROM account_session s JOIN account a ON a.account_id = s.account_id
     WHERE s.session_id IN (?)`,
    [sessionIds],
  );
  return rows.map((row) => ({
    sessionId: String(row.session_id),
    accountId: Number(row.account_id),
    role: row.role as Role,
    sellerId: row.seller_id as string | null,
    status: row.status as AccountStatus,
    live: Number(row.live) === 1,
  }));
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
  const at = after?.createdAt.replace('T', ' ').replace('Z', '');
  const further = after === undefined ? '' : 'AND created_at <= ? AND (created_at < ? OR session_id < ?)';
  const rows = await select<Record<string, Cell>>(
    db,
    `SELECT session_id, user_agent, ip, created_at, refreshed_at, expires_at FROM account_session
     WHERE account_id = ? AND ended_at IS NULL AND expires_at > UTC_TIMESTAMP(3) ${further}
     ORDER BY created_at DESC, session_id DESC LIMIT ?`,
    [accountId, ...(after === undefined ? [] : [at, at, after.sessionId]), limit],
  );
  return rows.map((row) => ({
    sessionId: String(row.session_id),
    userAgent: String(row.user_agent),
    ip: String(row.ip),
    createdAt: isoTime(String(row.created_at)),
    refreshedAt: isoTime(String(row.refreshed_at)),
    expiresAt: isoTime(String(row.expires_at)),
  }));
}

/** Whose session it is; undefined when there is none. */
export async function readSessionOwner(db: Db, sessionId: string): Promise<number | undefined> {
  const [row] = await select<{ account_id: number }>(
    db,
    'SELECT account_id FROM account_session WHERE session_id = ?',
    [sessionId],
  );
  return row === undefined ? undefined : Number(row.account_id);
}

/** Deletes sessions that expired this many days ago, with their tokens; at most `limit` sessions. Returns how many. */
export async function purgeSessions(tx: Tx, days: number, limit: number): Promise<number> {
  const rows = await select<{ session_id: string }>(
    tx,
    'SELECT session_id FROM account_session WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY expires_at LIMIT ?',
    [days, limit],
  );
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.session_id);
  await change(tx, 'DELETE FROM refresh_token WHERE session_id IN (?)', [ids]);
  return change(tx, 'DELETE FROM account_session WHERE session_id IN (?)', [ids]);
}

/** Deletes refresh tokens that expired a day ago, at most `limit`: used or not, they are good for nothing. Returns how many. */
export async function purgeRefreshTokens(db: Db, limit: number): Promise<number> {
  return change(
    db,
    'DELETE FROM refresh_token WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY ORDER BY expires_at LIMIT ?',
    [limit],
  );
}
