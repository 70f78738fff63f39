/**
 * The life of an execution, for any job: opens or joins the run, plans, works the partitions, finishes, and records how it ended. The same
 * call finishes the work after any crash, and several at once share it. docs/batch-protocol.md tells what it survives.
 */
import { hostname } from 'node:os';
import {
  abandonDeadExecutions,
  beat,
  endExecution,
  hasLiveExecution,
  startExecution,
  type Worker,
} from '../../core/jobs/stores/execution.js';
import { readPartitions, readPasses, retryFailedPartitions } from '../../core/jobs/stores/partition.js';
import { findPlan, insertPlan, type Plan } from '../../core/jobs/stores/plan.js';
import { findRun, isCompleted, moveRun, type Run, type RunStatus } from '../../core/jobs/stores/run.js';
import type { Config } from '../../infra/config.js';
import { asMagamError, type Db, errorText, inTransaction, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { errors, MagamError } from '../../kernel/errors.js';
import type { DonePartition, JobCall, JobContext, JobRequest, StartedJob } from './job.js';
import { requireSameRun } from './same-run.js';
import { survivingOutage } from './survive-outage.js';
import { type WorkResult, workPartitions } from './work-partitions.js';

export interface Stage {
  readonly name: 'open' | 'plan' | 'work' | 'finish';
  readonly seconds: number;
}

/** How an execution ended. */
export interface JobResult {
  /** The run as it is now; undefined where there is none and nothing was to be done. */
  readonly run: Run | undefined;
  /** As the run is left by this execution. */
  readonly status: RunStatus;
  /** Null where the run was completed and nothing was started. */
  readonly executionId: number | null;
  /** The run was completed before. */
  readonly alreadyDone: boolean;
  readonly seconds: number;
  readonly stages: readonly Stage[];
  readonly notices: readonly string[];
}

/** Who this process is in the job history. */
export const thisWorker = ({ leaseMs }: Config): Worker => ({ host: hostname(), pid: process.pid, leaseMs });

/**
 * Carries one request out. Throws RUN_HELD, PARTITION_FAILED and what the job throws; the execution is then recorded as failed. Being
 * stopped is no error: the result says STOPPED.
 */
export const runJob = (context: JobContext, job: StartedJob, request: JobRequest): Promise<JobResult> =>
  new Execution(context, job, request).carryOut();

/** One execution: what it was asked, what it holds, how long its stages took. */
class Execution {
  private readonly startedAt = performance.now();
  private readonly stages: Stage[] = [];
  private readonly notices: string[] = [];
  private readonly call: JobCall;
  private executionId: number | null;
  private run: Run | undefined;

  constructor(
    private readonly context: JobContext,
    private readonly job: StartedJob,
    private readonly request: JobRequest,
  ) {
    this.executionId = request.executionId ?? null;
    this.call = { ...context, request, notice: (sentence) => void this.notices.push(sentence) };
  }

  async carryOut(): Promise<JobResult> {
    try {
      const found = await findRun(this.context.db, this.job.name, this.request.key);
      if (found !== undefined && isCompleted(found.status)) return await this.again(found);
      if (found !== undefined) await this.requireFree(found);
      const run = await this.stage('open', () => survivingOutage(() => this.job.open(this.call)));
      if (run === undefined) return await this.end(undefined, 'COMPLETED', null, true);
      return isCompleted(run.status) ? await this.again(run) : await this.execute(run);
    } catch (error) {
      await this.fail(error);
      throw error;
    }
  }

  private async again(run: Run): Promise<JobResult> {
    const next = (await this.job.reopen(this.call, run)) ?? run;
    return isCompleted(next.status) ? this.end(next, next.status, null, true) : this.execute(next);
  }

  private async execute(run: Run): Promise<JobResult> {
    const { db, config, pools } = this.context;
    await this.requireFree(run);
    await abandonDeadExecutions(db, run.runId);
    const executionId = this.executionId ?? (await startExecution(db, run, this.request, thisWorker(config)));
    this.executionId = executionId;
    this.run = run;
    await retryFailedPartitions(db, run.runId, run.generation);
    // The threads start while the database plans.
    const { plan, result } = await pools.lend(this.request.workers, async (pool) => {
      const plan = await this.stage('plan', () => survivingOutage(() => this.plan(run, executionId)));
      return { plan, result: await this.stage('work', () => this.work(run, plan, executionId, pool)) };
    });
    if (result.status === 'done') await this.stage('finish', () => survivingOutage(() => this.finish(run, plan)));
    else if (result.status === 'failed') await this.moveRun(run, 'FAILED');
    else if (this.request.onStop === 'stop-run' || (await this.wasAskedToStop(executionId)))
      await this.moveRun(run, 'STOPPED');
    return this.report(run, result);
  }

  /** The plan of the run's generation: found, or made and frozen. Planners queue at the run's row; the first plans, the others find it. */
  private async plan(run: Run, executionId: number): Promise<Plan> {
    const { db } = this.context;
    const { gridSize } = this.request;
    const found = await findPlan(db, run.runId, run.generation);
    const plan =
      found ??
      (await inTransaction(db, async (tx) => {
        await requireSameRun(tx, run, true);
        return (await findPlan(tx, run.runId, run.generation)) ?? (await this.freezePlan(tx, run, executionId));
      }));
    if (found === undefined) await faultPoint('run.planned');
    if (plan.gridSize !== gridSize)
      this.notices.push(`The run was planned with grid size ${plan.gridSize}, which a resume keeps.`);
    return plan;
  }

  private async freezePlan(tx: Tx, run: Run, executionId: number): Promise<Plan> {
    const { gridSize } = this.request;
    const { parameters, partitions } = await this.job.plan(tx, run, gridSize);
    const plan = { generation: run.generation, gridSize, parameters };
    await insertPlan(tx, run.runId, plan, executionId, partitions);
    await faultPoint('run.before-plan-commit');
    return plan;
  }

  private async work(
    run: Run,
    plan: Plan,
    executionId: number,
    pool: Parameters<typeof workPartitions>[1],
  ): Promise<WorkResult> {
    const { db, config, signal, onProgress } = this.context;
    const { total, before } = await committedSoFar(db, run);
    const result = await workPartitions(
      db,
      pool,
      {
        runId: run.runId,
        executionId,
        generation: plan.generation,
        passesWait: this.job.passesWait,
        task: {
          job: this.job.name,
          key: run.key,
          parameters: plan.parameters,
          chunkRows: this.request.chunkRows,
        },
      },
      {
        leaseMs: config.leaseMs,
        chunkDeadlineMs: config.chunkDeadlineMs,
        claimsMax: config.claimsMax,
        signal,
        onProgress: (entries) => onProgress(Math.min(total, before + entries), total),
      },
    );
    if (result.status === 'done') onProgress(total, total);
    return result;
  }

  /** Completes the generation, in one transaction: all of it or nothing. Does nothing when somebody else has. */
  private async finish(run: Run, plan: Plan): Promise<void> {
    const { db } = this.context;
    const complete = await this.job.finish(this.call, run, plan);
    await inTransaction(db, async (tx) => {
      const current = await requireSameRun(tx, { ...run, plan }, true);
      if (isCompleted(current.status) || current.generation !== plan.generation) return;
      const status = await complete(tx, current, await donePartitions(tx, current));
      await moveRun(tx, run.runId, ['RUNNING', 'STOPPED', 'FAILED'], status);
      await faultPoint('run.before-finish-commit');
    });
    await faultPoint('run.finished');
  }

  /** Who was taken for dead and wakes up does not stop a run that was resumed since: its stop was carried out without it. */
  private async wasAskedToStop(executionId: number): Promise<boolean> {
    const { stopRequested, counted } = await beat(this.context.db, executionId);
    return stopRequested && counted;
  }

  private async moveRun(run: Run, to: 'STOPPED' | 'FAILED'): Promise<void> {
    await inTransaction(this.context.db, (tx) => moveRun(tx, run.runId, ['RUNNING'], to));
  }

  private async report(run: Run, result: WorkResult): Promise<JobResult> {
    const now = await requireSameRun(this.context.db, run);
    const [failed] = result.failed;
    if (result.status !== 'failed' || failed === undefined) {
      return this.end(now, result.status === 'done' ? now.status : 'STOPPED', result, false);
    }
    const failure = {
      code: failed.errorCode ?? 'PARTITION_FAILED',
      message: `Partition ${failed.number}: ${failed.errorMessage}`,
    };
    await this.record(now, 'FAILED', result, failure);
    throw new MagamError(
      'PARTITION_FAILED',
      `${result.failed.length} of ${result.partitions} partitions failed. ${failure.message}`,
      {
        runId: run.runId,
        status: 'FAILED',
        partitions: result.failed.map(({ number, errorCode, errorMessage }) => ({
          number,
          code: errorCode,
          message: errorMessage,
        })),
      },
    );
  }

  private async requireFree(run: Run): Promise<void> {
    if (this.request.wait || this.executionId !== null) return;
    if (await hasLiveExecution(this.context.db, run.runId)) {
      throw new MagamError('RUN_HELD', `Somebody else is working on the run of ${run.key}.`, {
        runId: run.runId,
        [this.job.keyName]: run.key,
      });
    }
  }

  /** Records the failure where the database can be reached; the error itself is the caller's. */
  private async fail(error: unknown): Promise<void> {
    if (this.executionId === null) return;
    const known = asMagamError(error);
    const code = known instanceof MagamError ? known.code : 'INTERNAL';
    if (code === 'RUN_LOST') return; // its ids may be another's by now
    try {
      // A request that was refused at the door has its run already; as FAILED it can be asked for again.
      const run = this.run ?? (await findRun(this.context.db, this.job.name, this.request.key));
      if (run !== undefined) await this.moveRun(run, 'FAILED');
      await this.record(run, 'FAILED', null, { code, message: errorText(error) });
    } catch {
      // The database is away; the execution's missing heartbeat tells the rest.
    }
  }

  private async end(
    run: Run | undefined,
    status: RunStatus,
    result: WorkResult | null,
    alreadyDone: boolean,
  ): Promise<JobResult> {
    await this.record(run, status, result);
    const { executionId, stages, notices } = this;
    const seconds = secondsSince(this.startedAt);
    return { run: run && { ...run, status }, status, executionId, alreadyDone, seconds, stages, notices };
  }

  private async record(
    run: Run | undefined,
    status: RunStatus,
    result: WorkResult | null,
    failure?: { code: string; message: string },
  ): Promise<void> {
    if (this.executionId === null) return;
    const exitCode =
      status === 'STOPPED' ? errors.RUN_STOPPED.exit : status === 'FAILED' ? 1 : status === 'COMPLETED' ? 0 : 3;
    await endExecution(this.context.db, this.executionId, {
      status,
      generation: run?.generation ?? null,
      entries: (result?.done ?? 0) + (result?.exceptions ?? 0),
      done: result?.done ?? 0,
      exceptions: result?.exceptions ?? 0,
      exitCode,
      errorCode: failure?.code ?? null,
      errorMessage: failure?.message.slice(0, 1000) ?? null,
    });
  }

  private async stage<T>(name: Stage['name'], work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await work();
    this.stages.push({ name, seconds: secondsSince(started) });
    return result;
  }
}

/** How many entries the run's generation has, and how many are committed. */
async function committedSoFar(db: Db, run: Run): Promise<{ total: number; before: number }> {
  const partitions = await readPartitions(db, run.runId, run.generation);
  const passes = [...(await readPasses(db, run.runId, run.generation)).values()].flat();
  return {
    total: passes.reduce((sum, { entries }) => sum + entries, 0),
    before:
      passes.reduce((sum, { done }) => sum + done, 0) + partitions.reduce((sum, { exceptions }) => sum + exceptions, 0),
  };
}

async function donePartitions(tx: Tx, run: Run): Promise<DonePartition[]> {
  const partitions = await readPartitions(tx, run.runId, run.generation);
  if (partitions.some(({ status }) => status !== 'DONE')) throw new Error(`run ${run.runId} is not done`);
  const passes = await readPasses(tx, run.runId, run.generation);
  return partitions.map((partition) => ({ ...partition, passes: passes.get(partition.partitionId) ?? [] }));
}

/** Seconds since an instant of `performance.now()`, to the millisecond. */
const secondsSince = (instant: number): number => Math.round(performance.now() - instant) / 1000;
