/** Settles one business date, or computes the result without writing it. */

import { readDateStatus } from '../../../core/feed/stores/calendar.js';
import { findPlan } from '../../../core/jobs/stores/plan.js';
import { isCompleted } from '../../../core/jobs/stores/run.js';
import { requireClosable, requireEarlierClosed } from '../../../core/settlement/closable-date.js';
import { currencyTotals } from '../../../core/settlement/rules/currency-totals.js';
import type { SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import { findSettlementRun, type SettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import { readPlatformTime } from '../../../infra/platform-time.js';
import type { JobContext, JobRequest } from '../../engine/job.js';
import { type Stage as JobStage, runJob } from '../../engine/run-job.js';
import { type DryRunResult, dryRunRanges, settledEntries } from './dry-run.js';
import { closingNotices, sourceOf } from './open-run.js';
import { emptyClosedDate, type ReportFrame, reportRun, type SettleReport, type Stage } from './report.js';
import { settleJob } from './settle-job.js';

export interface SettleRequest extends Omit<JobRequest, 'key'> {
  readonly date: string;
  readonly dryRun: boolean;
}

/**
 * Carries out one request. Throws, by the registry's codes: EARLIER_DATE_OPEN, IMPORT_IN_PROGRESS, DATE_NOT_OVER, DATE_EMPTY, RUN_HELD, PARTITION_FAILED,
 * CONTROL_TOTALS_DIFFER.
 */
export async function settleDate(context: JobContext, request: SettleRequest): Promise<SettleReport> {
  const { date, dryRun, gridSize, workers, chunkRows, ...rest } = request;
  if (dryRun) return new DryRun(context, request).carryOut();
  const { run, status, stages, ...result } = await runJob(context, settleJob, {
    key: date,
    gridSize,
    workers,
    chunkRows,
    ...rest,
  });
  const { executionId, alreadyDone, entries, seconds } = result;
  const frame: ReportFrame = {
    executionId,
    alreadyDone,
    entries,
    seconds,
    gridSize,
    workers,
    chunkRows,
    stages: stages.map(({ name, seconds }) => ({ name: stageNames[name], seconds })),
    notices: result.notices,
  };
  const report = run === undefined ? emptyClosedDate(date) : await reportRun(context.db, run);
  return { ...report, status, ...frame };
}

const stageNames: Record<JobStage['name'], Stage['name']> = {
  open: 'door',
  plan: 'plan',
  work: 'lines',
  finish: 'finish',
};

/** `--dry-run`: computes everything and writes nothing. */
class DryRun {
  private readonly startedAt = performance.now();
  private readonly stages: Stage[] = [];
  private readonly notices: string[] = [];

  constructor(
    private readonly context: JobContext,
    private readonly request: SettleRequest,
  ) {}

  async carryOut(): Promise<SettleReport> {
    const run = await findSettlementRun(this.context.db, this.request.date);
    return run !== undefined && isCompleted(run.status) ? this.supplement(run) : this.date(run);
  }

  /** A closed date: its parked entries, under the policies known now. */
  private async supplement(run: SettlementRun): Promise<SettleReport> {
    const { db } = this.context;
    const alreadyDone = async (): Promise<SettleReport> => ({ ...(await reportRun(db, run)), ...this.frame(true) });
    if ((await countOpenExceptions(db, run.date)) === 0) return alreadyDone();
    const result = await dryRunRanges(this.context, this.request, 'exceptions', null);
    const settled = settledEntries(result);
    if (settled === 0) {
      this.notices.push('The parked entries still cannot be settled; nothing was written.');
      return alreadyDone();
    }
    this.notices.push(
      `${settled} parked entries would be settled; lines, totals and exceptions are those of this supplement.`,
    );
    return this.report(result);
  }

  /** The rest to settle: the date, or its parked entries where a supplement was begun; under the plan's policies if there is a plan. */
  private async date(run: SettlementRun | undefined): Promise<SettleReport> {
    const { db, config } = this.context;
    const { date, options = {} } = this.request;
    if ((await readDateStatus(db, date)) === 'CLOSING') await requireEarlierClosed(db, date);
    else {
      const now = await readPlatformTime(db, config.timeZone);
      await requireClosable(db, date, now, options);
      if (date === now.date) this.notices.push(...closingNotices(date, now, undefined));
    }
    const plan = run && (await findPlan(db, run.runId, run.generation));
    const { policyRevision } = (plan?.parameters ?? { policyRevision: null }) as Partial<SettlePlanParameters>;
    const started = performance.now();
    const result = await dryRunRanges(
      this.context,
      this.request,
      sourceOf(run?.generation ?? 1),
      policyRevision ?? null,
    );
    this.stages.push({ name: 'lines', seconds: secondsSince(started) });
    return this.report(result);
  }

  private report(result: DryRunResult): SettleReport {
    const sums = result.totals.entries();
    return {
      runId: null,
      date: this.request.date,
      status: result.exceptions > 0 ? 'COMPLETED_WITH_EXCEPTIONS' : 'COMPLETED',
      lines: sums.reduce((n, [, t]) => n + t.sales, 0),
      refunds: sums.reduce((n, [, t]) => n + t.refunds, 0),
      exceptions: result.exceptions,
      partitions: result.partitions,
      totals: currencyTotals(sums),
      certificate: null,
      ...this.frame(false, result.exceptions + sums.reduce((n, [, t]) => n + t.sales + t.refunds, 0)),
    };
  }

  private frame(alreadyDone: boolean, entries = 0): ReportFrame {
    const { gridSize, workers, chunkRows } = this.request;
    const seconds = secondsSince(this.startedAt);
    const { stages, notices } = this;
    return { executionId: null, alreadyDone, entries, seconds, gridSize, workers, chunkRows, stages, notices };
  }
}

/** Seconds since an instant of `performance.now()`, to the millisecond. */
const secondsSince = (instant: number): number => Math.round(performance.now() - instant) / 1000;
