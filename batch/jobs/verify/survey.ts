/** Combines the threads' results for all entries, lines and settlements of a date, and makes the checks from them. */
import {
  type CertifiedControl,
  type CertifiedTotals,
  certifiedTotals,
  controlOf,
} from '../../../core/settlement/rules/certificate.js';
import { FLAWS, type Flaw, type NamedFlaw } from '../../../core/settlement/rules/entry-flaws.js';
import { LineTotals, type Totals, type TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { type SellerGroup, SellerSums } from '../../../core/settlement/rules/seller-sums.js';
import {
  findExcessRefund,
  findUnreadable,
  type StrayKind,
  streamSettlements,
  type UnreadableRows,
} from '../../../core/settlement/stores/verification.js';
import type { Db } from '../../../infra/database.js';
import { type Check, equal } from './check.js';
import { firstDifference } from './compare-totals.js';
import { type Found, keepFirst, type SurveyPart, totalsOf } from './verify-reader.js';

const STRAY_KINDS: readonly StrayKind[] = ['line', 'exception'];

export class Survey {
  entries = 0;
  private exceptions = 0;
  /** Lines with an entry, by generation. */
  readonly lines = new Map<number, number>();
  private readonly flaws = Object.fromEntries(FLAWS.map((flaw) => [flaw, 0])) as Record<Flaw, number>;
  private readonly firsts = new Map<Flaw, Found<Flaw, NamedFlaw>>();
  private readonly sellers = new SellerSums();
  private readonly totals = new Map<number, TotalsBy>();
  private readonly control = new Map<number, TotalsBy>();
  private readonly strays: Record<StrayKind, number> = { line: 0, exception: 0 };
  private readonly firstStrays = new Map<StrayKind, Found<StrayKind, string>>();

  constructor(parts: readonly SurveyPart[]) {
    for (const part of parts) this.add(part);
    for (const { generation, currency, totals } of this.sellers.groups())
      totalsOf(this.totals, generation).of(currency).addTotals(totals);
  }

  private add(part: SurveyPart): void {
    this.entries += part.entries;
    this.exceptions += part.exceptions;
    for (const flaw of FLAWS) this.flaws[flaw] += part.flaws[flaw];
    for (const found of part.firsts) keepFirst(this.firsts, found);
    for (const [generation, n] of part.lines) this.lines.set(generation, (this.lines.get(generation) ?? 0) + n);
    this.sellers.addAll(part.sellers);
    for (const [generation, sums] of part.control)
      for (const [currency, totals] of sums) totalsOf(this.control, generation).of(currency).addTotals(totals);
    for (const kind of STRAY_KINDS) this.strays[kind] += part.strays[kind];
    for (const found of part.firstStrays) keepFirst(this.firstStrays, found);
  }

  /** The sums over the lines of a generation, per currency. */
  totalsOf = (generation: number): CertifiedTotals[] => certified(this.totals.get(generation));

  /** The sums that the feed has for a generation, per currency. */
  controlOf = (generation: number): CertifiedControl[] => certified(this.control.get(generation)).map(controlOf);

  /**
   * The checks of the entries, with the first offender of each. Generations above `latest` are being worked on and have no settlements
   * yet.
   * @param linesHold the lines are the certified ones, so a settlement must be their sum; otherwise the settlement tells their expected sum
   */
  async checks(db: Db, date: string, latest: number, linesHold: boolean): Promise<Check[]> {
    return [
      ...flawChecks.map(([flaw, name]) => this.flawCheck(flaw, name)),
      ...(await this.strayChecks(db, date)),
      await refundCheck(db, date),
      await this.settlementCheck(db, date, latest, linesHold),
    ];
  }

  private flawCheck(flaw: Flaw, name: string): Check {
    const first = this.firsts.get(flaw)?.what;
    const count = this.flaws[flaw];
    if (first === undefined) return equal(name, 0, count, `${this.entries} entries`);
    const { line, expected, actual } = first;
    return { name, ok: false, expected, actual, detail: `${line}; ${count} in all` };
  }

  /** Every row of the date was read, and every line and exception belongs to an entry. */
  private async strayChecks(db: Db, date: string): Promise<Check[]> {
    const withEntry = [...this.lines.values()].reduce((sum, n) => sum + n, 0);
    const { entries, lines, exceptions } = await findUnreadable(db, date);
    const check = (name: string, kind: StrayKind, found: number, unreadable: UnreadableRows): Check => {
      const first = this.firstStrays.get(kind)?.what ?? unreadable.first ?? `every ${kind} belongs to an entry`;
      return equal(name, found, found + this.strays[kind] + unreadable.rows, first);
    };
    const read = entries.first ?? `${this.entries} entries, each with an id that the product gives`;
    return [
      equal('entry-ids', 0, entries.rows, read),
      check('lines-have-entries', 'line', withEntry, lines),
      check('exceptions-have-entries', 'exception', this.exceptions, exceptions),
    ];
  }

  private async settlementCheck(db: Db, date: string, latest: number, linesHold: boolean): Promise<Check> {
    let [settlements, matched] = [0, 0];
    let first: SettlementDifference | undefined;
    const compare = (group: SellerGroup, lines: Totals | undefined, settlement: Totals | undefined): void => {
      const [expected, actual] = linesHold ? [lines, settlement] : [settlement, lines];
      const difference = differenceOf(group.currency, expected, actual);
      if (difference !== undefined && (first === undefined || comesBefore(group, first.group)))
        first = { group, ...difference };
    };
    for await (const settlement of streamSettlements(db, date)) {
      const lines = settlement.generation > latest ? undefined : this.sellers.find(settlement);
      settlements += 1;
      matched += lines === undefined ? 0 : 1;
      compare(settlement, lines, settlement.totals);
    }
    if (matched < this.groupsThrough(latest)) {
      const settled = new Set<string>();
      for await (const settlement of streamSettlements(db, date)) settled.add(keyOf(settlement));
      for (const group of this.sellers.groups())
        if (group.generation <= latest && !settled.has(keyOf(group))) compare(group, group.totals, undefined);
    }
    if (first === undefined) return equal('settlements', settlements, settlements, 'each is the sum of its lines');
    const { group, ...difference } = first as SettlementDifference;
    const detail = `seller ${group.sellerId}, ${group.currency}, generation ${group.generation}`;
    return { name: 'settlements', ok: false, ...difference, detail };
  }

  private groupsThrough(latest: number): number {
    let groups = 0;
    for (const { generation, sellers } of this.sellers.data()) if (generation <= latest) groups += sellers.length;
    return groups;
  }
}

type Difference = { readonly expected: string; readonly actual: string };
interface SettlementDifference extends Difference {
  readonly group: SellerGroup;
}

const keyOf = ({ sellerId, currency, generation }: SellerGroup): string => `${generation} ${currency} ${sellerId}`;

/** By seller, currency and generation. */
function comesBefore(a: SellerGroup, b: SellerGroup): boolean {
  if (a.sellerId !== b.sellerId) return a.sellerId < b.sellerId;
  if (a.currency !== b.currency) return a.currency < b.currency;
  return a.generation < b.generation;
}

const NOTHING = new LineTotals().value();

/** The first settlement that is not the sum of its lines. */
function differenceOf(
  currency: string,
  expected: Totals | undefined,
  actual: Totals | undefined,
): Difference | undefined {
  const [certified, found] = [expected, actual].map((totals) => [certifiedTotals(currency, totals ?? NOTHING)]);
  return firstDifference(certified ?? [], found ?? []);
}

async function refundCheck(db: Db, date: string): Promise<Check> {
  const excess = await findExcessRefund(db, date);
  if (excess === undefined)
    return equal('refund-quantities', 0, 0, 'refunds follow each other and stay within their sales');
  return {
    name: 'refund-quantities',
    ok: false,
    expected: excess.expected,
    actual: excess.actual,
    detail: excess.line,
  };
}

const certified = (totals: TotalsBy | undefined): CertifiedTotals[] =>
  (totals?.entries() ?? []).map(([currency, sums]) => certifiedTotals(currency, sums));

/** The names of the flaw checks, in the order in which they are printed. */
const flawChecks: readonly (readonly [Flaw, string])[] = [
  ['unsettled', 'entries-settled-or-parked'],
  ['lineAndException', 'entries-not-both'],
  ['saleAmount', 'feed-sale-amounts'],
  ['refundAmount', 'feed-refund-amounts'],
  ['seller', 'line-sellers'],
  ['identity', 'line-identity'],
];
