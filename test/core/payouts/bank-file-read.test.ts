import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { readBankResult } from '../../../core/payouts/bank-file.js';
import { csvLayout } from '../../../core/payouts/rules/bank-files/csv-layout.js';
import { fixedWidthLayout } from '../../../core/payouts/rules/bank-files/fixed-width-layout.js';
import { CSV, changed, FIXED, faultsOf, fileOf, readText, resultsOf, SAMPLES } from './bank-files.js';

const BOM = '\uFEFF';

describe.each(SAMPLES)('a result file, $layout', ({ layout, lines }) => {
  it('says what became of each transfer', () => {
    const { fileId, results } = resultsOf(layout, fileOf(lines));
    expect(fileId).toBe('F12');
    expect(results.map(({ code: _, ...result }) => result)).toEqual([
      {
        ...{ line: 2, payoutId: 12, attempt: 1, reference: 'P12-1', amountMinor: 150_000n, currency: 'KRW' },
        ...{ meaning: { outcome: 'paid' }, message: '', date: '2026-12-01' },
      },
      {
        ...{ line: 3, payoutId: 13, attempt: 2, reference: 'P13-2', amountMinor: 70_000n, currency: 'KRW' },
        ...{ meaning: { outcome: 'failed', reason: 'ACCOUNT_CLOSED' }, message: 'closed', date: '2026-12-01' },
      },
      {
        ...{ line: 4, payoutId: 14, attempt: 1, reference: 'P14-1', amountMinor: 1n, currency: 'KRW' },
        ...{
          meaning: { outcome: 'returned', reason: 'RETURNED_BY_BANK' },
          message: 'came back, again',
          date: '2026-12-02',
        },
      },
    ]);
  });

  it('may have line feeds alone, both kinds of line ends, and no end of the last line', () => {
    const expected = resultsOf(layout, fileOf(lines));
    expect(resultsOf(layout, fileOf(lines, '\n'))).toEqual(expected);
    expect(resultsOf(layout, `${lines[0]}\n${fileOf(lines.slice(1))}`)).toEqual(expected);
    expect(resultsOf(layout, lines.join('\r\n'))).toEqual(expected);
  });

  it('is refused with the line ends of old Macs', () => {
    expect(faultsOf(readText(layout, fileOf(lines, '\r')))).toContain('1: LINE_END_WRONG');
  });

  it('is refused when it is empty, cut off, or goes on after the trailer', () => {
    expect(faultsOf(readText(layout, ''))).toEqual(['1: FILE_EMPTY']);
    expect(faultsOf(readText(layout, fileOf(lines.slice(0, 4))))).toEqual(['4: TRAILER_MISSING']);
    const whole = lines.join('\r\n');
    for (let missing = 1; missing < (lines[4] ?? '').length; missing += 1)
      expect(faultsOf(readText(layout, whole.slice(0, -missing)))).not.toEqual([]);
    expect(faultsOf(readText(layout, fileOf([...lines, lines[1] ?? ''])))).toContain('6: TRAILER_NOT_LAST');
    expect(faultsOf(readText(layout, fileOf([...lines, ''])))).toContain('6: TRAILER_NOT_LAST');
  });

  it('is refused without its header, or with two', () => {
    expect(faultsOf(readText(layout, fileOf(lines.slice(1))))).toContain('1: HEADER_MISSING');
    const [header = '', ...rest] = lines;
    expect(faultsOf(readText(layout, fileOf([header, header, ...rest])))).toEqual(['2: HEADER_REPEATED']);
  });

  it('is refused where a reference stands twice or a line is left out', () => {
    const [header = '', first = '', second = '', third = '', trailer = ''] = lines;
    expect(
      faultsOf(readText(layout, fileOf([header, first, second.replace('P13-2', 'P12-1'), third, trailer]))),
    ).toEqual(['3: REFERENCE_REPEATED']);
    expect(faultsOf(readText(layout, fileOf([header, first, third, trailer])))).toEqual([
      '3: SEQUENCE_WRONG',
      '4: COUNT_WRONG',
      '4: TOTAL_WRONG',
    ]);
  });

  it('is refused in another encoding, line by line', () => {
    const other = layout === 'csv' ? 'cp949' : 'utf-16le';
    const foreign = iconv.encode(fileOf(lines).replace('closed', '해지'), other);
    expect(readBankResult(layout, foreign)).toMatchObject({ refused: 'BANK_RESULT_INVALID' });
    const bytes = Buffer.from(fileOf(lines));
    bytes.set([0xff, 0xff], bytes.indexOf('closed'));
    expect(faultsOf(readBankResult(layout, bytes))).toEqual(['3: ENCODING_WRONG']);
  });
});

const FIRST = 'P12-1'.padEnd(20);

it.each<[string, string[], string[]]>([
  ['an amount that is no number', changed(CSV, 2, '150000', '150,000'.replace(',', ' ')), ['2: AMOUNT_INVALID']],
  ['a negative amount', changed(CSV, 2, '150000', '-150000'), ['2: AMOUNT_INVALID']],
  ['an amount of zero', changed(CSV, 2, '150000', '0'), ['2: AMOUNT_INVALID', '5: TOTAL_WRONG']],
  ['an amount in scientific notation', changed(CSV, 2, '150000', '1.5E+05'), ['2: AMOUNT_INVALID']],
  ['an unknown record', changed(CSV, 2, 'RESULT', 'RESULTS'), ['2: RECORD_UNKNOWN']],
  ['a column too many', changed(CSV, 2, 'PAID,', 'PAID,,'), ['2: LINE_LENGTH_WRONG']],
  ['an unknown result', changed(CSV, 2, 'PAID', 'DONE'), ['2: RESULT_UNKNOWN']],
  ['a result that is a member of all objects', changed(CSV, 2, 'PAID', 'toString'), ['2: RESULT_UNKNOWN']],
  ['another currency', changed(CSV, 2, 'KRW', 'USD'), ['5: CURRENCY_WRONG']],
  ['a date that there is not', changed(CSV, 2, '2026-12-01', '2026-13-01'), ['2: DATE_INVALID']],
  ['a foreign reference', changed(CSV, 2, 'P12-1', '12'), ['2: REFERENCE_INVALID']],
  ['a wrong count', changed(CSV, 5, 'TOTAL,3', 'TOTAL,4'), ['5: COUNT_WRONG']],
  ['a wrong total', changed(CSV, 5, '220001', '220000'), ['5: TOTAL_WRONG']],
  ['a total that is no number', changed(CSV, 5, '220001', 'x'), ['5: AMOUNT_INVALID']],
  ['no number of the file', changed(CSV, 5, 'F12', ''), ['5: FILE_ID_INVALID']],
  ['other columns', changed(CSV, 1, 'date', 'day'), ['1: HEADER_MISSING']],
  ['quotes where none may stand', changed(CSV, 2, 'P12-1', 'P"12"-1'), ['2: LINE_UNREADABLE']],
])('CSV is refused with %s', (_, lines, faults) => {
  expect(faultsOf(readText('csv', fileOf(lines)))).toEqual(faults);
});

it.each<[string, string[], string[]]>([
  ['an amount that is no number', changed(FIXED, 2, '0000000150000', '000000015000O'), ['2: AMOUNT_INVALID']],
  ['an unknown record', changed(FIXED, 2, 'R', 'X'), ['2: RECORD_UNKNOWN']],
  ['a record that is too short', changed(FIXED, 2, '   ', '  '), ['2: LINE_LENGTH_WRONG']],
  [
    'an unknown result',
    changed(FIXED, 2, `${FIRST}00000001500000000`, `${FIRST}00000001500000001`),
    ['2: RESULT_UNKNOWN'],
  ],
  ['a date that there is not', changed(FIXED, 2, '20261201', '20261301'), ['2: DATE_INVALID']],
  ['a foreign reference', changed(FIXED, 2, 'P12-1', 'Q12-1'), ['2: REFERENCE_INVALID']],
  ['a wrong count', changed(FIXED, 5, 'E0000003', 'E0000004'), ['5: COUNT_WRONG']],
  ['a wrong total', changed(FIXED, 5, '220001', '220000'), ['5: TOTAL_WRONG']],
  ['the file that we sent', changed(FIXED, 1, 'MGRSLT01', 'MGTRAN01'), ['1: HEADER_MISSING', '5: FILE_ID_INVALID']],
  ['no number of the file', changed(FIXED, 1, 'F12', '   '), ['1: FILE_ID_INVALID']],
])('fixed width is refused with %s', (_, lines, faults) => {
  expect(faultsOf(readText('fixed-width', fileOf(lines)))).toEqual(faults);
});

it('names the faults of all lines at once', () => {
  const [header = '', first = '', second = '', third = '', trailer = ''] = CSV.lines;
  const lines = [header, first.replace('150000', 'x'), second.replace('RESULT', 'R'), third.replace('3', '4'), trailer];
  expect(faultsOf(readText('csv', fileOf(lines)))).toEqual([
    '2: AMOUNT_INVALID',
    '3: RECORD_UNKNOWN',
    '4: SEQUENCE_WRONG',
  ]);
});

it('accepts a byte-order mark before CSV, and refuses it before code page 949', () => {
  expect(resultsOf('csv', BOM + fileOf(CSV.lines))).toEqual(resultsOf('csv', fileOf(CSV.lines)));
  expect(faultsOf(readText('fixed-width', BOM + fileOf(FIXED.lines)))).toContain('1: ENCODING_WRONG');
});

it('reads messages in Korean by their bytes', () => {
  const lines = changed(FIXED, 3, 'closed      ', '해지된 계좌 ');
  const content = iconv.encode(fileOf(lines), 'cp949');
  const read = readBankResult('fixed-width', content);
  expect(read).toMatchObject({ results: [{}, { message: '해지된 계좌' }, {}] });
});

it('reads the codes that docs/bank-files.md lists, and those alone', () => {
  const rows = [
    ...readFileSync('docs/bank-files.md', 'utf8').matchAll(/^\| `(\w+)` \| `(\d{4})` \| (\w+) \| (?:`(\w+)` )?\|$/gm),
  ];
  const meanings = (column: 1 | 2) =>
    Object.fromEntries(
      rows.map((row) => [row[column], { outcome: row[3], ...(row[4] === undefined ? {} : { reason: row[4] }) }]),
    );
  expect(csvLayout.results).toEqual(meanings(1));
  expect(fixedWidthLayout.results).toEqual(meanings(2));
});
