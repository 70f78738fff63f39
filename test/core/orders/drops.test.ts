/** Orders of what is sold in drops: what counts for the limit, and what stands in the audit, through the life of an order. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readUnit } from '../../../core/catalogue/stores/sellable-unit.js';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { placeOrders } from '../../../core/orders/place-orders.js';
import { scheduleDrop } from '../../../core/stock/drops.js';
import { listPurchases } from '../../../core/stock/stores/drop-purchase.js';
import { type Db, inTransaction } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { PAST } from '../../support/drop.js';
import { differences } from '../../support/stock.js';
import {
  BUYER,
  cancel,
  checkOut,
  confirm,
  deliver,
  giveBack,
  letExpire,
  makeUnit,
  pay,
  prepare,
  stockOf,
} from './order-scene.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(async () => {
  expect(await differences(db)).toEqual([]);
  await database.drop();
});

async function makeDropUnit(limitPerBuyer: number, stock = 10) {
  const unitId = await makeUnit(db, 'S1', { stock });
  const productId = (await readUnit(db, unitId))?.productId ?? 0;
  const drop = { productId, sellerId: 'S1', opensAt: PAST, limitPerBuyer, requestedBy: 'test' };
  const { dropId } = decided(await inTransaction(db, (tx) => scheduleDrop(tx, drop)));
  return { unitId, dropId };
}

const order = async (unitId: number, quantity: number) => {
  const { checkoutId, orders } = await checkOut(db, [{ unitId, quantity }]);
  return { checkoutId, orderId: orders[0]?.orderId ?? 0 };
};
const part = (quantity: number) => ({ parts: [{ lineNumber: 1, quantity }] });
/** Of each purchase: how much it was and how much was given back. */
const audit = async (dropId: number) =>
  (await listPurchases(db, dropId, undefined, 100)).map(({ quantity, givenBack }) => [quantity, givenBack]);

describe('a buyer in a drop', () => {
  it('a buyer at the limit may order cancelled units again, before and after the payment, in parts and as a whole', async () => {
    const { unitId, dropId } = await makeDropUnit(3);
    const first = await order(unitId, 3);
    await expect(order(unitId, 1)).rejects.toMatchObject({ code: 'DROP_LIMIT_EXCEEDED' });
    await cancel(db, first.orderId, part(1));
    await expect(order(unitId, 2)).rejects.toMatchObject({ code: 'DROP_LIMIT_EXCEEDED' });
    const second = await order(unitId, 1);
    await pay(db, first.checkoutId);
    await cancel(db, first.orderId);
    await cancel(db, second.orderId);
    expect(await audit(dropId)).toEqual([
      [3, 3],
      [1, 1],
    ]);
    await order(unitId, 3);
  });

  it('a buyer at the limit may order expired units again', async () => {
    const { unitId, dropId } = await makeDropUnit(2);
    const { checkoutId } = await order(unitId, 2);
    await letExpire(db, checkoutId);
    expect(await expireCheckouts(db, { rowsMax: 10 })).toEqual({ found: 1, expired: 1, failed: [] });
    expect(await audit(dropId)).toEqual([[2, 2]]);
    await order(unitId, 2);
    expect(await stockOf(db, unitId)).toEqual([8, 2, 0]);
  });

  it('a buyer at the limit may not order units again that were delivered and came back', async () => {
    const { unitId, dropId } = await makeDropUnit(1);
    const { checkoutId, orderId } = await order(unitId, 1);
    await pay(db, checkoutId);
    await deliver(db, orderId);
    await confirm(db, orderId);
    await giveBack(db, orderId);
    expect(await audit(dropId)).toEqual([[1, 0]]);
    await expect(order(unitId, 1)).rejects.toMatchObject({ code: 'DROP_LIMIT_EXCEEDED' });
  });

  it('a refused order, by limit or stock, undoes no other of the same group and leaves nothing behind', async () => {
    const { unitId, dropId } = await makeDropUnit(1, 2);
    const ordinary = await makeUnit(db, 'S2');
    const asks = [
      [BUYER, unitId],
      [BUYER, unitId],
      [8, unitId],
      [9, unitId],
      [BUYER, ordinary],
    ] as const;
    const members = await Promise.all(
      asks.map(async ([buyerId, wanted]) => decided(await prepare(db, [{ unitId: wanted, quantity: 1 }], { buyerId }))),
    );
    const outcomes = await inTransaction(db, (tx) => placeOrders(tx, members));
    expect(outcomes.map((one) => (isRefusal(one) ? one.refused : one.placement.buyerId))).toEqual([
      BUYER,
      'DROP_LIMIT_EXCEEDED',
      8,
      'INSUFFICIENT_STOCK',
      BUYER,
    ]);
    expect(await audit(dropId)).toHaveLength(2);
    expect([await stockOf(db, unitId), await stockOf(db, ordinary)]).toEqual([
      [0, 2, 0],
      [9, 1, 0],
    ]);
  });
});
