/** Computes a range of entries as a run would and writes nothing: for `--dry-run`, and to see whether a supplement is worth a run. */
import { TotalsBy } from '../../../domain/line-totals.js';
import type { PolicyBook } from '../../../domain/policy-book.js';
import { SALE, type SettledLine } from '../../../domain/settled-line.js';
import type { Db } from '../../../infra/database.js';
import { type Page, readRefunds, readSales } from '../../../infra/stores/run-feed.js';
import type { SharedBoard, TrialOutcome, TrialTask } from '../../engine/protocol.js';
import { type Decision, decideRefunds, decideSales, type Refused, settleSaleOf } from './decide.js';
import { originalPolicyIds, withPolicies } from './policies-of-run.js';
import { findStillRefused } from './refused-lines.js';

/** Works the range page by page. */
export async function tryRange(
  task: TrialTask,
  thread: { db: Db; policies: PolicyBook; board: SharedBoard },
): Promise<TrialOutcome> {
  const totals = new TotalsBy();
  let exceptions = 0;
  for (let after = task.lo; after < task.hi && !thread.board.stopRequested(); ) {
    const page = { source: task.source, date: task.date, after, through: task.hi, limit: task.chunkRows };
    const { rows, decision } = await decidePage(task, page, thread);
    for (const line of decision.lines) totals.of(line.currency).add(line.leg, line.figures);
    exceptions += decision.parked.length;
    thread.board.addEntries(task.slot, rows.length);
    after = rows.length < page.limit ? task.hi : (rows.at(-1) as { entryId: number }).entryId;
  }
  return { exceptions, totals: totals.entries() };
}

async function decidePage(
  task: TrialTask,
  page: Page,
  { db, policies }: { db: Db; policies: PolicyBook },
): Promise<{ rows: readonly { entryId: number }[]; decision: Decision }> {
  const stillRefused = async (lines: readonly SettledLine[]): Promise<Refused> =>
    task.source === 'parked' ? findStillRefused(db, task.date, lines) : none;
  if (task.leg === SALE) {
    const rows = await readSales(db, page, policies);
    const decision = decideSales(rows, policies, none);
    const refused = await stillRefused(decision.lines);
    return { rows, decision: refused.size === 0 ? decision : decideSales(rows, policies, refused) };
  }
  const rows = await readRefunds(db, page);
  const known = await withPolicies(db, policies, originalPolicyIds(rows));
  const unsettled = rows.flatMap(({ sale, original }) => (original === undefined && sale !== undefined ? [sale] : []));
  const refused = await stillRefused(decideSales(unsettled, policies, none).lines);
  return { rows, decision: decideRefunds(rows, known, none, settleSaleOf(task.date, policies, refused)) };
}

const none: Refused = new Map();
