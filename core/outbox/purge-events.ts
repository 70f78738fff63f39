/** Deletes old events that all consumers have done. */
import { type Db, inTransaction } from '../../infra/database.js';
import { readConsumers } from './stores/outbox-consumer.js';
import { deleteEvents, readForPurge } from './stores/outbox-event.js';

const PAGE = 1_000;

/** Deletes events that are older than this many days. Events that a consumer has not done, or has given up, are kept however old they are. @returns how many */
export async function purgeEvents(db: Db, days: number, signal: AbortSignal, rowsMax = PAGE): Promise<number> {
  const consumers = await readConsumers(db);
  if (consumers.length === 0) return 0; // not checked yet
  const through = Math.min(...consumers.map(({ doneThrough }) => doneThrough));
  let purged = 0;
  for (let after = 0; !signal.aborted; ) {
    const page = await readForPurge(db, { after, through, days }, rowsMax);
    const gone = page.filter(({ old, tried }) => old && !tried).map(({ eventId }) => eventId);
    if (gone.length > 0) await inTransaction(db, (tx) => deleteEvents(tx, gone));
    purged += gone.length;
    if (page.length < rowsMax || page.some(({ old }) => !old)) break;
    after = page.at(-1)?.eventId ?? through;
  }
  return purged;
}
