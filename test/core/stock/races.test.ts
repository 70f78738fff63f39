/** Several connections at once on the same units: nothing is sold twice, nobody waits in a circle. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertOption, removeOption } from '../../../core/catalogue/stores/product-option.js';
import { readUnit } from '../../../core/catalogue/stores/sellable-unit.js';
import { commitReservation, releaseReservation } from '../../../core/stock/end-reservation.js';
import { receiveStock } from '../../../core/stock/receive-stock.js';
import { reclaimExpired, reclaimUnit } from '../../../core/stock/reclaim.js';
import { reserve } from '../../../core/stock/reserve.js';
import type { UnitQuantity } from '../../../core/stock/rules/stock.js';
import { readReservations } from '../../../core/stock/stores/reservation.js';
import { lockStock } from '../../../core/stock/stores/stock.js';
import { change, type Db, openDatabase, select, type Tx } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { differences, makeUnits, stockOf } from '../../support/stock.js';

let database: TestDatabase;
/** Connections of their own, so that a race is one of the server's. A deadlock or a lock that is waited for too long fails the test: nothing is tried again. */
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { poolMax: 12 });
});
afterAll(async () => {
  expect(await differences(db)).toEqual([]);
  await db.destroy();
  await database.drop();
});

let holders = 0;
const holder = (expiresInMs = 3_600_000) => {
  holders += 1;
  return { holderId: holders, expiresInMs, requestedBy: 'buyer' };
};
const unit = (unitId: number, quantity: number): UnitQuantity => ({ unitId, quantity });
const inOne = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction(work);
const times = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

describe('the last unit', () => {
  it('goes to one of two who reach for it, and the other is told when the first has committed', async () => {
    const [unitId = 0] = await makeUnits(db, [1]);
    let commit: () => void = () => undefined;
    const mayCommit = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const first = inOne(async (tx) => {
      const outcome = await reserve(tx, holder(), [unit(unitId, 1)]);
      await mayCommit;
      return outcome;
    });
    await isHeld(unitId);
    const second = inOne((tx) => reserve(tx, holder(), [unit(unitId, 1)]));
    await inStatement(database.db, 'UPDATE stock SET available%');
    commit();
    expect(await first).toBeUndefined();
    expect(await second).toMatchObject({ refused: 'INSUFFICIENT_STOCK', details: { unitId, asked: 1, available: 0 } });
    expect(await stockOf(db, unitId)).toEqual([1, 0, 1, 0]);
  });

  it('is not sold twice, however many reach for it', async () => {
    const [unitId = 0] = await makeUnits(db, [3]);
    const outcomes = await times(40, () => inOne((tx) => reserve(tx, holder(), [unit(unitId, 1)])));
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(3);
    expect(await stockOf(db, unitId)).toEqual([3, 0, 3, 0]);
  });
});

/** Waits until somebody holds the row of stock. */
const isHeld = (unitId: number): Promise<unknown> =>
  until(
    () =>
      select(db, 'SELECT unit_id FROM stock WHERE unit_id = ? FOR UPDATE NOWAIT', [unitId]).then(
        () => false,
        () => true,
      ),
    'a lock on stock',
  );

describe('nobody waits in a circle', () => {
  it('with baskets {A, B} and {B, A}', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [100, 100]);
    const outcomes = await times(60, (n) =>
      inOne((tx) => reserve(tx, holder(), n % 2 === 0 ? [unit(a, 1), unit(b, 1)] : [unit(b, 1), unit(a, 1)])),
    );
    expect(outcomes.every((outcome) => outcome === undefined)).toBe(true);
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [100, 40, 60, 0],
      [100, 40, 60, 0],
    ]);
  });

  it('with buyers, payments, cancellations, the duty and buyers who take back what expired', async () => {
    const [a = 0, b = 0, c = 0] = await makeUnits(db, [12, 12, 12]);
    const baskets = [
      [unit(a, 1), unit(b, 1)],
      [unit(c, 1), unit(a, 1)],
      [unit(b, 1), unit(c, 2)],
    ];
    // Every third hold ends in the moment in which it begins.
    const settle = async (n: number): Promise<void> => {
      const who = holder(n % 3 === 0 ? 0 : 3_600_000);
      const outcome = await inOne((tx) => reserve(tx, who, baskets[n % baskets.length] ?? []));
      if (outcome !== undefined) return;
      if (n % 4 === 0) await inOne((tx) => releaseReservation(tx, who));
      else if (n % 4 === 1) await inOne((tx) => commitReservation(tx, who));
      else if (n % 4 === 2) await reclaimExpired(db, { rowsMax: 5 });
    };
    for (let round = 0; round < 4; round += 1) await times(30, settle);
    expect(await differences(db)).toEqual([]);
  });
});

it('a payment and the end of the time to pay: one of the two happens', async () => {
  const [a = 0, b = 0] = await makeUnits(db, [30, 30]);
  const all = Array.from({ length: 15 }, () => holder());
  for (const who of all) await inOne((tx) => reserve(tx, who, [unit(a, 1), unit(b, 1)]));
  const paid = Promise.all(all.map((who) => inOne((tx) => commitReservation(tx, who))));
  for (const { holderId } of all)
    await change(db, 'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) WHERE holder_id = ?', [holderId]);
  await reclaimExpired(db, { rowsMax: 1_000 });
  const outcomes = await paid;
  for (const [at, who] of all.entries()) {
    const statuses = (await readReservations(db, who.holderId)).map(({ status }) => status);
    expect(statuses).toEqual(outcomes[at] === undefined ? ['SOLD', 'SOLD'] : ['EXPIRED', 'EXPIRED']);
  }
});

it('a payment that waits for the one who takes it back finds the hold expired', async () => {
  const [unitId = 0] = await makeUnits(db, [1]);
  const who = holder();
  await inOne((tx) => reserve(tx, who, [unit(unitId, 1)]));
  let paying: Promise<unknown> = Promise.resolve();
  await inOne(async (tx) => {
    await lockStock(tx, [unitId]);
    const past = 'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE holder_id = ?';
    await change(tx, past, [who.holderId]);
    paying = inOne((other) => commitReservation(other, who));
    await inStatement(database.db, '%FROM stock %FOR UPDATE%');
    await reclaimUnit(tx, unitId, { quantity: 1 });
  });
  expect(await paying).toMatchObject({ refused: 'CHECKOUT_EXPIRED' });
  expect(await stockOf(db, unitId)).toEqual([1, 1, 0, 0]);
});

it('the first goods and the removal of the option: either the option is retired, or there is no unit to receive for', async () => {
  const product = { productId: 700_000, sellerId: 'S1' };
  await times(20, async (n) => {
    const of = { ...product, productId: product.productId + n };
    const content = { sku: `RACE-${n}`, name: 'x', priceDifferenceMinor: 0 };
    const optionId = await inOne(async (tx) => decided(await insertOption(tx, of, content)));
    const [made] = await select<{ unitId: number }>(
      db,
      'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ? AND option_id = ?',
      [of.productId, optionId],
    );
    const unitId = made?.unitId ?? 0;
    const goods = { unitId, quantity: 1, reason: 'x', requestedBy: 'x' };
    const [received] = await Promise.all([
      inOne((tx) => receiveStock(tx, goods)),
      inOne((tx) => removeOption(tx, of, optionId)),
    ]);
    const [option] = await select<{ retired: number }>(
      db,
      'SELECT retired_at IS NOT NULL AS retired FROM product_option WHERE option_id = ?',
      [optionId],
    );
    const refused = 'refused' in received ? received.refused : null;
    if (refused === 'UNIT_NOT_FOUND') expect([option, await readUnit(db, unitId)]).toEqual([undefined, undefined]);
    else expect([refused, option?.retired, await readUnit(db, unitId)]).toMatchObject([null, 1, { status: 'RETIRED' }]);
  });
});
