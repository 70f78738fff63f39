/** Requests runs from the runners, with a row for each. The dates do not change until a runner takes the request. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import type { PlatformTime } from '../../infra/platform-time.js';
import { readDateStatus } from '../feed/stores/calendar.js';
import type { ChainStep } from '../jobs/rules/chain.js';
import { type ExecutionParameters, findWaitingRequest, requestExecution } from '../jobs/stores/execution.js';
import { ensureRun, isCompleted } from '../jobs/stores/run.js';
import { type ClosingOptions, requireClosableInTurn } from './closable-date.js';
import { countOpenExceptions } from './stores/exception.js';
import { ensureSettlementRun, SETTLE, type SettlementRun } from './stores/settlement-run.js';

export interface RunRequest {
  readonly date: string;
  readonly runId: number;
  readonly executionId: number;
}

/**
 * The run of a requested date, locked; it is made unless it exists. Throws what a runner would throw when it takes the date: DATE_NOT_OVER,
 * EARLIER_DATE_OPEN, IMPORT_IN_PROGRESS or DATE_EMPTY.
 */
export async function askedRun(
  tx: Tx,
  date: string,
  now: PlatformTime,
  options: ClosingOptions,
): Promise<SettlementRun> {
  const status = await readDateStatus(tx, date);
  if (status === undefined || status === 'OPEN') await requireClosableInTurn(tx, date, now, options);
  return ensureSettlementRun(tx, date, 'REQUESTED');
}

/** The run of a step that follows the settlement, for a date; locked, and made unless there is one. */
export const askedStep = async (tx: Tx, { job }: ChainStep, date: string): Promise<SettlementRun> => ({
  ...(await ensureRun(tx, job, date, 'REQUESTED')),
  date,
});

/** Records one request per date, in their order, or none. Throws what `askedRun` throws. */
export async function requestRuns(
  db: Db,
  dates: readonly string[],
  now: PlatformTime,
  parameters: ExecutionParameters & { readonly options: ClosingOptions },
): Promise<RunRequest[]> {
  return inTransaction(db, async (tx) => {
    const requests: RunRequest[] = [];
    for (const date of dates) {
      const { runId } = await askedRun(tx, date, now, parameters.options);
      requests.push({ date, runId, executionId: await requestExecution(tx, runId, parameters) });
    }
    return requests;
  });
}

/** The result of a request. `executionId` is the execution that was queued or already waits. */
export interface RequestOutcome {
  readonly outcome: 'requested' | 'already-requested' | 'already-completed';
  readonly executionId: number | null;
}

/**
 * Queues an execution of the run, unless that would be for nothing: one is waiting for a runner already, the run is being worked on
 * (a runner joins it by itself), or it is a settlement that is completed and nothing of it is parked. A completed step that is asked for again looks by itself for
 * what has come since. The caller holds the run's row, so of two who ask at once
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
  if (run.job === SETTLE && isCompleted(run.status) && (await countOpenExceptions(tx, run.date)) === 0) {
    return { outcome: 'already-completed', executionId: null };
  }
  return { outcome: 'requested', executionId: await requestExecution(tx, run.runId, parameters) };
}
