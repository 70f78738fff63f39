/**
 * Deliveries to webhook endpoints: which endpoints are due, who sends to them, and the results. One process at a time sends to an endpoint; the owner in every
 * update is the fence.
 */
import { change, type Db, isoTime, isTrue, select, type Tx } from '../../../infra/database.js';
import type { Encrypted } from '../../../infra/encryption.js';
import type { FeedEventType } from '../../event-feed/rules/feed-events.js';
import { SECRET_COLUMNS, type SecretRow, secretsOf } from './webhook-endpoint.js';

/** An endpoint that this process sends to. */
export interface Claim {
  readonly endpointId: number;
  readonly owner: string;
}

/** Longer than a delivery may take (s). */
const LEASE_SECONDS = 60;
const lease = `lease_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND`;

/** Enabled, and its maker is not locked: the endpoints of a locked account send nothing until it is unlocked. */
const SERVED = `status = 'ACTIVE'
  AND NOT EXISTS (SELECT 1 FROM account a WHERE a.account_id = webhook_endpoint.created_by AND a.status = 'LOCKED')`;
const FREE = `${SERVED} AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(3))`;

/** Endpoints to which something may be sent now: there are events after their position, or some that are to be sent again. */
export async function dueEndpoints(db: Db, last: number, rowsMax: number): Promise<number[]> {
  const rows = await select<{ endpointId: number }>(
    db,
    `SELECT endpoint_id AS endpointId FROM webhook_endpoint WHERE ${FREE} AND (
       (delivered_through < ? AND next_try_at <= UTC_TIMESTAMP(3))
       OR EXISTS (SELECT 1 FROM webhook_replay r WHERE r.endpoint_id = webhook_endpoint.endpoint_id))
     ORDER BY next_try_at, endpoint_id LIMIT ?`,
    [last, rowsMax],
  );
  return rows.map(({ endpointId }) => endpointId);
}

/** Takes an endpoint: true for exactly one of those who try. */
export const claimEndpoint = async (db: Db, { endpointId, owner }: Claim): Promise<boolean> =>
  (await change(db, `UPDATE webhook_endpoint SET lease_owner = ?, ${lease} WHERE endpoint_id = ? AND ${FREE}`, [
    owner,
    endpointId,
  ])) === 1;

const FENCED = 'endpoint_id = ? AND lease_owner = ?';

/** Releases the endpoint for others at once. */
export async function releaseEndpoint(db: Db, { endpointId, owner }: Claim): Promise<void> {
  const sql = `UPDATE webhook_endpoint SET lease_owner = NULL, lease_until = NULL WHERE ${FENCED}`;
  await change(db, sql, [endpointId, owner]);
}

export interface Target {
  readonly endpointId: number;
  readonly sellerId: string | null;
  readonly url: string;
  readonly types: readonly FeedEventType[];
  readonly deliveredThrough: number;
  readonly attempts: number;
  /** Whether it is time to try the next event. */
  readonly due: boolean;
  /** An event that is to be sent again. */
  readonly replay: number | null;
  /** Its secret, and the previous one while it is valid. */
  readonly secrets: readonly Encrypted[];
}

/**
 * The data of a claimed endpoint for the next delivery, with its owner's latest changes. Undefined: it is somebody else's, disabled or deleted, or its maker is
 * locked.
 */
export async function readTarget(db: Db, { endpointId, owner }: Claim): Promise<Target | undefined> {
  const [row] = await select<Omit<Target, 'secrets'> & SecretRow>(
    db,
    `SELECT endpoint_id AS endpointId, seller_id AS sellerId, url, types, delivered_through AS deliveredThrough, attempts,
       next_try_at <= UTC_TIMESTAMP(3) AS due, ${SECRET_COLUMNS},
       (SELECT MIN(r.position) FROM webhook_replay r WHERE r.endpoint_id = webhook_endpoint.endpoint_id) AS replay
     FROM webhook_endpoint WHERE ${FENCED} AND ${SERVED}`,
    [endpointId, owner],
    { types: (text: string) => text.split(' ').filter(Boolean) as FeedEventType[], due: isTrue },
  );
  if (row === undefined) return undefined;
  const { keyId, sealed, formerKeyId, formerSealed, ...target } = row;
  return { ...target, secrets: secretsOf({ keyId, sealed, formerKeyId, formerSealed }) };
}

/** Records that there is nothing to send between the position of the endpoint and this one. */
export async function passThrough(db: Db, { endpointId, owner }: Claim, from: number, through: number): Promise<void> {
  const sql = `UPDATE webhook_endpoint SET delivered_through = ? WHERE ${FENCED} AND delivered_through = ? AND delivered_through < ?`;
  await change(db, sql, [through, endpointId, owner, from, through]);
}

/** Records a delivery, and renews the lease. A position that somebody has set meanwhile stays. False: the endpoint is somebody else's. */
export async function noteDelivered(
  tx: Tx,
  { endpointId, owner }: Claim,
  from: number,
  position: number,
): Promise<boolean> {
  const sql = `UPDATE webhook_endpoint SET attempts = 0, failing_since = NULL, next_try_at = UTC_TIMESTAMP(3), ${lease},
      delivered_through = IF(delivered_through = ?, ?, delivered_through) WHERE ${FENCED}`;
  return (await change(tx, sql, [from, position, endpointId, owner])) === 1;
}

/** Records a failure and when the event is tried again. False: the endpoint is somebody else's. */
export async function noteFailed(tx: Tx, { endpointId, owner }: Claim, pauseMs: number): Promise<boolean> {
  const sql = `UPDATE webhook_endpoint SET attempts = attempts + 1, failing_since = COALESCE(failing_since, UTC_TIMESTAMP(3)),
      next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE ${FENCED}`;
  return (await change(tx, sql, [pauseMs * 1_000, endpointId, owner])) === 1;
}

/** Disables an endpoint that has been failing for this many days. False: it has not. */
export async function disableIfFailing(tx: Tx, endpointId: number, days: number): Promise<boolean> {
  const sql = `UPDATE webhook_endpoint SET status = 'DISABLED', version = version + 1
    WHERE endpoint_id = ? AND status = 'ACTIVE' AND failing_since <= UTC_TIMESTAMP(3) - INTERVAL ? DAY`;
  return (await change(tx, sql, [endpointId, days])) === 1;
}

/** Deletes the request to send an event again, and renews the lease. False: the endpoint is somebody else's. */
export async function endReplay(tx: Tx, { endpointId, owner }: Claim, position: number): Promise<boolean> {
  if ((await change(tx, `UPDATE webhook_endpoint SET ${lease} WHERE ${FENCED}`, [endpointId, owner])) !== 1)
    return false;
  await change(tx, 'DELETE FROM webhook_replay WHERE endpoint_id = ? AND position = ?', [endpointId, position]);
  return true;
}

export interface Attempt {
  readonly endpointId: number;
  /** Position of the event. */
  readonly eventId: number;
  readonly type: string;
  readonly replayed: boolean;
  readonly durationMs: number;
  readonly delivered: boolean;
  /** The status of the receiver's answer; null: no answer. */
  readonly status: number | null;
  /** Why it was not delivered; null: it was. */
  readonly error: string | null;
}

export interface AttemptRecord extends Attempt {
  readonly attemptId: number;
  /** ISO 8601, UTC. */
  readonly attemptedAt: string;
}

export async function insertAttempt(tx: Tx, attempt: Attempt): Promise<void> {
  const { endpointId, eventId, type, replayed, durationMs, delivered, status, error } = attempt;
  await change(
    tx,
    `INSERT INTO webhook_attempt (endpoint_id, position, type, replayed, attempted_at, duration_ms, delivered, status, error)
     VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3), ?, ?, ?, ?)`,
    [endpointId, eventId, type, replayed, Math.round(durationMs), delivered, status, error?.slice(0, 500) ?? null],
  );
}

/** The attempts at an endpoint, newest first, below `before`. */
export const listAttempts = (
  db: Db,
  endpointId: number,
  before: number | undefined,
  limit: number,
): Promise<AttemptRecord[]> =>
  select<AttemptRecord>(
    db,
    `SELECT attempt_id AS attemptId, endpoint_id AS endpointId, position AS eventId, type, replayed, attempted_at AS attemptedAt,
       duration_ms AS durationMs, delivered, status, error FROM webhook_attempt
     WHERE endpoint_id = ? ${before === undefined ? '' : 'AND attempt_id < ?'} ORDER BY attempt_id DESC LIMIT ?`,
    [endpointId, ...(before === undefined ? [] : [before]), limit],
    { replayed: isTrue, delivered: isTrue, attemptedAt: isoTime },
  );

/** Deletes attempts that are older than this many days. @returns how many */
export const deleteOldAttempts = (db: Db, days: number, rowsMax: number): Promise<number> =>
  change(db, 'DELETE FROM webhook_attempt WHERE attempted_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?', [
    days,
    rowsMax,
  ]);
