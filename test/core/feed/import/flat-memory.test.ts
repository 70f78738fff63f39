import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { type BlockKeys, findRepeats, KeyNotes, RepeatedKeys } from '../../../../core/feed/import/repeated-keys.js';
import { RowBitmap } from '../../../../core/feed/import/row-bitmap.js';
import { RowFaults, writeRejects } from '../../../../core/feed/import/row-faults.js';
import { Spool } from '../../../../core/feed/import/spool.js';
import { Verdicts } from '../../../../core/feed/import/verdicts.js';
import { FeedFolder } from '../../../support/feed-files.js';

const folder = new FeedFolder();
afterAll(() => folder.remove());

describe('RowBitmap', () => {
  it('remembers any rows and counts each once', () => {
    const bitmap = new RowBitmap();
    const rows = [0, 7, 8, 31, 32_767, 32_768, 10_000_000];
    for (const row of [...rows, ...rows]) bitmap.mark(row);
    expect(bitmap.count).toBe(rows.length);
    for (const row of rows) expect([bitmap.has(row), bitmap.has(row + 1)]).toEqual([true, rows.includes(row + 1)]);
  });
});

describe('Spool', () => {
  it.each([1, 3, 1_000])('gives back what it was given in order, with %i records in memory', (memoryRecords) => {
    const spool = new Spool(memoryRecords);
    for (let number = 0; number < 20; number += 1) spool.add(number % 3, `레코드 ${number}`);
    expect(spool.buckets()).toEqual([0, 1, 2]);
    const expected = Array.from({ length: 20 }, (_, number) => number).filter((number) => number % 3 === 1);
    expect(spool.read(1)).toEqual(expected.map((number) => `레코드 ${number}`));
    expect(spool.read(1)).toHaveLength(expected.length);
    spool.close();
  });
});

/** The keys of a block, one a line. */
function blockOf(keys: readonly string[]): BlockKeys {
  const notes = new KeyNotes();
  for (const [at, key] of keys.entries()) notes.add(key, at, at);
  return notes.taken();
}

describe('RepeatedKeys', () => {
  it('finds the repeats among more keys than stay in memory, and leaves the rest alone', async () => {
    const keys = new RepeatedKeys('line_id');
    const verdicts = new Verdicts();
    const rows = 200_000;
    for (let row = 0; row < rows; row += 100)
      keys.add(blockOf(Array.from({ length: 100 }, (_, at) => `O${row + at}\t1`)), { row, line: row + 2 });
    keys.add(blockOf(['O3\t1', 'O3\t11']), { row: rows, line: rows + 2 });
    await keys.rejectIn(verdicts, async (records) => findRepeats(records));
    expect([verdicts.rejected, verdicts.skips(3), verdicts.skips(rows)]).toEqual([1, false, true]);
    const value = 'O3 1 (first on line 5)';
    expect(verdicts.faults.first(2)).toEqual([{ line: rows + 2, column: 'line_id', code: 'ROW_REPEATED', value }]);
    keys.close();
    verdicts.close();
  });
});

describe('RowFaults', () => {
  it('tells faults by line, however they came, and writes them whole', async () => {
    const faults = new RowFaults();
    for (let line = 30_000; line > 1; line -= 1) {
      faults.add(line, { column: 'quantity', code: 'QUANTITY_INVALID', value: line === 5 ? 'a,"b"\nc' : 'x' });
    }
    faults.add(4, { column: 'line_id', code: 'ID_INVALID', value: 'y'.repeat(500) });
    expect(faults.counts()).toEqual({ ID_INVALID: 1, QUANTITY_INVALID: 29_999 });
    expect(faults.first(3).map(({ line, code }) => [line, code])).toEqual([
      [2, 'QUANTITY_INVALID'],
      [3, 'QUANTITY_INVALID'],
      [4, 'QUANTITY_INVALID'],
    ]);
    const file = join(folder.path, 'rejects.csv');
    await writeRejects(file, faults);
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'line,column,code,value',
      '2,quantity,QUANTITY_INVALID,x',
      '3,quantity,QUANTITY_INVALID,x',
    ]);
    expect(lines[5]).toBe('5,quantity,QUANTITY_INVALID,"a,""b""');
    expect(lines).toHaveLength(30_003);
    expect(readdirSync(folder.path)).toEqual(['rejects.csv']);
    faults.close();
  });

  it('writes no value that a spreadsheet would run, and leaves numbers alone', async () => {
    const faults = new RowFaults();
    const values = ['=HYPERLINK("http://x")', '+82-10', '-cmd', '@SUM(1)', '＝1', '-1', '+1.5', '1,000', 'x=1'];
    values.forEach((value, index) => {
      faults.add(index + 2, { column: 'reason', code: 'REASON_INVALID', value });
    });
    const file = join(folder.path, 'formulas.csv');
    await writeRejects(file, faults);
    const rows: string[][] = parse(readFileSync(file, 'utf8'), { from_line: 2 });
    expect(rows.map(([, , , value]) => value)).toEqual([
      ...values.slice(0, 5).map((value) => `'${value}`),
      ...values.slice(5),
    ]);
    faults.close();
  });

  it('refuses a place where nothing can be written', async () => {
    const faults = new RowFaults();
    await expect(writeRejects(join(folder.path, 'no', 'rejects.csv'), faults)).rejects.toMatchObject({
      code: 'REJECTS_UNWRITABLE',
    });
    faults.close();
  });
});
