/** The set-based side of a verification: what SQL says about all entries, lines and settlements of a date. */
import { type CertifiedTotals, certifiedTotals } from '../../../core/settlement/rules/certificate.js';
import { LineTotals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import {
  FLAWS,
  type Flaw,
  findExcessRefund,
  findFlaw,
  findStrayLine,
  type SellerGroup,
  streamSellerGroups,
} from '../../../core/settlement/stores/verification.js';
import type { Db } from '../../../infra/database.js';
import { type Check, equal } from './check.js';
import { firstDifference } from './compare-totals.js';

export interface Survey {
  readonly entries: number;
  readonly entriesWithLine: number;
  /** Lines by generation. */
  readonly lines: ReadonlyMap<number, number>;
  readonly flaws: Readonly<Record<Flaw, number>>;
  /** The sums over the lines of a generation, per currency. */
  totalsOf(generation: number): CertifiedTotals[];
  readonly settlements: number;
  readonly settlementDifference:
    | { readonly where: string; readonly expected: string; readonly actual: string }
    | undefined;
}

/** Reads the date once. Generations above `certified` are being worked on and have no settlements yet. */
export async function surveyDate(
  db: Db,
  date: string,
  exclusivePolicyIds: readonly number[],
  certified: number,
): Promise<Survey> {
  const flaws = Object.fromEntries(FLAWS.map((flaw) => [flaw, 0])) as Record<Flaw, number>;
  const lines = new Map<number, number>();
  const totals = new Map<number, TotalsBy>();
  let entries = 0;
  let settlements = 0;
  let settlementDifference: Survey['settlementDifference'];
  let open: SellerGroup | undefined;
  const settle = (settlement: SellerGroup | undefined): void => {
    settlementDifference ??= differenceOf(open, settlement);
    open = undefined;
  };
  for await (const group of streamSellerGroups(db, date, exclusivePolicyIds)) {
    const { generation } = group;
    if (group.kind === 'settlement') {
      settlements += 1;
      if (open !== undefined && !sameKey(open, group)) settle(undefined);
      settle(group);
      continue;
    }
    if (open !== undefined) settle(undefined);
    entries += group.entries;
    for (const flaw of FLAWS) flaws[flaw] += group.flaws[flaw];
    if (generation === null) continue;
    lines.set(generation, (lines.get(generation) ?? 0) + group.entries);
    const sums = totals.get(generation) ?? new TotalsBy();
    totals.set(generation, sums);
    sums.of(group.currency).addTotals(group.totals);
    if (generation <= certified) open = group;
  }
  if (open !== undefined) settle(undefined);
  return {
    entries,
    entriesWithLine: [...lines.values()].reduce((sum, n) => sum + n, 0),
    lines,
    flaws,
    totalsOf: (generation) =>
      (totals.get(generation)?.entries() ?? []).map(([currency, sums]) => certifiedTotals(currency, sums)),
    settlements,
    settlementDifference,
  };
}

const sameKey = (a: SellerGroup, b: SellerGroup): boolean =>
  a.sellerId === b.sellerId && a.currency === b.currency && a.generation === b.generation;

/** Where a settlement is not the sum of its lines. */
function differenceOf(
  lines: SellerGroup | undefined,
  settlement: SellerGroup | undefined,
): Survey['settlementDifference'] {
  const group = lines ?? settlement;
  if (group === undefined) return undefined;
  const nothing = new LineTotals().value();
  const [expected, actual] = [lines, settlement].map((one) => [
    certifiedTotals(group.currency, one?.totals ?? nothing),
  ]);
  const difference = firstDifference(expected ?? [], actual ?? []);
  const where = `seller ${group.sellerId}, ${group.currency}, generation ${group.generation}`;
  return difference && { where, ...difference };
}

/** The names of the flaw checks, in the order in which they are printed. */
const flawChecks: readonly (readonly [Flaw, string])[] = [
  ['unsettled', 'entries-settled-or-parked'],
  ['lineAndException', 'entries-not-both'],
  ['saleAmount', 'feed-sale-amounts'],
  ['refundAmount', 'feed-refund-amounts'],
  ['seller', 'line-sellers'],
  ['identity', 'line-identity'],
];

/** The checks that the survey answers, with the first offender of each looked up by name. */
export async function surveyChecks(
  db: Db,
  date: string,
  survey: Survey,
  exclusivePolicyIds: readonly number[],
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [flaw, name] of flawChecks) {
    const count = survey.flaws[flaw];
    const first = count === 0 ? undefined : await findFlaw(db, date, flaw, exclusivePolicyIds);
    const detail = `${survey.entries} entries`;
    if (first === undefined) checks.push(equal(name, 0, count, detail));
    else
      checks.push({
        name,
        ok: false,
        expected: first.expected,
        actual: first.actual,
        detail: `${first.line}; ${count} in all`,
      });
  }
  const stray = await findStrayLine(db, date, survey.entriesWithLine);
  checks.push(
    equal('lines-have-entries', survey.entriesWithLine, stray.lines, stray.first ?? 'every line belongs to an entry'),
  );
  const excess = await findExcessRefund(db, date);
  checks.push(
    excess === undefined
      ? equal('refund-quantities', 0, 0, 'refunds follow each other and stay within their sales')
      : { name: 'refund-quantities', ok: false, expected: excess.expected, actual: excess.actual, detail: excess.line },
  );
  const { settlementDifference: difference, settlements } = survey;
  checks.push(
    difference === undefined
      ? equal('settlements', settlements, settlements, 'each is the sum of its lines')
      : {
          name: 'settlements',
          ok: false,
          expected: difference.expected,
          actual: difference.actual,
          detail: difference.where,
        },
  );
  return checks;
}
