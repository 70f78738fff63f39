/** Business days: which days are, the n-th after a date, and what becomes of a date that is none. */
import { addDays } from '../../../kernel/business-date.js';
import { MagamError } from '../../../kernel/errors.js';
import { FIRST_DATE, type Holiday, LAST_DATE, weekdayOf } from './holidays.js';

/** What becomes of a date that is no business day: the last one before it, the next one after it, or the date as it is. */
export const ROLLS = ['before', 'after', 'as-is'] as const;
export type Roll = (typeof ROLLS)[number];

/** One version of the calendar. It never changes, so whatever is computed with it comes out the same for ever. */
export class BusinessCalendar {
  private readonly closed: ReadonlySet<string>;

  constructor(
    readonly version: number,
    readonly holidays: readonly Holiday[],
  ) {
    this.closed = new Set(holidays.map(({ date }) => date));
  }

  /** Throws BUSINESS_DAY_UNKNOWN for a date outside the calendar's years. */
  requireKnown(date: string): void {
    if (date < FIRST_DATE || date > LAST_DATE)
      throw new MagamError('BUSINESS_DAY_UNKNOWN', undefined, { date, from: FIRST_DATE, to: LAST_DATE });
  }

  /** Whether banks are open. Throws BUSINESS_DAY_UNKNOWN. */
  isBusinessDay(date: string): boolean {
    this.requireKnown(date);
    return weekdayOf(date) % 6 !== 0 && !this.closed.has(date);
  }

  /** The n-th business day after a date, or before it where n is negative; the date itself for 0. Throws BUSINESS_DAY_UNKNOWN. */
  businessDayAfter(date: string, n: number): string {
    const step = Math.sign(n);
    let at = date;
    for (let left = Math.abs(n); left > 0; ) {
      at = addDays(at, step);
      if (this.isBusinessDay(at)) left -= 1;
    }
    return at;
  }

  /** The date where it is a business day, else what the rule makes of it. Throws BUSINESS_DAY_UNKNOWN. */
  roll(date: string, rule: Roll): string {
    if (rule === 'as-is' || this.isBusinessDay(date)) return date;
    return this.businessDayAfter(date, rule === 'before' ? -1 : 1);
  }
}
