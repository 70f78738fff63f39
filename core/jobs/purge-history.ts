/** Removes old history of runs: who worked on them, and each claim of their partitions. Runs and their plans stay. */
import type { Db } from '../../infra/database.js';
import { deleteOldExecutions, deleteOldPartitionExecutions } from './stores/execution.js';

/**
 * Removes the history of completed runs that ended more than this many days ago. It may run anywhere and at any time; two at once do no harm.
 * @param signal when aborted, the rest waits for the next time
 * @returns rows that were removed
 */
export async function purgeHistory(db: Db, days: number, signal?: AbortSignal): Promise<number> {
  let removed = 0;
  for (const step of [deleteOldPartitionExecutions, deleteOldExecutions])
    for (let rows = 1; rows > 0 && signal?.aborted !== true; removed += rows) rows = await step(db, days);
  return removed;
}
