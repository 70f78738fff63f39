/** The opening of a run that needs no door of its own. */
import { ensureRun, findRunById, isCompleted, moveRun, type Run } from '../../core/jobs/stores/run.js';
import type { Tx } from '../../infra/database.js';

/** Creates the run unless there is one, and puts it to work unless it is completed. `parameters` are those of a run that is created. */
export async function openRun(tx: Tx, job: string, key: string, parameters: object | null = null): Promise<Run> {
  const run = await ensureRun(tx, job, key, 'RUNNING', parameters);
  if (!isCompleted(run.status)) await moveRun(tx, run.runId, ['REQUESTED', 'STOPPED', 'FAILED'], 'RUNNING');
  return (await findRunById(tx, run.runId)) as Run;
}
