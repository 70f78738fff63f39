/** Workbooks, read back with a library of others: what is text stays text, amounts are numbers with their decimals. */
import { describe, expect, it } from '@jest/globals';
import { writeWorkbook } from '../../infra/workbook.js';
import type { SheetColumn, SheetRow } from '../../infra/workbook-xml.js';
import { partOf, readWorkbook, sheetOf, shownRows } from '../support/workbook.js';

const columns: SheetColumn[] = [
  { name: 'id', kind: 'text' },
  { name: 'count', kind: 'count' },
  { name: 'amount', kind: 'amount' },
  { name: 'day', kind: 'date' },
];

async function workbook(
  batches: Iterable<SheetRow[]> | AsyncIterable<SheetRow[]>,
  { rowsMax, name = 'rows' }: { rowsMax?: number; name?: string } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const sink = async (bytes: Uint8Array): Promise<void> => void chunks.push(bytes);
  await writeWorkbook(sink, (book) => book.addTable(name, columns, batches), rowsMax);
  return Buffer.concat(chunks);
}

const cellsOf = async (id: string, amount = '1') => sheetOf(await workbook([[[id, 1, amount, '2026-06-30']]]), 'rows');

describe('a cell of text', () => {
  it.each([
    '007',
    '202604000000000',
    '2.02604E+15',
    '2026-01-02',
    '=1+1',
    '@SUM(A1)',
    '-5',
    'TRUE',
    'a <b> & "c"',
    '_x0041_',
    '_x005F_x0041_',
    ' spaces ',
    '마감',
  ])('%j stays unchanged, and is not a formula', async (id) => {
    const cell = (await cellsOf(id)).A2;
    expect([cell.t, cell.v, cell.f]).toEqual(['s', id, undefined]);
    expect(cell.z).toBe('@');
  });

  it('with what XML cannot hold is escaped as spreadsheets do it', async () => {
    expect((await cellsOf('a\u0007b')).A2.v).toBe('a\u0007b');
  });

  it('that is empty is left out', async () => {
    expect((await cellsOf('')).A2).toBeUndefined();
  });
});

describe('an amount', () => {
  it.each([
    ['58.90', '#,##0.00', '58.90'],
    ['-1234567.89', '#,##0.00', '-1,234,567.89'],
    ['0.00', '#,##0.00', '0.00'],
    ['12345', '#,##0', '12,345'],
    ['1.234', '#,##0.000', '1.234'],
    ['0.0001', '#,##0.0000', '0.0001'],
    ['9999999999999.99', '#,##0.00', '9,999,999,999,999.99'],
  ])('%s is a number, shown with its decimals', async (amount, format, shown) => {
    const cell = (await cellsOf('a', amount)).C2;
    expect([cell.t, cell.v, cell.z, cell.w]).toEqual(['n', Number(amount), format, shown]);
  });

  it.each(['90071992547409.91', '9007199254740993123', '-90071992547409.91'])(
    '%s, of more digits than a spreadsheet keeps, is text with all of them',
    async (amount) => {
      const cell = (await cellsOf('a', amount)).C2;
      expect([cell.t, cell.v]).toEqual(['s', amount]);
    },
  );
});

describe('a date and a count', () => {
  it('are numbers that are shown as such', async () => {
    const sheet = await cellsOf('a');
    expect([sheet.D2.t, sheet.D2.w]).toEqual(['n', '2026-06-30']);
    expect([sheet.B2.t, sheet.B2.v]).toEqual(['n', 1]);
  });
});

describe('a sheet', () => {
  it('has a frozen head, and columns as wide as their content', async () => {
    const id = 'an id of a good forty characters, as some are';
    const bytes = await workbook([[[id, 1, '1', '2026-06-30']]]);
    const xml = partOf(bytes, 'xl/worksheets/sheet1.xml');
    expect(xml).toContain('<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>');
    const widths = [...xml.matchAll(/<col [^>]*width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(widths[0]).toBeGreaterThan(id.length);
    expect(widths[2]).toBeGreaterThanOrEqual('9,999,999,999.99'.length);
    expect(widths[3]).toBeGreaterThan('2026-06-30'.length);
  });

  it('shows Hangul, which is twice as wide as digits, and bold heads whole', async () => {
    const wide: SheetColumn[] = [
      { name: 'a', kind: 'text' },
      { name: 'platform_business_number', kind: 'text' },
    ];
    const chunks: Uint8Array[] = [];
    const label = '할인 (판매자 부담)';
    await writeWorkbook(
      async (bytes) => void chunks.push(bytes),
      (book) => book.addTable('rows', wide, [[[label, '1248100998']]]),
    );
    const xml = partOf(Buffer.concat(chunks), 'xl/worksheets/sheet1.xml');
    const [first, second] = [...xml.matchAll(/<col [^>]*width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(first).toBeGreaterThanOrEqual(17 + 1); // seven syllables, four other characters
    expect(second).toBeGreaterThanOrEqual(24 * 1.15);
  });

  it('has the heads of amounts and counts above their numbers, to the right', async () => {
    const bytes = await workbook([[['a', 1, '1', '2026-06-30']]]);
    const formats =
      partOf(bytes, 'xl/styles.xml')
        .match(/<cellXfs.*<\/cellXfs>/s)?.[0]
        .match(/<xf .*?<\/xf>/g) ?? [];
    const row = partOf(bytes, 'xl/worksheets/sheet1.xml').match(/<row r="1">.*?<\/row>/s)?.[0] ?? '';
    const right = [...row.matchAll(/ s="(\d+)"/g)].map(([, style]) => formats[Number(style)]?.includes('"right"'));
    expect(right).toEqual([false, true, true, false]);
  });

  it('is printed across a page, as wide as it, with its head on each', async () => {
    const bytes = await workbook([[['a', 1, '1', '2026-06-30']]], { name: "it's & more" });
    const xml = partOf(bytes, 'xl/worksheets/sheet1.xml');
    expect(xml).toContain('<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>');
    expect(xml).toContain('<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>');
    expect(partOf(bytes, 'xl/workbook.xml')).toContain(
      `<definedName name="_xlnm.Print_Titles" localSheetId="0">'it''s &amp; more'!$1:$1</definedName>`,
    );
  });

  it('without rows has its head', async () => {
    for (const batches of [[], [[]]]) {
      expect(shownRows(sheetOf(await workbook(batches), 'rows'))).toEqual([['id', 'count', 'amount', 'day']]);
    }
  });

  it('that is full goes on in another, under the same head, whatever the batches', async () => {
    const rows = Array.from({ length: 7 }, (_, at): SheetRow => [`id-${at}`, at, `${at}`, '2026-06-30']);
    for (const size of [1, 2, 3, 7]) {
      const batches = Array.from({ length: Math.ceil(7 / size) }, (_, at) => rows.slice(at * size, at * size + size));
      const { SheetNames, Sheets } = readWorkbook(await workbook(batches, { rowsMax: 4 }));
      expect(SheetNames).toEqual(['rows', 'rows 2', 'rows 3']);
      const shown = SheetNames.map((name) => shownRows(Sheets[name] ?? {}));
      expect(shown.map((sheet) => sheet[0]?.[0])).toEqual(['id', 'id', 'id']);
      expect(shown.flatMap((sheet) => sheet.slice(1)).map(([id]) => id)).toEqual(rows.map(([id]) => id));
      expect(shown.map((sheet) => sheet.length)).toEqual([4, 4, 2]);
    }
  });

  it('that ends full begins no other', async () => {
    const rows = Array.from({ length: 3 }, (_, at): SheetRow => [`id-${at}`, at, '1', '2026-06-30']);
    expect(readWorkbook(await workbook([rows], { rowsMax: 4 })).SheetNames).toEqual(['rows']);
  });

  it('holds every row of many batches', async () => {
    const count = 9_000;
    async function* batches(): AsyncGenerator<SheetRow[]> {
      for (let from = 0; from < count; from += 200)
        yield Array.from({ length: 200 }, (_, at): SheetRow => [`id-${from + at}`, at, '1.00', '2026-06-30']);
    }
    const rows = shownRows(sheetOf(await workbook(batches()), 'rows'));
    expect(rows).toHaveLength(count + 1);
    expect(rows.at(-1)?.[0]).toBe(`id-${count - 1}`);
  });
});

describe('a workbook', () => {
  it('of the same rows is the same to the byte', async () => {
    const rows: SheetRow[] = [['a', 1, '1.00', '2026-06-30']];
    expect((await workbook([rows])).equals(await workbook([rows]))).toBe(true);
  });

  const endless = function* (): Generator<SheetRow[]> {
    for (;;) yield Array.from({ length: 200 }, (_, at): SheetRow => [String(Math.random()), at, '1.00', '2026-06-30']);
  };

  it('whose reader fails ends with that error, and lets the rows go', async () => {
    let left = false;
    const rows = (function* () {
      try {
        yield* endless();
      } finally {
        left = true;
      }
    })();
    const sink = async (): Promise<void> => {
      throw new Error('the reader is gone');
    };
    await expect(writeWorkbook(sink, (book) => book.addTable('rows', columns, rows))).rejects.toThrow(
      'the reader is gone',
    );
    expect(left).toBe(true);
  });

  it('whose rows fail ends with that error', async () => {
    const rows = (function* (): Generator<SheetRow[]> {
      yield [['a', 1, '1.00', '2026-06-30']];
      throw new Error('the database is gone');
    })();
    await expect(workbook(rows)).rejects.toThrow('the database is gone');
  });

  it('takes no more rows than its reader takes bytes', async () => {
    let taken = 0;
    const rows = (function* () {
      for (const batch of endless()) {
        taken += 1;
        yield batch;
      }
    })();
    let release = (_error: Error): void => undefined;
    const held = new Promise<void>((_, reject) => {
      release = reject;
    });
    const written = writeWorkbook(
      () => held,
      (book) => book.addTable('rows', columns, rows),
    );
    // It has stopped when turns of the event loop bring no further batch.
    for (let still = 0, last = -1; still < 200; still = taken === last ? still + 1 : 0) {
      last = taken;
      await new Promise((resolve) => setImmediate(resolve));
      expect(taken).toBeLessThan(1_000);
    }
    release(new Error('enough'));
    await expect(written).rejects.toThrow('enough');
  });
});
