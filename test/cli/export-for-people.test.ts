/** Exports for spreadsheets, and settlements of ranges and sellers with their totals. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';
import { readWorkbook, sheetOf, shownRows } from '../support/workbook.js';

const NEXT_DAY = '2026-05-05';
const RANGE = ['--from', SMALL_DAY, '--to', NEXT_DAY];

let database: TestDatabase;
beforeAll(async () => {
  database = await createSmallDay();
  // Ids that a spreadsheet would take for numbers and formulas, and a second date.
  const rename = (column: string, from: string, to: string) =>
    database.db.raw(`UPDATE sale_entry SET ${column} = ? WHERE ${column} = ?`, [to, from]);
  await rename('order_id', 'a!', '2026040000000001');
  await rename('order_id', 'a b', '=1+1');
  for (const table of ['sale_entry', 'settlement_line', 'settlement'])
    await database.db.raw(`UPDATE ${table} SET seller_id = '007' WHERE seller_id = 'S2'`);
  await copyDay();
});
afterAll(() => database.drop());

/** Makes the settlements of the day those of the next one, too. */
async function copyDay(): Promise<void> {
  for (const table of ['settlement', 'settlement_certificate']) {
    const [columns] = await database.db.raw(`SHOW COLUMNS FROM ${table}`);
    const names = (columns as { Field: string }[]).map(({ Field }) => Field);
    const values = names.map(
      (name) => ({ settled_on: `'${NEXT_DAY}'`, run_id: 'run_id + 1000', sequence: 'sequence + 1000' })[name] ?? name,
    );
    await database.db.raw(`INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table}`);
  }
  await database.db.raw(`INSERT INTO business_date (business_on, status) VALUES ('${NEXT_DAY}', 'CLOSED')`);
  await database.db.raw(`UPDATE settlement_calendar SET shut_through = '${NEXT_DAY}'`);
}

async function output(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await magam(database.url, args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout, stderr };
}
const csv = async (...args: string[]): Promise<string[][]> => parse((await output(...args)).stdout);
const xlsx = async (...args: string[]): Promise<Buffer> =>
  Buffer.from((await output(...args, '--format', 'xlsx')).stdout, 'latin1');

const PARTS = ['fee_vat_on_top', 'fee_vat_contained'];
/** The rows without the columns that CSV does not have. */
function withoutParts(rows: readonly string[][]): string[][] {
  const [head = []] = rows;
  return rows.map((row) => row.filter((_, at) => !PARTS.includes(head[at] ?? '')));
}

describe('--format xlsx', () => {
  it.each([
    ['lines', ['--date', SMALL_DAY]],
    ['lines', ['--date', SMALL_DAY, '--seller', '007']],
    ['lines', ['--date', SMALL_DAY, '--seller', 'nobody']],
    ['settlements', ['--date', SMALL_DAY]],
    ['settlements', [...RANGE, '--seller', '007']],
    ['settlements', RANGE],
  ])('of %s %j has the rows of the CSV', async (command, args) => {
    const sheet = sheetOf(await xlsx(command, ...args), command);
    expect(withoutParts(shownRows(sheet))).toEqual(await csv(command, ...args));
  });

  it('keeps ids as text, of which none is a formula, and has amounts as numbers with the decimals of their currency', async () => {
    const sheet = sheetOf(await xlsx('lines', '--date', SMALL_DAY), 'lines');
    const cells = Object.entries(sheet).filter(([at]) => !at.startsWith('!'));
    expect(cells.filter(([, cell]) => cell.f !== undefined)).toEqual([]);
    const byText = new Map(cells.map(([, cell]) => [String(cell.v), cell]));
    for (const id of ['007', '2026040000000001', '=1+1']) expect(byText.get(id)).toMatchObject({ t: 's', v: id });
    expect(byText.get('51.83')).toMatchObject({ t: 'n', v: 51.83, z: '#,##0.00' });
    expect(byText.get('10682')).toMatchObject({ t: 'n', v: 10_682, z: '#,##0', w: '10,682' });
  });

  const HEAD =
    'currency,sales,refunds,item_amount,seller_discount,platform_discount,shipping_fee,fee,fee_vat,pg_fee,pg_fee_vat,net';
  it.each([
    ['lines', ['--date', SMALL_DAY], 1],
    ['settlements', ['--date', SMALL_DAY], 1],
    ['settlements', RANGE, 2],
  ])('of %s %j has the totals of each currency, with the VAT told apart', async (command, args, days) => {
    const bytes = await xlsx(command, ...args);
    expect(readWorkbook(bytes).SheetNames).toEqual([command, 'totals']);
    const times = (amounts: number[], decimals: number) => amounts.map((amount) => (amount * days).toFixed(decimals));
    expect(shownRows(sheetOf(bytes, 'totals'))).toEqual([
      [...HEAD.split(','), ...PARTS],
      ['BRL', String(days), '0', ...times([58.9, 0, 0, 0, 7.07, 0.64, 0, 0, 51.83, 0, 0.64], 2)],
      [
        ...['KRW', String(4 * days), String(days)],
        ...times([8_000, 500, 250, 3_000, 988, 97, 254, 23, 9_138, 97, 0], 0),
      ],
    ]);
  });

  it('writes a sum of more digits than a spreadsheet keeps as text with all of them', async () => {
    const set = (net: string) =>
      database.db.raw('UPDATE settlement SET net = ? WHERE seller_id = ? AND settled_on = ?', [net, '007', SMALL_DAY]);
    await set('9007199254740993123');
    const sheet = sheetOf(await xlsx('settlements', '--date', SMALL_DAY), 'settlements');
    await set('1532');
    expect(Object.values(sheet)).toContainEqual(expect.objectContaining({ t: 's', v: '9007199254740993123' }));
  });

  it('is refused with nothing written: a date that is not settled, a terminal, --json', async () => {
    const refused = async (...args: string[]) => {
      const { code, stdout, stderr } = await magam(database.url, [...args, '--format', 'xlsx']);
      return [code, stdout, stderr.split(':')[0]];
    };
    expect(await refused('lines', '--date', '2026-05-09')).toEqual([1, '', 'DATE_NOT_SETTLED']);
    const shown = await magam(database.url, ['settlements', '--date', SMALL_DAY, '--format', 'xlsx'], {}, true);
    expect([shown.code, shown.stdout]).toEqual([2, '']);
    const json = await magamJson<{ error: { code: string } }>(database.url, [
      'lines',
      '--date',
      SMALL_DAY,
      '--format',
      'xlsx',
    ]);
    expect([json.code, json.document.error.code]).toEqual([2, 'USAGE']);
  });
});

describe('settlements as JSON', () => {
  it('tell the VAT on fees apart, and have no other field that CSV does not have', async () => {
    const { document } = await magamJson<Record<string, unknown>[]>(database.url, ['settlements', '--date', SMALL_DAY]);
    expect(
      document.map((row) => [row.seller_id, row.currency, row.fee_vat, row.fee_vat_on_top, row.fee_vat_contained]),
    ).toEqual([
      ['007', 'KRW', 36, 36, 0],
      ['S1', 'BRL', 64, 0, 64],
      ['S1', 'KRW', 61, 61, 0],
    ]);
    const [head = []] = await csv('settlements', '--date', SMALL_DAY);
    expect(Object.keys(document[0] ?? {}).filter((name) => !PARTS.includes(name))).toEqual(head);
  });
});

describe('settlements of a range', () => {
  it('are those of every date, of one seller if that is asked for', async () => {
    const [first, second, both] = await Promise.all([
      csv('settlements', '--date', SMALL_DAY),
      csv('settlements', '--date', NEXT_DAY),
      csv('settlements', ...RANGE),
    ]);
    expect(both).toEqual([...first, ...second.slice(1)]);
    const one = await csv('settlements', ...RANGE, '--seller', '007');
    expect(one).toEqual(both.filter(([seller]) => seller === '007' || seller === 'seller_id'));
    expect(one).toHaveLength(3);
  });

  it('are refused, with nothing written, where a date of the range is not settled', async () => {
    for (const from of [SMALL_DAY, '2026-05-06']) {
      const refused = await magam(database.url, ['settlements', '--from', from, '--to', '2026-05-31']);
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toContain('DATE_NOT_SETTLED: 2026-05-06 is not settled.');
    }
  });
});

describe('the totals of settlements', () => {
  it('go to standard error beside an export that is not JSON', async () => {
    const { stdout, stderr } = await output('settlements', '--date', SMALL_DAY);
    expect(stdout).not.toContain('totals');
    expect(stderr).toMatch(/^= net to sellers +51\.83 BRL +9,138 KRW$/m);
    expect(stderr).toMatch(/^- fee VAT on top +0\.00 BRL +97 KRW$/m);
    expect(stderr).toMatch(/^\(fee VAT contained in the fee\) +0\.64 BRL +0 KRW$/m);
    expect((await output('settlements', '--date', SMALL_DAY, '--format', 'xlsx')).stderr).toContain('= net to sellers');
    expect((await output('settlements', '--date', SMALL_DAY, '--json')).stderr).toBe('');
  });

  it('are printed alone with --totals, as a table or as a document', async () => {
    const { stdout } = await output('settlements', ...RANGE, '--totals', '--seller', '007');
    expect(stdout).toMatch(/^= net to sellers +3,064 KRW$/m);
    const { document } = await magamJson(database.url, ['settlements', ...RANGE, '--totals', '--seller', '007']);
    expect(document).toEqual({
      from: SMALL_DAY,
      to: NEXT_DAY,
      sellerId: '007',
      totals: [
        {
          ...{ currency: 'KRW', sales: 4, refunds: 0, itemAmount: 4_000, sellerDiscount: 0, platformDiscount: 0 },
          ...{ shippingFee: 0, fee: 740, feeVat: 72, pgFee: 116, pgFeeVat: 8, net: 3_064 },
          ...{ feeVatOnTop: 72, feeVatContained: 0 },
        },
      ],
    });
    expect((await output('settlements', '--date', SMALL_DAY, '--totals', '--seller', 'nobody')).stdout).toContain(
      'Nothing',
    );
    const refused = await magam(database.url, ['settlements', '--date', '2026-05-09', '--totals']);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
  });
});
