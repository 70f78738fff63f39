/** Events, as they were recorded. */
import { change, type Db, isoTime, isTrue, type Reading, select, type Tx } from '../../../infra/database.js';
import type { Following } from '../rules/follow.js';

export interface NewEvent {
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
  readonly requestId: string;
}

export interface EventRecord extends NewEvent {
  readonly eventId: number;
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
}

export const EVENT_COLUMNS =
  'e.event_id AS eventId, e.type, e.payload, e.request_id AS requestId, e.recorded_at AS recordedAt';
export const eventReading: Reading<EventRecord> = { recordedAt: isoTime };

/** Stores events: one statement. */
export async function insertEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  await change(
    tx,
    `INSERT INTO outbox_event (type, payload, request_id, recorded_at) VALUES ${events.map(() => '(?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
    events.flatMap(({ type, payload, requestId }) => [type, payload, requestId]),
  );
}

/** The oldest events that have not been relayed yet. */
export const readUnrelayed = (
  db: Db,
  rowsMax: number,
): Promise<{ readonly eventId: number; readonly type: string }[]> =>
  select(
    db,
    `SELECT event_id AS eventId, type FROM outbox_event FORCE INDEX (outbox_event_relay) WHERE relayed = 0 ORDER BY event_id LIMIT ?`,
    [rowsMax],
  );

export async function markRelayed(db: Db, eventIds: readonly number[]): Promise<void> {
  await change(db, 'UPDATE outbox_event FORCE INDEX (PRIMARY) SET relayed = 1 WHERE event_id IN (?)', [eventIds]);
}

/** The events that a consumer still has to handle, among these: not done, not given up, and due where they were tried; in the order of their ids. */
export interface OpenEvent extends EventRecord {
  /** Attempts so far; null: none is recorded. */
  readonly attempts: number | null;
}

export const readOpen = (db: Db, consumer: string, eventIds: readonly number[]): Promise<OpenEvent[]> =>
  select<OpenEvent>(
    db,
    `SELECT ${EVENT_COLUMNS}, a.attempts FROM outbox_event e FORCE INDEX (PRIMARY)
     LEFT JOIN outbox_inbox i FORCE INDEX (PRIMARY) ON i.event_id = e.event_id AND i.consumer = ?
     LEFT JOIN outbox_attempt a FORCE INDEX (PRIMARY) ON a.event_id = e.event_id AND a.consumer = ?
     WHERE e.event_id IN (?) AND i.event_id IS NULL AND (a.event_id IS NULL OR (a.status = 'WAITING' AND a.next_try_at <= UTC_TIMESTAMP(3)))
     ORDER BY e.event_id`,
    [consumer, consumer, eventIds],
    eventReading as Reading<OpenEvent>,
  );

/** The events after an id, with their state for a consumer of these types. */
export const readFollowing = (
  db: Db,
  { consumer, types, after }: { readonly consumer: string; readonly types: readonly string[]; readonly after: number },
  rowsMax: number,
): Promise<Following[]> =>
  select<Following>(
    db,
    `SELECT e.event_id AS eventId, e.type IN (?) AND i.event_id IS NULL AND a.event_id IS NULL AS missing,
       TIMESTAMPDIFF(MICROSECOND, e.recorded_at, UTC_TIMESTAMP(3)) / 1000 AS ageMs
     FROM outbox_event e FORCE INDEX (PRIMARY)
     LEFT JOIN outbox_inbox i FORCE INDEX (PRIMARY) ON i.event_id = e.event_id AND i.consumer = ?
     LEFT JOIN outbox_attempt a FORCE INDEX (PRIMARY) ON a.event_id = e.event_id AND a.consumer = ?
     WHERE e.event_id > ? ORDER BY e.event_id LIMIT ?`,
    [types, consumer, consumer, after, rowsMax],
    { missing: isTrue, ageMs: Number },
  );

/** The number of events between two ids. It waits for uncommitted ones. */
export async function countShared(tx: Tx, after: number, through: number): Promise<number> {
  const sql =
    'SELECT event_id FROM outbox_event FORCE INDEX (PRIMARY) WHERE event_id > ? AND event_id <= ? LOCK IN SHARE MODE';
  return (await select(tx, sql, [after, through])).length;
}

/** The id of the newest event; 0 where there is none. */
export async function newestEventId(db: Db): Promise<number> {
  const [row] = await select<{ newest: number | null }>(db, 'SELECT MAX(event_id) AS newest FROM outbox_event');
  return row?.newest ?? 0;
}

/** Events between two ids for a purge: whether each is older than this many days, and whether a consumer still has to handle it. */
export const readForPurge = (
  db: Db,
  range: { readonly after: number; readonly through: number; readonly days: number },
  rowsMax: number,
): Promise<{ readonly eventId: number; readonly old: boolean; readonly tried: boolean }[]> =>
  select<{ eventId: number; old: boolean; tried: boolean }>(
    db,
    `SELECT e.event_id AS eventId, e.recorded_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AS old,
       EXISTS (SELECT 1 FROM outbox_attempt a FORCE INDEX (PRIMARY) WHERE a.event_id = e.event_id) AS tried
     FROM outbox_event e FORCE INDEX (PRIMARY) WHERE e.event_id > ? AND e.event_id <= ? ORDER BY e.event_id LIMIT ?`,
    [range.days, range.after, range.through, rowsMax],
    { old: isTrue, tried: isTrue },
  );

/** Deletes events with their rows in the inboxes. */
export async function deleteEvents(tx: Tx, eventIds: readonly number[]): Promise<void> {
  await change(tx, 'DELETE FROM outbox_inbox WHERE event_id IN (?)', [eventIds]);
  await change(tx, 'DELETE FROM outbox_event WHERE event_id IN (?)', [eventIds]);
}
