/** Checkouts of a cart: what they take out of it, and two of the same cart at once. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { placeOrders } from '../../../core/orders/place-orders.js';
import type { Placement } from '../../../core/orders/prepare-checkout.js';
import { insertCartItem, readCart } from '../../../core/orders/stores/cart.js';
import { inTransaction } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { BUYER, checkOut, makeUnit, prepare, stockOf } from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('a checkout takes what it orders out of the cart, and nothing else', async () => {
  const { db } = database;
  const [a, b] = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2')];
  for (const unitId of [a, b]) await inTransaction(db, (tx) => insertCartItem(tx, BUYER, { unitId, quantity: 1 }));
  await checkOut(db, null, { unitIds: [a] });
  expect((await readCart(db, BUYER)).map(({ unitId }) => unitId)).toEqual([b]);
  await checkOut(db, null);
  expect(await readCart(db, BUYER)).toEqual([]);
});

it('two checkouts of the same cart at once order it once: in one group and in two', async () => {
  const { db } = database;
  const unitId = await makeUnit(db, 'S1');
  const outcomesOf = async (groups: (placements: readonly Placement[]) => (readonly Placement[])[]) => {
    await inTransaction(db, (tx) => insertCartItem(tx, BUYER, { unitId, quantity: 1 }));
    const placements = [decided(await prepare(db, null)), decided(await prepare(db, null))];
    const placed = await Promise.all(
      groups(placements).map((group) => inTransaction(db, (tx) => placeOrders(tx, group))),
    );
    return placed.flat().map((one) => (isRefusal(one) ? one.refused : 'placed'));
  };
  expect(await outcomesOf((both) => [both])).toEqual(['placed', 'CART_ITEM_NOT_FOUND']);
  expect((await outcomesOf((both) => both.map((one) => [one]))).sort()).toEqual(['CART_ITEM_NOT_FOUND', 'placed']);
  expect(await stockOf(db, unitId)).toEqual([8, 2, 0]);
});
