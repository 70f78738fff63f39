/**
 * Settles one business date: opens or joins the run, plans, works the partitions, finishes. The same call finishes the work
 * after any crash, and several at once share it. docs/batch-protocol.md tells what it survives.
 */

import { hostname } from 'node:os';
import { type Leg, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import { retryFailedPartitions } from '../../../core/jobs/stores/partition.js';
import {
  abandonDeadExecutions,
  beat,
  type ExecutionParameters,
  endExecution,
  findPlan,
  findRun,
  hasLiveExecution,
  isCompleted,
  moveRun,
  type Plan,
  type Run,
  startExecution,
} from '../../../core/jobs/stores/run.js';
import { requireClosable } from '../../../core/settlement/closable-date.js';
import { TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import type { Config } from '../../../infra/config.js';
import { asMagamError, type Db, errorText, inTransaction } from '../../../infra/database.js';
import { todayIn } from '../../../infra/time-zone.js';
import { errors, MagamError } from '../../../kernel/errors.js';
import { survivingOutage } from '../../engine/survive-outage.js';
import { type WorkResult, workPartitions } from '../../engine/work-partitions.js';
import type { WorkerPools } from '../../engine/worker-pool.js';
import { finishRun } from './finish-run.js';
import { openNextGeneration, openRun, partitionRanges, planRun, sourceOf } from './open-run.js';
import {
  currencyTotals,
  type ReportFrame,
  reportEmptyClosedDate,
  reportRun,
  type SettleReport,
  type Stage,
} from './report.js';
import type { TrialInput, TrialOutcome } from './trial.js';

export interface SettleRequest extends ExecutionParameters {
  readonly date: string;
  readonly dryRun: boolean;
  /** False: `RUN_HELD` instead of joining a run that somebody else works on. */
  readonly wait: boolean;
  /** What being told to stop means for the run: it is stopped, or left to the others. A stop request always stops it. */
  readonly onStop: 'stop-run' | 'leave-run';
  /** A request that this process has taken, to be carried out as its execution. */
  readonly executionId?: number;
}

export interface SettleContext {
  readonly db: Db;
  readonly config: Config;
  /** The threads, started when they are first needed and kept for the next date. */
  readonly pools: WorkerPools;
  /** Aborted: finish the chunk in hand and stop. */
  readonly signal: AbortSignal;
  /** Entries done by this process, and of how many once that is known. */
  readonly onProgress: (done: number, total?: number) => void;
}

/** Carries one request out. Throws what the registry calls it: EARLIER_DATE_OPEN, IMPORT_IN_PROGRESS, RUN_HELD, PARTITION_FAILED, CONTROL_TOTALS_DIFFER. */
export async function settleDate(context: SettleContext, request: SettleRequest): Promise<SettleReport> {
  return new SettleCommand(context, request).carryOut();
}

/** One settle command: what it was asked, what it holds, how long its stages took. */
class SettleCommand {
  private readonly startedAt = performance.now();
  private readonly stages: Stage[] = [];
  private readonly notices: string[] = [];
  private executionId: number | null;
  private run: Run | undefined;

  constructor(
    private readonly context: SettleContext,
    private readonly request: SettleRequest,
  ) {
    this.executionId = request.executionId ?? null;
  }

  async carryOut(): Promise<SettleReport> {
    try {
      if (this.request.date >= todayIn(this.context.config.timeZone)) {
        this.notices.push(
          `${this.request.date} is not over yet in ${this.context.config.timeZone}; a closed date takes no more entries.`,
        );
      }
      const found = await findRun(this.context.db, this.request.date);
      if (found !== undefined && isCompleted(found.status)) return await this.again(found);
      if (this.request.dryRun) return await this.tryDate(found);
      if (found !== undefined) await this.requireFree(found);
      const run = await this.stage('door', () => survivingOutage(() => openRun(this.context.db, this.request.date)));
      if (run === undefined) return await this.emptyClosedDate();
      return isCompleted(run.status) ? await this.again(run) : await this.execute(run);
    } catch (error) {
      await this.fail(error);
      throw error;
    }
  }

  /** A closed date: what is parked is tried again, under the policies known now; nothing is written unless some of it can be settled. */
  private async again(run: Run): Promise<SettleReport> {
    const { db } = this.context;
    if ((await countOpenExceptions(db, run.date)) === 0) return this.done(run);
    const trial = await this.tryRanges('exceptions', null);
    const settled = trial.totals.entries().reduce((sum, [, totals]) => sum + totals.sales + totals.refunds, 0);
    if (settled === 0) {
      this.notices.push('The parked entries still cannot be settled; nothing was written.');
      return this.done(run);
    }
    if (this.request.dryRun) {
      const totals = currencyTotals(trial.totals.entries());
      this.notices.push(
        `${settled} parked entries would be settled; lines, totals and exceptions are those of this supplement.`,
      );
      return { ...this.trialReport(trial, totals), exceptions: trial.exceptions };
    }
    const next = await openNextGeneration(db, run);
    return isCompleted(next.status) ? this.done(next) : this.execute(next);
  }

  private async done(run: Run): Promise<SettleReport> {
    const report = await reportRun(this.context.db, run, this.frame(true));
    await this.endExecution(report.status, null);
    return report;
  }

  private async execute(run: Run): Promise<SettleReport> {
    const { db, config } = this.context;
    await this.requireFree(run);
    await abandonDeadExecutions(db, config.leaseMs, run.runId);
    const executionId = this.executionId ?? (await startExecution(db, run, this.request, hostname(), process.pid));
    this.executionId = executionId;
    this.run = run;
    await retryFailedPartitions(db, run.runId, run.generation);
    this.context.pools.of(this.request.workers); // the threads start while the database plans
    const plan = await this.stage('plan', () =>
      survivingOutage(() => planRun(db, run, this.request.gridSize, executionId)),
    );
    if (plan.gridSize !== this.request.gridSize)
      this.notices.push(`The run was planned with grid size ${plan.gridSize}, which a resume keeps.`);
    const result = await this.stage('lines', () => this.work(run, plan));
    if (result.status === 'done')
      await this.stage('finish', () => survivingOutage(() => finishRun(db, run, plan, config.signingKeyPem)));
    else if (result.status === 'failed') await this.moveRun(run, 'FAILED');
    else if (this.request.onStop === 'stop-run' || (await this.wasAskedToStop(executionId)))
      await this.moveRun(run, 'STOPPED');
    return this.report(run, result);
  }

  /** Who was taken for dead and wakes up does not stop a run that was resumed since: its stop was carried out without it. */
  private async wasAskedToStop(executionId: number): Promise<boolean> {
    const { stopRequested, counted } = await beat(this.context.db, executionId);
    return stopRequested && counted;
  }

  private async moveRun(run: Run, to: 'STOPPED' | 'FAILED'): Promise<void> {
    await inTransaction(this.context.db, (tx) => moveRun(tx, run.runId, ['RUNNING'], to));
  }

  private async report(run: Run, result: WorkResult): Promise<SettleReport> {
    const { db } = this.context;
    const now = (await findRun(db, run.date)) as Run;
    const [failed] = result.failed;
    const report = await reportRun(
      db,
      result.status === 'done' ? now : { ...now, status: result.status === 'stopped' ? 'STOPPED' : 'FAILED' },
      this.frame(false),
    );
    const failure = failed && {
      code: failed.errorCode ?? 'PARTITION_FAILED',
      message: `Partition ${failed.number}: ${failed.errorMessage}`,
    };
    await this.endExecution(report.status, result, failure);
    if (failure !== undefined) {
      throw new MagamError(
        'PARTITION_FAILED',
        `${result.failed.length} of ${report.partitions} partitions failed. ${failure.message}`,
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
    return report;
  }

  private async work(run: Run, plan: Plan): Promise<WorkResult> {
    const { db, config, signal, onProgress } = this.context;
    const total = plan.sales + plan.refunds;
    const before = await reportRun(db, run, this.frame(false));
    const done = before.lines + before.refunds + before.exceptions;
    const pool = this.context.pools.of(this.request.workers);
    pool.renewBoard();
    return workPartitions(
      db,
      pool,
      {
        runId: run.runId,
        executionId: this.executionId as number,
        generation: plan.generation,
        task: {
          date: run.date,
          generation: plan.generation,
          source: sourceOf(plan.generation),
          policyRevision: plan.policyRevision,
          chunkRows: this.request.chunkRows,
        },
      },
      {
        leaseMs: config.leaseMs,
        chunkDeadlineMs: config.chunkDeadlineMs,
        claimsMax: config.claimsMax,
        signal,
        onProgress: (entries) => onProgress(Math.min(total, (plan.generation === 1 ? done : 0) + entries), total),
      },
    );
  }

  /** Computes the date, or only what is parked of it, as a run would. */
  private async tryRanges(
    source: 'feed' | 'exceptions',
    policyRevision: number | null,
  ): Promise<{ totals: TotalsBy; exceptions: number; partitions: number }> {
    const { db, signal, onProgress } = this.context;
    const { date, chunkRows } = this.request;
    const pool = this.context.pools.of(this.request.workers);
    pool.renewBoard();
    const ranges = await partitionRanges(db, source, date, this.request.gridSize);
    const total = ranges.reduce((sum, range) => sum + range[SALE].entries + range[REFUND].entries, 0);
    const tasks = ranges.flatMap((range) =>
      ([SALE, REFUND] as const).map((leg: Leg) => ({ leg, lo: range[leg].lo, hi: range[leg].hi })),
    );
    const totals = new TotalsBy();
    let exceptions = 0;
    const stop = (): void => pool.board.requestStop();
    signal.addEventListener('abort', stop);
    await Promise.all(
      tasks
        .filter(({ lo, hi }) => hi > lo)
        .map(async ({ leg, lo, hi }) => {
          const input: TrialInput = { date, leg, source, lo, hi, policyRevision, chunkRows };
          const outcome = (await pool.runScan('settle-trial', input)) as TrialOutcome;
          for (const [currency, sums] of outcome.totals) totals.of(currency).addTotals(sums);
          exceptions += outcome.exceptions;
          onProgress(pool.board.entries(), total);
        }),
    ).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped while computing; nothing was written.');
    return { totals, exceptions, partitions: ranges.length };
  }

  /** Computes what is left to settle: the date, or what is parked of it where a supplement was begun; under the plan's policies if there is a plan. */
  private async tryDate(run: Run | undefined): Promise<SettleReport> {
    const { db } = this.context;
    await requireClosable(db, this.request.date);
    const plan = run && (await findPlan(db, run.runId, run.generation));
    const source = sourceOf(run?.generation ?? 1);
    const trial = await this.stage('lines', () => this.tryRanges(source, plan?.policyRevision ?? null));
    return this.trialReport(trial, currencyTotals(trial.totals.entries()));
  }

  private trialReport(
    trial: { totals: TotalsBy; exceptions: number; partitions: number },
    totals: SettleReport['totals'],
  ): SettleReport {
    const sums = trial.totals.entries();
    return {
      runId: null,
      date: this.request.date,
      status: trial.exceptions > 0 ? 'COMPLETED_WITH_EXCEPTIONS' : 'COMPLETED',
      lines: sums.reduce((n, [, t]) => n + t.sales, 0),
      refunds: sums.reduce((n, [, t]) => n + t.refunds, 0),
      exceptions: trial.exceptions,
      partitions: trial.partitions,
      totals,
      certificate: null,
      ...this.frame(false),
    };
  }

  private async requireFree(run: Run): Promise<void> {
    if (this.request.wait || this.request.executionId !== undefined || this.executionId !== null) return;
    if (await hasLiveExecution(this.context.db, run.runId, this.context.config.leaseMs)) {
      throw new MagamError('RUN_HELD', `Somebody else is working on the run of ${run.date}.`, {
        runId: run.runId,
        date: run.date,
      });
    }
  }

  /** Records the failure where the database can be reached; the error itself is the caller's. */
  private async fail(error: unknown): Promise<void> {
    const known = asMagamError(error);
    const code = known instanceof MagamError ? known.code : 'INTERNAL';
    if (this.executionId === null) return;
    try {
      // A request that was refused at the door has its run already; as FAILED it can be asked for again.
      const run = this.run ?? (await findRun(this.context.db, this.request.date));
      if (run !== undefined) await this.moveRun(run, 'FAILED');
      await this.endExecution('FAILED', null, { code, message: errorText(error) });
    } catch {
      // The database is away; the execution's missing heartbeat tells the rest.
    }
  }

  private async emptyClosedDate(): Promise<SettleReport> {
    const report = reportEmptyClosedDate(this.request.date, this.frame(true));
    await this.endExecution(report.status, null);
    return report;
  }

  private async endExecution(
    status: SettleReport['status'],
    result: WorkResult | null,
    failure?: { code: string; message: string },
  ): Promise<void> {
    if (this.executionId === null) return;
    const exitCode =
      status === 'STOPPED' ? errors.RUN_STOPPED.exit : status === 'FAILED' ? 1 : status === 'COMPLETED' ? 0 : 3;
    await endExecution(this.context.db, this.executionId, {
      status,
      generation: (await findRun(this.context.db, this.request.date))?.generation ?? null,
      entries: result?.entries ?? 0,
      linesWritten: result?.lines ?? 0,
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

  private frame(alreadyDone: boolean): ReportFrame {
    const { gridSize, workers, chunkRows } = this.request;
    return {
      executionId: this.executionId,
      alreadyDone,
      seconds: secondsSince(this.startedAt),
      gridSize,
      workers,
      chunkRows,
      stages: this.stages,
      notices: this.notices,
    };
  }
}

/** Seconds since an instant of `performance.now()`, to the millisecond. */
const secondsSince = (instant: number): number => Math.round(performance.now() - instant) / 1000;
