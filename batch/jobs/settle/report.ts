/** The report of a settle command: the state of the whole run, whichever process did the work. */

import { isCompleted, type Run, type RunStatus } from '../../../core/jobs/stores/run.js';
import { type CurrencyTotals, currencyTotals } from '../../../core/settlement/rules/currency-totals.js';
import { readCertificate } from '../../../core/settlement/stores/certificate.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import { readRunTotals } from '../../../core/settlement/stores/partition-total.js';
import { readRunCounts } from '../../../core/settlement/stores/settlement-run.js';
import type { Db } from '../../../infra/database.js';

export interface Stage {
  readonly name: 'door' | 'plan' | 'lines' | 'finish';
  readonly seconds: number;
}

export interface SettleReport {
  /** Null for a dry run, and for a date that was closed, empty, along with a later one. */
  readonly runId: number | null;
  readonly executionId: number | null;
  readonly date: string;
  readonly status: RunStatus;
  readonly alreadyDone: boolean;
  /** Sales settled, over all generations. */
  readonly lines: number;
  readonly refunds: number;
  /** Entries that are parked now. */
  readonly exceptions: number;
  readonly partitions: number;
  /** Entries that this execution handled itself, in its `seconds`: others may have worked on the run, or an earlier execution. */
  readonly entries: number;
  readonly seconds: number;
  readonly totals: readonly CurrencyTotals[];
  readonly certificate: { readonly hash: string; readonly generation: number } | null;
  readonly gridSize: number;
  readonly workers: number;
  readonly chunkRows: number;
  readonly stages: readonly Stage[];
  /** Notes for the person, in sentences. */
  readonly notices: readonly string[];
}

export type ReportFrame = Pick<
  SettleReport,
  'executionId' | 'alreadyDone' | 'entries' | 'seconds' | 'gridSize' | 'workers' | 'chunkRows' | 'stages' | 'notices'
>;

/** Reports a run as the database has it. */
export async function reportRun(db: Db, run: Run): Promise<Omit<SettleReport, keyof ReportFrame>> {
  const counts = await readRunCounts(db, run.runId);
  const certificate = isCompleted(run.status) ? await readCertificate(db, run.key, run.generation) : undefined;
  return {
    runId: run.runId,
    date: run.key,
    status: run.status,
    lines: counts.sales,
    refunds: counts.refunds,
    exceptions: await countOpenExceptions(db, run.key),
    partitions: counts.partitions,
    totals: currencyTotals(await readRunTotals(db, run.runId)),
    certificate: certificate === undefined ? null : { hash: certificate.hash, generation: certificate.generation },
  };
}

/** The report of a date that was closed without entries along with a later one, which has no run. */
export const emptyClosedDate = (date: string): Omit<SettleReport, keyof ReportFrame> => ({
  runId: null,
  date,
  status: 'COMPLETED',
  lines: 0,
  refunds: 0,
  exceptions: 0,
  partitions: 0,
  totals: [],
  certificate: null,
});
