/** A session begins: its row, and the first refresh token that keeps it going. */
import type { Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { newRefreshToken } from './access-token.js';
import { type Device, insertRefreshToken, insertSession } from './stores/account-session.js';

export interface BegunSession {
  readonly sessionId: string;
  /** The database keeps only its SHA-256. */
  readonly refreshToken: string;
}

/** Begins a session of an account whose row the caller has locked. */
export async function beginSession(tx: Tx, accountId: number, device: Device): Promise<BegunSession> {
  const refreshToken = newRefreshToken();
  const sessionId = await insertSession(tx, accountId, device);
  await insertRefreshToken(tx, sessionId, sha256(refreshToken));
  return { sessionId, refreshToken };
}
