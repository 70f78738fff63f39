/**
 * The life of an execution, for any job: opens or joins the run, plans, works the partitions, finishes, and records how it ended. The same
 * call finishes the work after any crash, and several at once share it. docs/batch-protocol.md tells what it survives.
 */
import { abandonDeadExecutions, beat, hasLiveExecution } from '../../core/jobs/stores/execution.js';
import { readPartitions, readPasses, retryFailedPartitions } from '../../core/jobs/stores/partition.js';
import { findPlan, insertPlan, type Plan } from '../../core/jobs/stores/plan.js';
import { findRun, isCompleted, moveRun, type Run, type RunStatus } from '../../core/jobs/stores/run.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { survivingOutage } from '../../infra/survive-outage.js';
import { MagamError } from '../../kernel/errors.js';
import { type Ending, ExecutionRecord } from './execution-record.js';
import type { DonePartition, JobCall, JobContext, JobRequest, StartedJob } from './job.js';
import { requireSameRun } from './same-run.js';
import { type WorkResult, workPartitions } from './work-partitions.js';
import type { WorkerPool } from './worker-pool.js';

export interface Stage {
  readonly name: 'open' | 'plan' | 'work' | 'finish';
  readonly seconds: number;
}

/** How an execution ended. */
export interface JobResult {
  /** The run as it was last seen; undefined if there is none and nothing had to be done. */
  readonly run: Run | undefined;
  /** What became of the run's generation, as far as this execution goes. */
  readonly status: RunStatus;
  /** Null where the run was completed and nothing was started. */
  readonly executionId: number | null;
  /** The run was completed before. */
  readonly alreadyDone: boolean;
  /** Entries that this execution dealt with itself: others may have worked on the run before it and beside it. */
  readonly entries: number;
  readonly seconds: number;
  readonly stages: readonly Stage[];
  readonly notices: readonly string[];
}

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
  private readonly stopAsked = new AbortController();
  private readonly record: ExecutionRecord;
  private run: Run | undefined;

  constructor(
    private readonly context: JobContext,
    private readonly job: StartedJob,
    private readonly request: JobRequest,
  ) {
    const { db, config } = context;
    this.call = { ...context, request, notice: (sentence) => void this.notices.push(sentence) };
    this.record = new ExecutionRecord(db, config, request.executionId ?? null, () => this.stopAsked.abort());
  }

  async carryOut(): Promise<JobResult> {
    const { db } = this.context;
    try {
      const found = await this.surviving(() => findRun(db, this.job.name, this.request.key));
      if (found !== undefined && isCompleted(found.status)) return await this.again(found);
      if (found !== undefined) await this.surviving(() => this.requireFree(found));
      const run = await this.stage('open', () => this.surviving(() => this.job.open(this.call)));
      if (run === undefined) return await this.end(undefined, 'COMPLETED', null, { alreadyDone: true });
      return isCompleted(run.status) ? await this.again(run) : await this.execute(run);
    } catch (error) {
      await this.fail(error);
      throw error;
    } finally {
      this.record.close();
    }
  }

  private surviving<T>(work: () => Promise<T>): Promise<T> {
    const { config, signal, onOutage } = this.context;
    return survivingOutage({ outageMs: config.outageMs, signal, onOutage }, work);
  }

  private async again(run: Run): Promise<JobResult> {
    const next = (await this.surviving(() => this.job.reopen(this.call, run))) ?? run;
    return isCompleted(next.status) ? this.end(next, next.status, null, { alreadyDone: true }) : this.execute(next);
  }

  private async execute(run: Run): Promise<JobResult> {
    const { db, pools } = this.context;
    const planned = await this.surviving(() => findPlan(db, run.runId, run.generation));
    if (planned !== undefined) this.job.joins?.(run, planned); // before the history says that this process works on it
    await this.surviving(() => abandonDeadExecutions(db, run.runId));
    const executionId = await this.surviving(() => this.record.begin(run, this.request, () => this.held(run)));
    this.run = run;
    if (this.hasPartitions) await this.surviving(() => retryFailedPartitions(db, run.runId, run.generation));
    // The threads start while the database plans, if they will be needed.
    const work = (pool: WorkerPool) => this.planAndWork(run, executionId, pool);
    // Of dates that are worked on at once the earlier comes first, also when it was begun later than the others.
    const { plan, result } = await pools.lend(this.request.workers, work, run.key, this.hasPartitions);
    if (result.status === 'failed') throw await this.failed(run, result);
    if (result.status === 'stopped') return this.stopped(run, executionId, result);
    await faultPoint('run.worked');
    const status = await this.stage('finish', () => this.surviving(() => this.finish(run, plan)));
    return this.end({ ...run, status }, status, result);
  }

  private async planAndWork(
    run: Run,
    executionId: number,
    pool: WorkerPool,
  ): Promise<{ readonly plan: Plan; readonly result: WorkResult }> {
    for (;;) {
      const plan = await this.stage('plan', () => this.surviving(() => this.plan(run, executionId)));
      const result = await this.stage('work', () => this.work(run, plan, executionId, pool));
      if (result.status !== 'plan-anew') return { plan, result };
      this.notices.push(
        'What it was planned with (for a settlement: the fee policies) changed before its turn came, so it was planned anew and its work was done again.',
      );
    }
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
    this.job.joins?.(run, plan);
    if (plan.gridSize !== gridSize)
      this.notices.push(`The run was planned with grid size ${plan.gridSize}, which a resume keeps.`);
    return plan;
  }

  private async freezePlan(tx: Tx, run: Run, executionId: number): Promise<Plan> {
    const { gridSize } = this.request;
    const { parameters, partitions, ahead = false } = await this.job.plan(tx, run, gridSize);
    const plan = { generation: run.generation, gridSize, parameters, plannedBy: executionId, ahead };
    await insertPlan(tx, run.runId, plan, partitions);
    await faultPoint('run.before-plan-commit');
    return plan;
  }

  private get hasPartitions(): boolean {
    return this.job.allInFinish !== true;
  }

  private async work(run: Run, plan: Plan, executionId: number, pool: WorkerPool): Promise<WorkResult> {
    const { db, config, signal, onProgress, onOutage } = this.context;
    if (!this.hasPartitions) return { status: 'done', done: 0, exceptions: 0, partitions: 0, failed: [] };
    const { turn } = this.job;
    const stop = AbortSignal.any([signal, this.stopAsked.signal]);
    const { total, before } = await this.surviving(() => committedSoFar(db, run));
    const counted = pool.board.entries(); // of a plan that was given up
    const result = await workPartitions(
      db,
      pool,
      {
        runId: run.runId,
        executionId,
        generation: plan.generation,
        plannedBy: plan.plannedBy,
        passesWait: this.job.passesWait,
        // What a group fails of costs each of its partitions a claim: with one alone, none would be left to try each by itself.
        together: this.job.together === true && plan.generation === 1 && config.claimsMax > 1,
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
        outageMs: config.outageMs,
        signal: stop,
        onOutage,
        ...(turn === undefined ? {} : { turn: () => turn(db, run) }),
        ...(this.request.ahead === undefined ? {} : { turnNear: this.request.ahead.until }),
        onProgress: (entries) => onProgress(Math.min(total, before + entries - counted), total),
      },
    );
    if (result.status === 'done') onProgress(total, total);
    return result;
  }

  /**
   * Completes the generation, in one transaction: all of it or nothing. Does nothing when somebody else has. Returns what the generation came
   * to. Throws RUN_LOST when its plan was given up since it was read here: what was done under another is not completed under this one.
   */
  private async finish(run: Run, plan: Plan): Promise<RunStatus> {
    const { db } = this.context;
    const complete = await this.job.finish(this.call, run, plan);
    const completed = await inTransaction(db, async (tx) => {
      const current = await requireSameRun(tx, { ...run, plan }, true);
      // The next generation is opened only where this one has parked entries.
      if (current.generation > plan.generation) return 'COMPLETED_WITH_EXCEPTIONS';
      if (isCompleted(current.status)) return current.status;
      const status = await complete(tx, current, this.hasPartitions ? await donePartitions(tx, current) : []);
      await moveRun(tx, run.runId, ['RUNNING', 'STOPPED', 'FAILED'], status);
      await faultPoint('run.before-finish-commit');
      return status;
    });
    await faultPoint('run.finished');
    return completed;
  }

  private async stopped(run: Run, executionId: number, result: WorkResult): Promise<JobResult> {
    const { db } = this.context;
    const now = await this.surviving(() => requireSameRun(db, run));
    if (isCompleted(now.status)) return this.end(now, now.status, result); // by those who worked on it, too
    const { reason } = this.context.signal;
    if (reason instanceof MagamError) throw reason; // nobody has stopped it: it cannot go on
    // Who was taken for dead and wakes up does not stop a run that was resumed since: its stop was carried out without it.
    const { stopRequested, counted } = await this.surviving(() => beat(db, executionId));
    return this.end(now, 'STOPPED', result, {
      movesRun: this.request.onStop === 'stop-run' || (stopRequested && counted),
    });
  }

  private async failed(run: Run, result: WorkResult): Promise<MagamError> {
    const [first] = result.failed;
    const failure = {
      code: first?.errorCode ?? 'PARTITION_FAILED',
      message: `Partition ${first?.number}: ${first?.errorMessage}`,
    };
    const ending: Ending = { status: 'FAILED', result, failure, movesRun: true };
    await this.surviving(() => this.record.leave(run, ending));
    return new MagamError(
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
    if (this.request.wait || this.record.id !== null) return;
    if (await hasLiveExecution(this.context.db, run.runId)) throw this.held(run);
  }

  private held(run: Run): MagamError {
    return new MagamError('RUN_HELD', `Somebody else is working on the run of ${run.key}.`, {
      runId: run.runId,
      [this.job.keyName]: run.key,
    });
  }

  /** Records the failure where the database can be reached; the error itself is the caller's. */
  private async fail(error: unknown): Promise<void> {
    if (this.record.id === null) return;
    const known = asMagamError(error);
    const code = known instanceof MagamError ? known.code : 'INTERNAL';
    try {
      // A request that was refused at the door has its run already; as FAILED it can be asked for again.
      const run = this.run ?? (await findRun(this.context.db, this.job.name, this.request.key));
      const failure = { code, message: errorText(error) };
      await this.record.leave(run, { status: 'FAILED', result: null, failure, movesRun: true });
    } catch {
      // The database is away; the execution's missing heartbeat tells the rest.
    }
  }

  private async end(
    run: Run | undefined,
    status: RunStatus,
    result: WorkResult | null,
    { alreadyDone = false, movesRun = false }: { readonly alreadyDone?: boolean; readonly movesRun?: boolean } = {},
  ): Promise<JobResult> {
    const othersGoOn = await this.surviving(() => this.record.leave(run, { status, result, movesRun }));
    if (othersGoOn) this.notices.push('Others work on the run and go on with it.');
    const { stages, notices } = this;
    const seconds = secondsSince(this.startedAt);
    const entries = result === null ? 0 : result.done + result.exceptions;
    return { run, status, executionId: this.record.id, alreadyDone, entries, seconds, stages, notices };
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
