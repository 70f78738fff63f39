/** Registered consumers: a few rows. */
import { change, type Db, select } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { newestEventId } from './outbox-event.js';

export interface ConsumerRecord {
  readonly name: string;
  readonly types: readonly string[];
  /** Every event up to this one was done or tried, or is not of the consumer's types. */
  readonly doneThrough: number;
}

export const readConsumers = (db: Db): Promise<ConsumerRecord[]> =>
  select<ConsumerRecord>(db, 'SELECT name, types, done_through AS doneThrough FROM outbox_consumer ORDER BY name', [], {
    types: (text: string) => text.split(' '),
  });

/**
 * Registers a consumer unless it is registered. Types that a later version of it handles are added, and none is removed: processes of both versions may be
 * running.
 */
export async function registerConsumer(
  db: Db,
  consumer: { readonly name: string; readonly events: readonly string[]; readonly from: 'beginning' | 'now' },
): Promise<void> {
  const { name, events, from } = consumer;
  const known = (await readConsumers(db)).find((one) => one.name === name);
  if (known === undefined) {
    const doneThrough = from === 'beginning' ? 0 : await newestEventId(db);
    const sql =
      'INSERT INTO outbox_consumer (name, types, done_through, registered_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))';
    try {
      await change(db, sql, [name, events.join(' '), doneThrough]);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await registerConsumer(db, consumer); // another runner was faster
    }
    return;
  }
  const types = [...new Set([...known.types, ...events])];
  if (types.length === known.types.length) return;
  const sql = 'UPDATE outbox_consumer SET types = ? WHERE name = ? AND types = ?';
  const changed = await change(db, sql, [types.join(' '), name, known.types.join(' ')]);
  if (changed === 0) await registerConsumer(db, consumer);
}

/** Moves the cursor on. It never goes back. */
export async function moveCursor(db: Db, name: string, through: number): Promise<void> {
  const sql = 'UPDATE outbox_consumer SET done_through = ? WHERE name = ? AND done_through < ?';
  await change(db, sql, [through, name, through]);
}
