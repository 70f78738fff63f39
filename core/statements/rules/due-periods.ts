/** The periods that close on a day or before it. Accounts under the same terms mostly have the same ones, so each list is computed once. */
import type { BusinessCalendar } from '../../business-days/rules/business-calendar.js';
import { type Period, periodsOf } from '../../terms/rules/periods.js';
import type { TermsSpan } from '../../terms/rules/terms-book.js';

/** A period with an end. */
export type ClosedPeriod = Period & { readonly closesOn: string; readonly payoutOn: string };

type Timeline = readonly TermsSpan[];

export class DuePeriods {
  private readonly known = new WeakMap<Timeline, Map<string, readonly ClosedPeriod[]>>();

  /** @param through the last day on which a period closes */
  constructor(
    readonly through: string,
    private readonly calendar: BusinessCalendar,
  ) {}

  /** Those from a day on, the first of them cut to begin on it. Throws BUSINESS_DAY_UNKNOWN. */
  from(timeline: Timeline, date: string): readonly ClosedPeriod[] {
    return this.once(timeline, `from ${date}`, () =>
      periodsOf(timeline, date, this.through, this.calendar)
        .filter((period): period is ClosedPeriod => period.closesOn !== null && period.closesOn <= this.through)
        .map((period) => ({ ...period, from: period.from < date ? date : period.from })),
    );
  }

  /** The same of an account of which nothing was ever closed: the first is whole, though nothing is known of the days before the first settlement. */
  first(timeline: Timeline, date: string): readonly ClosedPeriod[] {
    return this.once(timeline, `first ${date}`, () => {
      const [first, ...rest] = this.from(timeline, date);
      if (first === undefined) return [];
      const [whole] = periodsOf(timeline, date, date, this.calendar);
      return [{ ...first, from: whole?.from ?? date }, ...rest];
    });
  }

  private once(timeline: Timeline, key: string, make: () => readonly ClosedPeriod[]): readonly ClosedPeriod[] {
    const lists = this.known.get(timeline) ?? new Map<string, readonly ClosedPeriod[]>();
    this.known.set(timeline, lists);
    const list = lists.get(key) ?? make();
    lists.set(key, list);
    return list;
  }
}
