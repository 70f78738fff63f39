/** Events, consumers that note what they did, and the rows of the outbox. */
import type { ConsumeContext } from '../../core/outbox/consume.js';
import { type HappenedEvent, recordEvents } from '../../core/outbox/record-events.js';
import { change, type Db, inTransaction, select } from '../../infra/database.js';

export const confirmed = (orderId: number, requestId = `request-${orderId}`): HappenedEvent => ({
  type: 'order.confirmed',
  payload: { orderId, sellerId: 'S1', buyerId: 7 },
  requestId,
});

export const expired = (checkoutId: number, buyerId = 7): HappenedEvent => ({
  type: 'order.expired',
  payload: { checkoutId, buyerId, orderIds: [1] },
  requestId: '',
});

/** Records events in a transaction of their own. @returns the ids of all events since */
export async function record(db: Db, ...events: readonly HappenedEvent[]): Promise<number[]> {
  const [last] = await select<{ id: number | null }>(db, 'SELECT MAX(event_id) AS id FROM outbox_event');
  await inTransaction(db, (tx) => recordEvents(tx, events));
  const rows = await select<{ id: number }>(
    db,
    'SELECT event_id AS id FROM outbox_event WHERE event_id > ? ORDER BY event_id',
    [last?.id ?? 0],
  );
  return rows.map(({ id }) => id);
}

export async function emptyOutbox(db: Db): Promise<void> {
  for (const table of ['outbox_event', 'outbox_consumer', 'outbox_inbox', 'outbox_attempt', 'sales_count_change'])
    await change(db, `DELETE FROM ${table}`);
}

/** Makes all events this many seconds older. */
export const age = (db: Db, seconds: number) =>
  change(db, 'UPDATE outbox_event SET recorded_at = recorded_at - INTERVAL ? SECOND', [seconds]);

/** What has to be tried again is due now, deliveries that are under way too. */
export const letDue = (db: Db) =>
  change(db, 'UPDATE outbox_attempt SET next_try_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');

export const doneBy = async (db: Db, consumer: string): Promise<number[]> => {
  const sql = 'SELECT event_id AS id FROM outbox_inbox WHERE consumer = ? ORDER BY event_id';
  return (await select<{ id: number }>(db, sql, [consumer])).map(({ id }) => id);
};

/** How often an event waits for one of its registered consumers. */
export async function undone(db: Db): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM outbox_event e JOIN outbox_consumer c ON FIND_IN_SET(e.type, REPLACE(c.types, ' ', ','))
    LEFT JOIN outbox_inbox i ON i.event_id = e.event_id AND i.consumer = c.name WHERE i.event_id IS NULL`;
  return Number((await select<{ n: number }>(db, sql))[0]?.n);
}

export interface Attempt {
  readonly eventId: number;
  readonly consumer: string;
  readonly status: string;
  readonly attempts: number;
  readonly error: string | null;
  /** From the last try to the next one (s). */
  readonly pause: number;
}

export const attemptsOf = (db: Db, consumer: string): Promise<Attempt[]> =>
  select<Attempt>(
    db,
    `SELECT event_id AS eventId, consumer, status, attempts, last_error AS error,
       TIMESTAMPDIFF(MICROSECOND, updated_at, next_try_at) / 1000000 AS pause
     FROM outbox_attempt WHERE consumer = ? ORDER BY event_id`,
    [consumer],
    { pause: Number },
  );

export const cursorOf = async (db: Db, consumer: string): Promise<number | undefined> =>
  (
    await select<{ through: number }>(db, 'SELECT done_through AS through FROM outbox_consumer WHERE name = ?', [
      consumer,
    ])
  )[0]?.through;

/** What a runner gives its consumers, with what they have told the log. */
export function consuming(db: Db): ConsumeContext & { readonly told: [message: string, fields: object][] } {
  const told: [string, object][] = [];
  return {
    db,
    signal: new AbortController().signal,
    log: (_level, fields, message) => void told.push([message, fields]),
    told,
  };
}
