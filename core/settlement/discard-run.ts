/** Discards a run with a wrong plan, before it is certified. */
import { type Db, forWholeDates, inTransaction, type Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { recordFeedEvents } from '../event-feed/stores/feed-event.js';
import { abandonExecutions, hasLiveExecution } from '../jobs/stores/execution.js';
import { deletePlan } from '../jobs/stores/plan.js';
import { isCompleted, type Run, type RunStatus, returnToGeneration } from '../jobs/stores/run.js';
import { forgetExceptions } from './stores/exception.js';
import { deleteLines, hasRefundsElsewhere } from './stores/line.js';
import { deletePartitionTotals } from './stores/partition-total.js';
import { findSettlementRunById } from './stores/settlement-run.js';

export interface DiscardedRun {
  readonly runId: number;
  readonly date: string;
  readonly generation: number;
  /** The status of the run now. */
  readonly status: RunStatus;
  /** Settled lines that were removed. */
  readonly lines: number;
}

/**
 * Removes what the run's open generation has written: lines, parked entries, totals, partitions and the plan. The history of its executions stays.
 * The date stays shut, and the next settle plans it anew, under the policies that are stored then. For a supplement only the supplement is removed.
 * It is one transaction, which takes about as long as writing the lines did. `record` is called in it, to write the audit log.
 *
 * Throws RUN_NOT_FOUND, RUN_COMPLETED when there is nothing open, RUN_HELD while a living process works on it, RUN_RESTED_ON when a refund that was
 * settled on another date since took its figures from a line of this supplement.
 */
export async function discardRun(
  db: Db,
  runId: number,
  record: (tx: Tx, before: RunStatus, discarded: DiscardedRun) => Promise<void>,
): Promise<DiscardedRun> {
  return inTransaction(db, async (transaction) => {
    const tx = forWholeDates(transaction);
    const run = found(await findSettlementRunById(tx, runId, true), 'RUN_NOT_FOUND', { runId });
    const { date, generation } = run;
    if (isCompleted(run.status)) throw new MagamError('RUN_COMPLETED', undefined, { runId, date });
    if (await hasLiveExecution(tx, runId)) throw new MagamError('RUN_HELD', undefined, { runId, date });
    if (generation > 1 && (await hasRefundsElsewhere(tx, date, generation)))
      throw new MagamError('RUN_RESTED_ON', undefined, { runId, date });
    await abandonExecutions(tx, runId, 'discard');
    const lines = await removeOpenGeneration(tx, run);
    const status = generation === 1 ? 'STOPPED' : 'COMPLETED_WITH_EXCEPTIONS';
    await returnToGeneration(tx, runId, Math.max(1, generation - 1), status);
    const discarded: DiscardedRun = { runId, date, generation, status, lines };
    await recordFeedEvents(tx, [{ type: 'run.discarded', data: { runId, date, generation, lines } }]);
    await record(tx, run.status, discarded);
    return discarded;
  });
}

/** Removes what the run's open generation has written, and its plan. Returns how many settled lines it were. The caller holds the run's row. */
export async function removeOpenGeneration(
  tx: Tx,
  { runId, key: date, generation }: Pick<Run, 'runId' | 'key' | 'generation'>,
): Promise<number> {
  await deletePartitionTotals(tx, runId, generation);
  await deletePlan(tx, runId, generation);
  const lines = await deleteLines(tx, date, generation);
  await forgetExceptions(tx, date, generation);
  return lines;
}
