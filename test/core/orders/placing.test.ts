/** Checkouts on a real database: what an order is made of, what is refused, and what one that comes to nothing leaves behind. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeOrders } from '../../../core/orders/place-orders.js';
import { openReceiver } from '../../../core/orders/receiver.js';
import { insertCartItem, readCart } from '../../../core/orders/stores/cart.js';
import { writeShippingTerm } from '../../../core/orders/stores/shipping-term.js';
import { insertPromotion } from '../../../core/promotions/stores/promotion.js';
import { inTransaction, select } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { BUYER, checkOut, config, first, makeUnit, prepare, receiver, rowsOf, stockOf } from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const refusal = (refused: string) => expect.objectContaining({ refused });

describe('a checkout', () => {
  it('makes one order per seller, whose sums hold, and holds the units', async () => {
    const { db } = database;
    const [a, b, c] = [
      await makeUnit(db, 'S1', { priceMinor: 10_000, salePriceMinor: 9_000 }),
      await makeUnit(db, 'S1', { priceMinor: 333 }),
      await makeUnit(db, 'S2', { priceMinor: 7_777 }),
    ];
    await inTransaction(db, (tx) =>
      writeShippingTerm(tx, { sellerId: 'S1', currency: 'KRW', feeMinor: 3_000, freeFromMinor: null }),
    );
    const promotion = {
      code: 'TEN',
      name: 'ten',
      kind: 'PERCENT' as const,
      rateE4: 100_000,
      amountMinor: null,
      minimumMinor: 0,
      currency: 'KRW',
      startsAt: '2020-01-01T00:00:00.000Z',
      endsAt: null,
    };
    await inTransaction(db, (tx) => insertPromotion(tx, promotion));
    const items = [
      { unitId: a, quantity: 2 },
      { unitId: b, quantity: 3 },
      { unitId: c, quantity: 1 },
    ];
    const placed = await checkOut(db, items, { promotionCode: 'TEN' });
    const { basket, reference } = placed.placement;
    expect(placed.orders.map(({ order }) => order.sellerId)).toEqual(['S1', 'S2']);
    expect(basket.sellerDiscount).toBe(2_000);
    expect(basket.platformDiscount).toBe(Math.floor((18_000 + 999 + 7_777) / 10));
    expect(basket.shippingFee).toBe(3_000);
    const stored = await select<Record<string, number>>(
      db,
      `SELECT c.amount_minor AS due, (SELECT SUM(amount_minor) FROM market_order o WHERE o.checkout_id = c.checkout_id) AS orders,
         (SELECT SUM(l.item_amount - l.seller_discount - l.platform_discount + l.shipping_fee) FROM order_line l
          JOIN market_order o ON o.order_id = l.order_id WHERE o.checkout_id = c.checkout_id) AS \`lines\`
       FROM checkout c WHERE c.checkout_id = ?`,
      [placed.checkoutId],
    );
    const amounts = Object.values(first(stored)).map(Number);
    expect(amounts).toEqual([basket.amountMinor, basket.amountMinor, basket.amountMinor]);
    expect(await stockOf(db, a)).toEqual([8, 2, 0]);
    const [row] = await select<{ sealed: string; keyId: string }>(
      db,
      'SELECT receiver AS sealed, receiver_key_id AS keyId FROM checkout WHERE checkout_id = ?',
      [placed.checkoutId],
    );
    expect(row?.sealed).not.toContain('010');
    const open = (of: string) => openReceiver([config.encryptionKey], of, row ?? { sealed: '', keyId: '' });
    expect(open(reference)).toEqual(receiver);
    expect(openReceiver([randomBytes(32)], reference, row ?? { sealed: '', keyId: '' })).toBeNull();
    expect(() => open('another checkout')).toThrow();
    await db.raw('DELETE FROM shipping_term');
    await db.raw('DELETE FROM promotion');
  });

  it('is refused before its transaction for what cannot be bought as it was asked', async () => {
    const { db } = database;
    const won = await makeUnit(db, 'S1');
    const dollar = await makeUnit(db, 'S1', { currency: 'USD' });
    const hidden = await makeUnit(db, 'S1');
    await db.raw(
      `UPDATE product SET status = 'SOLD_OUT' WHERE product_id = (SELECT product_id FROM sellable_unit WHERE unit_id = ?)`,
      [hidden],
    );
    const one = (unitId: number) => [{ unitId, quantity: 1 }];
    expect(await prepare(db, [...one(won), ...one(dollar)])).toEqual(refusal('CURRENCY_MIXED'));
    expect(await prepare(db, one(hidden))).toEqual(refusal('UNIT_NOT_FOR_SALE'));
    expect(await prepare(db, one(999_999))).toEqual(refusal('UNIT_NOT_FOUND'));
    expect(await prepare(db, one(won), { promotionCode: 'NONE' })).toEqual(refusal('PROMOTION_NOT_APPLICABLE'));
    expect(await prepare(db, one(won), { expectedAmountMinor: 9_999 })).toEqual(refusal('PRICE_CHANGED'));
    expect(await prepare(db, one(won), { expectedAmountMinor: 10_000 })).not.toHaveProperty('refused');
    expect(await prepare(db, null, { buyerId: 404 })).toEqual(refusal('CART_EMPTY'));
    expect(await prepare(db, null, { buyerId: 404, unitIds: [won] })).toEqual(refusal('CART_ITEM_NOT_FOUND'));
  });

  it('takes what it orders out of the cart, and nothing else', async () => {
    const { db } = database;
    const [a, b] = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2')];
    for (const unitId of [a, b]) await inTransaction(db, (tx) => insertCartItem(tx, BUYER, { unitId, quantity: 1 }));
    await checkOut(db, null, { unitIds: [a] });
    expect((await readCart(db, BUYER)).map(({ unitId }) => unitId)).toEqual([b]);
    await checkOut(db, null);
    expect(await readCart(db, BUYER)).toEqual([]);
  });

  it('of which one seller is short undoes all; the others of its group are placed', async () => {
    const { db } = database;
    const [plenty, scarce] = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2', { stock: 1 })];
    const both = [
      { unitId: plenty, quantity: 1 },
      { unitId: scarce, quantity: 1 },
    ];
    const tables = ['checkout', 'market_order', 'order_line', 'order_event', 'stock_reservation'];
    const before = await Promise.all(tables.map((table) => rowsOf(db, table)));
    const members = [decided(await prepare(db, both)), decided(await prepare(db, both))];
    const outcomes = await inTransaction(db, (tx) => placeOrders(tx, members));
    expect(outcomes.map((one) => (isRefusal(one) ? one.refused : 'placed'))).toEqual(['placed', 'INSUFFICIENT_STOCK']);
    const after = await Promise.all(tables.map((table) => rowsOf(db, table)));
    expect(after.map((rows, at) => rows - (before[at] ?? 0))).toEqual([1, 2, 2, 2, 2]);
    expect([await stockOf(db, plenty), await stockOf(db, scarce)]).toEqual([
      [9, 1, 0],
      [0, 1, 0],
    ]);
  });
});
