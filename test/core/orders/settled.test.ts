/** From checkout to settled line by the real commands; a confirmation whose date is being shut; and the plan of every statement that changes rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lockCalendar, lockOpenDates, shutDate } from '../../../core/feed/stores/calendar.js';
import { addToCart, changeOptionInCart } from '../../../core/orders/change-cart.js';
import { confirmDelivered } from '../../../core/orders/confirm-order.js';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { placeOrders } from '../../../core/orders/place-orders.js';
import { clearCart, deleteCartItem, setCartQuantity } from '../../../core/orders/stores/cart.js';
import { deleteShippingTerm, writeShippingTerm } from '../../../core/orders/stores/shipping-term.js';
import { inTransaction, openDatabase, select } from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { magam, magamJson } from '../../support/magam.js';
import {
  BUYER,
  cancel,
  checkOut,
  config,
  confirm,
  deliver,
  giveBack,
  letExpire,
  makeUnit,
  pay,
  prepare,
} from './order-scene.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'magam-orders-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

async function delivered(quantity: number): Promise<number> {
  const { db } = database;
  const unitId = await makeUnit(db, 'S1');
  const { checkoutId, orders } = await checkOut(db, [{ unitId, quantity }]);
  const orderId = orders[0]?.orderId ?? 0;
  await pay(db, checkoutId);
  await deliver(db, orderId);
  return orderId;
}

const datesOf = async (orderId: number) => {
  const sql = 'SELECT occurred_on AS occurredOn, settled_on AS settledOn FROM sale_entry WHERE order_id = ?';
  return (await select<{ occurredOn: string; settledOn: string }>(database.db, sql, [`magam:o:${orderId}`]))[0];
};

describe('orders', () => {
  it('are settled, explained and verified; what is returned on its day nets to zero, what comes later is deducted once', async () => {
    const { db, url } = database;
    const policy = {
      code: 'standard',
      scope: {},
      currency: 'KRW',
      effectiveFrom: '2020-01-01',
      commission: { components: [{ type: 'percent', rate: '8.5' }] },
    };
    const file = join(folder, 'policies.json');
    writeFileSync(file, JSON.stringify({ policies: [policy] }));
    expect(await magam(url, ['policies', 'apply', file])).toMatchObject({ code: 0 });
    const [kept, undone] = [await delivered(3), await delivered(2)];
    for (const orderId of [kept, undone]) expect(await confirm(db, orderId)).toBeUndefined();
    await giveBack(db, undone);
    const today = (await datesOf(kept))?.settledOn ?? '';
    const settled = await magamJson<{ lines: number; refunds: number; totals: { net: number }[] }>(url, [
      'settle',
      '--date',
      today,
      '--allow-unfinished-day',
      '--workers',
      '1',
    ]);
    expect(settled).toMatchObject({ code: 0, document: { lines: 2, refunds: 1, totals: [{ net: 30_000 - 2_550 }] } });
    expect((await magamJson<{ ok: boolean }>(url, ['verify', '--date', today])).document.ok).toBe(true);
    const explained = await magam(url, ['explain', `magam:o:${kept}`, '1']);
    expect(explained).toMatchObject({ code: 0 });
    expect(explained.stdout).toContain('standard');

    await giveBack(db, kept, { parts: [{ lineNumber: 1, quantity: 1 }] });
    const refunds = await select<{ settledOn: string; itemAmount: number }>(
      db,
      `SELECT settled_on AS settledOn, item_amount AS itemAmount FROM refund_entry WHERE settled_on > ?`,
      [today],
    );
    expect(refunds).toEqual([{ settledOn: addDays(today, 1), itemAmount: -10_000 }]);
    expect(await magam(url, ['stock', 'verify'])).toMatchObject({ code: 0 });
  });

  it('that are confirmed while the door of their date is being shut are settled on the next', async () => {
    const { db } = database;
    const [orderId, earlier] = [await delivered(1), await delivered(1)];
    await confirm(db, earlier);
    const { occurredOn = '', settledOn = '' } = (await datesOf(earlier)) ?? {};
    let confirming: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await lockCalendar(tx);
      await lockOpenDates(tx, settledOn);
      confirming = confirm(db, orderId);
      await inStatement(db, '%business_date%LOCK IN SHARE MODE%');
      await shutDate(tx, settledOn);
    });
    expect(await confirming).toBeUndefined();
    expect(await datesOf(orderId)).toEqual({ occurredOn, settledOn: addDays(settledOn, 1) });
  });
});

it('every UPDATE and DELETE of carts and orders finds its rows by a key', async () => {
  const { db } = database;
  const watched = openDatabase(database.url, { poolMax: 4 });
  const changes = new Map<string, readonly unknown[]>();
  watched.on('query', ({ sql, bindings }: { sql: string; bindings: unknown[] }) => {
    if (/^\s*(UPDATE|DELETE)/.test(sql)) changes.set(sql, bindings);
  });
  const units = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2', { stock: 2 })];
  const both = units.map((unitId) => ({ unitId, quantity: 1 }));
  const [first = 0, second = 0] = units;
  await inTransaction(watched, async (tx) => {
    decided(await addToCart(tx, BUYER, { unitId: first, quantity: 1 }));
    decided(await setCartQuantity(tx, BUYER, { unitId: first, quantity: 2 }));
    await changeOptionInCart(tx, BUYER, first, second);
    await deleteCartItem(tx, BUYER, first);
    await clearCart(tx, BUYER);
    decided(await addToCart(tx, BUYER, { unitId: first, quantity: 1 }));
    await writeShippingTerm(tx, { sellerId: 'S9', currency: 'KRW', feeMinor: 1, freeFromMinor: null });
    await deleteShippingTerm(tx, 'S9', 'KRW');
  });
  await checkOut(watched, null);
  const short = [
    decided(await prepare(watched, both)),
    decided(await prepare(watched, [{ unitId: second, quantity: 3 }])),
  ];
  await inTransaction(watched, (tx) => placeOrders(tx, short));
  const { checkoutId, orders } = await checkOut(watched, [{ unitId: first, quantity: 3 }]);
  const orderId = orders[0]?.orderId ?? 0;
  await cancel(watched, orderId, { parts: [{ lineNumber: 1, quantity: 1 }] });
  await pay(watched, checkoutId);
  await deliver(watched, orderId);
  await db.raw('UPDATE market_order SET delivered_at = delivered_at - INTERVAL 7 DAY WHERE order_id = ?', [orderId]);
  await confirmDelivered(watched, config, { rowsMax: 10 });
  await giveBack(watched, orderId);
  await letExpire(db, (await checkOut(watched, [{ unitId: first, quantity: 1 }])).checkoutId);
  await expireCheckouts(watched, { rowsMax: 10 });
  await watched.destroy();

  const touched = [...changes.keys()].map((sql) => /(?:UPDATE|FROM) (\w+)/.exec(sql)?.[1] ?? '');
  for (const table of ['cart_item', 'checkout', 'market_order', 'order_line', 'order_event', 'shipping_term', 'stock'])
    expect(touched).toContain(table);
  for (const [sql, bindings] of changes) {
    const plan = await select<{ type: string; key: string | null }>(db, `EXPLAIN ${sql}`, bindings);
    for (const { type, key } of plan) expect([sql, type === 'ALL' || key === null]).toEqual([sql, false]);
  }
});
