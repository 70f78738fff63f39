/** A cart is ordered as it was priced, and once, however many checkouts of it come at the same moment. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { placeOrders } from '../../../core/orders/place-orders.js';
import type { Placement } from '../../../core/orders/prepare-checkout.js';
import { insertCartItem, readCart, setCartQuantity } from '../../../core/orders/stores/cart.js';
import { inTransaction } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { BUYER, makeUnit, prepare, stockOf } from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function putIntoCart(quantity: number): Promise<number> {
  const unitId = await makeUnit(database.db, 'S1');
  await inTransaction(database.db, (tx) => insertCartItem(tx, BUYER, { unitId, quantity }));
  return unitId;
}
const setTo = (unitId: number, quantity: number) =>
  inTransaction(database.db, (tx) => setCartQuantity(tx, BUYER, { unitId, quantity }));
const ofCart = async (...unitIds: number[]): Promise<Placement> =>
  decided(await prepare(database.db, null, { unitIds }));
const place = (...placements: Placement[]) =>
  inTransaction(database.db, async (tx) =>
    (await placeOrders(tx, placements)).map((one) => (isRefusal(one) ? [one.refused, one.details] : 'placed')),
  );

it('refuses what is not in the cart as it was priced; the others of the group are placed', async () => {
  const { db } = database;
  const [a, b] = [await putIntoCart(2), await putIntoCart(2)];
  const [both, one] = [await ofCart(a, b), await ofCart(b)];
  const direct = decided(await prepare(db, [{ unitId: b, quantity: 1 }]));
  await setTo(a, 3);
  expect(await place(both, one, direct)).toEqual([['CART_CHANGED', { unitId: a }], 'placed', 'placed']);
  expect(await readCart(db, BUYER)).toMatchObject([{ unitId: a, quantity: 3 }]);
  expect(await stockOf(db, a)).toEqual([10, 0, 0]);
  expect(await stockOf(db, b)).toEqual([7, 3, 0]);
});

it('orders a cart once that is checked out twice in one transaction', async () => {
  const unitId = await putIntoCart(2);
  const [first, second] = [await ofCart(unitId), await ofCart(unitId)];
  expect(await place(first, second)).toEqual(['placed', ['CART_CHANGED', { unitId }]]);
  expect(await stockOf(database.db, unitId)).toEqual([8, 2, 0]);
});

it('orders a cart once that is checked out in two transactions at the same moment', async () => {
  const { db } = database;
  const unitId = await putIntoCart(2);
  const [first, second] = [await ofCart(unitId), await ofCart(unitId)];
  let waiting: ReturnType<typeof place> | undefined;
  await inTransaction(db, async (tx) => {
    expect(isRefusal((await placeOrders(tx, [first]))[0])).toBe(false);
    waiting = place(second);
    await inStatement(db, '%FROM cart_item%FOR UPDATE%');
  });
  expect(await waiting).toEqual([['CART_CHANGED', { unitId }]]);
  expect(await stockOf(db, unitId)).toEqual([8, 2, 0]);
});
