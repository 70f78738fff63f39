/**
 * The days on which banks in Korea are closed beside Saturdays and Sundays: the public holidays of the Public Holidays Act and of the decree on the
 * holidays of public offices (관공서의 공휴일에 관한 규정), and 1 May, on which banks are closed by the act on that day.
 *
 * Where a rule began or ended, the year stands beside it. Election days and temporary holidays are decided one by one, so they come by file.
 */
import { addDays } from '../../../kernel/business-date.js';
import { dateOfLunarDay, type LunarDay } from './lunar.js';

/** Raised by every change of the rules below: a change makes a new version of the calendar. */
export const RULES_NUMBER = 1;

/** The years that the calendar knows. The lunar days are compared with published tables this far. */
export const FIRST_DATE = '2000-01-01';
export const LAST_DATE = '2050-12-31';

export const HOLIDAY_KINDS = ['fixed', 'lunar', 'substitute', 'bank', 'election', 'temporary'] as const;
export type HolidayKind = (typeof HOLIDAY_KINDS)[number];

export interface Holiday {
  readonly date: string;
  readonly name: string;
  readonly kind: HolidayKind;
}

/** What files have said so far. No date stands in both. */
export interface Announced {
  readonly holidays: readonly Holiday[];
  /** Dates on which banks are open although the rules below say otherwise. */
  readonly workdays: readonly string[];
}

interface Rule {
  readonly name: string;
  /** `MM-DD`, or a lunar day. */
  readonly on: string | LunarDay;
  readonly kind: 'fixed' | 'lunar' | 'bank';
  /** The day before and the day after are holidays too. */
  readonly threeDays?: true;
  /** First and last year; absent: before and after the calendar. */
  readonly from?: number;
  readonly through?: number;
  /** From which date on it has a substitute, and whether a Saturday is a reason for one. */
  readonly substitute?: { readonly from: string; readonly saturday: boolean };
}

const SEOLLAL: LunarDay = { month: 1, day: 1, earliest: '01-20', latest: '02-22' };
const BUDDHA: LunarDay = { month: 4, day: 8, earliest: '04-26', latest: '05-31' };
const CHUSEOK: LunarDay = { month: 8, day: 15, earliest: '09-05', latest: '10-10' };

/** Decree of 5 November 2013. */
const FAMILY = { from: '2013-11-05', saturday: false };
const CHILDREN = { from: '2013-11-05', saturday: true };
/** Decree of 4 August 2021. */
const NATIONAL = { from: '2021-08-04', saturday: true };
/** Decree of 2 May 2023. */
const RELIGIOUS = { from: '2023-05-02', saturday: true };

const RULES: readonly Rule[] = [
  { name: '신정', on: '01-01', kind: 'fixed' },
  { name: '설날', on: SEOLLAL, kind: 'lunar', threeDays: true, substitute: FAMILY },
  { name: '3·1절', on: '03-01', kind: 'fixed', substitute: NATIONAL },
  { name: '식목일', on: '04-05', kind: 'fixed', through: 2005 },
  { name: '근로자의 날', on: '05-01', kind: 'bank', through: 2025 },
  { name: '노동절', on: '05-01', kind: 'bank', from: 2026 },
  { name: '어린이날', on: '05-05', kind: 'fixed', substitute: CHILDREN },
  { name: '부처님오신날', on: BUDDHA, kind: 'lunar', substitute: RELIGIOUS },
  { name: '현충일', on: '06-06', kind: 'fixed' },
  { name: '제헌절', on: '07-17', kind: 'fixed', through: 2007 },
  // A public holiday again by the act of 29 January 2026, and a national day as the four others are.
  { name: '제헌절', on: '07-17', kind: 'fixed', from: 2026, substitute: NATIONAL },
  { name: '광복절', on: '08-15', kind: 'fixed', substitute: NATIONAL },
  { name: '추석', on: CHUSEOK, kind: 'lunar', threeDays: true, substitute: FAMILY },
  { name: '개천절', on: '10-03', kind: 'fixed', substitute: NATIONAL },
  { name: '한글날', on: '10-09', kind: 'fixed', from: 2013, substitute: NATIONAL },
  { name: '기독탄신일', on: '12-25', kind: 'fixed', substitute: RELIGIOUS },
];

/** A holiday of the rules, with what it needs for its substitute. */
interface RuledHoliday extends Holiday {
  readonly substitute: Rule['substitute'];
}

/** In the order of `weekdayOf`. */
export const WEEKDAY_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** 0 is Sunday. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();

const isWeekend = (date: string): boolean => weekdayOf(date) % 6 === 0;

function ruledHolidays(year: number): RuledHoliday[] {
  const inForce = RULES.filter(({ from = year, through = year }) => from <= year && year <= through);
  return inForce.flatMap(({ name, on, kind, threeDays, substitute }) => {
    const date = typeof on === 'string' ? `${year}-${on}` : dateOfLunarDay(year, on);
    const day = (offset: number, called: string): RuledHoliday => ({
      date: addDays(date, offset),
      name: called,
      kind,
      substitute,
    });
    if (threeDays !== true) return [day(0, name)];
    return [day(-1, `${name} 전날`), day(0, name), day(1, `${name} 다음 날`)];
  });
}

/**
 * The holidays on one date that have a substitute: on a Sunday, and on a Saturday where the rule counts it, each of its own; on another day as many as
 * there are holidays beside the first.
 */
function substituted(date: string, holidays: readonly RuledHoliday[]): RuledHoliday[] {
  const eligible = holidays.filter(({ substitute }) => substitute !== undefined && substitute.from <= date);
  if (weekdayOf(date) === 0) return eligible;
  if (weekdayOf(date) === 6) return eligible.filter(({ substitute }) => substitute?.saturday === true);
  return eligible.slice(0, holidays.length - 1);
}

function byDate<T extends Holiday>(holidays: readonly T[]): Map<string, T[]> {
  const dates = new Map<string, T[]>();
  for (const holiday of [...holidays].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)))
    dates.set(holiday.date, [...(dates.get(holiday.date) ?? []), holiday]);
  return dates;
}

/** The substitutes: of each holiday the first day after it that is no Saturday, no Sunday and no public holiday. */
function substitutesOf(ruled: readonly RuledHoliday[], announced: readonly Holiday[]): Holiday[] {
  const publicDays = ruled.filter(({ kind }) => kind !== 'bank');
  const taken = new Set([...publicDays, ...announced].map(({ date }) => date));
  const substitutes: Holiday[] = [];
  for (const [date, holidays] of byDate(publicDays)) {
    for (const { name } of substituted(date, holidays)) {
      let on = addDays(date, 1);
      while (taken.has(on) || isWeekend(on)) on = addDays(on, 1);
      taken.add(on);
      substitutes.push({ date: on, name: `${name} 대체공휴일`, kind: 'substitute' });
    }
  }
  return substitutes;
}

/** Every holiday of the calendar's years under the rules of `RULES_NUMBER` and what files have announced, by date. A date may have several. */
export function holidaysOf({ holidays: announced, workdays }: Announced): Holiday[] {
  const open = new Set(workdays);
  const [first, last] = [Number(FIRST_DATE.slice(0, 4)), Number(LAST_DATE.slice(0, 4))];
  const ruled: RuledHoliday[] = [];
  for (let year = first; year <= last; year += 1) ruled.push(...ruledHolidays(year));
  const kept = ruled.filter(({ date }) => !open.has(date));
  const substitutes = substitutesOf(kept, announced).filter(({ date }) => !open.has(date) && date <= LAST_DATE);
  const all = [...kept.map(({ date, name, kind }) => ({ date, name, kind })), ...substitutes, ...announced];
  return [...byDate(all).values()].flat();
}
