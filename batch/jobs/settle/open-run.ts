/**
 * The door and the plan of a run. Shutting the door waits for every writer of the date; only then, in a later transaction, is
 * the plan made, so it sees all that they committed.
 */
import { type Leg, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import {
  ensureDates,
  lockCalendar,
  lockOpenDates,
  readDateStatus,
  shutDate,
} from '../../../core/feed/stores/calendar.js';
import {
  ensureRun,
  findPlan,
  findRun,
  type IdRange,
  insertPlan,
  isCompleted,
  moveRun,
  openSupplement,
  type Plan,
  type Run,
} from '../../../core/jobs/stores/run.js';
import { readPolicyRevision } from '../../../core/policies/stores/fee-policy.js';
import { requireClosable } from '../../../core/settlement/closable-date.js';
import { readCertificate } from '../../../core/settlement/stores/certificate.js';
import { countEntries, type EntrySource, entryIdAt } from '../../../core/settlement/stores/entry-page.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { faultPoint } from '../../../infra/faults.js';

/**
 * Shuts the door of the date and opens its run; finds both as they are when that was done before.
 * @returns the run, or undefined when the date was closed, empty, along with a later one
 */
export async function openRun(db: Db, date: string): Promise<Run | undefined> {
  await ensureDates(db, [date]);
  const run = await inTransaction(db, async (tx) => {
    await lockCalendar(tx);
    await lockOpenDates(tx, date);
    const status = await readDateStatus(tx, date);
    if (status === 'CLOSED' && (await readCertificate(tx, date, 1)) === undefined) return dropEmptyRun(tx, date);
    if (status === 'OPEN') {
      await requireClosable(tx, date);
      await shutDate(tx, date);
    }
    const opened = await ensureRun(tx, date, 'RUNNING');
    if (!isCompleted(opened.status)) await moveRun(tx, opened.runId, ['REQUESTED', 'STOPPED', 'FAILED'], 'RUNNING');
    return findRun(tx, date);
  });
  await faultPoint('run.opened');
  return run;
}

/** A date that was closed, empty, along with a later one: a run that was asked for since has nothing to do. */
async function dropEmptyRun(tx: Tx, date: string): Promise<undefined> {
  const asked = await findRun(tx, date, true);
  if (asked !== undefined) await moveRun(tx, asked.runId, ['REQUESTED', 'RUNNING', 'STOPPED', 'FAILED'], 'COMPLETED');
}

/** Puts a stopped or failed supplement back to work, or opens the next generation of a completed run. */
export async function openNextGeneration(db: Db, run: Run): Promise<Run> {
  await inTransaction(db, async (tx) => {
    await openSupplement(tx, run);
    await moveRun(tx, run.runId, ['STOPPED', 'FAILED'], 'RUNNING');
  });
  return (await findRun(db, run.date)) as Run;
}

/**
 * The plan of the run's generation: found, or made and frozen. Concurrent planners queue at the run's row; the first plans,
 * the others find the plan.
 */
export async function planRun(db: Db, run: Run, gridSize: number, executionId: number): Promise<Plan> {
  const found = await findPlan(db, run.runId, run.generation);
  if (found !== undefined) return found;
  const plan = await inTransaction(db, async (tx) => {
    await findRun(tx, run.date, true);
    return (await findPlan(tx, run.runId, run.generation)) ?? (await freezePlan(tx, run, gridSize, executionId));
  });
  await faultPoint('run.planned');
  return plan;
}

export const sourceOf = (generation: number): EntrySource => (generation === 1 ? 'feed' : 'exceptions');

async function freezePlan(tx: Tx, run: Run, gridSize: number, executionId: number): Promise<Plan> {
  const ranges = await partitionRanges(tx, sourceOf(run.generation), run.date, gridSize);
  const total = (leg: Leg): number => ranges.reduce((sum, range) => sum + range[leg].entries, 0);
  const policyRevision = await readPolicyRevision(tx);
  const plan = { generation: run.generation, gridSize, policyRevision, sales: total(SALE), refunds: total(REFUND) };
  await insertPlan(tx, run.runId, plan, executionId, ranges);
  await faultPoint('run.before-plan-commit');
  return plan;
}

/** At most `gridSize` partitions, each with a range of sales and a range of refunds; none for a date without entries. */
export async function partitionRanges(
  db: Db,
  source: EntrySource,
  date: string,
  gridSize: number,
): Promise<Record<Leg, IdRange>[]> {
  const sales = await evenRanges(db, source, date, SALE, gridSize);
  const refunds = await evenRanges(db, source, date, REFUND, gridSize);
  const empty: IdRange = { lo: 0, hi: 0, entries: 0 };
  return Array.from({ length: Math.max(sales.length, refunds.length) }, (_, i) => ({
    [SALE]: sales[i] ?? empty,
    [REFUND]: refunds[i] ?? empty,
  }));
}

/**
 * Ranges (lo, hi] with equal numbers of entries: the boundaries are ids read through the index, because a date's ids come in
 * clusters between those of other dates and arithmetic on the smallest and the largest would leave most partitions empty.
 */
async function evenRanges(db: Db, source: EntrySource, date: string, leg: Leg, gridSize: number): Promise<IdRange[]> {
  const entries = await countEntries(db, source, date, leg);
  const parts = Math.min(gridSize, entries);
  const ranges: IdRange[] = [];
  for (let i = 0, lo = 0, before = 0; i < parts; i += 1) {
    const through = Math.floor((entries * (i + 1)) / parts);
    const hi = await entryIdAt(db, source, date, leg, lo, through - before - 1);
    if (hi === undefined)
      throw new Error(`the ids of ${date} end before their count; the feed changed behind a shut door`);
    ranges.push({ lo, hi, entries: through - before });
    lo = hi;
    before = through;
  }
  return ranges;
}
