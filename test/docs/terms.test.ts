/** docs/terms.md: its files can be read, and its table of holidays is what the rules give. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseHolidayFile } from '../../core/business-days/rules/holiday-file.js';
import { holidaysOf, WEEKDAY_NAMES, weekdayOf } from '../../core/business-days/rules/holidays.js';
import { parseTermsFile } from '../../core/terms/rules/terms-file.js';

const page = readFileSync(new URL('../../docs/terms.md', import.meta.url), 'utf8');
const [terms = '', holidays = ''] = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, json = '']) => json);

it('has files that are read', () => {
  const [read, days] = [parseTermsFile(terms), parseHolidayFile(holidays)];
  expect('terms' in read && read.terms.length).toBe(2);
  expect('holidays' in days && days.holidays.length).toBe(6);
});

it('has the holidays of 2026 and 2027', () => {
  const table = [...page.matchAll(/^\| (202[67]-\d\d-\d\d) \| (\w+) \| (.+) \| (\w+) \|$/gm)].map(([, ...cells]) =>
    cells.join(' '),
  );
  const ruled = holidaysOf({ holidays: [], workdays: [] }).filter(({ date }) => /^202[67]/.test(date));
  expect(table).toEqual(
    ruled.map(({ date, name, kind }) => {
      const day = WEEKDAY_NAMES[weekdayOf(date)] ?? '';
      return `${date} ${day.charAt(0).toUpperCase()}${day.slice(1, 3)} ${name} ${kind}`;
    }),
  );
});
