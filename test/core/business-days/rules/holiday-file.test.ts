import { describe, expect, it } from '@jest/globals';
import { parseHolidayFile, withAnnounced } from '../../../../core/business-days/rules/holiday-file.js';

const election = { date: '2028-04-12', name: '국회의원 선거', kind: 'election' } as const;
const faultsOf = (content: unknown): string[] => {
  const parsed = parseHolidayFile(typeof content === 'string' ? content : JSON.stringify(content));
  return 'faults' in parsed ? parsed.faults.map(({ path, code }) => `${path} ${code}`) : [];
};

describe('a file of holidays', () => {
  it('is read, with what it leaves out empty', () => {
    expect(parseHolidayFile(`\uFEFF${JSON.stringify({ holidays: [election] })}`)).toEqual({
      holidays: [election],
      workdays: [],
    });
    expect(parseHolidayFile('{}')).toEqual({ holidays: [], workdays: [] });
  });

  it('names all its faults', () => {
    const content = {
      holidays: [
        { ...election, date: '2028-02-30' },
        { ...election, name: ' ' },
        { ...election, kind: 'lunar', date: '2028-04-13' },
        { date: '2061-01-01', name: 'Too far', kind: 'temporary', until: 'noon' },
        7,
      ],
      workdays: ['2028-01-01', '2028-04-12', 'soon'],
      extra: true,
    };
    expect(faultsOf(content).sort()).toEqual(
      [
        'holidays[0].date DATE_INVALID',
        'holidays[1].name HOLIDAY_INVALID',
        'holidays[2].kind HOLIDAY_INVALID',
        'holidays[3].date BUSINESS_DAY_UNKNOWN',
        'holidays[3].until HOLIDAY_INVALID',
        'holidays[4] HOLIDAY_INVALID',
        'workdays[0] HOLIDAY_INVALID',
        'workdays[1] HOLIDAY_INVALID',
        'workdays[2] DATE_INVALID',
        'extra HOLIDAY_INVALID',
      ].sort(),
    );
  });

  it.each([
    ['{"holidays": [', '$ HOLIDAY_FILE_INVALID'],
    ['[]', '$ HOLIDAY_INVALID'],
    ['null', '$ HOLIDAY_INVALID'],
  ])('%s is none', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('goes before what was announced of the same date', () => {
    const before = { holidays: [election, { ...election, date: '2028-05-08' }], workdays: ['2028-07-17'] };
    const temporary = { date: '2028-07-17', name: 'Day', kind: 'temporary' } as const;
    expect(withAnnounced(before, { holidays: [temporary], workdays: ['2028-04-12'] })).toEqual({
      holidays: [{ ...election, date: '2028-05-08' }, temporary],
      workdays: ['2028-04-12'],
    });
  });
});
