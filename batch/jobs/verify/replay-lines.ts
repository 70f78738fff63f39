/**
 * Reads the lines of a certificate again, partition by partition: hashes and sums them, and replays each through `domain` from
 * its entry, under the policies that the plan used.
 */

import { type Leg, legName, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import type { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { CanonicalLines } from '../../../core/settlement/rules/canonical-line.js';
import {
  type CertificateBody,
  type CertifiedPartition,
  type CertifiedTotals,
  certifiedTotals,
  EMPTY_SHA256,
} from '../../../core/settlement/rules/certificate.js';
import { type Decision, decideRefunds, decideSales } from '../../../core/settlement/rules/decide.js';
import { figuresOf, sameFigures } from '../../../core/settlement/rules/figure-cells.js';
import { FIGURE_NAMES } from '../../../core/settlement/rules/figures.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import {
  readSettledRefunds,
  readSettledSales,
  type SettledEntry,
  type SettledPage,
} from '../../../core/settlement/stores/verification.js';
import type { Db } from '../../../infra/database.js';
import { RunningSha256 } from '../../../infra/sha256.js';

/** Lines of one read: flat memory, and few enough round trips. */
const PAGE_LINES = 4_000;
const NONE_REFUSED = new Map<number, string>();

/** The first stored line that its replay contradicts. */
export interface LineDifference {
  readonly line: string;
  readonly expected: string;
  readonly actual: string;
}

export interface ReplayedPartition {
  readonly number: number;
  readonly sales: ReplayedRange;
  readonly refunds: ReplayedRange;
  readonly totals: readonly CertifiedTotals[];
}

export interface ReplayedRange {
  readonly lines: number;
  readonly sha256: string;
}

export interface Policies {
  /** Those of the plan's revision: they decide which policy a sale falls under. */
  readonly planned: PolicyBook;
  /** Every one that is stored: a refund goes by its sale's, whenever that was settled. */
  readonly all: PolicyBook;
}

/** A page of settled entries, and what the replay makes of them. */
interface Page {
  readonly entries: SettledEntry[];
  readonly outcomes: Outcomes;
}

export class LineReplay {
  difference: LineDifference | undefined;
  private readonly canonical = new CanonicalLines();

  constructor(
    private readonly db: Db,
    private readonly body: CertificateBody,
    private readonly policies: Policies,
    private readonly onLines: (lines: number) => void,
  ) {}

  /** Replays one partition of the certificate. */
  async partition({ number, sales, refunds }: CertifiedPartition): Promise<ReplayedPartition> {
    const totals = new TotalsBy();
    const replayed = {
      number,
      sales: await this.range(SALE, sales, totals),
      refunds: await this.range(REFUND, refunds, totals),
    };
    return { ...replayed, totals: totals.entries().map(([currency, sums]) => certifiedTotals(currency, sums)) };
  }

  private async range(leg: Leg, range: CertifiedPartition['sales'], totals: TotalsBy): Promise<ReplayedRange> {
    const { date, generation } = this.body;
    const read = (after: number): Promise<Page> => {
      const page = { date, generation, after, through: range.through, limit: PAGE_LINES };
      const entries = leg === SALE ? this.sales(page) : this.refunds(page);
      entries.catch(() => undefined); // it is awaited below; until then a failure is not unhandled
      return entries;
    };
    const hash = new RunningSha256();
    let lines = 0;
    for (let next: Promise<Page> | undefined = read(range.after); next !== undefined; ) {
      const { entries, outcomes }: Page = await next;
      const last = entries.at(-1);
      // The server reads the next page while this one is hashed.
      next = last === undefined || entries.length < PAGE_LINES ? undefined : read(last.entryId);
      for (const entry of entries) {
        const line = this.check(leg, entry, outcomes);
        this.canonical.add(line);
        totals.of(line.currency).add(leg, line.figures);
      }
      hash.update(this.canonical.take());
      lines += entries.length;
      this.onLines(entries.length);
    }
    return { lines, sha256: lines === 0 ? EMPTY_SHA256 : hash.digestSoFar() };
  }

  private async sales(page: SettledPage): Promise<Page> {
    const { planned } = this.policies;
    const entries = await readSettledSales(this.db, page, planned);
    const sales = entries.flatMap(({ sale }) => sale ?? []);
    return { entries, outcomes: new Outcomes(decideSales(sales, planned, NONE_REFUSED)) };
  }

  private async refunds(page: SettledPage): Promise<Page> {
    const { all } = this.policies;
    const entries = await readSettledRefunds(this.db, page);
    // A sale line that names no stored policy is a difference of its own date; here the refund has nothing to go by.
    const refunds = entries.flatMap(({ refund }) => {
      if (refund?.original === undefined || all.byId(refund.original.policyId) !== undefined) return refund ?? [];
      return { ...refund, original: undefined };
    });
    return { entries, outcomes: new Outcomes(decideRefunds(refunds, all, NONE_REFUSED)) };
  }

  /** The line as it is stored; remembers the first one that differs from its replay. */
  private check(leg: Leg, entry: SettledEntry, outcomes: Outcomes): SettledLine {
    const decided = outcomes.lineOf(entry.entryId);
    if (decided !== undefined && isStored(decided, entry)) return decided;
    const { stored, sale } = entry;
    const policy = this.policies.all.byId(stored.policyId)?.policy;
    const line: SettledLine = {
      leg,
      entryId: entry.entryId,
      orderId: sale?.orderId ?? '',
      lineId: sale?.lineId ?? '',
      refundId: entry.refundId,
      sellerId: stored.sellerId,
      currency: sale?.currency ?? '',
      quantity: entry.quantity,
      figures: figuresOf(entry.amounts, stored),
      policyId: stored.policyId,
      policyCode: policy?.code ?? '',
      policyVersion: policy?.version ?? 0,
      vatMode: policy?.vat.mode ?? 'none',
    };
    this.difference ??= differenceOf(line, decided, outcomes);
    return line;
  }
}

/** Decisions by entry, asked for in the order of the entries. */
class Outcomes {
  private at = 0;
  private readonly codes: ReadonlyMap<number, string>;

  constructor(private readonly decision: Decision) {
    this.codes = new Map(decision.exceptions.map(({ entryId, code }) => [entryId, code]));
  }

  lineOf(entryId: number): SettledLine | undefined {
    const line = this.decision.lines[this.at];
    if (line?.entryId !== entryId) return undefined;
    this.at += 1;
    return line;
  }

  refusalOf(entryId: number): string {
    return this.codes.get(entryId) ?? '';
  }
}

const isStored = ({ figures, policyId, sellerId }: SettledLine, { stored, amounts }: SettledEntry): boolean =>
  policyId === stored.policyId && sellerId === stored.sellerId && sameFigures(figures, figuresOf(amounts, stored));

function differenceOf(stored: SettledLine, decided: SettledLine | undefined, outcomes: Outcomes): LineDifference {
  const { leg, orderId, lineId, refundId, entryId, figures } = stored;
  const refund = leg === REFUND ? ` refund ${refundId}` : '';
  const line = `${legName(leg)} order ${orderId} line ${lineId}${refund} (entry ${entryId})`;
  if (decided === undefined) return { line, expected: `parked: ${outcomes.refusalOf(entryId)}`, actual: 'settled' };
  if (decided.policyId !== stored.policyId) {
    const expected = `policy ${decided.policyCode} version ${decided.policyVersion}`;
    return { line, expected, actual: `policy id ${stored.policyId}` };
  }
  const name = FIGURE_NAMES.find((one) => decided.figures[one] !== figures[one]);
  if (name === undefined) return { line, expected: `seller ${decided.sellerId}`, actual: `seller ${stored.sellerId}` };
  return { line, expected: `${name} ${decided.figures[name]}`, actual: `${name} ${figures[name]}` };
}
