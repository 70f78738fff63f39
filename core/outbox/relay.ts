/** Turns rows into hints: which consumers have to handle which events. A hint may be lost; then the scan of the rows finds the event. */
import type { Db } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { readConsumers } from './stores/outbox-consumer.js';
import { markRelayed, readUnrelayed } from './stores/outbox-event.js';

/** At most this many events in one hint. */
const HINT_EVENTS = 100;
const BATCH = 1_000;

/** Sends hints, each a list of events, to a consumer. Throws when they may not have arrived. */
export type SendHints = (consumer: string, hints: readonly (readonly number[])[]) => Promise<void>;

/**
 * Relays a batch of events: sends the hints, then marks the rows. After a death in between the hints are sent again, which does no harm.
 * @returns how many, which is `rowsMax` while there may be more
 */
export async function relayBatch(db: Db, send: SendHints, rowsMax = BATCH): Promise<number> {
  const events = await readUnrelayed(db, rowsMax);
  if (events.length === 0) return 0;
  await faultPoint('outbox.before-relay');
  for (const { name, types } of await readConsumers(db)) {
    const wanted = events.filter(({ type }) => types.includes(type)).map(({ eventId }) => eventId);
    if (wanted.length > 0) await send(name, inHints(wanted));
  }
  await faultPoint('outbox.before-mark');
  await markRelayed(
    db,
    events.map(({ eventId }) => eventId),
  );
  return events.length;
}

function inHints(eventIds: readonly number[]): number[][] {
  const hints: number[][] = [];
  for (let from = 0; from < eventIds.length; from += HINT_EVENTS) hints.push(eventIds.slice(from, from + HINT_EVENTS));
  return hints;
}
