/** Computes a range of entries as a run would and writes nothing: for `--dry-run`, and to find out whether a supplement would settle anything. */

import type { Leg } from '../../../core/feed/rules/leg.js';
import { SALE } from '../../../core/feed/rules/leg.js';
import type { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import {
  type Decision,
  decideRefunds,
  decideSales,
  type Refused,
  settleSaleOf,
} from '../../../core/settlement/rules/decide.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { type Totals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import {
  type EntryPage,
  type EntrySource,
  readRefunds,
  readSales,
} from '../../../core/settlement/stores/entry-page.js';
import type { Db } from '../../../infra/database.js';
import type { Thread } from '../../engine/job.js';
import { originalPolicyIds, RunPolicies, withPolicies } from './policies-of-run.js';
import { findStillRefused } from './refused-lines.js';

/** A range of one leg's entries. */
export interface DryRunInput {
  readonly date: string;
  readonly leg: Leg;
  readonly source: EntrySource;
  readonly lo: number;
  readonly hi: number;
  /** Null: the policies known now. */
  readonly policyRevision: number | null;
  readonly chunkRows: number;
}

export interface DryRunOutcome {
  readonly exceptions: number;
  readonly totals: readonly [string, Totals][];
}

const policies = new RunPolicies();

/** Computes the range page by page. */
export async function dryRunRange(input: DryRunInput, { db, board, slot }: Thread): Promise<DryRunOutcome> {
  const book = await policies.at(db, input.policyRevision);
  const totals = new TotalsBy();
  let exceptions = 0;
  for (let after = input.lo; after < input.hi && !board.stopRequested(); ) {
    const page = { source: input.source, date: input.date, after, through: input.hi, limit: input.chunkRows };
    const { rows, decision } = await decidePage(input, page, { db, policies: book });
    for (const line of decision.lines) totals.of(line.currency).add(line.leg, line.figures);
    exceptions += decision.exceptions.length;
    board.addEntries(slot, rows.length);
    after = rows.length < page.limit ? input.hi : (rows.at(-1) as { entryId: number }).entryId;
  }
  return { exceptions, totals: totals.entries() };
}

async function decidePage(
  task: DryRunInput,
  page: EntryPage,
  { db, policies }: { db: Db; policies: PolicyBook },
): Promise<{ rows: readonly { entryId: number }[]; decision: Decision }> {
  const stillRefused = async (lines: readonly SettledLine[]): Promise<Refused> =>
    task.source === 'exceptions' ? findStillRefused(db, task.date, lines) : none;
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
