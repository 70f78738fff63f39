/**
 * The door and the plan of a run. Shutting the door waits for every writer of the date; only then, in a later transaction, is
 * the plan made, so it sees all that they committed.
 */
import { type Leg, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import {
  closingDateBefore,
  ensureDates,
  lockCalendar,
  lockOpenDates,
  readDateStatus,
  shutDate,
} from '../../../core/feed/stores/calendar.js';
import type { IdRange } from '../../../core/jobs/stores/plan.js';
import { moveRun, openNextGeneration, type Run } from '../../../core/jobs/stores/run.js';
import { readPolicyRevision } from '../../../core/policies/stores/fee-policy.js';
import {
  type ClosedAlong,
  type ClosingOptions,
  closedAlong,
  closedAlongWords,
  requireClosable,
  requireEarlierClosed,
} from '../../../core/settlement/closable-date.js';
import { newPlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { readCertificate } from '../../../core/settlement/stores/certificate.js';
import { countEntries, type EntrySource, entryIdAt, entryIds } from '../../../core/settlement/stores/entry-page.js';
import { findSettlementRun, SETTLE } from '../../../core/settlement/stores/settlement-run.js';
import { type Db, forWholeDates, inTransaction, type Tx } from '../../../infra/database.js';
import { faultPoint } from '../../../infra/faults.js';
import { type PlatformTime, readPlatformTime } from '../../../infra/platform-time.js';
import type { JobCall } from '../../engine/job.js';
import { openRun } from '../../engine/open-run.js';
import { requireAhead } from './take-turn.js';

/**
 * Shuts the door of the date and opens its run; finds both as they are when that was done before.
 * @returns the run, or undefined when the date was closed, empty, along with a later one
 */
export async function openDate(call: JobCall): Promise<Run | undefined> {
  const { db, config, request, notice } = call;
  const date = request.key;
  const options: ClosingOptions = request.options ?? {};
  await ensureDates(db, [date]);
  const notices: string[] = [];
  const run = await inTransaction(db, async (tx) => {
    notices.length = 0;
    await lockCalendar(tx);
    await lockOpenDates(tx, date);
    const status = await readDateStatus(tx, date);
    await requireAhead(tx, call);
    if (status === 'CLOSING' && request.ahead === undefined) await requireEarlierClosed(tx, date);
    if (status === 'CLOSED' && (await readCertificate(tx, date, 1)) === undefined) return dropEmptyRun(tx, date);
    if (status === 'OPEN') {
      const now = await readPlatformTime(tx, config.timeZone);
      await requireClosable(tx, date, now, options, request.ahead !== undefined);
      notices.push(...closingNotices(date, now, await closedAlong(tx, date)));
      await shutDate(tx, date);
    }
    return openRun(tx, SETTLE, date);
  });
  notices.forEach(notice);
  await faultPoint('run.opened');
  return run;
}

/** Notes for the person who closes the date. */
export function closingNotices(date: string, now: PlatformTime, closes: ClosedAlong | undefined): string[] {
  const notices = [];
  if (date >= now.date)
    notices.push(`${date} is not over yet in ${now.timeZone}; a closed date takes no more entries.`);
  if (closes !== undefined) notices.push(`Closed along with ${date}, without entries: ${closedAlongWords(closes)}.`);
  return notices;
}

/** A date that was closed without entries along with a later one: a run that was requested since has nothing to do. */
async function dropEmptyRun(tx: Tx, date: string): Promise<undefined> {
  const asked = await findSettlementRun(tx, date, true);
  if (asked !== undefined) await moveRun(tx, asked.runId, ['REQUESTED', 'RUNNING', 'STOPPED', 'FAILED'], 'COMPLETED');
}

/** Opens the next generation of a completed run, or finds the one that somebody else has opened. */
export async function openSupplement(db: Db, run: Run): Promise<Run | undefined> {
  await inTransaction(db, async (tx) => {
    await openNextGeneration(tx, run);
    await moveRun(tx, run.runId, ['STOPPED', 'FAILED'], 'RUNNING');
  });
  return findSettlementRun(db, run.key);
}

export const sourceOf = (generation: number): EntrySource => (generation === 1 ? 'feed' : 'exceptions');

/** The ranges of the run's generation, sales before refunds, and the policies that it settles under. */
export async function planDate(tx: Tx, run: Run, gridSize: number) {
  const ranges = await partitionRanges(forWholeDates(tx), sourceOf(run.generation), run.key, gridSize);
  const parameters = newPlanParameters(await readPolicyRevision(tx));
  const ahead = run.generation === 1 && (await closingDateBefore(tx, run.key)) !== undefined;
  return { parameters, ahead, partitions: ranges.map((range) => [range[SALE], range[REFUND]]) };
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

/** With this few entries all ids are read at once, instead of one query for each boundary. */
const READ_IDS_MAX = 5_000;

/**
 * Ranges (lo, hi] with equal numbers of entries: the boundaries are ids read through the index, because a date's ids come in
 * clusters between those of other dates and arithmetic on the smallest and the largest would leave most partitions empty.
 */
async function evenRanges(db: Db, source: EntrySource, date: string, leg: Leg, gridSize: number): Promise<IdRange[]> {
  const entries = await countEntries(db, source, date, leg);
  const parts = Math.min(gridSize, entries);
  const ids = entries <= READ_IDS_MAX ? await entryIds(db, source, date, leg) : undefined;
  const ranges: IdRange[] = [];
  for (let i = 0, lo = 0, before = 0; i < parts; i += 1) {
    const through = Math.floor((entries * (i + 1)) / parts);
    const hi = ids === undefined ? await entryIdAt(db, source, date, leg, lo, through - before - 1) : ids[through - 1];
    if (hi === undefined)
      throw new Error(`the ids of ${date} end before their count; the feed changed behind a shut door`);
    ranges.push({ lo, hi, entries: through - before });
    lo = hi;
    before = through;
  }
  return ranges;
}
