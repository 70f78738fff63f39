/** The backlog of consumers, for the metrics. */
import { type Db, select } from '../../../infra/database.js';
import { readConsumers } from './outbox-consumer.js';

export interface OutboxGauges {
  readonly consumer: string;
  /** Age of the oldest event that it has neither done nor given up (s); 0: there is none. */
  readonly lagSeconds: number;
  /** Events that it has neither done nor given up; counted up to `WAITING_MAX`. */
  readonly waiting: number;
  readonly deadLetters: number;
}

/** Counting stops here, because a larger number would take long and tell no more. */
const WAITING_MAX = 100_000;

export async function readOutboxGauges(db: Db): Promise<OutboxGauges[]> {
  const gauges: OutboxGauges[] = [];
  for (const { name, types, doneThrough } of await readConsumers(db)) {
    const [untried, tried] = [await readUntried(db, name, types, doneThrough), await readTried(db, name)];
    gauges.push({
      consumer: name,
      lagSeconds: Math.max(untried.ageSeconds, tried.ageSeconds),
      waiting: untried.count + tried.waiting,
      deadLetters: tried.dead,
    });
  }
  return gauges;
}

async function readUntried(
  db: Db,
  consumer: string,
  types: readonly string[],
  after: number,
): Promise<{ readonly count: number; readonly ageSeconds: number }> {
  const [row] = await select<{ count: number; age: number | null }>(
    db,
    `SELECT COUNT(*) AS count, TIMESTAMPDIFF(MICROSECOND, MIN(recorded_at), UTC_TIMESTAMP(3)) / 1000000 AS age FROM (
       SELECT e.recorded_at FROM outbox_event e FORCE INDEX (PRIMARY)
       LEFT JOIN outbox_inbox i FORCE INDEX (PRIMARY) ON i.event_id = e.event_id AND i.consumer = ?
       LEFT JOIN outbox_attempt a FORCE INDEX (PRIMARY) ON a.event_id = e.event_id AND a.consumer = ?
       WHERE e.event_id > ? AND e.type IN (?) AND i.event_id IS NULL AND a.event_id IS NULL ORDER BY e.event_id LIMIT ?) open`,
    [consumer, consumer, after, types, WAITING_MAX],
  );
  return { count: Number(row?.count ?? 0), ageSeconds: Math.max(0, Number(row?.age ?? 0)) };
}

async function readTried(
  db: Db,
  consumer: string,
): Promise<{ readonly waiting: number; readonly dead: number; readonly ageSeconds: number }> {
  const rows = await select<{ status: string; count: number; oldest: number }>(
    db,
    `SELECT status, COUNT(*) AS count, MIN(event_id) AS oldest FROM outbox_attempt FORCE INDEX (outbox_attempt_consumer)
     WHERE consumer = ? GROUP BY status`,
    [consumer],
  );
  const countOf = (status: string): number => Number(rows.find((row) => row.status === status)?.count ?? 0);
  const oldest = rows.find(({ status }) => status === 'WAITING')?.oldest ?? 0;
  const sql =
    'SELECT TIMESTAMPDIFF(MICROSECOND, recorded_at, UTC_TIMESTAMP(3)) / 1000000 AS age FROM outbox_event WHERE event_id = ?';
  const [event] = await select<{ age: number }>(db, sql, [oldest]);
  return { waiting: countOf('WAITING'), dead: countOf('DEAD'), ageSeconds: Math.max(0, Number(event?.age ?? 0)) };
}
