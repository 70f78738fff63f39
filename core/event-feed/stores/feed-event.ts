/**
 * The events that other systems read. They are recorded where they happen, without a position; positions are given afterwards, one after the other and under a lock,
 * so that a reader that has read up to a position has missed nothing, however long the transactions took.
 */
import { change, type Db, fromJson, isoTime, select, type Tx } from '../../../infra/database.js';
import { insertRows } from '../../../infra/stores/row-writer.js';
import { type FeedEventData, type FeedEventType, feedEventData, SELLER_EVENT_TYPES } from '../rules/feed-events.js';

/** An event that happens now. */
export type NewFeedEvent = {
  readonly [Type in FeedEventType]: { readonly type: Type; readonly data: FeedEventData<Type> };
}[FeedEventType];

/** Records events in the transaction in which they happen, after it has locked what they are about. Throws where the data does not match the type. */
export async function recordFeedEvents(tx: Tx, events: readonly NewFeedEvent[]): Promise<void> {
  const rows = events.map(({ type, data }) => {
    const { date, generation }: { date?: string; generation?: number } = type === 'settlement.closed' ? data : {};
    const sellerId = 'sellerId' in data ? data.sellerId : null;
    return [type, date ?? null, generation ?? null, sellerId, JSON.stringify(feedEventData[type].parse(data))];
  });
  await insertRows(tx, 'feed_event (type, settled_on, generation, seller_id, data, happened_at)', rows, {
    last: 'UTC_TIMESTAMP(3)',
  });
}

/** An event as it is read. */
export interface FeedEvent {
  /** Its position. */
  readonly id: number;
  readonly type: FeedEventType;
  /** ISO 8601, UTC. */
  readonly happenedAt: string;
  readonly data: unknown;
}

export interface FeedBounds {
  /** The position of the newest event; 0: there has been none. */
  readonly last: number;
  /** Events up to this position were deleted. */
  readonly purgedThrough: number;
}

const BOUNDS = 'SELECT last_position AS `last`, purged_through AS purgedThrough FROM feed_position WHERE feed_id = 1';

/** How far the feed goes. */
export const readBounds = async (db: Db): Promise<FeedBounds> => oneRow(await select<FeedBounds>(db, BOUNDS));

/** The same, locked: nobody else gives positions or deletes events. */
const lockBounds = async (tx: Tx): Promise<FeedBounds> => oneRow(await select<FeedBounds>(tx, `${BOUNDS} FOR UPDATE`));

function oneRow([row]: readonly FeedBounds[]): FeedBounds {
  if (row === undefined) throw new Error('feed_position has lost its only row');
  return row;
}

/** Whether there are events without a position. */
export const hasUnnumbered = async (db: Db): Promise<boolean> =>
  (await select(db, 'SELECT 1 FROM feed_event FORCE INDEX (feed_event_position) WHERE position IS NULL LIMIT 1'))
    .length > 0;

/** Gives positions to the oldest events that have none. Events that are not committed yet get later ones. @returns how many */
export async function numberBatch(tx: Tx, rowsMax: number): Promise<number> {
  const { last } = await lockBounds(tx);
  const rows = await select<{ eventId: number }>(
    tx,
    `SELECT event_id AS eventId FROM feed_event FORCE INDEX (feed_event_position) WHERE position IS NULL ORDER BY event_id LIMIT ?`,
    [rowsMax],
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ eventId }) => eventId);
  await change(tx, 'UPDATE feed_event SET position = ? + FIELD(event_id, ?) WHERE event_id IN (?)', [last, ids, ids]);
  await change(tx, 'UPDATE feed_position SET last_position = ? WHERE feed_id = 1', [last + ids.length]);
  return ids.length;
}

/** The reader: staff see every event, a seller sees the seller's own. */
export interface FeedReader {
  /** Null: staff. */
  readonly sellerId: string | null;
  /** Empty: all types. */
  readonly types: readonly FeedEventType[];
}

/** The events after a position that the reader may see, in their order. */
export function readEvents(db: Db, reader: FeedReader, after: number, limit: number): Promise<FeedEvent[]> {
  return selectEvents(db, reader, 'f.position > ?', [after], limit);
}

/** The event at this position, where the reader may see it. */
export async function readEvent(db: Db, reader: FeedReader, position: number): Promise<FeedEvent | undefined> {
  return (await selectEvents(db, reader, 'f.position = ?', [position], 1))[0];
}

function selectEvents(
  db: Db,
  { sellerId, types }: FeedReader,
  where: string,
  params: readonly unknown[],
  limit: number,
): Promise<FeedEvent[]> {
  const wanted = types.length > 0 ? types : sellerId === null ? [] : SELLER_EVENT_TYPES;
  const ofType = wanted.length === 0 ? '' : 'AND f.type IN (?)';
  const concerned =
    sellerId === null
      ? ''
      : `AND (f.seller_id = ? OR EXISTS (SELECT 1 FROM settlement s
           WHERE s.settled_on = f.settled_on AND s.generation = f.generation AND s.seller_id = ?))`;
  return select<FeedEvent>(
    db,
    `SELECT f.position AS id, f.type, f.happened_at AS happenedAt, f.data FROM feed_event f FORCE INDEX (feed_event_position)
     WHERE ${where} ${ofType} ${concerned} ORDER BY f.position LIMIT ?`,
    [...params, ...(wanted.length === 0 ? [] : [wanted]), ...(sellerId === null ? [] : [sellerId, sellerId]), limit],
    { happenedAt: isoTime, data: fromJson },
  );
}

/** Deletes the oldest events that are older than this many days, and records up to which position. @returns how many */
export async function purgeBatch(tx: Tx, days: number, rowsMax: number): Promise<number> {
  const { purgedThrough } = await lockBounds(tx);
  const rows = await select<{ position: number; old: number }>(
    tx,
    `SELECT position, happened_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AS old FROM feed_event FORCE INDEX (feed_event_position)
     WHERE position > ? ORDER BY position LIMIT ?`,
    [days, purgedThrough, rowsMax],
  );
  const kept = rows.findIndex(({ old }) => old !== 1);
  const gone = kept === -1 ? rows : rows.slice(0, kept);
  const through = gone.at(-1)?.position;
  if (through === undefined) return 0;
  await change(tx, 'DELETE FROM feed_event WHERE position <= ?', [through]);
  await change(tx, 'UPDATE feed_position SET purged_through = ? WHERE feed_id = 1', [through]);
  return gone.length;
}
