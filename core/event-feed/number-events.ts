/** Gives positions to the events that have none. Every reader of the feed does so first, and so do the runners. */
import { type Db, inTransaction } from '../../infra/database.js';
import { hasUnnumbered, numberBatch, purgeBatch } from './stores/feed-event.js';

const BATCH = 500;

export async function numberEvents(db: Db): Promise<void> {
  while (await hasUnnumbered(db)) if ((await inTransaction(db, (tx) => numberBatch(tx, BATCH))) < BATCH) return;
}

/** Deletes events that are older than this many days. @returns how many */
export async function purgeFeedEvents(db: Db, days: number, signal: AbortSignal): Promise<number> {
  let purged = 0;
  while (!signal.aborted) {
    const rows = await inTransaction(db, (tx) => purgeBatch(tx, days, BATCH));
    purged += rows;
    if (rows < BATCH) break;
  }
  return purged;
}
