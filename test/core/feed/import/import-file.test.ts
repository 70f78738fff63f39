/** Section 2 of the settlement rules, sentence by sentence, against a real database. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { listImports } from '../../../../core/feed/stores/feed-import.js';
import { change, select } from '../../../../infra/database.js';
import { refundsCsv, SALE_HEADER, salesCsv } from '../../../support/feed-files.js';
import { faultsOf, refusalOf, useFeed } from '../../../support/feed-scene.js';

const { db, folder, importLines, importRefunds } = useFeed();

const count = async (table: string): Promise<number> => {
  const [row] = await select<{ n: string }>(db(), `SELECT COUNT(*) AS n FROM ${table}`);
  return Number(row?.n);
};
/** Closes every date up to this one, as a settlement does. */
const close = async (date: string): Promise<void> => {
  await change(db(), 'UPDATE settlement_calendar SET shut_through = ?', [date]);
  await change(db(), `UPDATE business_date SET status = 'CLOSED' WHERE business_on <= ?`, [date]);
};

describe('order lines', () => {
  it('are stored as they are', async () => {
    const result = await importLines(
      salesCsv({ category: ' 신발 ' }, { line_id: '2', product_id: '', shipping_fee: '' }),
    );
    expect(result).toMatchObject({
      kind: 'lines',
      status: 'COMPLETED',
      rows: 2,
      imported: 2,
      unchanged: 0,
      rejected: 0,
      lateOn: null,
    });
    const rows = await select(db(), 'SELECT * FROM sale_entry ORDER BY line_id');
    expect(rows[0]).toMatchObject({
      settled_on: '2026-03-05',
      occurred_on: '2026-03-05',
      ordered_on: '2026-03-01',
      order_id: 'O1',
      line_id: '1',
      seller_id: 'S1',
      product_id: 'P1',
      category: '신발',
      quantity: 3,
      currency: 'KRW',
      import_id: result.importId,
    });
    expect(Object.entries(rows[0] as object).filter(([name]) => /price|amount|discount|fee/.test(name))).toEqual([
      ['unit_price', 1000],
      ['item_amount', 3000],
      ['seller_discount', 100],
      ['platform_discount', 50],
      ['shipping_fee', 3000],
    ]);
    expect(rows[1]).toMatchObject({ product_id: '', shipping_fee: 0 });
    expect(await listImports(db(), 1)).toMatchObject([{ status: 'COMPLETED', rowsTotal: 2, rowsDone: 2, rowsNew: 2 }]);
    expect(await count('feed_import_date')).toBe(0);
  });

  it('keep ids apart that differ in case, or in trailing dots, and quotes and backslashes in them', async () => {
    const ids = ['a', 'A', "a'", 'a\\', 'a\\\\', 'a?', 'a??', '"a"'];
    const rows = ids.map((id) => ({ order_id: `"${id.replaceAll('"', '""')}"` }));
    expect(await importLines(salesCsv(...rows))).toMatchObject({ imported: ids.length });
    expect(await importLines(salesCsv(...rows))).toMatchObject({ imported: 0, unchanged: ids.length });
    const stored = await select<{ order_id: string }>(db(), 'SELECT order_id FROM sale_entry');
    expect(stored.map((row) => row.order_id).sort()).toEqual([...ids].sort());
  });

  it('refuse a file whole, with every fault of every bad row; --skip-rejects imports the rest', async () => {
    const rejectsFile = join(folder.path, 'rejects.csv');
    const bad = [
      {},
      { line_id: '2', quantity: '0', currency: 'XXX' },
      { line_id: '3' },
      { line_id: '', confirmed_on: 'x' },
    ];
    const content = `${salesCsv(...bad)}1,2,3\n`;
    const refusal = await refusalOf(importLines(content, { rejectsFile }));
    expect(refusal).toMatchObject({
      code: 'IMPORT_REJECTED',
      details: {
        rows: 5,
        rejected: 3,
        codes: { COLUMN_COUNT: 1, CURRENCY_UNKNOWN: 1, FIELD_REQUIRED: 1, QUANTITY_INVALID: 1, ROW_DATE_INVALID: 1 },
      },
    });
    expect([await count('sale_entry'), await count('feed_import')]).toEqual([0, 0]);
    const rejects = [
      'line,column,code,value',
      '3,quantity,QUANTITY_INVALID,0',
      '3,currency,CURRENCY_UNKNOWN,XXX',
      '5,line_id,FIELD_REQUIRED,',
      '5,confirmed_on,ROW_DATE_INVALID,x',
      '6,,COLUMN_COUNT,3',
      '',
    ].join('\n');
    expect(readFileSync(rejectsFile, 'utf8')).toBe(rejects);
    const result = await importLines(content, { rejectsFile, skipRejects: true });
    expect(result).toMatchObject({ rows: 5, imported: 2, rejected: 3 });
    expect(result.rejects).toHaveLength(5);
    expect(readFileSync(rejectsFile, 'utf8')).toBe(rejects);
  });

  it('write a rejects file of the header alone when nothing is rejected', async () => {
    const rejectsFile = join(folder.path, 'none.csv');
    await importLines(salesCsv({}), { rejectsFile });
    expect(readFileSync(rejectsFile, 'utf8')).toBe('line,column,code,value\n');
  });

  it('may come in EUC-KR, with CRLF, a byte-order mark, quoted line breaks, unknown columns and a mapping', async () => {
    const euckr = Buffer.from([0xb0, 0xa1]);
    const [before = '', after = ''] = salesCsv({ category: '@' }).split('@');
    expect(
      await importLines(Buffer.concat([Buffer.from(before), euckr, Buffer.from(after)]), { encoding: 'euc-kr' }),
    ).toMatchObject({ imported: 1 });
    expect(await select(db(), 'SELECT category FROM sale_entry')).toEqual([{ category: '가' }]);
    const crlf = `\uFEFF${SALE_HEADER},memo\n`.replace('\n', '\r\n');
    const row = salesCsv({ order_id: 'O2', category: '"a\r\nb"' }).split('\n').slice(1).join('\n').trim();
    const result = await importLines(`${crlf}${row},x\r\n`);
    expect(result).toMatchObject({ imported: 1, notices: ['Ignored columns: memo.'] });
    const mappingFile = folder.write('{"line_id": "item", "currency": "=BRL", "quantity": "=1"}', 'map.json');
    const theirs =
      'order_id,item,seller_id,unit_price,ordered_on,confirmed_on\nO3,1,S1,58.9,2017-03-23 12:21:17,2017-04-07 15:32:47\n';
    await importLines(theirs, { mappingFile, timeZone: 'America/Sao_Paulo' });
    expect(
      await select(db(), `SELECT unit_price, currency, ordered_on, occurred_on FROM sale_entry WHERE order_id = 'O3'`),
    ).toEqual([{ unit_price: 5890, currency: 'BRL', ordered_on: '2017-03-24', occurred_on: '2017-04-08' }]);
  });

  it.each([
    ['header alone', `${SALE_HEADER}\n`, 0],
    ['a last line without line break', salesCsv({}).trimEnd(), 1],
  ])('may come in a file with %s', async (_name, content, rows) => {
    const result = await importLines(content);
    expect(result).toMatchObject({ rows, imported: rows });
    expect(result.notices).toHaveLength(content.endsWith('\n') ? 0 : 1);
  });

  it('are imported in several batches', async () => {
    const rows = Array.from({ length: 9_500 }, (_, index) => ({
      order_id: `O${Math.floor(index / 3)}`,
      line_id: String(index % 3),
    }));
    expect(await importLines(salesCsv(...rows))).toMatchObject({ rows: 9_500, imported: 9_500 });
    expect(await count('sale_entry')).toBe(9_500);
    expect(await importLines(salesCsv(...rows))).toMatchObject({ imported: 0, unchanged: 9_500 });
  });
});

describe('closed dates', () => {
  it('are refused to new rows only', async () => {
    await importLines(salesCsv({}));
    await close('2026-03-05');
    expect(await importLines(salesCsv({}))).toMatchObject({ unchanged: 1 });
    const content = salesCsv(
      {},
      { line_id: '2' },
      { line_id: '3', confirmed_on: '2026-03-04' },
      { line_id: '4', confirmed_on: '2026-03-06' },
    );
    expect(await faultsOf(importLines(content))).toEqual([
      '3 confirmed_on DATE_CLOSED 2026-03-05',
      '4 confirmed_on DATE_CLOSED 2026-03-04',
    ]);
  });

  it('take late entries on the first date after the last closed one, beside the original date', async () => {
    await close('2026-03-05');
    const content = salesCsv(
      {},
      { line_id: '2', confirmed_on: '2026-02-01' },
      { line_id: '3', confirmed_on: '2026-03-09' },
    );
    expect(await importLines(content, { late: true })).toMatchObject({ imported: 3, lateOn: '2026-03-06' });
    expect(await select(db(), 'SELECT settled_on, occurred_on FROM sale_entry ORDER BY line_id')).toEqual([
      { settled_on: '2026-03-06', occurred_on: '2026-03-05' },
      { settled_on: '2026-03-06', occurred_on: '2026-02-01' },
      { settled_on: '2026-03-09', occurred_on: '2026-03-09' },
    ]);
    // Later imports are compared with the original date, wherever the late one is by now.
    await close('2026-03-07');
    expect(await importLines(content)).toMatchObject({ unchanged: 3 });
    expect(await faultsOf(importLines(salesCsv({ confirmed_on: '2026-03-06' })))).toEqual([
      '2 confirmed_on ENTRY_CONFLICT 2026-03-06 (stored: 2026-03-05)',
    ]);
  });

  it('do not make an import late that needs none', async () => {
    await close('2026-03-01');
    expect(await importLines(salesCsv({}), { late: true })).toMatchObject({ imported: 1, lateOn: null });
  });
});

describe('refunds', () => {
  const stored = () =>
    select(
      db(),
      `SELECT refund_id, quantity, prior_quantity, item_amount, seller_discount, platform_discount, shipping_fee, settled_on, occurred_on
       FROM refund_entry ORDER BY refund_id`,
    );

  it('take their share of the sale, in file order, and the shipping with the last unit', async () => {
    await importLines(salesCsv({}));
    const result = await importRefunds(
      refundsCsv({ refund_id: 'R2' }, { refund_id: 'R1', quantity: '2', refunded_on: '2026-03-07' }),
    );
    expect(result).toMatchObject({ kind: 'refunds', imported: 2 });
    expect(await stored()).toEqual([
      {
        refund_id: 'R1',
        quantity: 2,
        prior_quantity: 1,
        settled_on: '2026-03-07',
        occurred_on: '2026-03-07',
        item_amount: -2000,
        seller_discount: -66,
        platform_discount: -34,
        shipping_fee: -3000,
      },
      {
        refund_id: 'R2',
        quantity: 1,
        prior_quantity: 0,
        settled_on: '2026-03-06',
        occurred_on: '2026-03-06',
        item_amount: -1000,
        seller_discount: -34,
        platform_discount: -16,
        shipping_fee: 0,
      },
    ]);
  });

  it('need their sale, which is not later, and never exceed it, counted in file order', async () => {
    await importLines(salesCsv({}));
    await importRefunds(refundsCsv({ refund_id: 'R0' }));
    const content = refundsCsv(
      { refund_id: 'R1', order_id: 'O9' },
      { refund_id: 'R2', line_id: '9' },
      { refund_id: 'R3', refunded_on: '2026-03-04' },
      { refund_id: 'R4', quantity: '4' },
      { refund_id: 'R5', quantity: '1' },
      { refund_id: 'R6', quantity: '2' },
      { refund_id: 'R7', quantity: '1' },
      { refund_id: 'R8', quantity: '1' },
    );
    expect(await faultsOf(importRefunds(content))).toEqual([
      '2 line_id ORIGINAL_MISSING O9 1',
      '3 line_id ORIGINAL_MISSING O1 9',
      '4 refunded_on REFUND_BEFORE_SALE 2026-03-04',
      '5 quantity REFUND_EXCEEDS_SALE 4',
      '7 quantity REFUND_EXCEEDS_SALE 2',
      '9 quantity REFUND_EXCEEDS_SALE 1',
    ]);
    expect(await importRefunds(content, { skipRejects: true })).toMatchObject({ imported: 2, rejected: 6 });
    expect(await select(db(), 'SELECT SUM(quantity) AS n FROM refund_entry')).toEqual([{ n: '3' }]);
  });

  it('on a closed date are refused, or late; never settled before their sale; before-sale means the original dates', async () => {
    await close('2026-03-05');
    await importLines(salesCsv({}), { late: true }); // settled on 03-06
    expect(await faultsOf(importRefunds(refundsCsv({ refunded_on: '2026-03-05' })))).toEqual([
      '2 refunded_on DATE_CLOSED 2026-03-05',
    ]);
    expect(await faultsOf(importRefunds(refundsCsv({ refunded_on: '2026-03-04' }), { late: true }))).toEqual([
      '2 refunded_on REFUND_BEFORE_SALE 2026-03-04',
    ]);
    expect(await importRefunds(refundsCsv({ refunded_on: '2026-03-05' }), { late: true })).toMatchObject({
      imported: 1,
      lateOn: '2026-03-06',
    });
    expect(await stored()).toMatchObject([{ settled_on: '2026-03-06', occurred_on: '2026-03-05' }]);
  });

  it('of many sales are imported in several batches', async () => {
    const sales = Array.from({ length: 2_500 }, (_, index) => ({ order_id: `O${index}` }));
    await importLines(salesCsv(...sales));
    const parts = sales.flatMap(({ order_id }) =>
      [1, 2].map((part) => ({ refund_id: `${order_id}-${part}`, order_id })),
    );
    expect(await importRefunds(refundsCsv(...parts))).toMatchObject({ imported: 5_000 });
    const [sum] = await select<{ low: string; high: string }>(
      db(),
      'SELECT SUM(prior_quantity = 0) AS low, SUM(prior_quantity = 1) AS high FROM refund_entry',
    );
    expect(sum).toEqual({ low: '2500', high: '2500' });
  });
});
