/** Computes a date, or its parked entries, as a run would: over the same threads, and writes nothing. */
import { type Leg, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import { TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import type { EntrySource } from '../../../core/settlement/stores/entry-page.js';
import { MagamError } from '../../../kernel/errors.js';
import type { JobContext } from '../../engine/job.js';
import type { DryRunInput, DryRunOutcome } from './dry-run-range.js';
import { partitionRanges } from './open-run.js';

export interface DryRunResult {
  readonly totals: TotalsBy;
  readonly exceptions: number;
  readonly partitions: number;
}

/** Throws RUN_STOPPED when it is told to stop. `policyRevision` null: the policies known now. */
export async function dryRunRanges(
  { db, pools, signal, onProgress }: JobContext,
  {
    date,
    gridSize,
    workers,
    chunkRows,
  }: Pick<DryRunInput, 'date' | 'chunkRows'> & { gridSize: number; workers: number },
  source: EntrySource,
  policyRevision: number | null,
): Promise<DryRunResult> {
  const ranges = await partitionRanges(db, source, date, gridSize);
  const total = ranges.reduce((sum, range) => sum + range[SALE].entries + range[REFUND].entries, 0);
  const pieces = ranges
    .flatMap((range) => ([SALE, REFUND] as const).map((leg: Leg) => ({ leg, lo: range[leg].lo, hi: range[leg].hi })))
    .filter(({ lo, hi }) => hi > lo);
  const totals = new TotalsBy();
  let exceptions = 0;
  await pools.lend(workers, async (pool) => {
    const stop = (): void => pool.board.requestStop();
    // The others also end before the threads are given back.
    const failed = (error: unknown): never => {
      stop();
      throw error;
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    const ended = await Promise.allSettled(
      pieces
        .map(async (piece) => {
          const input: DryRunInput = { date, source, policyRevision, chunkRows, ...piece };
          const outcome = (await pool.runScan('settle-dry-run', input)) as DryRunOutcome;
          for (const [currency, sums] of outcome.totals) totals.of(currency).addTotals(sums);
          exceptions += outcome.exceptions;
          onProgress(pool.board.entries(), total);
        })
        .map((scan) => scan.catch(failed)),
    );
    signal.removeEventListener('abort', stop);
    for (const scan of ended) if (scan.status === 'rejected') throw scan.reason;
  });
  if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped while computing; nothing was written.');
  return { totals, exceptions, partitions: ranges.length };
}

/** Entries of a dry run that would be settled. */
export const settledEntries = ({ totals }: DryRunResult): number =>
  totals.entries().reduce((sum, [, { sales, refunds }]) => sum + sales + refunds, 0);
