/**
 * The threads of a verification read a date's entries and lines again, range by range. A survey checks every entry of its range; a replay
 * hashes and sums the lines of one generation, and decides each again from its entry, under the policies that the plan used.
 */

import type { Leg } from '../../../core/feed/rules/leg.js';
import { readRunState } from '../../../core/jobs/stores/run.js';
import type { VatMode } from '../../../core/policies/rules/fee-policy.js';
import { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { readPolicies } from '../../../core/policies/stores/fee-policy.js';
import type { LineForm } from '../../../core/settlement/rules/canonical-line.js';
import {
  type ExaminedEntry,
  FLAWS,
  type Flaw,
  findFlaws,
  type NamedFlaw,
  nameFlaw,
} from '../../../core/settlement/rules/entry-flaws.js';
import { figureCells } from '../../../core/settlement/rules/figure-cells.js';
import { type Totals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { currentRules, rulesOf } from '../../../core/settlement/rules/rules-version.js';
import { SellerSums, type SellerSumsData } from '../../../core/settlement/rules/seller-sums.js';
import { SETTLE } from '../../../core/settlement/stores/settlement-run.js';
import {
  type ExaminedPage,
  type ExaminedRange,
  readExaminedPage,
  type Stray,
  type StrayKind,
} from '../../../core/settlement/stores/verification.js';
import type { Db } from '../../../infra/database.js';
import type { ViewReader } from '../../engine/job.js';
import { LineReplay, type ReplayedRange } from './line-replay.js';

/**
 * Entries of one read. Two pages are in memory at a time, and the garbage collector copies what is: a million lines took 7.8 s of the command's
 * CPU with pages of 1,000, 10.2 s with 2,000 and 11.6 s with 4,000. With 500 it took 8.9 s, and the server's CPU rose by a quarter.
 */
const PAGE_ENTRIES = 1_000;

export interface VerifyInput {
  readonly date: string;
}

/** How a generation's lines are decided again: under the policies of this revision, by the rules of this version, hashed in this form. */
export interface ReplayTask {
  readonly generation: number;
  readonly policyRevision: number;
  readonly rules: number;
  readonly form: LineForm;
}

/** A range (after, through] of one leg's entry ids. */
export interface VerifyPiece {
  readonly leg: Leg;
  readonly after: number;
  readonly through: number;
  /** Checks every entry. Each entry of the date is in one surveyed range. */
  readonly survey: boolean;
  /** Decides the lines of this generation again. */
  readonly replay: ReplayTask | null;
}

/** The results of a thread for the ranges that it surveyed. */
export interface SurveyPart {
  readonly entries: number;
  /** Exceptions with an entry. */
  readonly exceptions: number;
  readonly flaws: Readonly<Record<Flaw, number>>;
  readonly firsts: readonly Found<Flaw, NamedFlaw>[];
  /** Lines with an entry, by generation. */
  readonly lines: ReadonlyMap<number, number>;
  /** Sums over those lines. */
  readonly sellers: readonly SellerSumsData[];
  /** Sums over the entries that belong to a generation by the exceptions alone, per currency, without reading the lines. */
  readonly control: readonly (readonly [generation: number, sums: readonly [currency: string, Totals][]])[];
  /** Lines and exceptions without an entry. */
  readonly strays: Readonly<Record<StrayKind, number>>;
  readonly firstStrays: readonly Found<StrayKind, string>[];
}

/** A flaw that was found at an entry. */
export interface Found<Kind, What> {
  readonly kind: Kind;
  readonly leg: Leg;
  readonly entryId: number;
  readonly what: What;
}

const isBefore = (
  a: Pick<Found<unknown, unknown>, 'leg' | 'entryId'>,
  b: Pick<Found<unknown, unknown>, 'leg' | 'entryId'>,
): boolean => a.leg < b.leg || (a.leg === b.leg && a.entryId < b.entryId);

/** Keeps the first of each kind. */
export function keepFirst<Kind, What>(firsts: Map<Kind, Found<Kind, What>>, found: Found<Kind, What>): void {
  const first = firsts.get(found.kind);
  if (first === undefined || isBefore(found, first)) firsts.set(found.kind, found);
}

export const verifyReader: ViewReader<VerifyInput, VerifyPiece, ReplayedRange | null, SurveyPart> = {
  name: 'verify',
  stateOf: (snapshot, { date }) => readRunState(snapshot, SETTLE, date),
  open: async (snapshot, { date }, onEntries) => {
    const reader = new DateReader(snapshot, date, new PolicyBook(await readPolicies(snapshot)), onEntries);
    return { read: (piece) => reader.read(piece), sum: () => reader.survey.part() };
  },
};

class DateReader {
  readonly survey: PartialSurvey;
  private readonly planned = new Map<number, PolicyBook>();

  constructor(
    private readonly db: Db,
    private readonly date: string,
    /** Every stored policy, because a refund follows its sale's, whenever that was settled. */
    private readonly all: PolicyBook,
    private readonly onEntries: (entries: number) => void,
  ) {
    this.survey = new PartialSurvey((policyId) => all.byId(policyId)?.policy.vat.mode ?? 'none');
  }

  async read({ leg, after, through, survey, replay }: VerifyPiece): Promise<ReplayedRange | null> {
    const book = await this.plannedBook(replay?.policyRevision);
    const range = { date: this.date, leg, after, through, generation: survey ? null : (replay?.generation ?? null) };
    const replayed = replay === null ? null : this.replayOf(leg, replay, book);
    for await (const { entries, strays } of this.pages(range, book)) {
      if (survey) this.survey.look(leg, entries, strays);
      const before = replayed?.lines ?? 0;
      replayed?.add(entries);
      this.onEntries((replayed?.lines ?? 0) - before);
    }
    return replayed?.result() ?? null;
  }

  /** Rules that this program does not have are a difference of their own; the lines are still hashed and summed. */
  private replayOf(leg: Leg, { generation, rules, form }: ReplayTask, book: PolicyBook): LineReplay {
    return new LineReplay(leg, generation, book, this.all, rulesOf(rules) ?? currentRules, form);
  }

  /** The pages of a range; the server reads the next one while the current one is processed. */
  private async *pages(range: ExaminedRange, book: PolicyBook): AsyncGenerator<ExaminedPage> {
    const read = (after: number): Promise<ExaminedPage> => {
      const page = readExaminedPage(this.db, { ...range, after }, book, PAGE_ENTRIES);
      page.catch(() => undefined); // it is awaited below; this keeps a failure from being unhandled until then
      return page;
    };
    for (let next: Promise<ExaminedPage> | undefined = read(range.after); next !== undefined; ) {
      const page: ExaminedPage = await next;
      next = page.through < range.through ? read(page.through) : undefined;
      yield page;
    }
  }

  private async plannedBook(revision: number | undefined): Promise<PolicyBook> {
    if (revision === undefined) return this.all;
    const known = this.planned.get(revision);
    if (known !== undefined) return known;
    const book = new PolicyBook(await readPolicies(this.db, revision));
    this.planned.set(revision, book);
    return book;
  }
}

/** The survey of one thread; `survey.ts` combines those of all threads. */
class PartialSurvey {
  private entries = 0;
  private exceptions = 0;
  private readonly strays: Record<StrayKind, number> = { line: 0, exception: 0 };
  private readonly firstStrays = new Map<StrayKind, Found<StrayKind, string>>();
  private readonly flaws = Object.fromEntries(FLAWS.map((flaw) => [flaw, 0])) as Record<Flaw, number>;
  private readonly firsts = new Map<Flaw, Found<Flaw, NamedFlaw>>();
  private readonly lines = new Map<number, number>();
  private readonly sellers = new SellerSums();
  private readonly control = new Map<number, TotalsBy>();

  constructor(private readonly vatModeOf: (policyId: number) => VatMode) {}

  look(leg: Leg, entries: readonly ExaminedEntry[], strays: readonly Stray[]): void {
    this.entries += entries.length;
    for (const entry of entries) this.lookAt(leg, entry);
    for (const { kind, entryId, sellerId } of strays) {
      this.strays[kind] += 1;
      const what = `leg ${leg}, entry ${entryId}${sellerId === undefined ? '' : `, seller ${sellerId}`}`;
      keepFirst(this.firstStrays, { kind, leg, entryId, what });
    }
  }

  private lookAt(leg: Leg, entry: ExaminedEntry): void {
    findFlaws(entry, this.vatModeOf, (flaw) => this.found(flaw, leg, entry));
    const { line, exception, currency, figures } = entry;
    if (exception !== undefined) this.exceptions += 1;
    const generation = exception === undefined ? 1 : exception.settledGeneration;
    if (generation !== null) totalsOf(this.control, generation).of(currency).add(leg, figures);
    if (line === undefined) return;
    this.lines.set(line.generation, (this.lines.get(line.generation) ?? 0) + 1);
    const seller = entry.sale?.sellerId ?? line.sellerId;
    this.sellers.add(line.generation, currency, seller, leg, figureCells(figures));
  }

  part(): SurveyPart {
    const { entries, exceptions, flaws, lines, strays } = this;
    return {
      entries,
      exceptions,
      flaws,
      firsts: [...this.firsts.values()],
      lines,
      sellers: this.sellers.data(),
      control: [...this.control].map(([generation, totals]) => [generation, totals.entries()]),
      strays,
      firstStrays: [...this.firstStrays.values()],
    };
  }

  private found(flaw: Flaw, leg: Leg, entry: ExaminedEntry): void {
    this.flaws[flaw] += 1;
    const first = this.firsts.get(flaw);
    if (first !== undefined && !isBefore(entry, first)) return;
    const what = nameFlaw(entry, flaw, this.vatModeOf);
    this.firsts.set(flaw, { kind: flaw, leg, entryId: entry.entryId, what });
  }
}

/** The sums of a generation, empty at first. */
export function totalsOf(all: Map<number, TotalsBy>, generation: number): TotalsBy {
  let totals = all.get(generation);
  if (totals === undefined) {
    totals = new TotalsBy();
    all.set(generation, totals);
  }
  return totals;
}
