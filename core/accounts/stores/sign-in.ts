/** History of sign-ins, including those that failed. */

import { change, type Db, isoTime, select } from '../../../infra/database.js';
import type { SignInOutcome } from '../rules/account.js';
import type { Device } from './account-session.js';

export interface SignInTry {
  /** Null: no account has that name. */
  readonly accountId: number | null;
  /** A keyed hash of the name, as typed and normalised. */
  readonly nameHash: string;
  readonly device: Device;
  readonly outcome: SignInOutcome;
}

/** Appends a try. */
export async function insertSignIn(db: Db, { accountId, nameHash, device, outcome }: SignInTry): Promise<void> {
  await change(
    db,
    `INSERT INTO sign_in (account_id, name_hash, ip, user_agent, outcome, tried_at)
     VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [accountId, nameHash, device.ip.slice(0, 45), device.userAgent.slice(0, 255), outcome],
  );
}

export interface SignInRecord {
  readonly signInId: number;
  readonly ip: string;
  readonly userAgent: string;
  readonly outcome: SignInOutcome;
  /** ISO 8601, UTC. */
  readonly triedAt: string;
}

/** The tries on an account, newest first, read by key. */
export async function listSignIns(
  db: Db,
  accountId: number,
  before: number | undefined,
  limit: number,
): Promise<SignInRecord[]> {
  return select<SignInRecord>(
    db,
    `SELECT sign_in_id AS signInId, ip, user_agent AS userAgent, outcome, tried_at AS triedAt FROM sign_in
     WHERE account_id = ? ${before === undefined ? '' : 'AND sign_in_id < ?'} ORDER BY sign_in_id DESC LIMIT ?`,
    [accountId, ...(before === undefined ? [] : [before]), limit],
    { triedAt: isoTime },
  );
}

/** Deletes tries older than this many days, at most `limit`. Returns how many. */
export async function purgeSignIns(db: Db, days: number, limit: number): Promise<number> {
  return change(
    db,
    'DELETE FROM sign_in WHERE tried_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY tried_at LIMIT ?',
    [days, limit],
  );
}
