/** Events of orders are recorded in the transaction that causes them, with the id of the request, and not when it is rolled back. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { payCheckout } from '../../../core/orders/pay-checkout.js';
import { inTransaction, select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { emptyOutbox } from '../../support/outbox.js';
import {
  BUYER,
  buyer,
  cancel,
  checkOut,
  confirm,
  deliver,
  giveBack,
  letExpire,
  makeUnit,
  operator,
  pay,
  seller,
} from '../orders/order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => emptyOutbox(database.db));

interface Recorded {
  readonly type: string;
  readonly requestId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The events since it was last asked. */
async function events(): Promise<Recorded[]> {
  const rows = await select<{ type: string; requestId: string; payload: string }>(
    database.db,
    'SELECT type, request_id AS requestId, payload FROM outbox_event ORDER BY event_id',
  );
  await emptyOutbox(database.db);
  return rows.map(({ payload, ...row }) => ({ ...row, payload: JSON.parse(payload) as Recorded['payload'] }));
}

async function placed() {
  const [one, two] = [await makeUnit(database.db, 'S1'), await makeUnit(database.db, 'S2', { priceMinor: 3_000 })];
  const { checkoutId, orders } = await checkOut(database.db, [
    { unitId: one, quantity: 3 },
    { unitId: two, quantity: 1 },
  ]);
  const [first = 0, second = 0] = orders.map(({ orderId }) => orderId);
  const productOf = async (unitId: number): Promise<number> => {
    const sql = 'SELECT product_id AS id FROM sellable_unit WHERE unit_id = ?';
    return (await select<{ id: number }>(database.db, sql, [unitId]))[0]?.id ?? 0;
  };
  return { checkoutId, first, second, one, two, products: [await productOf(one), await productOf(two)] as const };
}

it('a payment tells what was paid and which units are left, whoever marks it', async () => {
  const { checkoutId, first, one, two, products } = await placed();
  await cancel(database.db, first, { parts: [{ lineNumber: 1, quantity: 1 }] });
  expect(await events()).toEqual([]); // nothing had been paid
  const by = { ...operator, requestId: 'request-pay' };
  await inTransaction(database.db, (tx) => payCheckout(tx, checkoutId, by, 77));
  expect(await events()).toEqual([
    {
      type: 'payment.succeeded',
      requestId: 'request-pay',
      payload: {
        paymentId: 77,
        checkoutId,
        buyerId: BUYER,
        currency: 'KRW',
        amountMinor: 23_000,
        units: [
          { unitId: one, productId: products[0], quantity: 2 },
          { unitId: two, productId: products[1], quantity: 1 },
        ],
      },
    },
  ]);
  await pay(database.db, checkoutId); // refused
  expect(await events()).toEqual([]);
});

it('a payment whose transaction is rolled back tells nothing', async () => {
  const { checkoutId } = await placed();
  const failed = inTransaction(database.db, async (tx) => {
    await payCheckout(tx, checkoutId, operator);
    throw new Error('later');
  });
  await expect(failed).rejects.toThrow('later');
  expect(await events()).toEqual([]);
});

it('cancellations after the payment, confirmations and returns tell of themselves', async () => {
  const { checkoutId, first, second, one, two, products } = await placed();
  await pay(database.db, checkoutId);
  expect(await events()).toMatchObject([{ type: 'payment.succeeded', requestId: '', payload: { paymentId: null } }]);
  const refundId = await cancel(database.db, second, {}, { ...buyer, requestId: 'request-cancel' });
  expect(await events()).toEqual([
    {
      type: 'order.refunded',
      requestId: 'request-cancel',
      payload: {
        orderId: second,
        refundId,
        buyerId: BUYER,
        sellerId: 'S2',
        currency: 'KRW',
        amountMinor: 3_000,
        units: [{ unitId: two, productId: products[1], quantity: 1 }],
      },
    },
  ]);
  await deliver(database.db, first);
  await confirm(database.db, first, { ...buyer, requestId: 'request-confirm' });
  expect(await events()).toEqual([
    {
      type: 'order.confirmed',
      requestId: 'request-confirm',
      payload: { orderId: first, sellerId: 'S1', buyerId: BUYER },
    },
  ]);
  const returned = await giveBack(
    database.db,
    first,
    { parts: [{ lineNumber: 1, quantity: 2 }], restock: false },
    { ...seller, requestId: 'request-return' },
  );
  expect(await events()).toMatchObject([
    {
      type: 'order.refunded',
      requestId: 'request-return',
      payload: {
        orderId: first,
        refundId: returned,
        amountMinor: 20_000,
        units: [{ unitId: one, productId: products[0], quantity: 2 }],
      },
    },
  ]);
});

it('an expiry tells of the checkout and its orders, once', async () => {
  const { checkoutId, first, second } = await placed();
  await letExpire(database.db, checkoutId);
  for (let n = 0; n < 2; n += 1) await expireCheckouts(database.db, { rowsMax: 100 });
  expect(await events()).toEqual([
    {
      type: 'order.expired',
      requestId: '',
      payload: { checkoutId, buyerId: BUYER, orderIds: [first, second] },
    },
  ]);
});
