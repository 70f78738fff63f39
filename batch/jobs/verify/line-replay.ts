/** Replays the lines of one generation in a range of one leg: they are decided again from their entries, and hashed and summed as they are stored. */
import { type Leg, SALE } from '../../../core/feed/rules/leg.js';
import type { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { CanonicalLines, type LineForm } from '../../../core/settlement/rules/canonical-line.js';
import { EMPTY_SHA256 } from '../../../core/settlement/rules/certificate.js';
import type { Decision } from '../../../core/settlement/rules/decide.js';
import {
  type ExaminedEntry,
  nameOfEntry,
  nameOfLine,
  type StoredLine,
} from '../../../core/settlement/rules/entry-flaws.js';
import { sameFigures } from '../../../core/settlement/rules/figure-cells.js';
import { FIGURE_NAMES, type FigureName } from '../../../core/settlement/rules/figures.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { type Totals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import type { Rules } from '../../../core/settlement/rules/rules-version.js';
import { RunningSha256 } from '../../../infra/sha256.js';

export interface ReplayedRange {
  readonly lines: number;
  /** Over the canonical lines, in the order of their ids. */
  readonly sha256: string;
  /** Per currency. */
  readonly totals: readonly [string, Totals][];
  /** The first stored lines that their replays contradict, and how many there are. */
  readonly differences: readonly LineDifference[];
  readonly differing: number;
}

/** Expected is the replayed value, actual the stored one. */
export interface LineDifference {
  /** With its entry. */
  readonly line: string;
  /** Its name for people. */
  readonly name: string;
  readonly currency: string;
  /** Figures that differ, in minor units; empty where something else differs. */
  readonly figures: readonly { readonly name: FigureName; readonly expected: number; readonly actual: number }[];
  readonly expected: string;
  readonly actual: string;
}

/** The most differences that a range keeps. */
const DIFFERENCES_KEPT = 10;

interface SettledEntry extends ExaminedEntry {
  readonly line: StoredLine;
}

const NONE_REFUSED = new Map<number, string>();
const canonicalLines = { 1: new CanonicalLines(1), 2: new CanonicalLines(2) };

export class LineReplay {
  lines = 0;
  private readonly hash = new RunningSha256();
  private readonly totals = new TotalsBy();
  private readonly differences: LineDifference[] = [];
  private differing = 0;

  constructor(
    private readonly leg: Leg,
    private readonly generation: number,
    /** The policies of the plan's revision, which decide the policy of a sale. */
    private readonly planned: PolicyBook,
    private readonly all: PolicyBook,
    /** The rules that settled the lines. */
    private readonly rules: Rules,
    private readonly form: LineForm,
  ) {}

  /** Replays the entries, among these, that have a line of the generation. */
  add(entries: readonly ExaminedEntry[]): void {
    const settled = entries.filter((entry): entry is SettledEntry => entry.line?.generation === this.generation);
    const canonical = canonicalLines[this.form];
    const outcomes = new Outcomes(this.decide(settled));
    for (const entry of settled) {
      const line = this.check(entry, outcomes);
      canonical.add(line);
      this.totals.of(line.currency).add(this.leg, line.figures);
    }
    this.hash.update(canonical.take());
    this.lines += settled.length;
  }

  result(): ReplayedRange {
    const { differences, differing } = this;
    const sha256 = this.lines === 0 ? EMPTY_SHA256 : this.hash.digestSoFar();
    return { lines: this.lines, sha256, totals: this.totals.entries(), differences, differing };
  }

  private decide(settled: readonly SettledEntry[]): Decision {
    if (this.leg === SALE) {
      const sales = settled.flatMap(({ sale }) => sale ?? []);
      return this.rules.decideSales(sales, this.planned, NONE_REFUSED);
    }
    // A sale line without a stored policy is reported when the sale's date is verified. Here the refund is decided as if it had no sale line.
    const refunds = settled.flatMap(({ refund }) => {
      if (refund?.original === undefined || this.all.byId(refund.original.policyId) !== undefined) return refund ?? [];
      return { ...refund, original: undefined };
    });
    return this.rules.decideRefunds(refunds, this.all, NONE_REFUSED);
  }

  /** The line as it is stored; remembers those that differ from their replays. */
  private check(entry: SettledEntry, outcomes: Outcomes): SettledLine {
    const decided = outcomes.lineOf(entry.entryId);
    if (decided !== undefined && isStored(decided, entry)) return decided;
    const { line: stored, sale, refund } = entry;
    const policy = this.all.byId(stored.policyId)?.policy;
    const line: SettledLine = {
      leg: this.leg,
      entryId: entry.entryId,
      orderId: sale?.orderId ?? '',
      lineId: sale?.lineId ?? '',
      refundId: refund?.refundId ?? '',
      sellerId: stored.sellerId,
      currency: sale?.currency ?? '',
      quantity: entry.quantity,
      figures: entry.figures,
      policyId: stored.policyId,
      policyCode: policy?.code ?? '',
      policyVersion: policy?.version ?? 0,
      vatMode: policy?.vat.mode ?? 'none',
      entryRest: (this.leg === SALE ? sale : refund)?.rest ?? '',
    };
    this.differing += 1;
    if (this.differences.length < DIFFERENCES_KEPT)
      this.differences.push({
        line: nameOfEntry(entry),
        name: nameOfLine(entry),
        currency: line.currency,
        ...differenceOf(line, decided, outcomes),
      });
    return line;
  }
}

/** Decisions by entry, read in the order of the entries. */
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

const isStored = (decided: SettledLine, { line, figures }: SettledEntry): boolean =>
  decided.policyId === line.policyId && decided.sellerId === line.sellerId && sameFigures(decided.figures, figures);

function differenceOf(
  stored: SettledLine,
  decided: SettledLine | undefined,
  outcomes: Outcomes,
): Pick<LineDifference, 'figures' | 'expected' | 'actual'> {
  const { entryId, figures } = stored;
  if (decided === undefined)
    return { figures: [], expected: `parked: ${outcomes.refusalOf(entryId)}`, actual: 'settled' };
  if (decided.policyId !== stored.policyId) {
    const expected = `policy ${decided.policyCode} version ${decided.policyVersion}`;
    return { figures: [], expected, actual: `policy id ${stored.policyId}` };
  }
  const differing = FIGURE_NAMES.filter((name) => decided.figures[name] !== figures[name]).map((name) => ({
    name,
    expected: decided.figures[name],
    actual: figures[name],
  }));
  const [first] = differing;
  if (first === undefined)
    return { figures: [], expected: `seller ${decided.sellerId}`, actual: `seller ${stored.sellerId}` };
  return {
    figures: differing,
    expected: `${first.name} ${first.expected}`,
    actual: `${first.name} ${first.actual}`,
  };
}
