import { describe, expect, it } from '@jest/globals';
import { type Announced, holidaysOf, weekdayOf } from '../../../../core/business-days/rules/holidays.js';

const NOTHING: Announced = { holidays: [], workdays: [] };
const built = holidaysOf(NOTHING);

/** `MM-DD` of the holidays of a year that are neither Saturday nor Sunday. */
const closedOn = (year: number, holidays = built): string =>
  [...new Set(holidays.map(({ date }) => date))]
    .filter((date) => date.startsWith(`${year}-`) && weekdayOf(date) % 6 !== 0)
    .map((date) => date.slice(5))
    .join(' ');

const named = (date: string, holidays = built): string[] =>
  holidays.filter((it) => it.date === date).map(({ name }) => name);

/** Without elections and temporary holidays. To 2025 as banks were closed; from 2026 on by hand from the lunar dates and the law. */
const closed: readonly (readonly [number, string])[] = [
  [2014, '01-01 01-30 01-31 05-01 05-05 05-06 06-06 08-15 09-08 09-09 09-10 10-03 10-09 12-25'],
  [2020, '01-01 01-24 01-27 04-30 05-01 05-05 09-30 10-01 10-02 10-09 12-25'],
  [2021, '01-01 02-11 02-12 03-01 05-05 05-19 08-16 09-20 09-21 09-22 10-04 10-11'],
  [2022, '01-31 02-01 02-02 03-01 05-05 06-06 08-15 09-09 09-12 10-03 10-10'],
  [2023, '01-23 01-24 03-01 05-01 05-05 05-29 06-06 08-15 09-28 09-29 10-03 10-09 12-25'],
  [2024, '01-01 02-09 02-12 03-01 05-01 05-06 05-15 06-06 08-15 09-16 09-17 09-18 10-03 10-09 12-25'],
  [2025, '01-01 01-28 01-29 01-30 03-03 05-01 05-05 05-06 06-06 08-15 10-03 10-06 10-07 10-08 10-09 12-25'],
  [2026, '01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 07-17 08-17 09-24 09-25 10-05 10-09 12-25'],
  [2027, '01-01 02-08 02-09 03-01 05-05 05-13 07-19 08-16 09-14 09-15 09-16 10-04 10-11 12-27'],
  [2028, '01-26 01-27 01-28 03-01 05-01 05-02 05-05 06-06 07-17 08-15 10-02 10-03 10-04 10-05 10-09 12-25'],
  [2029, '01-01 02-12 02-13 02-14 03-01 05-01 05-07 05-21 06-06 07-17 08-15 09-21 09-24 10-03 10-09 12-25'],
  [2030, '01-01 02-04 02-05 03-01 05-01 05-06 05-09 06-06 07-17 08-15 09-11 09-12 09-13 10-03 10-09 12-25'],
];

describe('the holidays of the rules', () => {
  it.each(closed)('of %i close banks on these weekdays', (year, days) => {
    expect(closedOn(year)).toBe(days);
  });

  /** Lunar new year, Buddha's birthday and Chuseok. */
  it.each([
    [2020, '01-25', '04-30', '10-01'],
    [2021, '02-12', '05-19', '09-21'],
    [2022, '02-01', '05-08', '09-10'],
    [2023, '01-22', '05-27', '09-29'],
    [2024, '02-10', '05-15', '09-17'],
    [2025, '01-29', '05-05', '10-06'],
    [2026, '02-17', '05-24', '09-25'],
    [2027, '02-07', '05-13', '09-15'],
    // In China the year began on 26 January: the moon was new after midnight in Korea only.
    [2028, '01-27', '05-02', '10-03'],
    [2029, '02-13', '05-20', '09-22'],
    [2030, '02-03', '05-09', '09-12'],
    [2050, '01-23', '05-28', '09-30'],
  ])('have the lunar days of %i on their dates', (year, newYear, buddha, chuseok) => {
    expect(named(`${year}-${newYear}`)).toContain('설날');
    expect(named(`${year}-${buddha}`)).toContain('부처님오신날');
    expect(named(`${year}-${chuseok}`)).toContain('추석');
  });

  it('give Chuseok no substitute for a Saturday, and one for a Sunday', () => {
    expect(named('2026-09-26')).toEqual(['추석 다음 날']);
    expect(named('2026-09-28')).toEqual([]);
    expect(named('2022-09-12')).toEqual(['추석 다음 날 대체공휴일']);
  });

  it('give two holidays on one weekday one substitute', () => {
    expect(named('2025-05-05')).toEqual(['어린이날', '부처님오신날']);
    expect([named('2025-05-06').length, named('2025-05-07').length]).toEqual([1, 0]);
  });

  it('give each its own substitute where two of one Chuseok have a reason', () => {
    // 2036: its eve is the third of October, a Friday, and the day after it a Sunday. 2039: Sunday, and the third of October on Monday.
    expect(['2036-10-06', '2036-10-07', '2036-10-08'].map((date) => named(date).length)).toEqual([1, 1, 0]);
    expect(['2039-10-04', '2039-10-05', '2039-10-06'].map((date) => named(date).length)).toEqual([1, 1, 0]);
    // 2009-10-03, a Saturday, was Chuseok and the third of October: there were no substitutes yet.
    expect(named('2009-10-05')).toEqual([]);
  });

  it('began and ended with the law', () => {
    expect([named('2005-04-05').length, named('2006-04-05').length]).toEqual([1, 0]);
    expect([named('2007-07-17').length, named('2008-07-17').length, named('2026-07-17').length]).toEqual([1, 0, 1]);
    expect([named('2012-10-09').length, named('2013-10-09').length]).toEqual([0, 1]);
    // 2013: a Sunday before the decree; 15 August 2021 a Sunday after the one of that month; Christmas only since 2023.
    expect([named('2010-08-16'), named('2021-08-16'), named('2022-12-26'), named('2027-12-27')]).toEqual([
      [],
      ['광복절 대체공휴일'],
      [],
      ['기독탄신일 대체공휴일'],
    ]);
    expect(named('2025-05-01')).toEqual(['근로자의 날']);
    expect(named('2026-05-01')).toEqual(['노동절']);
  });
});

describe('what files announce', () => {
  const election = { date: '2026-06-03', name: '지방선거', kind: 'election' } as const;

  it('closes a day', () => {
    const holidays = holidaysOf({ holidays: [election], workdays: [] });
    expect(holidays.length).toBe(built.length + 1);
    expect(named('2026-06-03', holidays)).toEqual(['지방선거']);
  });

  it('moves a substitute that would fall on it, and causes none', () => {
    const bridge = { date: '2026-10-05', name: '임시공휴일', kind: 'temporary' } as const;
    const holidays = holidaysOf({ holidays: [bridge], workdays: [] });
    expect(named('2026-10-05', holidays)).toEqual(['임시공휴일']);
    expect(named('2026-10-06', holidays)).toEqual(['개천절 대체공휴일']);
    const onHoliday = { date: '2026-10-09', name: '임시공휴일', kind: 'temporary' } as const;
    expect(closedOn(2026, holidaysOf({ holidays: [onHoliday], workdays: [] }))).toBe(closedOn(2026));
  });

  it('opens a day, and takes the substitute of an abolished holiday away', () => {
    const opened = holidaysOf({ holidays: [], workdays: ['2027-07-19'] });
    expect(closedOn(2027, opened)).toBe(closedOn(2027).replace('07-19 ', ''));
    const abolished = holidaysOf({ holidays: [], workdays: ['2028-07-17'] });
    expect(closedOn(2028, abolished)).toBe(closedOn(2028).replace('07-17 ', ''));
  });
});
