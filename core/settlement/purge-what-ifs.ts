/** Removes what-ifs that were kept long enough, or whose answer is requested again, with their runs. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { hasLiveExecution } from '../jobs/stores/execution.js';
import { deleteRun, findOldRuns, findRun, lockOldRun, parametersOf, type Run } from '../jobs/stores/run.js';
import { readTask } from '../tasks/stores/background-task.js';
import { POLICY_CHECK } from './rules/policy-check-task.js';
import { deleteWhatIf } from './stores/what-if.js';
import { WHAT_IF, type WhatIfParameters } from './what-if.js';

const KEPT_DAYS = 30;

/** May run anywhere and at any time; two at once do no harm. Returns how many it removed. */
export async function purgeWhatIfs(db: Db): Promise<number> {
  let removed = 0;
  for (const runId of await findOldRuns(db, WHAT_IF, KEPT_DAYS))
    removed += await inTransaction(db, async (tx) => {
      // The lock keeps everybody from resuming the run now. If it was resumed before, its updated_at is recent and it is not found here.
      const run = await lockOldRun(tx, runId, KEPT_DAYS);
      if (run === undefined || (await isNeeded(tx, run))) return 0;
      await remove(tx, runId);
      return 1;
    });
  return removed;
}

/** Deletes the answer of a what-if, so that it is worked out again. An answer that is being worked out stays. */
export async function forgetAnswer(db: Db, key: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const run = await findRun(tx, WHAT_IF, key, true);
    if (run !== undefined && !(await isNeeded(tx, run))) await remove(tx, run.runId);
  });
}

async function remove(tx: Tx, runId: number): Promise<void> {
  await deleteWhatIf(tx, runId);
  await deleteRun(tx, runId);
}

/** Somebody works on it, or its task will. */
async function isNeeded(tx: Tx, run: Run): Promise<boolean> {
  const { listFor } = parametersOf<WhatIfParameters>(run);
  const task = listFor === null ? undefined : await readTask(tx, POLICY_CHECK, listFor);
  return task?.endedAt === null || (await hasLiveExecution(tx, run.runId));
}
