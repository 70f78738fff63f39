/** The events that consumers have done, and those that they have tried without success. */
import { change, type Db, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { EVENT_COLUMNS, type EventRecord, eventReading } from './outbox-event.js';

/** An event of a consumer. */
export interface EventKey {
  readonly consumer: string;
  readonly eventId: number;
}

/** Whether a row is new or was there before. */
const isNew = (insert: Promise<unknown>): Promise<boolean> =>
  insert.then(
    () => true,
    (error: unknown) => {
      if (isDuplicateKey(error)) return false;
      throw error;
    },
  );

/** Records that a consumer has done these events. Throws a duplicate key where it has already done one of them. */
export async function insertDone(tx: Tx, consumer: string, eventIds: readonly number[]): Promise<void> {
  await change(
    tx,
    `INSERT INTO outbox_inbox (event_id, consumer, done_at) VALUES ${eventIds.map(() => '(?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
    eventIds.flatMap((eventId) => [eventId, consumer]),
  );
}

/** The same after a delivery. An event that somebody else has delivered meanwhile is done, too. */
export async function insertDelivered(tx: Tx, { consumer, eventId }: EventKey): Promise<void> {
  await isNew(insertDone(tx, consumer, [eventId]));
}

export async function isDone(db: Db, { consumer, eventId }: EventKey): Promise<boolean> {
  const sql = 'SELECT 1 FROM outbox_inbox WHERE event_id = ? AND consumer = ?';
  return (await select(db, sql, [eventId, consumer])).length > 0;
}

/** Deletes the attempts of events that were done. */
export async function deleteAttempts(tx: Db, consumer: string, eventIds: readonly number[]): Promise<void> {
  await change(tx, 'DELETE FROM outbox_attempt WHERE event_id IN (?) AND consumer = ?', [eventIds, consumer]);
}

/** Deletes failed attempts of events that were done after all. */
export async function deleteDoneAttempts(db: Db, consumer: string, eventIds: readonly number[]): Promise<void> {
  await change(
    db,
    `DELETE a FROM outbox_attempt a FORCE INDEX (PRIMARY) JOIN outbox_inbox i FORCE INDEX (PRIMARY)
       ON i.event_id = a.event_id AND i.consumer = a.consumer WHERE a.event_id IN (?) AND a.consumer = ?`,
    [eventIds, consumer],
  );
}

/**
 * Takes events that were never tried for an attempt that ends within `leaseMs`, and counts it.
 * @returns false: somebody has one of them, and none was taken
 */
export const claimFirst = (
  db: Db,
  consumer: string,
  eventIds: readonly number[],
  leaseMs: number,
): Promise<boolean> => {
  const row = `(?, ?, 'WAITING', 1, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3))`;
  const inserted = change(
    db,
    `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, updated_at) VALUES ${eventIds.map(() => row).join(', ')}`,
    eventIds.flatMap((eventId) => [eventId, consumer, leaseMs * 1_000]),
  );
  return isNew(inserted);
};

/**
 * Takes an event for an attempt that ends within `leaseMs`, and counts it.
 * @param attempts that are recorded; null: there is no row yet
 * @returns false: somebody else has it, or it is not due
 */
export async function claimAttempt(
  db: Db,
  { consumer, eventId }: EventKey,
  attempts: number | null,
  leaseMs: number,
): Promise<boolean> {
  if (attempts !== null) {
    const sql = `UPDATE outbox_attempt SET attempts = attempts + 1, next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, updated_at = UTC_TIMESTAMP(3)
     WHERE event_id = ? AND consumer = ? AND status = 'WAITING' AND attempts = ? AND next_try_at <= UTC_TIMESTAMP(3)`;
    return (await change(db, sql, [leaseMs * 1_000, eventId, consumer, attempts])) === 1;
  }
  return claimFirst(db, consumer, [eventId], leaseMs);
}

/** Records that the nth attempt failed. @returns false: somebody else has tried the event meanwhile, or has done it */
export async function recordFailedAttempt(
  tx: Tx,
  { consumer, eventId }: EventKey,
  failure: {
    /** Attempts that are recorded; null: there is no row yet. */
    readonly recorded: number | null;
    readonly attempts: number;
    /** Null: it is given up. */
    readonly pauseMs: number | null;
    readonly error: string;
  },
): Promise<boolean> {
  const { recorded, attempts, pauseMs, error } = failure;
  const status = pauseMs === null ? 'DEAD' : 'WAITING';
  const pause = (pauseMs ?? 0) * 1_000;
  if (recorded === null) {
    const inserted = change(
      tx,
      `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, last_error, updated_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, ?, UTC_TIMESTAMP(3))`,
      [eventId, consumer, status, attempts, pause, error],
    );
    return isNew(inserted);
  }
  const changed = await change(
    tx,
    `UPDATE outbox_attempt SET status = ?, attempts = ?, next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, last_error = ?,
       updated_at = UTC_TIMESTAMP(3) WHERE event_id = ? AND consumer = ? AND status = 'WAITING' AND attempts = ?`,
    [status, attempts, pause, error, eventId, consumer, recorded],
  );
  return changed === 1;
}

/** Events that a consumer has to try again now, the longest due first. */
export async function readDue(db: Db, consumer: string, rowsMax: number): Promise<number[]> {
  const rows = await select<{ eventId: number }>(
    db,
    `SELECT event_id AS eventId FROM outbox_attempt FORCE INDEX (outbox_attempt_due)
     WHERE consumer = ? AND status = 'WAITING' AND next_try_at <= UTC_TIMESTAMP(3) ORDER BY next_try_at LIMIT ?`,
    [consumer, rowsMax],
  );
  return rows.map(({ eventId }) => eventId);
}

/** An event that a consumer has given up. */
export interface DeadLetter extends EventRecord {
  readonly consumer: string;
  readonly attempts: number;
  readonly lastError: string;
  /** ISO 8601, UTC. */
  readonly failedAt: string;
}

const SELECT_DEAD = `SELECT a.consumer, ${EVENT_COLUMNS}, a.attempts, a.last_error AS lastError, a.updated_at AS failedAt`;
const reading = { ...eventReading, failedAt: isoTime } as Reading<DeadLetter>;

export async function readDeadLetter(db: Db, { consumer, eventId }: EventKey): Promise<DeadLetter | undefined> {
  const rows = await select<DeadLetter>(
    db,
    `${SELECT_DEAD} FROM outbox_attempt a JOIN outbox_event e ON e.event_id = a.event_id
     WHERE a.event_id = ? AND a.consumer = ? AND a.status = 'DEAD'`,
    [eventId, consumer],
    reading,
  );
  return rows[0];
}

/** Dead letters, those of the newest events first, read by key. */
export async function listDeadLetters(
  db: Db,
  { consumer, before }: { readonly consumer?: string | undefined; readonly before?: EventKey | undefined },
  limit: number,
): Promise<DeadLetter[]> {
  const where = [`a.status = 'DEAD'`];
  const params: (string | number)[] = [];
  if (consumer !== undefined) {
    where.push('a.consumer = ?');
    params.push(consumer);
  }
  if (before !== undefined) {
    where.push('a.event_id <= ? AND (a.event_id < ? OR a.consumer < ?)');
    params.push(before.eventId, before.eventId, before.consumer);
  }
  const key = consumer === undefined ? 'outbox_attempt_status' : 'outbox_attempt_consumer';
  return select<DeadLetter>(
    db,
    `${SELECT_DEAD} FROM outbox_attempt a FORCE INDEX (${key}) STRAIGHT_JOIN outbox_event e FORCE INDEX (PRIMARY) ON e.event_id = a.event_id
     WHERE ${where.join(' AND ')} ORDER BY a.event_id DESC, a.consumer DESC LIMIT ?`,
    [...params, limit],
    reading,
  );
}

/** Makes a dead letter an untried event again that is due at once. @returns false: it is no longer a dead letter */
export async function reviveDeadLetter(tx: Tx, { consumer, eventId }: EventKey): Promise<boolean> {
  const sql = `UPDATE outbox_attempt SET status = 'WAITING', attempts = 0, next_try_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)
     WHERE event_id = ? AND consumer = ? AND status = 'DEAD'`;
  return (await change(tx, sql, [eventId, consumer])) === 1;
}
