/** An execution in the history: how it begins, how it shows that it is alive, and how it leaves the run. */
import { hostname } from 'node:os';
import { endExecution, hasLiveExecution, startExecution, type Worker } from '../../core/jobs/stores/execution.js';
import { findRunById, isCompleted, moveRun, type Run, type RunStatus } from '../../core/jobs/stores/run.js';
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { errors, type MagamError } from '../../kernel/errors.js';
import { Heartbeat } from './heartbeat.js';
import type { JobRequest } from './job.js';
import { requireSameRun } from './same-run.js';
import type { WorkResult } from './work-partitions.js';

/** Who this process is in the job history. */
export const thisWorker = ({ leaseMs }: Config): Worker => ({ host: hostname(), pid: process.pid, leaseMs });

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** How an execution ends. */
export interface Ending {
  /** As it leaves the run; COMPLETED also where there was nothing to do. */
  readonly status: RunStatus;
  readonly result: WorkResult | null;
  readonly failure?: Failure;
  /** Whether a run that nobody else works on is stopped or failed with it. */
  readonly movesRun: boolean;
}

export class ExecutionRecord {
  private heartbeat: Heartbeat | undefined;
  private left = false;

  constructor(
    private readonly db: Db,
    private readonly config: Config,
    private executionId: number | null,
    private readonly onStop: () => void,
  ) {
    if (executionId !== null) this.live(executionId);
  }

  /** Null until it begins. */
  get id(): number | null {
    return this.executionId;
  }

  /**
   * Begins an execution of the run, under the run's lock: who stops, discards or removes runs that nobody works on sees it, or was first. Puts a run
   * back to work that somebody has stopped since it was opened. Throws RUN_LOST when it was removed since, and RUN_HELD when somebody else
   * works on it and this one does not want to wait.
   */
  async begin(run: Run, request: JobRequest, held: () => MagamError): Promise<number> {
    const executionId = await inTransaction(this.db, async (tx) => {
      const current = await requireSameRun(tx, run, true);
      if (this.executionId === null && !request.wait && (await hasLiveExecution(tx, run.runId))) throw held();
      if (!isCompleted(current.status)) await moveRun(tx, run.runId, ['STOPPED', 'FAILED'], 'RUNNING');
      return this.executionId ?? (await startExecution(tx, run, request, thisWorker(this.config)));
    });
    this.live(executionId);
    return executionId;
  }

  /** From now on the history says that this execution lives. */
  private live(executionId: number): void {
    this.executionId = executionId;
    this.heartbeat ??= new Heartbeat(this.db, executionId, this.config.leaseMs, this.onStop);
  }

  close(): void {
    this.heartbeat?.close();
  }

  /**
   * Records how this execution ended, and moves a run that is stopped or failed, unless somebody alive works on it: that one goes on, and
   * leaves the run as it ends itself. Returns whether there was one. Those who leave at once queue at the run's row, so that the last one sees that
   * it is the last. An execution that was given up for dead moves nothing: others have gone on with the run since. Nothing is done a second time, nor to
   * a run or an execution that has the number of this one in a restored database.
   */
  async leave(run: Run | undefined, ending: Ending): Promise<boolean> {
    const { executionId } = this;
    if (executionId === null || this.left) return false;
    this.close();
    const end = (tx: Tx) => endExecution(tx, executionId, thisWorker(this.config), endOf(run, ending));
    const othersGoOn = await inTransaction(this.db, async (tx) => {
      if (run === undefined || !ending.movesRun) {
        await end(tx);
        return false;
      }
      const current = await findRunById(tx, run.runId, true);
      if (current?.job !== run.job || current.key !== run.key) return false; // a restored database: its ids may be another's by now
      const counted = await end(tx);
      if (await hasLiveExecution(tx, run.runId)) return true;
      if (counted) await moveRun(tx, run.runId, ['RUNNING'], ending.status, ending.failure);
      return false;
    });
    this.left = true;
    return othersGoOn;
  }
}

function endOf(run: Run | undefined, { status, result, failure }: Ending): Parameters<typeof endExecution>[3] {
  const exitCode =
    status === 'STOPPED' ? errors.RUN_STOPPED.exit : status === 'FAILED' ? 1 : status === 'COMPLETED' ? 0 : 3;
  return {
    status,
    generation: run?.generation ?? null,
    entries: (result?.done ?? 0) + (result?.exceptions ?? 0),
    done: result?.done ?? 0,
    exceptions: result?.exceptions ?? 0,
    exitCode,
    errorCode: failure?.code ?? null,
    errorMessage: failure?.message.slice(0, 1000) ?? null,
  };
}
