import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, datesBetween, dayBefore, isBusinessDate } from '../../kernel/business-date.js';

describe('isBusinessDate', () => {
  it.each(['2026-01-01', '2026-12-31', '2024-02-29', '2000-02-29', '1000-01-01', '9999-12-31', '2026-04-30'])(
    '%s',
    (date) => {
      expect(isBusinessDate(date)).toBe(true);
    },
  );

  it.each([
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-32',
    '0999-12-31',
    '10000-01-01',
    '2026-1-1',
    '20260101',
    '2026-01-01T00:00:00',
    ' 2026-01-01',
    '2026-01-01\n',
    '',
    'today',
  ])('not %j', (date) => {
    expect(isBusinessDate(date)).toBe(false);
  });

  it('agrees with the calendar of the platform', () => {
    const part = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 9999 }), part, part, (year, month, day) => {
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        const date = new Date(Date.UTC(year, month - 1, day));
        expect(isBusinessDate(text)).toBe(date.getUTCMonth() === month - 1 && date.getUTCDate() === day);
      }),
    );
  });
});

describe('date arithmetic', () => {
  it.each([
    ['2026-03-01', -1, '2026-02-28'],
    ['2024-02-28', 1, '2024-02-29'],
    ['2026-12-31', 1, '2027-01-01'],
    ['2026-01-01', 0, '2026-01-01'],
    ['2026-01-01', 365, '2027-01-01'],
    ['1000-01-01', -1, '0999-12-31'],
  ])('%s %d', (date, days, expected) => {
    expect(addDays(date, days)).toBe(expected);
  });

  it('goes back one day', () => {
    expect(dayBefore('2026-01-01')).toBe('2025-12-31');
  });

  it('ends with the year 9999', () => {
    expect(() => addDays('9999-12-31', 1)).toThrow(RangeError);
  });

  it('lists dates with both ends', () => {
    expect(datesBetween('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
    expect(datesBetween('2026-02-27', '2026-02-27')).toEqual(['2026-02-27']);
    expect(datesBetween('2026-02-27', '2026-02-26')).toEqual([]);
  });
});
