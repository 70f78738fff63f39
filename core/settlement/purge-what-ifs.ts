/** Removes what-ifs that were kept long enough, with the runs that found them. */
import { type Db, inTransaction } from '../../infra/database.js';
import { hasLiveExecution } from '../jobs/stores/execution.js';
import { deleteRun, findOldRuns, findRunById } from '../jobs/stores/run.js';
import { deleteWhatIf } from './stores/what-if.js';
import { WHAT_IF } from './what-if.js';

const KEPT_DAYS = 30;

/** May run anywhere and at any time; two at once do no harm. Returns how many it removed. */
export async function purgeWhatIfs(db: Db): Promise<number> {
  let removed = 0;
  for (const runId of await findOldRuns(db, WHAT_IF, KEPT_DAYS))
    removed += await inTransaction(db, async (tx) => {
      // Locked, so that nobody puts it back to work meanwhile.
      if ((await findRunById(tx, runId, true)) === undefined || (await hasLiveExecution(tx, runId))) return 0;
      await deleteWhatIf(tx, runId);
      await deleteRun(tx, runId);
      return 1;
    });
  return removed;
}
