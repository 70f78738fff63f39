/** What a payment waits for where few orders are pending: the key of the status would lead it to those of other checkouts. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { lockOrdersOf, movePendingOrders } from '../../../core/orders/stores/order.js';
import { inTransaction, openDatabase } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertMany, rowsOf } from '../../support/plans.js';
import { statusOf } from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** Of the 40 orders of checkout 1 one is pending, and so is the one order of checkout 2. */
const ORDERS = 40;

it('does not wait for the orders of another checkout', async () => {
  const { db } = database;
  const order = (checkoutId: number, seller: number, status: string) =>
    [checkoutId, 1, `S${seller}`, 'KRW', status, 1, 0, 0, 0, 1, '2026-01-01', '2026-01-01', '2026-01-01'] as const;
  await insertMany(
    db,
    `INSERT INTO market_order (checkout_id, buyer_id, seller_id, currency, status, item_amount, seller_discount, platform_discount, shipping_fee,
       amount_minor, ordered_on, created_at, updated_at) VALUES ?`,
    [
      ...rowsOf(ORDERS, (n) => [...order(1, n, n === 1 ? 'PENDING_PAYMENT' : 'CANCELLED')]),
      [...order(2, 1, 'PENDING_PAYMENT')],
    ],
  );
  const impatient = openDatabase(database.url, { lockWaitSeconds: 1 });
  try {
    await inTransaction(db, async (tx) => {
      expect(await lockOrdersOf(tx, 2)).toHaveLength(1);
      await inTransaction(impatient, (paying) => movePendingOrders(paying, 1, 'PAID'), 1);
    });
  } finally {
    await impatient.destroy();
  }
  expect([await statusOf(db, 1), await statusOf(db, ORDERS + 1)]).toEqual(['PAID', 'PENDING_PAYMENT']);
});
