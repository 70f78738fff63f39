/** Rows whose key is in the feed already, or in the file twice. */

import { describe, expect, it } from '@jest/globals';
import { select } from '../../../../infra/database.js';
import { refundsCsv, salesCsv } from '../../../support/feed-files.js';
import { faultsOf, useFeed } from '../../../support/feed-scene.js';

const { db, folder, importLines, importRefunds } = useFeed();

describe('order lines', () => {
  it('are unchanged when they exist with equal values, and refused with others', async () => {
    await importLines(salesCsv({}, { line_id: '2' }));
    expect(await importLines(salesCsv({}, { line_id: '3' }))).toMatchObject({ imported: 1, unchanged: 1 });
    // 1000 and 01000 are the same amount, and spaces around a category do not count.
    expect(await importLines(salesCsv({ unit_price: '01000', category: ' 신발' }))).toMatchObject({ unchanged: 1 });
    expect(await faultsOf(importLines(salesCsv({ unit_price: '1001' }, { line_id: '2', seller_id: 'S2' })))).toEqual([
      '2 unit_price ENTRY_CONFLICT 1001 (stored: 1000)',
      '3 seller_id ENTRY_CONFLICT S2 (stored: S1)',
    ]);
  });

  it('name both values of a conflict as they were read, in full', async () => {
    const usd = {
      currency: 'USD',
      unit_price: '10.50',
      seller_discount: '1',
      platform_discount: '1',
      confirmed_on: '2026-03-05T23:10:00Z',
    };
    const first = [usd, { ...usd, line_id: '2' }, { ...usd, line_id: '3' }, { ...usd, line_id: '4' }];
    await importLines(salesCsv(...first));
    const [a = {}, b = {}, c = {}, d = {}] = first;
    const other = [
      { ...a, shipping_fee: '3000.5' },
      { ...b, confirmed_on: '2026-03-05' },
      { ...c, product_id: '' },
      { ...d, currency: 'KRW', unit_price: '10' },
    ];
    expect(await faultsOf(importLines(salesCsv(...other)))).toEqual([
      '2 shipping_fee ENTRY_CONFLICT 3000.50 (stored: 3000.00)',
      '3 confirmed_on ENTRY_CONFLICT 2026-03-05 (stored: 2026-03-06)',
      '4 product_id ENTRY_CONFLICT "" (stored: P1)',
      '5 currency ENTRY_CONFLICT KRW (stored: USD)',
    ]);
    await importRefunds(refundsCsv({ reason: 'x'.repeat(255), refunded_on: '2026-03-07' }));
    const [fault = ''] = await faultsOf(
      importRefunds(refundsCsv({ reason: 'y'.repeat(255), refunded_on: '2026-03-07' })),
    );
    expect(fault).toBe(`2 reason ENTRY_CONFLICT ${'y'.repeat(90)}… (stored: ${'x'.repeat(90)}…)`);
  });

  it('are refused when the file repeats them, equal or not, also when they are in the feed: only the first one counts', async () => {
    const content = salesCsv({}, {}, { quantity: '4' }, { line_id: '2' });
    const repeats = ['3 line_id ROW_REPEATED O1 1 (first on line 2)', '4 line_id ROW_REPEATED O1 1 (first on line 2)'];
    expect(await faultsOf(importLines(content))).toEqual(repeats);
    expect(await importLines(content, { skipRejects: true })).toMatchObject({ imported: 2, unchanged: 0, rejected: 2 });
    expect(await select(db(), 'SELECT quantity FROM sale_entry WHERE line_id = 1')).toEqual([{ quantity: 3 }]);
    const again = await importLines(salesCsv({}, {}, { line_id: '2' }), { skipRejects: true });
    expect(again).toMatchObject({ imported: 0, unchanged: 2, rejected: 1 });
  });

  it('are refused when a row that has another fault came first under their key', async () => {
    expect(await faultsOf(importLines(salesCsv({ quantity: '0' }, {})))).toEqual([
      '2 quantity QUANTITY_INVALID 0',
      '3 line_id ROW_REPEATED O1 1 (first on line 2)',
    ]);
  });

  it('are not dropped when a mapping gives all of them the same line id', async () => {
    const mappingFile = folder.write('{"line_id": "=1"}', 'constant.json');
    const content = salesCsv({ order_id: 'A' }, { order_id: 'A', line_id: '2' }, { order_id: 'B' });
    expect(await faultsOf(importLines(content, { mappingFile }))).toEqual([
      '3 line_id ROW_REPEATED A 1 (first on line 2)',
    ]);
  });
});

describe('refunds', () => {
  it('are unchanged or in conflict by their id', async () => {
    await importLines(salesCsv({}));
    await importRefunds(refundsCsv({}));
    expect(await importRefunds(refundsCsv({}))).toMatchObject({ imported: 0, unchanged: 1 });
    expect(await faultsOf(importRefunds(refundsCsv({ reason: 'x' })))).toEqual([
      '2 reason ENTRY_CONFLICT x (stored: 단순 변심)',
    ]);
    const repeated = refundsCsv({ refund_id: 'R2' }, { refund_id: 'R2' }, { refund_id: 'R2', quantity: '2' });
    const repeats = ['3', '4'].map((line) => `${line} refund_id ROW_REPEATED R2 (first on line 2)`);
    expect(await faultsOf(importRefunds(repeated))).toEqual(repeats);
    // A repeated row takes nothing of its sale, so the last unit is left for R3.
    const rest = `${repeated}${refundsCsv({ refund_id: 'R3' }).split('\n')[1]}\n`;
    expect(await importRefunds(rest, { skipRejects: true })).toMatchObject({ imported: 2, rejected: 2 });
  });
});
