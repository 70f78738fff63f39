/**
 * Periods: which one a settled date belongs to, when it closes, and when it is paid out. Periods follow from the days alone; no statement has to exist.
 *
 * Where other terms come into force within a period, it is cut: it closes on the day before, under its own terms, and a new one begins.
 */
import { addDays, dayBefore } from '../../../kernel/business-date.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { BusinessCalendar } from '../../business-days/rules/business-calendar.js';
import { WEEKDAY_NAMES, weekdayOf } from '../../business-days/rules/holidays.js';
import type { Cycle, SellerTerms } from './seller-terms.js';
import type { TermsSpan } from './terms-book.js';

export interface Period {
  /** The first day. */
  readonly from: string;
  /** The last day; null: the cycle has no date for it yet. */
  readonly closesOn: string | null;
  /** Null as long as `closesOn` is. */
  readonly payoutOn: string | null;
  /** It closes because other terms begin, or none go on, not because its cycle says so. */
  readonly cut: boolean;
  readonly seller: string | null;
  readonly termsVersion: number;
  /** The version of the calendar that `payoutOn` was computed with. */
  readonly calendarVersion: number;
}

const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`;
const firstOfNextMonth = (date: string): string => firstOfMonth(addDays(firstOfMonth(date), 31));

/** The dates that these days are in the month of a date; a day that the month lacks is its last. */
function datesInMonth(days: readonly number[], date: string): string[] {
  const last = dayBefore(firstOfNextMonth(date));
  return days.map((day) => {
    const closesOn = `${date.slice(0, 7)}-${String(day).padStart(2, '0')}`;
    return closesOn > last ? last : closesOn;
  });
}

/** The days around a date on which its cycle closes: at least the last before it and the first from it on, where there are such. */
function closesAround(cycle: Cycle, date: string): readonly string[] {
  switch (cycle.type) {
    case 'daily':
      return [dayBefore(date), date];
    case 'weekly': {
      const closesOn = addDays(date, (WEEKDAY_NAMES.indexOf(cycle.closesOn) - weekdayOf(date) + 7) % 7);
      return [addDays(closesOn, -7), closesOn];
    }
    case 'half-monthly':
      return closesInMonths([15, 31], date);
    case 'monthly':
      return closesInMonths([cycle.closesOn], date);
    case 'dates':
      return cycle.closesOn;
  }
}

/** The same in the month before, in this one and in the next. */
const closesInMonths = (days: readonly number[], date: string): string[] =>
  [dayBefore(firstOfMonth(date)), date, firstOfNextMonth(date)].flatMap((month) => datesInMonth(days, month));

/** The period of a date under the terms of its span. */
function periodAt(span: TermsSpan, date: string, calendar: BusinessCalendar): Period {
  const { terms, from, to } = span;
  calendar.requireKnown(date); // near the end of the year 9999 there is no next day that a cycle could close on
  const closes = closesAround(terms.cycle, date);
  const before = closes.filter((day) => day < date && day >= from).at(-1);
  const natural = closes.find((day) => day >= date) ?? null;
  const closesOn = natural === null || (to !== null && to < natural) ? to : natural;
  return {
    from: before === undefined ? from : addDays(before, 1),
    closesOn,
    payoutOn: closesOn === null ? null : payoutDate(terms, closesOn, calendar),
    cut: closesOn !== natural,
    seller: terms.seller,
    termsVersion: terms.version,
    calendarVersion: calendar.version,
  };
}

/**
 * When a period that closes on a date is paid out: always after that date. A delay in business days ends on one; one in days is rolled by the holiday
 * rule, and where rolling back would leave no day between, forward. Throws BUSINESS_DAY_UNKNOWN.
 */
export function payoutDate(
  { delay, holidayRule }: Pick<SellerTerms, 'delay' | 'holidayRule'>,
  closesOn: string,
  calendar: BusinessCalendar,
): string {
  if (delay.unit === 'businessDays') return calendar.businessDayAfter(closesOn, delay.count);
  const rolled = calendar.roll(addDays(closesOn, delay.count), holidayRule);
  return rolled > closesOn ? rolled : calendar.businessDayAfter(closesOn, 1);
}

/**
 * The periods of a seller that have a day from `from` to `to`, by day, whole: the first may begin before `from`, the last close after `to`. Days on which
 * no terms are in force are in none. @param timeline of `timelineOf`. Throws BUSINESS_DAY_UNKNOWN.
 */
export function periodsOf(
  timeline: readonly TermsSpan[],
  from: string,
  to: string,
  calendar: BusinessCalendar,
): Period[] {
  const periods: Period[] = [];
  for (const span of timeline) {
    let date = span.from < from ? from : span.from;
    while (date <= to && (span.to === null || date <= span.to)) {
      const period = periodAt(span, date, calendar);
      periods.push(period);
      if (period.closesOn === null) break;
      date = addDays(period.closesOn, 1);
    }
  }
  return periods;
}

/** The one period that a settled date belongs to. Refuses with TERMS_MISSING; throws BUSINESS_DAY_UNKNOWN. */
export function periodOf(timeline: readonly TermsSpan[], date: string, calendar: BusinessCalendar): Period | Refusal {
  return periodsOf(timeline, date, date, calendar)[0] ?? refuse('TERMS_MISSING', { date });
}
