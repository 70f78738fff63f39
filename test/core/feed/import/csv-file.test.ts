import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { orFailure, textOf } from '../../../../core/feed/import/block-reader.js';
import { inspectCsvFile } from '../../../../core/feed/import/csv-file.js';
import { lineBreaksIn, readCsvText } from '../../../../core/feed/import/csv-text.js';
import { blockEncoding, readFileBlocks } from '../../../../core/feed/import/file-blocks.js';
import { blockError } from '../../../../core/feed/import/file-rows.js';
import { FeedFolder } from '../../../support/feed-files.js';

const folder = new FeedFolder();
afterAll(() => folder.remove());

async function rowsOf(content: string | Uint8Array, encoding = 'utf-8') {
  const file = folder.write(content);
  await inspectCsvFile(file, encoding);
  const rows: (string | number)[][] = [];
  const layout = { encoding: blockEncoding(encoding), lenient: false };
  let line = 1;
  for await (const { bytes, begins } of readFileBlocks(file, encoding, false, () => undefined)) {
    const read = orFailure(() => {
      const text = textOf(bytes, layout, begins);
      readCsvText(text, (fields, at) => rows.push([line + at, ...fields]));
      return lineBreaksIn(text);
    });
    if (typeof read !== 'number') throw blockError(read, { file, encoding }, line);
    line += read;
  }
  return rows;
}

const refusalOf = (content: string | Uint8Array, encoding?: string) =>
  rowsOf(content, encoding).then(
    () => ({ code: 'none', details: {} as Record<string, unknown> }),
    (error: { code: string; details: Record<string, unknown> }) => ({ code: error.code, details: error.details }),
  );

describe('the rows of a file', () => {
  it.each([
    [
      'LF',
      'a,b\n1,2\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'CRLF',
      'a,b\r\n1,2\r\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'both',
      'a,b\n1,2\r\n3,4\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
        [3, '3', '4'],
      ],
    ],
    [
      'no last line break',
      'a,b\n1,2',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'a byte-order mark',
      '\uFEFFa,b\n1,2\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'quotes',
      'a,b\n"x, ""y""",2\n',
      [
        [1, 'a', 'b'],
        [2, 'x, "y"', '2'],
      ],
    ],
    [
      'a quoted LF',
      'a,b\n"x\ny",2\n3,4\n',
      [
        [1, 'a', 'b'],
        [2, 'x\ny', '2'],
        [4, '3', '4'],
      ],
    ],
    [
      'a quoted CRLF',
      'a,b\r\n"x\r\ny",2\r\n3,4\r\n',
      [
        [1, 'a', 'b'],
        [2, 'x\r\ny', '2'],
        [4, '3', '4'],
      ],
    ],
    [
      'blank lines',
      'a,b\n\n1,2\n\n\n3,4\n',
      [
        [1, 'a', 'b'],
        [3, '1', '2'],
        [6, '3', '4'],
      ],
    ],
    [
      'rows of any length',
      'a,b\n1\n1,2,3\n',
      [
        [1, 'a', 'b'],
        [2, '1'],
        [3, '1', '2', '3'],
      ],
    ],
    [
      'empty fields',
      'a,b\n,\n',
      [
        [1, 'a', 'b'],
        [2, '', ''],
      ],
    ],
  ])('reads %s', async (_name, content, rows) => {
    expect(await rowsOf(content)).toEqual(rows);
  });

  it('reads EUC-KR', async () => {
    const content = Buffer.concat([Buffer.from('a,b\n'), Buffer.from([0xb0, 0xa1]), Buffer.from(',1\n')]);
    expect(await rowsOf(content, 'euc-kr')).toEqual([
      [1, 'a', 'b'],
      [2, '가', '1'],
    ]);
  });

  it('reads UTF-16 where that is said', async () => {
    const content = Buffer.from('\uFEFFa,b\n가,1\n', 'utf16le');
    expect(await rowsOf(content, 'utf-16le')).toEqual([
      [1, 'a', 'b'],
      [2, '가', '1'],
    ]);
  });

  it('keeps characters whole that fall on the border of two chunks', async () => {
    const row = `${'가나다'.repeat(50)},1\n`;
    const rows = await rowsOf(`a,b\n${row.repeat(3_000)}`);
    expect(rows).toHaveLength(3_001);
    expect(new Set(rows.slice(1).map((fields) => fields[1]))).toEqual(new Set(['가나다'.repeat(50)]));
  });

  it.each([
    ['an empty file', '', undefined, 'FILE_EMPTY', {}],
    [
      'EUC-KR read as UTF-8',
      Buffer.from([0x61, 0x0a, 0xb0, 0xa1, 0x0a]),
      undefined,
      'ENCODING_INVALID',
      { encoding: 'utf-8' },
    ],
    ['UTF-8 read as EUC-KR', 'a\n각하\uFFFF\n', 'euc-kr', 'ENCODING_INVALID', { encoding: 'euc-kr' }],
    [
      'UTF-16 read as UTF-8',
      Buffer.from('\uFEFFa,b\n', 'utf16le'),
      undefined,
      'ENCODING_INVALID',
      { looksLike: 'utf-16le' },
    ],
    ['an encoding nobody knows', 'a\n', 'klingon', 'ENCODING_UNKNOWN', { encoding: 'klingon' }],
    ['a gzip file', gzipSync('a,b\n'), undefined, 'FILE_BINARY', {}],
    ['an Excel workbook', Buffer.from('504b030414000600', 'hex'), undefined, 'FILE_BINARY', {}],
    ['NUL bytes', 'a,b\n1,\0\n', undefined, 'FILE_BINARY', { nearLine: 2 }],
    ['a quote that is never closed', 'a,b\n1,2\n3,"4\n5,6\n', undefined, 'CSV_MALFORMED', { line: 3 }],
    ['text after a closing quote', 'a,b\n"1"x,2\n', undefined, 'CSV_MALFORMED', { line: 2 }],
    ['a quote inside a field', 'a,b\n1,2\nx"1,2\n', undefined, 'CSV_MALFORMED', { line: 3 }],
    ['a row without end', `a,b\n1,2\n"${'x'.repeat(1_100_000)}`, undefined, 'CSV_MALFORMED', { line: 3 }],
    ['characters cut in half at the end', Buffer.from('a\n가').subarray(0, 4), undefined, 'ENCODING_INVALID', {}],
  ])('refuses %s', async (_name, content, encoding, code, details) => {
    const refusal = await refusalOf(content, encoding);
    expect(refusal.code).toBe(code);
    expect(refusal.details).toMatchObject(details);
  });

  it('refuses what is not a file, or not there', async () => {
    await expect(inspectCsvFile(`${folder.path}/nothing.csv`, 'utf-8')).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
    await expect(inspectCsvFile(folder.path, 'utf-8')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});
