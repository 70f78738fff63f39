/** The shop's way into the feed, beside files: on a real database, with real locks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { shopOrderId, shopRefundId } from '../../../core/feed/rules/shop-ids.js';
import {
  enterRefunds,
  enterSales,
  prepareShopDates,
  type ShopDates,
  type ShopRefund,
  type ShopSale,
  shareShopDates,
} from '../../../core/feed/shop-entries.js';
import { ensureDates, lockCalendar, lockOpenDates, shutDate } from '../../../core/feed/stores/calendar.js';
import { change, inTransaction, select, type Tx } from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { FeedFolder, refundsCsv, salesCsv } from '../../support/feed-files.js';
import { magam } from '../../support/magam.js';
import { TODAY } from '../../support/today.js';

const TOMORROW = addDays(TODAY, 1);
const YESTERDAY = addDays(TODAY, -1);
const config = { timeZone: 'Asia/Seoul' };
const folder = new FeedFolder();
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  folder.remove();
  await database.drop();
});
afterEach(async () => {
  for (const table of ['refund_entry', 'sale_entry', 'feed_import_date', 'feed_import', 'business_date'])
    await change(database.db, `DELETE FROM ${table}`);
  await change(database.db, 'UPDATE settlement_calendar SET shut_through = NULL');
});

/** Three units at 1,000 won, and 3,000 won shipping. */
const sale = (order: number, parts: Partial<ShopSale> = {}): ShopSale => ({
  orderId: shopOrderId(order),
  lineId: '1',
  sellerId: 'S1',
  productId: 'P1',
  category: '신발',
  quantity: 3,
  unitPrice: 1000,
  sellerDiscount: 100,
  platformDiscount: 50,
  shippingFee: 3000,
  currency: 'KRW',
  orderedOn: YESTERDAY,
  ...parts,
});
const refund = (id: number, order: number, quantity: number): ShopRefund => ({
  refundId: shopRefundId(id),
  orderId: shopOrderId(order),
  lineId: '1',
  quantity,
  reason: '단순 변심',
});

const prepare = (): Promise<ShopDates> => prepareShopDates(database.db, config);
const dated = (date: string): ShopDates => ({ today: date, open: [date, addDays(date, 1)] });

/** A confirmation or a refund in a transaction of its own. */
async function confirm(dates: ShopDates, ...sales: ShopSale[]) {
  await ensureDates(database.db, dates.open);
  return inTransaction(database.db, async (tx) => enterSales(tx, await shareShopDates(tx, dates), sales));
}
async function giveBack(dates: ShopDates, ...refunds: ShopRefund[]) {
  await ensureDates(database.db, dates.open);
  return inTransaction(database.db, async (tx) => enterRefunds(tx, await shareShopDates(tx, dates), refunds));
}

/** Shuts the door of a date as a settlement does. */
const shut = (date: string, before: (tx: Tx) => Promise<void> = async () => undefined): Promise<void> =>
  inTransaction(database.db, async (tx) => {
    await lockCalendar(tx);
    await lockOpenDates(tx, date);
    await shutDate(tx, date);
    await before(tx);
  });

const dates = (table: 'sale_entry' | 'refund_entry') =>
  select(
    database.db,
    `SELECT occurred_on AS occurredOn, settled_on AS settledOn, import_id AS importId FROM ${table} ORDER BY entry_id`,
  );

/** A lock that a test releases. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a confirmation', () => {
  it('is of today, settled today, and of no import', async () => {
    expect(await confirm(await prepare(), sale(1), sale(2))).toBeUndefined();
    const entry = { occurredOn: TODAY, settledOn: TODAY, importId: null };
    expect(await dates('sale_entry')).toEqual([entry, entry]);
  });

  it('is settled on the first open date where the door of today is shut', async () => {
    await ensureDates(database.db, [TODAY]);
    await shut(TODAY);
    await confirm(await prepare(), sale(1));
    expect(await dates('sale_entry')).toEqual([{ occurredOn: TODAY, settledOn: TOMORROW, importId: null }]);
  });

  it('keeps the door open until its commit, and the process that shuts it sees the entry', async () => {
    const prepared = await prepare();
    const hold = gate();
    const entered = gate();
    const confirming = inTransaction(database.db, async (tx) => {
      await enterSales(tx, await shareShopDates(tx, prepared), [sale(1)]);
      entered.open();
      await hold.passed;
    });
    await entered.passed;
    const seen: unknown[] = [];
    const shutting = shut(TODAY, async (tx) => {
      seen.push(...(await select(tx, 'SELECT entry_id FROM sale_entry WHERE settled_on = ?', [TODAY])));
    });
    await inStatement(database.db, '%business_date%FOR UPDATE%');
    hold.open();
    await Promise.all([confirming, shutting]);
    expect(seen).toHaveLength(1);
  });

  it('waits for a door that is being shut, and takes the next date', async () => {
    const prepared = await prepare();
    const hold = gate();
    const held = gate();
    const shutting = shut(TODAY, async () => {
      held.open();
      await hold.passed;
    });
    await held.passed;
    const confirming = confirm(prepared, sale(1));
    await inStatement(database.db, '%business_date%LOCK IN SHARE MODE%');
    hold.open();
    await Promise.all([shutting, confirming]);
    expect(await dates('sale_entry')).toEqual([{ occurredOn: TODAY, settledOn: TOMORROW, importId: null }]);
  });

  it('starts over where both of its dates were shut since they were read', async () => {
    const prepared = await prepare();
    await shut(TOMORROW);
    await expect(confirm(prepared, sale(1))).rejects.toMatchObject({ code: 'SHOP_DATES_PASSED' });
    await confirm(await prepare(), sale(1));
    expect(await dates('sale_entry')).toEqual([{ occurredOn: TODAY, settledOn: addDays(TODAY, 2), importId: null }]);
  });

  it('of a line that is in the feed is refused, and writes nothing', async () => {
    await confirm(await prepare(), sale(1));
    expect(await confirm(await prepare(), sale(2), sale(1))).toMatchObject({ refused: 'ENTRY_CONFLICT' });
    expect(await dates('sale_entry')).toHaveLength(1);
  });

  it.each([
    ['an id that is not the shop’s', { orderId: 'O1' }],
    ['an id that is none', { sellerId: ' S1' }],
    ['no units', { quantity: 0 }],
    ['an amount beyond the range', { unitPrice: Number.MAX_SAFE_INTEGER }],
    ['discounts above the amount', { sellerDiscount: 2000, platformDiscount: 1001 }],
    ['an amount below zero', { shippingFee: -1 }],
    ['half a won', { shippingFee: 0.5 }],
    ['spaces around its category', { category: ' 신발' }],
    ['an unknown currency', { currency: 'XYZ' }],
  ])('with %s is a mistake of the shop', async (_what, parts) => {
    await expect(confirm(await prepare(), sale(1, parts))).rejects.toThrow('not a line that the feed takes');
    expect(await dates('sale_entry')).toEqual([]);
  });
});

describe('a refund', () => {
  const amounts =
    'SELECT quantity, prior_quantity AS prior, item_amount AS item, shipping_fee AS shipping FROM refund_entry';

  it('is of the day it was made, and its parts add up to the sale', async () => {
    await confirm(dated(YESTERDAY), sale(1));
    expect(await giveBack(dated(YESTERDAY), refund(1, 1, 1))).toMatchObject([
      { settledOn: YESTERDAY, priorQuantity: 0, itemAmount: -1000, shippingFee: 0 },
    ]);
    await giveBack(dated(TODAY), refund(2, 1, 1), refund(3, 1, 1));
    expect(await dates('refund_entry')).toEqual(
      [YESTERDAY, TODAY, TODAY].map((date) => ({ occurredOn: date, settledOn: date, importId: null })),
    );
    expect(await select(database.db, `${amounts} ORDER BY prior_quantity`)).toEqual([
      { quantity: 1, prior: 0, item: -1000, shipping: 0 },
      { quantity: 1, prior: 1, item: -1000, shipping: 0 },
      { quantity: 1, prior: 2, item: -1000, shipping: -3000 },
    ]);
  });

  it('may come in the transaction that enters its sale', async () => {
    const prepared = await prepare();
    await inTransaction(database.db, async (tx) => {
      const on = await shareShopDates(tx, prepared);
      await enterSales(tx, on, [sale(1)]);
      expect(await enterRefunds(tx, on, [refund(1, 1, 3)])).toHaveLength(1);
    });
  });

  it('is neither dated nor settled before its sale, which a later date may have', async () => {
    await ensureDates(database.db, dated(YESTERDAY).open);
    await confirm(dated(TODAY), sale(1)); // confirmed just after midnight
    await giveBack(dated(YESTERDAY), refund(1, 1, 1)); // prepared just before it
    expect(await dates('refund_entry')).toEqual([{ occurredOn: TODAY, settledOn: TODAY, importId: null }]);
    const longAgo = dated(addDays(TODAY, -9));
    await expect(giveBack(longAgo, refund(2, 1, 1))).rejects.toMatchObject({ code: 'SHOP_DATES_PASSED' });
  });

  it('never takes more than the line has left, and takes all requested units or none', async () => {
    await confirm(await prepare(), sale(1), sale(2));
    expect(await giveBack(await prepare(), refund(1, 2, 1), refund(2, 1, 2), refund(3, 1, 2))).toMatchObject({
      refused: 'REFUND_EXCEEDS_SALE',
      details: { refundId: shopRefundId(3), quantity: 2, left: 1 },
    });
    expect(await giveBack(await prepare(), refund(1, 3, 1))).toMatchObject({ refused: 'ORIGINAL_MISSING' });
    expect(await dates('refund_entry')).toEqual([]);
    await giveBack(await prepare(), refund(1, 1, 1));
    expect(await giveBack(await prepare(), refund(1, 1, 1))).toMatchObject({ refused: 'ENTRY_CONFLICT' });
  });

  it('that races with another one waits for it, and only one of the two gets the last units', async () => {
    await confirm(await prepare(), sale(1));
    const prepared = await prepare();
    const hold = gate();
    const entered = gate();
    const first = inTransaction(database.db, async (tx) => {
      await enterRefunds(tx, await shareShopDates(tx, prepared), [refund(1, 1, 2)]);
      entered.open();
      await hold.passed;
    });
    await entered.passed;
    const second = giveBack(prepared, refund(2, 1, 2));
    await inStatement(database.db, '%sale_entry%FOR UPDATE%');
    hold.open();
    await first;
    expect(await second).toMatchObject({ refused: 'REFUND_EXCEEDS_SALE', details: { left: 1 } });
    expect(await dates('refund_entry')).toHaveLength(1);
  });

  it('with an id that is not the shop’s is a mistake of the shop', async () => {
    await confirm(await prepare(), sale(1));
    const wrong = { ...refund(1, 1, 1), refundId: 'R1' };
    await expect(giveBack(await prepare(), wrong)).rejects.toThrow('not a refund that the feed takes');
  });

  it('of a line that a file brought is none of the shop’s business', async () => {
    const order = { order_id: 'O1', confirmed_on: TODAY };
    await imported('lines', salesCsv(order));
    await change(database.db, `UPDATE sale_entry SET order_id = ?`, [shopOrderId(1)]); // from before such ids were reserved
    expect(await giveBack(await prepare(), refund(1, 1, 1))).toMatchObject({ refused: 'ORIGINAL_MISSING' });
  });
});

interface Imported {
  readonly imported?: number;
  readonly unchanged?: number;
  readonly error?: { readonly code: string; readonly details: { readonly rejects: readonly object[] } };
}

async function imported(kind: 'lines' | 'refunds', content: string, ...options: string[]) {
  const ended = await magam(database.url, ['import', kind, folder.write(content), ...options, '--json']);
  return { exit: ended.code, ...(JSON.parse(ended.stdout) as Imported) };
}

describe('a file', () => {
  const inFile = {
    order_id: shopOrderId(1),
    ordered_on: YESTERDAY,
    confirmed_on: TODAY,
  };

  it('brings no order id of the shop, but finds unchanged what the shop wrote', async () => {
    await confirm(await prepare(), sale(1));
    expect(await imported('lines', salesCsv(inFile))).toMatchObject({ exit: 0, imported: 0, unchanged: 1 });
    const other = { ...inFile, line_id: '2' };
    const refused = await imported('lines', salesCsv({ order_id: 'O1' }, { ...inFile, quantity: '2' }, other));
    expect(refused).toMatchObject({ exit: 1, error: { code: 'IMPORT_REJECTED' } });
    expect(refused.error?.details.rejects).toMatchObject([
      { line: 3, column: 'quantity', code: 'ENTRY_CONFLICT' },
      { line: 4, column: 'order_id', code: 'ID_RESERVED', value: shopOrderId(1) },
    ]);
    expect(await dates('sale_entry')).toHaveLength(1);
    expect(await imported('lines', salesCsv(other))).toMatchObject({ exit: 1 }); // where nothing is stored of the block
  });

  it('names every fault of a row with an id of the shop', async () => {
    await ensureDates(database.db, [TODAY]);
    await shut(TODAY);
    const { error } = await imported('lines', salesCsv(inFile));
    expect(error?.details.rejects).toMatchObject([{ code: 'ID_RESERVED' }, { code: 'DATE_CLOSED' }]);
  });

  it('refunds no line that the shop sold, and brings no refund id of the shop', async () => {
    await confirm(await prepare(), sale(1));
    await giveBack(await prepare(), refund(1, 1, 1));
    await imported('lines', salesCsv({ order_id: 'O1', confirmed_on: TODAY }));
    const rows = [
      { refund_id: 'R1', order_id: shopOrderId(1), refunded_on: TODAY },
      { refund_id: shopRefundId(9), order_id: 'O1', refunded_on: TODAY },
      { refund_id: shopRefundId(1), order_id: shopOrderId(1), refunded_on: TODAY },
      { refund_id: 'R2', order_id: 'O1', refunded_on: TODAY },
    ];
    const { exit, error } = await imported('refunds', refundsCsv(...rows));
    expect(exit).toBe(1);
    expect(error?.details.rejects).toMatchObject([
      { line: 2, column: 'line_id', code: 'LINE_OF_SHOP', value: `${shopOrderId(1)} 1` },
      { line: 3, column: 'refund_id', code: 'ID_RESERVED', value: shopRefundId(9) },
    ]);
    expect(await imported('refunds', refundsCsv(...rows), '--skip-rejects')).toMatchObject({
      exit: 3,
      imported: 1,
      unchanged: 1,
    });
    expect(await dates('refund_entry')).toHaveLength(2);
  });

  it('is withdrawn without what the shop wrote', async () => {
    await confirm(await prepare(), sale(1));
    await giveBack(await prepare(), refund(1, 1, 1));
    await imported('lines', salesCsv({ order_id: 'O1', confirmed_on: TODAY }, { ...inFile }));
    const [{ importId } = { importId: 0 }] = await select<{ importId: number }>(
      database.db,
      'SELECT MAX(import_id) AS importId FROM feed_import',
    );
    expect((await magam(database.url, ['imports', 'withdraw', String(importId), '--json'])).code).toBe(0);
    expect(await dates('sale_entry')).toMatchObject([{ importId: null }]);
    expect(await dates('refund_entry')).toHaveLength(1);
  });
});

it('entries of shop and files are settled together, verified and explained; a refund of the same day nets to zero', async () => {
  const policy = {
    code: 'plain',
    scope: {},
    currency: 'KRW',
    effectiveFrom: '2026-01-01',
    commission: { components: [{ type: 'percent', rate: '10' }] },
    vat: { rate: '10', mode: 'exclusive' },
  };
  const file = join(folder.path, 'policies.json');
  writeFileSync(file, JSON.stringify({ policies: [policy] }));
  const run = (...args: string[]) => magam(database.url, args);
  expect((await run('policies', 'apply', file)).code).toBe(0);
  await confirm(dated(YESTERDAY), sale(1), sale(2));
  await imported('lines', salesCsv({ order_id: 'O1', confirmed_on: YESTERDAY }));
  await imported('refunds', refundsCsv({ order_id: 'O1', refunded_on: YESTERDAY, quantity: '1' }));
  await giveBack(dated(YESTERDAY), refund(1, 1, 3));
  await giveBack(dated(TODAY), refund(2, 2, 1));

  const settled = await run('settle', '--date', YESTERDAY, '--json');
  expect(settled.code).toBe(0);
  expect(JSON.parse(settled.stdout)).toMatchObject({ lines: 3, refunds: 2, exceptions: 0 });
  const settledToday = await run('settle', '--date', TODAY, '--allow-unfinished-day', '--json');
  expect(JSON.parse(settledToday.stdout)).toMatchObject({ lines: 0, refunds: 1, exceptions: 0 });
  for (const date of [YESTERDAY, TODAY]) {
    const verified = await run('verify', '--date', date, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
  }
  const listed = await run('lines', '--date', YESTERDAY, '--format', 'json');
  const nets = (JSON.parse(listed.stdout) as { order_id: string; net: number }[])
    .filter((line) => line.order_id === shopOrderId(1))
    .map((line) => line.net);
  expect(nets).toHaveLength(2);
  expect(nets[0]).toBe(-(nets[1] ?? 0));
  const explained = await run('explain', shopOrderId(1), '1', '--json');
  expect(explained.code).toBe(0);
});
