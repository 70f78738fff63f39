/** Deletes the records of old deliveries. */
import type { Db } from '../../infra/database.js';
import { deleteOldAttempts } from './stores/webhook-delivery.js';

const BATCH = 2_000;

/** Deletes attempts that are older than this many days. @returns how many */
export async function purgeAttempts(db: Db, days: number, signal: AbortSignal): Promise<number> {
  let purged = 0;
  while (!signal.aborted) {
    const rows = await deleteOldAttempts(db, days, BATCH);
    purged += rows;
    if (rows < BATCH) break;
  }
  return purged;
}
