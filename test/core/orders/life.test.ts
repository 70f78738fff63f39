/** The life of orders on a real database: every step, every refusal, what concurrent callers get, and what the feed and the stock hold after it. Placing them: placing.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { confirmDelivered } from '../../../core/orders/confirm-order.js';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { advanceOrder } from '../../../core/orders/order-step.js';
import { payCheckout } from '../../../core/orders/pay-checkout.js';
import { writeShippingTerm } from '../../../core/orders/stores/shipping-term.js';
import { type Db, inTransaction, select } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import {
  buyer,
  cancel,
  checkOut,
  config,
  confirm,
  deliver,
  first,
  giveBack,
  letExpire,
  makeUnit,
  operator,
  pay,
  seller,
  statusOf,
  stockOf,
} from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const refusal = (refused: string) => expect.objectContaining({ refused });
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** A delivered order of one line. */
async function delivered(quantity: number, fields = {}) {
  const unitId = await makeUnit(database.db, 'S1', fields);
  const placed = await checkOut(database.db, [{ unitId, quantity }]);
  const { orderId } = first(placed.orders);
  await pay(database.db, placed.checkoutId);
  await deliver(database.db, orderId);
  return { unitId, orderId, ...placed };
}

const salesOf = (orderId: number) =>
  select<Record<string, unknown>>(database.db, 'SELECT * FROM sale_entry WHERE order_id = ? ORDER BY line_id', [
    `magam:o:${orderId}`,
  ]);
const refundsOf = (orderId: number) =>
  select<Record<string, unknown>>(
    database.db,
    `SELECT r.* FROM refund_entry r JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
     WHERE s.order_id = ? ORDER BY r.entry_id`,
    [`magam:o:${orderId}`],
  );

describe('an order', () => {
  it('goes from its payment to its confirmation, and each step stands in its history', async () => {
    const { db } = database;
    const { orderId, unitId } = await delivered(2);
    expect(await stockOf(db, unitId)).toEqual([8, 0, 2]);
    expect(await confirm(db, orderId)).toBeUndefined();
    const events = await select<{ step: string }>(
      db,
      'SELECT step FROM order_event WHERE order_id = ? ORDER BY event_id',
      [orderId],
    );
    expect(events.map(({ step }) => step)).toEqual(['PLACE', 'PAY', 'PREPARE', 'SHIP', 'DELIVER', 'CONFIRM']);
    expect(await salesOf(orderId)).toMatchObject([
      { quantity: 2, unit_price: 10_000, category: 'shoes', seller_id: 'S1' },
    ]);
  });

  it('refuses a step that its state or the caller does not allow', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1');
    const { orders, checkoutId } = await checkOut(db, [{ unitId, quantity: 1 }]);
    const { orderId } = first(orders);
    const step = (name: 'PREPARE' | 'SHIP' | 'DELIVER', by = seller) =>
      inTransaction(db, (tx) => advanceOrder(tx, orderId, name, by));
    expect(await step('PREPARE')).toEqual(refusal('ORDER_STATE_CONFLICT'));
    expect(await inTransaction(db, (tx) => payCheckout(tx, checkoutId, buyer))).toEqual(refusal('FORBIDDEN'));
    expect(await pay(db, checkoutId)).toBeUndefined();
    expect(await pay(db, checkoutId)).toEqual(refusal('CHECKOUT_STATE_CONFLICT'));
    expect(await pay(db, 999_999)).toEqual(refusal('CHECKOUT_NOT_FOUND'));
    expect(await step('PREPARE', buyer)).toEqual(refusal('FORBIDDEN'));
    expect(await confirm(db, orderId)).toEqual(refusal('ORDER_STATE_CONFLICT'));
    expect(await giveBack(db, orderId)).toEqual(refusal('ORDER_STATE_CONFLICT'));
    await deliver(db, orderId);
    expect(await cancel(db, orderId)).toEqual(refusal('ORDER_STATE_CONFLICT'));
    expect(await cancel(db, 999_999)).toEqual(refusal('ORDER_NOT_FOUND'));
    expect(await confirm(db, orderId)).toBeUndefined();
    expect(await giveBack(db, orderId, {}, buyer)).toEqual(refusal('FORBIDDEN'));
  });

  it('is cancelled in parts before its payment, and the rest is confirmed: to the won', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { priceMinor: 1_000, salePriceMinor: 667 });
    await inTransaction(db, (tx) =>
      writeShippingTerm(tx, { sellerId: 'S1', currency: 'KRW', feeMinor: 2_500, freeFromMinor: null }),
    );
    const { orders, checkoutId, placement } = await checkOut(db, [{ unitId, quantity: 7 }]);
    const { orderId } = first(orders);
    await cancel(db, orderId, { parts: [{ lineNumber: 1, quantity: 2 }] });
    expect(await stockOf(db, unitId)).toEqual([5, 5, 0]);
    await pay(db, checkoutId);
    await cancel(db, orderId, { parts: [{ lineNumber: 1, quantity: 1 }] }, seller);
    expect(await stockOf(db, unitId)).toEqual([6, 0, 4]);
    expect(await cancel(db, orderId, { parts: [{ lineNumber: 1, quantity: 5 }] })).toEqual(
      refusal('QUANTITY_EXCEEDS_ORDER'),
    );
    expect(await cancel(db, orderId, { parts: [{ lineNumber: 2, quantity: 1 }] })).toEqual(
      refusal('ORDER_LINE_NOT_FOUND'),
    );
    await deliver(db, orderId);
    await confirm(db, orderId);
    const sale = first(await salesOf(orderId));
    const parts = await select<Record<string, number>>(
      db,
      `SELECT l.* FROM order_refund_line l JOIN order_refund r ON r.refund_id = l.refund_id WHERE r.order_id = ?`,
      [orderId],
    );
    const { basket } = placement;
    for (const [column, ordered] of [
      ['item_amount', basket.itemAmount],
      ['seller_discount', basket.sellerDiscount],
      ['shipping_fee', basket.shippingFee],
      ['quantity', 7],
    ] as const)
      expect(Number(sale[column]) + sum(parts.map((part) => Number(part[column])))).toBe(ordered);
    await db.raw('DELETE FROM shipping_term');
  });

  it('of which a line was cancelled is confirmed without it', async () => {
    const { db } = database;
    const units = [await makeUnit(db, 'S1', { priceMinor: 500 }), await makeUnit(db, 'S1')];
    const { orders, checkoutId } = await checkOut(
      db,
      units.map((unitId) => ({ unitId, quantity: 2 })),
    );
    const { orderId } = first(orders);
    await pay(db, checkoutId);
    await cancel(db, orderId, { parts: [{ lineNumber: 1, quantity: 2 }] });
    await deliver(db, orderId);
    expect(await confirm(db, orderId)).toBeUndefined();
    expect(await salesOf(orderId)).toMatchObject([{ line_id: '2', quantity: 2, item_amount: 20_000 }]);
  });

  it('that is cancelled wholly gives everything back, paid or not, and ends its checkout', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1');
    const unpaid = await checkOut(db, [{ unitId, quantity: 2 }]);
    await cancel(db, first(unpaid.orders).orderId);
    expect(await statusOf(db, first(unpaid.orders).orderId)).toBe('CANCELLED');
    expect(await pay(db, unpaid.checkoutId)).toEqual(refusal('CHECKOUT_STATE_CONFLICT'));
    const paid = await checkOut(db, [{ unitId, quantity: 2 }]);
    await pay(db, paid.checkoutId);
    await cancel(db, first(paid.orders).orderId);
    const steps = await select<{ toStatus: string }>(
      db,
      'SELECT to_status AS toStatus FROM order_event WHERE order_id = ? ORDER BY event_id',
      [first(paid.orders).orderId],
    );
    expect(steps.map(({ toStatus }) => toStatus)).toEqual(['PENDING_PAYMENT', 'PAID', 'CANCELLING', 'CANCELLED']);
    expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
  });

  it('gives one refund to twenty who cancel it at once', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1');
    const { orders, checkoutId } = await checkOut(db, [{ unitId, quantity: 3 }]);
    const { orderId } = first(orders);
    await pay(db, checkoutId);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => cancel(db, orderId)));
    expect(outcomes.filter((one) => !isRefusal(one))).toHaveLength(1);
    expect(outcomes.filter(isRefusal).map(({ refused }) => refused)).toEqual(Array(19).fill('ORDER_STATE_CONFLICT'));
    const refunds = await select<{ amount: number }>(
      db,
      'SELECT amount_minor AS amount FROM order_refund WHERE order_id = ?',
      [orderId],
    );
    expect(refunds).toEqual([{ amount: 30_000 }]);
    expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
  });

  it('is returned in parts after its confirmation; each part is a refund of the feed on the same day', async () => {
    const { db } = database;
    const { orderId, unitId } = await delivered(3, { priceMinor: 1_000, salePriceMinor: 667 });
    await confirm(db, orderId);
    await giveBack(db, orderId, { parts: [{ lineNumber: 1, quantity: 1 }] });
    expect(await statusOf(db, orderId)).toBe('PARTLY_REFUNDED');
    await giveBack(db, orderId, { reason: 'too small' }, operator);
    expect(await statusOf(db, orderId)).toBe('REFUNDED');
    expect(await giveBack(db, orderId)).toEqual(refusal('ORDER_STATE_CONFLICT'));
    const [sale, refunds] = [first(await salesOf(orderId)), await refundsOf(orderId)];
    expect(refunds.map(({ quantity, settled_on }) => [quantity, settled_on])).toEqual([
      [1, sale.settled_on],
      [2, sale.settled_on],
    ]);
    for (const column of ['item_amount', 'seller_discount', 'shipping_fee'])
      expect(Number(sale[column]) + sum(refunds.map((refund) => Number(refund[column])))).toBe(0);
    expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
  });
});

describe('time', () => {
  it('expires a checkout that is not paid: its units are for others', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1');
    const { orders, checkoutId } = await checkOut(db, [{ unitId, quantity: 4 }]);
    expect((await expireCheckouts(db, { rowsMax: 100 })).expired).toBe(0);
    await letExpire(db, checkoutId);
    expect(await pay(db, checkoutId)).toEqual(refusal('CHECKOUT_EXPIRED'));
    expect(await cancel(db, first(orders).orderId)).toEqual(refusal('CHECKOUT_EXPIRED'));
    expect(await expireCheckouts(db, { rowsMax: 100 })).toEqual({ found: 1, expired: 1, failed: [] });
    expect(await statusOf(db, first(orders).orderId)).toBe('EXPIRED');
    expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
    expect(await pay(db, checkoutId)).toEqual(refusal('CHECKOUT_EXPIRED'));
  });

  it('lets either a payment or the expiry win', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { stock: 40 });
    for (let round = 0; round < 8; round += 1) {
      const { checkoutId, orders } = await checkOut(db, [{ unitId, quantity: 1 }]);
      const soon = 'UTC_TIMESTAMP(3) + INTERVAL 4000 MICROSECOND';
      await db.raw(`UPDATE stock_reservation SET expires_at = ${soon} WHERE holder_id = ?`, [checkoutId]);
      await db.raw(`UPDATE checkout SET expires_at = ${soon} WHERE checkout_id = ?`, [checkoutId]);
      const attempts = await Promise.allSettled([
        pay(db, checkoutId),
        ...Array.from({ length: 4 }, () => expireCheckouts(db, { rowsMax: 10 })),
      ]);
      await letExpire(db, checkoutId);
      await expireCheckouts(db, { rowsMax: 10 });
      const paid = attempts[0]?.status === 'fulfilled' && attempts[0].value === undefined;
      expect(await statusOf(db, first(orders).orderId)).toBe(paid ? 'PAID' : 'EXPIRED');
    }
    const [available = 0, held, sold = 0] = await stockOf(db, unitId);
    expect([available + sold, held]).toEqual([40, 0]);
  });

  it.each([
    ['a payment that waits for an expiry', 'EXPIRED', pay],
    [
      'an expiry that waits for a payment',
      'PAID',
      async (db: Db) => (await expireCheckouts(db, { rowsMax: 10 })).expired,
    ],
  ] as const)('is looked at again behind the lock: %s', async (_name, meanwhile, work) => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1');
    const { checkoutId, orders } = await checkOut(db, [{ unitId, quantity: 1 }]);
    if (meanwhile === 'PAID') await letExpire(db, checkoutId);
    let waiting: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await tx.raw('UPDATE checkout SET status = ? WHERE checkout_id = ?', [meanwhile, checkoutId]);
      waiting = work(db, checkoutId);
      await inStatement(db, '%FROM checkout WHERE checkout_id%FOR UPDATE%');
    });
    expect(await waiting).toEqual(meanwhile === 'PAID' ? 0 : refusal('CHECKOUT_EXPIRED'));
    expect(await statusOf(db, first(orders).orderId)).toBe('PENDING_PAYMENT');
  });

  it('confirms an order days after its delivery, once', async () => {
    const { db } = database;
    const { orderId } = await delivered(1);
    expect((await confirmDelivered(db, config, { rowsMax: 10 })).found).toBe(0);
    await db.raw('UPDATE market_order SET delivered_at = delivered_at - INTERVAL 7 DAY WHERE order_id = ?', [orderId]);
    const both = await Promise.all([1, 2].map(() => confirmDelivered(db, config, { rowsMax: 10 })));
    expect(sum(both.map(({ confirmed }) => confirmed))).toBe(1);
    expect(await statusOf(db, orderId)).toBe('CONFIRMED');
    expect(await salesOf(orderId)).toHaveLength(1);
  });
});
