/** The duties of the shop, in the process of the test: what has come of age is ended, or confirmed, and the rest is left alone. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DutyContext } from '../../../batch/duties/duty.js';
import { orderDuties } from '../../../batch/duties/orders.js';
import {
  checkOut,
  config,
  deliver,
  letExpire,
  makeUnit,
  pay,
  statusOf,
  stockOf,
} from '../../core/orders/order-scene.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** Carries out the duty of this name once. */
function carryOut(name: string): Promise<number> {
  const duty = orderDuties.find((it) => it.name === name);
  if (duty === undefined) throw new Error(`there is no duty ${name}`);
  const { signal } = new AbortController();
  return duty.run({ db: database.db, config, signal, log: () => undefined } as unknown as DutyContext);
}

async function ordered(quantity: number) {
  const unitId = await makeUnit(database.db, 'S1');
  const { checkoutId, orders } = await checkOut(database.db, [{ unitId, quantity }]);
  return { unitId, checkoutId, orderId: orders[0]?.orderId ?? 0 };
}

it('expire-checkouts ends the checkouts whose time to pay has passed, and no other', async () => {
  const { db } = database;
  const [late, inTime] = [await ordered(4), await ordered(1)];
  await letExpire(db, late.checkoutId);
  expect(await carryOut('expire-checkouts')).toBe(1);
  expect([await statusOf(db, late.orderId), await statusOf(db, inTime.orderId)]).toEqual([
    'EXPIRED',
    'PENDING_PAYMENT',
  ]);
  expect(await stockOf(db, late.unitId)).toEqual([10, 0, 0]);
  expect(await carryOut('expire-checkouts')).toBe(0);
});

it('reclaim-stock gives back what expired checkouts hold, and they expire all the same', async () => {
  const { db } = database;
  const { checkoutId, orderId, unitId } = await ordered(3);
  await letExpire(db, checkoutId);
  expect(await carryOut('reclaim-stock')).toBe(1);
  expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
  await carryOut('expire-checkouts');
  expect(await statusOf(db, orderId)).toBe('EXPIRED');
  expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
});

it('confirm-orders confirms what was delivered long enough ago', async () => {
  const { db } = database;
  const { checkoutId, orderId } = await ordered(1);
  await pay(db, checkoutId);
  await deliver(db, orderId);
  expect(await carryOut('confirm-orders')).toBe(0);
  await db.raw('UPDATE market_order SET delivered_at = delivered_at - INTERVAL 7 DAY WHERE order_id = ?', [orderId]);
  expect(await carryOut('confirm-orders')).toBe(1);
  expect(await statusOf(db, orderId)).toBe('CONFIRMED');
});

describe('what fails', () => {
  const spoilStock = (unitId: number) =>
    database.db.raw('UPDATE stock SET received = available, held = 0 WHERE unit_id = ?', [unitId]);
  const mendStock = (unitId: number) =>
    database.db.raw('UPDATE stock SET held = 10 - available, received = 10 WHERE unit_id = ?', [unitId]);

  it.each(['expire-checkouts', 'reclaim-stock'])('does not keep others from %s, and is reported', async (duty) => {
    const { db } = database;
    const spoilt = await ordered(2);
    const others = [];
    for (let n = 0; n < 3; n += 1) others.push(await ordered(3));
    for (const { checkoutId } of [spoilt, ...others]) await letExpire(db, checkoutId);
    await spoilStock(spoilt.unitId);
    const named = duty === 'reclaim-stock' ? `unit ${spoilt.unitId}` : `checkout ${spoilt.checkoutId}`;
    await expect(carryOut(duty)).rejects.toThrow(named);
    for (const { unitId } of others) expect(await stockOf(db, unitId)).toEqual([10, 0, 0]);
    await mendStock(spoilt.unitId);
    await carryOut(duty);
    expect(await stockOf(db, spoilt.unitId)).toEqual([10, 0, 0]);
    await carryOut('expire-checkouts');
  });

  it('does not keep other orders from being confirmed, and is reported', async () => {
    const { db } = database;
    const [spoilt, other] = [await ordered(1), await ordered(1)];
    for (const { checkoutId, orderId } of [spoilt, other]) {
      await pay(db, checkoutId);
      await deliver(db, orderId);
    }
    const category = (text: string) =>
      db.raw('UPDATE order_line SET category = ? WHERE order_id = ?', [text, spoilt.orderId]);
    await category(' a category that no feed takes');
    await db.raw('UPDATE market_order SET delivered_at = delivered_at - INTERVAL 8 DAY WHERE order_id IN (?)', [
      [spoilt.orderId, other.orderId],
    ]);
    await expect(carryOut('confirm-orders')).rejects.toThrow(`order ${spoilt.orderId}`);
    expect(await statusOf(db, other.orderId)).toBe('CONFIRMED');
    await category('shoes');
    expect(await carryOut('confirm-orders')).toBe(1);
    expect(await statusOf(db, spoilt.orderId)).toBe('CONFIRMED');
  });
});
