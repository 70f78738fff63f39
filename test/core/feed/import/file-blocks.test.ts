/** Files that are longer than a block: rows, characters and faults at the borders of blocks, and what is kept of rows. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { orFailure, textOf } from '../../../../core/feed/import/block-reader.js';
import { BlockThreads } from '../../../../core/feed/import/block-threads.js';
import { readCsvText } from '../../../../core/feed/import/csv-text.js';
import { BLOCK_BYTES, blockEncoding, readFileBlocks } from '../../../../core/feed/import/file-blocks.js';
import { FileRows, type RowSource } from '../../../../core/feed/import/file-rows.js';
import { refundRows, saleRows } from '../../../../core/feed/import/row-kind.js';
import { readRecord, saleLookUp, writeRecord } from '../../../../core/feed/stores/sale-sql.js';
import { FeedFolder, SALE_HEADER, salesCsv } from '../../../support/feed-files.js';

const folder = new FeedFolder();
afterAll(() => folder.remove());

/** The fields of all rows, block by block. */
async function blocksOf(content: string, encoding: string): Promise<string[][][]> {
  const bytes = encoding === 'utf-8' ? Buffer.from(content) : iconv.encode(content, encoding);
  const layout = { encoding: blockEncoding(encoding), lenient: false };
  const blocks: string[][][] = [];
  for await (const block of readFileBlocks(folder.write(bytes), encoding, false, () => undefined)) {
    const rows: string[][] = [];
    readCsvText(textOf(block.bytes, layout, block.begins), (fields) => rows.push([...fields]));
    blocks.push(rows);
  }
  return blocks;
}

/** Rows of about `bytes` bytes each, of two-byte or three-byte characters. */
const filler = (rows: number): string =>
  Array.from({ length: rows }, (_, row) => `${row},${'가힣'.repeat(9)}\n`).join('');

describe('a block', () => {
  it.each(['utf-8', 'cp949', 'utf-16le', 'shift_jis'])(
    'ends with a row, whatever %s has at the border',
    async (encoding) => {
      const word = encoding === 'shift_jis' ? '表ソ能' : '가힣뷁'; // of the first two, the second byte is a backslash
      for (const shift of [0, 1, 2, 3]) {
        const content = `${'x'.repeat(shift)}\n${Array.from({ length: 20_000 }, (_, row) => `${row},${word.repeat(4)}\n`).join('')}`;
        const blocks = await blocksOf(content, encoding);
        expect(blocks.length).toBeGreaterThan(1);
        const rows = blocks.flat().filter(([first]) => first !== 'x'.repeat(shift));
        expect(rows).toHaveLength(20_000);
        expect(rows.every(([number, text], row) => number === String(row) && text === word.repeat(4))).toBe(true);
      }
    },
  );

  it.each([0, 1, 2, 3, 150, 299])(
    'does not end inside a quoted field that lies across the border, %i bytes of it before',
    async (before) => {
      const head = filler(8_000);
      const padding = BLOCK_BYTES - Buffer.byteLength(head) - before - 3;
      const quoted = 'a,"b"\r\n\n'.repeat(40);
      const row = `p,"${quoted.replaceAll('"', '""')}",z\n`;
      const content = `${head}${'y'.repeat(padding)}\n${row}${filler(1_000)}`;
      const blocks = await blocksOf(content, 'utf-8');
      expect(blocks.length).toBeGreaterThan(1);
      expect(blocks.flat()).toEqual(parse(content, { relax_column_count: true, record_delimiter: ['\r\n', '\n'] }));
    },
  );

  it('has the rows that csv-parse finds, where nothing is quoted and where something is', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '가', ' ', '\r', "'", ';'), maxLength: 4 });
    const quoted = fc
      .string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', '힣'), maxLength: 4 })
      .map((text) => `"${text.replaceAll('"', '""')}"`);
    const rows = (cell: fc.Arbitrary<string>) =>
      fc.array(fc.tuple(fc.array(cell, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\r\n', '\n\n')), {
        maxLength: 8,
      });
    fc.assert(
      fc.property(fc.oneof(rows(field), rows(fc.oneof(field, quoted))), (given) => {
        const text = given.map(([cells, end]) => cells.join(',') + end).join('');
        const found: string[][] = [];
        readCsvText(text, (fields) => found.push([...fields]));
        const expected: string[][] = parse(text, { relax_column_count: true, record_delimiter: ['\r\n', '\n'] });
        expect(found).toEqual(expected.filter((cells) => cells.length !== 1 || cells[0] !== ''));
      }),
      { numRuns: 500 },
    );
  });
});

describe('rows after the first block', () => {
  /** Three blocks, the last of which begins before row FAR. */
  const ROWS = 18_000;
  const FAR = 17_123;
  const source = (content: string | Buffer): RowSource => ({
    kind: 'lines',
    file: folder.write(content),
    encoding: 'utf-8',
    mapping: {},
    timeZone: 'Asia/Seoul',
    platformTimeZone: 'Asia/Seoul',
    policies: [],
    deadlineMs: 60_000,
  });

  /** The rows are read by threads. */
  async function read(content: string | Buffer) {
    const rows = new FileRows(source(content), () => undefined);
    const found = {
      rows: 0,
      records: 0,
      faults: [] as { line: number; code: string }[],
      placesOf: new Map<number, number>(),
    };
    try {
      for await (const { block, first } of rows.blocks()) {
        found.rows += block.rows;
        found.records += block.ends.length;
        for (const { line, faults } of block.faults)
          found.faults.push(...faults.map(({ code }) => ({ line: first.line + line, code })));
        for (const [at, row] of block.rowOf.entries())
          found.placesOf.set(first.row + row, first.line + (block.lineOf[at] ?? 0));
      }
      return found;
    } finally {
      await rows.close();
    }
  }

  /** Every tenth row has a line break in its category, every hundredth is followed by a blank line. */
  const many = (changed: Readonly<Record<number, Readonly<Record<string, string>>>>, count = ROWS): string =>
    Array.from({ length: count }, (_, row) => {
      const category = row % 10 === 0 ? '"신\n발"' : '신발';
      const line = salesCsv({ order_id: `O${row}`, category, ...changed[row] }).slice(SALE_HEADER.length + 1);
      return row % 100 === 0 ? `${line}\n` : line;
    }).join('');
  const lineOf = (row: number): number => 2 + row + Math.ceil(row / 10) + Math.ceil(row / 100);

  it('have their true numbers and lines, and so have their faults', async () => {
    const found = await read(
      `${SALE_HEADER}\n${many({ [ROWS / 2]: { quantity: '0' }, [ROWS - 1]: { currency: 'XXX' } })}1,2\n`,
    );
    expect([found.rows, found.records]).toEqual([ROWS + 1, ROWS - 2]);
    expect(found.faults).toEqual([
      { line: lineOf(ROWS / 2), code: 'QUANTITY_INVALID' },
      { line: lineOf(ROWS - 1), code: 'CURRENCY_UNKNOWN' },
      { line: lineOf(ROWS), code: 'COLUMN_COUNT' },
    ]);
    for (const row of [0, 1, 7_777, 10_000, ROWS - 2]) expect(found.placesOf.get(row)).toBe(lineOf(row));
  });

  it.each([
    ['a quote inside a field', 'x"y', 'CSV_MALFORMED'],
    ['text behind a quote', '"x"y', 'CSV_MALFORMED'],
    ['a quote that is never closed', '"x', 'CSV_MALFORMED'],
  ])('name the line of %s', async (_name, product_id, code) => {
    const failing = read(`${SALE_HEADER}\n${many({ [FAR]: { product_id } })}`);
    await expect(failing).rejects.toMatchObject({ code, details: { line: lineOf(FAR) } });
  });

  it('tell that the file was cut off within its last row, also where it is read in threads', async () => {
    for (const count of [2, ROWS]) {
      const whole = `${SALE_HEADER}\n${many({}, count)}`;
      const withoutLastField = whole.slice(0, whole.lastIndexOf(','));
      const line = lineOf(count - 1);
      await expect(read(withoutLastField)).rejects.toMatchObject({ code: 'CSV_MALFORMED', details: { line } });
      expect(await read(`${withoutLastField},`)).toMatchObject({
        rows: count,
        faults: [{ line, code: 'FIELD_REQUIRED' }],
      });
      expect(await read(`${withoutLastField}\n`)).toMatchObject({
        rows: count,
        faults: [{ line, code: 'COLUMN_COUNT' }],
      });
    }
  });

  it.each([
    ['everywhere', (text: string) => text.replaceAll('\n', '\r'), 1],
    ['behind the header', (text: string) => text.replaceAll('\n', '\r').replace('\r', '\n'), 2],
    ['in a file of one row', (text: string) => text.split('\n').slice(0, 2).join('\r'), 1],
    ['far behind', (text: string) => text.replace(/\n(?=[^\n]*\n*$)/, '\r'), lineOf(ROWS - 2)],
  ])('tell line ends that are a carriage return alone: %s', async (_where, changed, line) => {
    const text = changed(`${SALE_HEADER}\n${many({ ...Array.from({ length: ROWS }, () => ({ category: 'x' })) })}`);
    const details = line === lineOf(ROWS - 2) ? {} : { line };
    await expect(read(text)).rejects.toMatchObject({
      code: 'CSV_MALFORMED',
      details: { ...details, reason: expect.stringContaining('carriage return') },
    });
  });

  it('may be waited for while their threads load: that is not held against them', async () => {
    const layout = { ...source(''), lenient: false, header: SALE_HEADER.split(',') };
    const threads = new BlockThreads(layout, 1_500, new URL('../../../support/slow-block-thread.mjs', import.meta.url));
    try {
      const bytes = new Uint8Array(Buffer.from(many({}, 3)));
      expect(await threads.read({ bytes, begins: false })).toMatchObject({ rows: 3 });
    } finally {
      await threads.close();
    }
  });

  it('detect NUL bytes, or bytes of another encoding, far after the beginning of a file', async () => {
    const text = `${SALE_HEADER}\n${many({ [FAR]: { product_id: '\0' } })}`;
    const nearLine = lineOf(FAR);
    await expect(read(text)).rejects.toMatchObject({ code: 'FILE_BINARY', details: { nearLine } });
    const [before, after] = text.split('\0').map((part) => Buffer.from(part)) as [Buffer, Buffer];
    await expect(read(Buffer.concat([before, Buffer.of(0xb0, 0xa1), after]))).rejects.toMatchObject({
      code: 'ENCODING_INVALID',
    });
  });
});

describe('a record', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', "'", '\\', '"', '?', 'N', ',', '\n', '\t', '가', '😀', '%'),
    maxLength: 64,
  });
  const amount = fc.oneof(fc.nat(), fc.maxSafeNat());

  it('of a sale gives back the sale', () => {
    const sale = fc.record({
      orderId: text,
      lineId: text,
      sellerId: text,
      productId: text,
      category: text,
      quantity: fc.integer({ min: 1, max: 1_000_000 }),
      unitPrice: amount,
      itemAmount: amount,
      sellerDiscount: amount,
      platformDiscount: amount,
      shippingFee: amount,
      currency: fc.constant('KRW'),
      orderedOn: fc.constant('2026-03-01'),
      occurredOn: fc.constant('2026-03-05'),
    });
    fc.assert(
      fc.property(sale, (entry) => {
        const bytes = Buffer.alloc(saleRows.recordBytesMax + 3);
        expect(readRecord(bytes, 3, writeRecord(bytes, 3, entry))).toEqual(entry);
      }),
    );
  });

  it('of a refund gives back the refund and its values, and fits', () => {
    const entry = {
      refundId: 'R',
      orderId: 'O',
      lineId: '1',
      quantity: 1,
      occurredOn: '2026-03-06',
      reason: '\u0001'.repeat(255),
    };
    const row = { values: ['R', 'O', '1', '1', '2026-03-06', entry.reason], entry };
    const bytes = Buffer.alloc(refundRows.recordBytesMax);
    const end = refundRows.writeRecord(bytes, 0, row);
    expect(refundRows.readRecord(bytes, 0, end)).toEqual(row);
  });
});

describe('a look-up', () => {
  it('names each order, and the lines only where they do not multiply', () => {
    const few = [
      { orderId: "O'1", lineId: '1' },
      { orderId: "O'1", lineId: '2' },
      { orderId: 'O2', lineId: '1' },
    ];
    expect(saleLookUp(few)).toEqual({ orders: `'O\\'1','O2'`, lines: `'1','2'` });
    const many = Array.from({ length: 900 }, (_, at) => ({ orderId: `O${at}`, lineId: `L${at}` }));
    expect(saleLookUp(many)).toMatchObject({ lines: null });
  });
});

it('an error that is not a fault of the file is thrown unchanged', () => {
  const broken = new Error('a fault of the program');
  expect(() =>
    orFailure(() => {
      throw broken;
    }),
  ).toThrow(broken);
});
