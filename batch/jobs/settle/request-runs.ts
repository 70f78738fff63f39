/** Asks for runs to be carried out by a runner: a row each. Nothing of the dates changes until one takes it. */
import { type Db, inTransaction } from '../../../infra/database.js';
import { type ExecutionParameters, ensureRun, requestExecution } from '../../../infra/stores/run.js';

export interface RunRequest {
  readonly date: string;
  readonly runId: number;
  readonly executionId: number;
}

/** Records one request per date. */
export async function requestRuns(
  db: Db,
  dates: readonly string[],
  parameters: ExecutionParameters,
): Promise<RunRequest[]> {
  const requests: RunRequest[] = [];
  for (const date of dates) {
    requests.push(
      await inTransaction(db, async (tx) => {
        const { runId } = await ensureRun(tx, date, 'REQUESTED');
        return { date, runId, executionId: await requestExecution(tx, runId, parameters) };
      }),
    );
  }
  return requests;
}
