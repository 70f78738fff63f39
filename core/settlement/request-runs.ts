/** Asks for runs to be carried out by a runner: a row each. Nothing of the dates changes until one takes it. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { type ExecutionParameters, findWaitingRequest, requestExecution } from '../jobs/stores/execution.js';
import { isCompleted } from '../jobs/stores/run.js';
import { countOpenExceptions } from './stores/exception.js';
import { ensureSettlementRun, type SettlementRun } from './stores/settlement-run.js';

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
        const { runId } = await ensureSettlementRun(tx, date, 'REQUESTED');
        return { date, runId, executionId: await requestExecution(tx, runId, parameters) };
      }),
    );
  }
  return requests;
}

/** What became of a request. `executionId` is the one that was queued or is waiting already. */
export interface RequestOutcome {
  readonly outcome: 'requested' | 'already-requested' | 'already-completed';
  readonly executionId: number | null;
}

/**
 * Queues an execution of the run, unless that would be for nothing: one is waiting for a runner already, the run is being worked on
 * (a runner joins it by itself), or it is completed and nothing is parked. The caller holds the run's row, so of two who ask at once
 * the second finds what the first has queued.
 */
export async function requestOnce(
  tx: Tx,
  run: SettlementRun,
  parameters: ExecutionParameters,
): Promise<RequestOutcome> {
  const waiting = await findWaitingRequest(tx, run.runId);
  if (waiting !== undefined) return { outcome: 'already-requested', executionId: waiting };
  if (run.status === 'RUNNING') return { outcome: 'already-requested', executionId: null };
  if (isCompleted(run.status) && (await countOpenExceptions(tx, run.date)) === 0) {
    return { outcome: 'already-completed', executionId: null };
  }
  return { outcome: 'requested', executionId: await requestExecution(tx, run.runId, parameters) };
}
