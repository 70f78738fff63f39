import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BusinessCalendar } from '../../../../core/business-days/rules/business-calendar.js';
import { holidaysOf } from '../../../../core/business-days/rules/holidays.js';
import { addDays } from '../../../../kernel/business-date.js';

const calendar = new BusinessCalendar(1, holidaysOf({ holidays: [], workdays: [] }));

describe('business days', () => {
  it.each([
    // Chuseok 2026: Thursday to Saturday, so five days without banks.
    ['2026-09-23', 1, '2026-09-28'],
    ['2026-09-24', 1, '2026-09-28'],
    ['2026-09-27', 1, '2026-09-28'],
    ['2026-09-28', -1, '2026-09-23'],
    // The third of October is a Saturday, so Monday the fifth is off.
    ['2026-10-02', 1, '2026-10-06'],
    ['2026-10-02', 0, '2026-10-02'],
    ['2026-10-03', 0, '2026-10-03'],
    ['2026-10-08', 2, '2026-10-13'],
  ])('from %s, %i of them: %s', (date, n, expected) => {
    expect(calendar.businessDayAfter(date, n)).toBe(expected);
  });

  it.each([
    ['2026-09-25', 'before', '2026-09-23'],
    ['2026-09-25', 'after', '2026-09-28'],
    ['2026-09-25', 'as-is', '2026-09-25'],
    ['2026-09-23', 'before', '2026-09-23'],
    ['2026-09-23', 'after', '2026-09-23'],
  ] as const)('%s rolls %s to %s', (date, rule, expected) => {
    expect(calendar.roll(date, rule)).toBe(expected);
  });

  it('are not known outside the years of the calendar', () => {
    expect(() => calendar.isBusinessDay('1999-12-31')).toThrow(
      expect.objectContaining({ code: 'BUSINESS_DAY_UNKNOWN' }),
    );
    expect(() => calendar.businessDayAfter('2050-12-30', 5)).toThrow(
      expect.objectContaining({
        code: 'BUSINESS_DAY_UNKNOWN',
        details: expect.objectContaining({ date: '2051-01-01' }),
      }),
    );
  });
});

const date = fc.integer({ min: 0, max: 365 * 49 }).map((n) => addDays('2001-01-01', n));
const count = fc.integer({ min: 1, max: 40 });

describe('for every date', () => {
  it('the n-th business day is one, and lies on the right side', () => {
    fc.assert(
      fc.property(date, count, (from, n) => {
        const [later, earlier] = [calendar.businessDayAfter(from, n), calendar.businessDayAfter(from, -n)];
        expect([calendar.isBusinessDay(later), calendar.isBusinessDay(earlier)]).toEqual([true, true]);
        expect(earlier < from && from < later).toBe(true);
      }),
    );
  });

  it('n and m business days are n + m, and going back from a business day undoes going on', () => {
    fc.assert(
      fc.property(date, count, count, (from, n, m) => {
        const there = calendar.businessDayAfter(from, n);
        expect(calendar.businessDayAfter(there, m)).toBe(calendar.businessDayAfter(from, n + m));
        const start = calendar.roll(from, 'before');
        expect(calendar.businessDayAfter(calendar.businessDayAfter(start, n), -n)).toBe(start);
      }),
    );
  });

  it('a later date never has an earlier n-th business day, and rolling keeps the order', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 30 }), count, (from, gap, n) => {
        const to = addDays(from, gap);
        expect(calendar.businessDayAfter(from, n) <= calendar.businessDayAfter(to, n)).toBe(true);
        for (const rule of ['before', 'after'] as const) {
          expect(calendar.roll(from, rule) <= calendar.roll(to, rule)).toBe(true);
          expect(calendar.isBusinessDay(calendar.roll(from, rule))).toBe(true);
        }
        expect(calendar.roll(from, 'before') <= from && from <= calendar.roll(from, 'after')).toBe(true);
      }),
    );
  });
});
