/** The use cases of stock, one after the other, on one database. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commitReservation, releaseReservation, returnUnits } from '../../../core/stock/end-reservation.js';
import { adjustStock, receiveStock } from '../../../core/stock/receive-stock.js';
import { reclaimExpired } from '../../../core/stock/reclaim.js';
import { reserve, reserveMany } from '../../../core/stock/reserve.js';
import { listMovements } from '../../../core/stock/stores/movement.js';
import { readReservations } from '../../../core/stock/stores/reservation.js';
import { change, type Db, inTransaction } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { differences, makeUnits, receive, stockOf } from '../../support/stock.js';

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

let holders = 1_000;
/** A holder of its own; its hold lasts an hour. */
const holder = (expiresInMs = 3_600_000) => {
  holders += 1;
  return { holderId: holders, expiresInMs, requestedBy: 'buyer' };
};
const unit = (unitId: number, quantity: number) => ({ unitId, quantity });
const hold = (who: ReturnType<typeof holder>, ...units: { unitId: number; quantity: number }[]) =>
  inTransaction(db, (tx) => reserve(tx, who, units));
const by = ({ holderId }: { holderId: number }) => ({ holderId, requestedBy: 'buyer' });
const lacks = (unitId: number, asked: number, available: number) => ({
  refused: 'INSUFFICIENT_STOCK',
  details: { unitId, asked, available },
});
const statuses = async ({ holderId }: { holderId: number }) =>
  (await readReservations(db, holderId)).map(({ status, quantity }) => [status, quantity]);
/** Moves the end of holds into the past of the database's clock. */
const expire = (...whose: { holderId: number }[]) =>
  change(db, 'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE holder_id IN (?)', [
    whose.map(({ holderId }) => holderId),
  ]);

describe('goods', () => {
  it('come in and are counted, and the journal says why', async () => {
    const [unitId = 0] = await makeUnits(db, [10]);
    const asked = { unitId, requestedBy: 'account 1' };
    const adjusted = await inTransaction(db, (tx) => adjustStock(tx, { ...asked, by: -4, reason: 'broken' }));
    expect(adjusted).toMatchObject({ before: { received: 10 }, after: { received: 6, available: 6 } });
    await inTransaction(db, (tx) => adjustStock(tx, { ...asked, by: 1, reason: 'found' }));
    expect(await stockOf(db, unitId)).toEqual([7, 7, 0, 0]);
    expect(await listMovements(db, unitId, undefined, 2)).toMatchObject([
      { kind: 'ADJUST', availableChange: 1, reason: 'found', holderId: null, requestedBy: 'account 1' },
      { kind: 'ADJUST', availableChange: -4, reason: 'broken' },
    ]);
  });

  it('are not taken away beyond what is available', async () => {
    const [unitId = 0, never = 0] = await makeUnits(db, [3, 0]);
    await hold(holder(), unit(unitId, 2));
    const take = (id: number, amount: number) =>
      inTransaction(db, (tx) => adjustStock(tx, { unitId: id, by: amount, reason: 'lost', requestedBy: 'x' }));
    expect(await take(unitId, -2)).toEqual({
      refused: 'STOCK_INSUFFICIENT_TO_ADJUST',
      details: { unitId, by: -2, available: 1 },
    });
    expect(await take(never, -1)).toMatchObject({ refused: 'STOCK_INSUFFICIENT_TO_ADJUST', details: { available: 0 } });
    expect(await take(unitId, -1)).toMatchObject({ after: { received: 2, available: 0, held: 2 } });
    expect(await take(never, 2)).toMatchObject({ after: { received: 2, available: 2 } });
  });

  it('need a unit that there is and that is offered; a retired one may still be counted', async () => {
    const [unitId = 0] = await makeUnits(db, [3]);
    const goods = { quantity: 1, reason: 'delivery', requestedBy: 'x' };
    expect(await inTransaction(db, (tx) => receiveStock(tx, { ...goods, unitId: 999_999 }))).toMatchObject({
      refused: 'UNIT_NOT_FOUND',
    });
    await change(db, `UPDATE sellable_unit SET status = 'RETIRED' WHERE unit_id = ?`, [unitId]);
    expect(await inTransaction(db, (tx) => receiveStock(tx, { ...goods, unitId }))).toMatchObject({
      refused: 'UNIT_RETIRED',
    });
    const counted = await inTransaction(db, (tx) => adjustStock(tx, { unitId, by: -3, reason: 'x', requestedBy: 'x' }));
    expect(counted).toMatchObject({ after: { available: 0 } });
  });
});

describe('a hold', () => {
  it('takes all units of a basket or none', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [5, 1]);
    expect(await hold(holder(), unit(b, 2), unit(a, 1))).toEqual(lacks(b, 2, 1));
    expect(await stockOf(db, a)).toEqual([5, 5, 0, 0]);
    const who = holder();
    expect(await hold(who, unit(b, 1), unit(a, 2))).toBeUndefined();
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [5, 3, 2, 0],
      [1, 0, 1, 0],
    ]);
    expect(await statuses(who)).toEqual([
      ['HELD', 2],
      ['HELD', 1],
    ]);
  });

  it('of a unit that never had stock is refused', async () => {
    const [unitId = 0] = await makeUnits(db, [0]);
    expect(await hold(holder(), unit(unitId, 1))).toEqual(lacks(unitId, 1, 0));
  });

  it('is sold by a payment, once', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [5, 5]);
    const who = holder();
    await hold(who, unit(a, 2), unit(b, 1));
    const pay = () => inTransaction(db, (tx) => commitReservation(tx, by(who)));
    expect([await pay(), await pay()]).toEqual([undefined, undefined]);
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [5, 3, 0, 2],
      [5, 4, 0, 1],
    ]);
    const nobody = by({ holderId: 999_999 });
    expect(await inTransaction(db, (tx) => commitReservation(tx, nobody))).toMatchObject({
      refused: 'CHECKOUT_EXPIRED',
    });
  });

  it('is given back in parts, and what is left is sold', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [5, 5]);
    const who = holder();
    await hold(who, unit(a, 3), unit(b, 1));
    const release = (...units: { unitId: number; quantity: number }[]) =>
      inTransaction(db, (tx) => releaseReservation(tx, by(who), units));
    expect(await release(unit(b, 1), unit(a, 1))).toEqual([unit(a, 1), unit(b, 1)]);
    await expect(release(unit(a, 3))).rejects.toThrow('fewer than 3');
    expect(await statuses(who)).toEqual([
      ['HELD', 2],
      ['RELEASED', 0],
    ]);
    expect(await inTransaction(db, (tx) => commitReservation(tx, by(who)))).toBeUndefined();
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [5, 3, 0, 2],
      [5, 5, 0, 0],
    ]);
    // Nothing is held any more, so releasing all of it changes nothing.
    expect(await inTransaction(db, (tx) => releaseReservation(tx, by(who)))).toEqual([]);
  });

  it('that was sold can be returned, in parts, up to what was bought', async () => {
    const [a = 0] = await makeUnits(db, [5]);
    const who = holder();
    await hold(who, unit(a, 3));
    const giveBack = (quantity: number) => inTransaction(db, (tx) => returnUnits(tx, by(who), [unit(a, quantity)]));
    await expect(giveBack(1)).rejects.toThrow('SOLD');
    await inTransaction(db, (tx) => commitReservation(tx, by(who)));
    expect(await giveBack(2)).toEqual([unit(a, 2)]);
    await expect(giveBack(2)).rejects.toThrow('fewer than 2');
    await giveBack(1);
    expect(await stockOf(db, a)).toEqual([5, 5, 0, 0]);
    expect(await statuses(who)).toEqual([['RELEASED', 0]]);
  });
});

describe('an expired hold', () => {
  it('is not sold, whichever comes first', async () => {
    const [a = 0] = await makeUnits(db, [5]);
    const who = holder();
    await hold(who, unit(a, 1));
    await expire(who);
    expect(await inTransaction(db, (tx) => commitReservation(tx, by(who)))).toMatchObject({
      refused: 'CHECKOUT_EXPIRED',
    });
    expect(await stockOf(db, a)).toEqual([5, 4, 1, 0]);
    expect(await inTransaction(db, (tx) => releaseReservation(tx, by(who)))).toEqual([unit(a, 1)]);
    expect(await stockOf(db, a)).toEqual([5, 5, 0, 0]);
  });

  it('is measured by the clock of the database', async () => {
    const [a = 0] = await makeUnits(db, [1]);
    const who = holder(0); // ends in the moment in which it begins
    await hold(who, unit(a, 1));
    expect(await readReservations(db, who.holderId)).toMatchObject([{ status: 'HELD', expired: true }]);
    const other = holder();
    expect(await hold(other, unit(a, 1))).toBeUndefined();
    expect(await readReservations(db, other.holderId)).toMatchObject([{ expired: false }]);
  });

  it('is taken back by a buyer who needs the units, as far as they are needed', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [2, 3]);
    const [first, second, alive] = [holder(), holder(), holder()];
    await hold(first, unit(a, 1), unit(b, 1));
    await hold(second, unit(b, 1));
    await hold(alive, unit(b, 1));
    await expire(first, second);
    expect(await hold(holder(), unit(b, 3))).toEqual(lacks(b, 3, 2));
    // The refusal keeps what was taken back, because the transaction was not rolled back.
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [2, 1, 1, 0],
      [3, 2, 1, 0],
    ]);
    expect(await statuses(first)).toEqual([
      ['HELD', 1],
      ['EXPIRED', 0],
    ]);
    expect(await hold(holder(), unit(a, 2), unit(b, 2))).toBeUndefined();
    expect(await statuses(first)).toEqual([
      ['EXPIRED', 0],
      ['EXPIRED', 0],
    ]);
    expect(await listMovements(db, a, undefined, 2)).toMatchObject([
      { kind: 'RESERVE', availableChange: -2 },
      { kind: 'RELEASE', availableChange: 1, holderId: first.holderId, reason: 'expired' },
    ]);
  });

  it('of which a part was taken back is never paid, even if the clock of the database goes back', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [2, 1]);
    const who = holder();
    await hold(who, unit(a, 1), unit(b, 1));
    await expire(who);
    expect(await hold(holder(), unit(b, 1))).toBeUndefined();
    await change(
      db,
      'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE holder_id = ?',
      [who.holderId],
    );
    expect(await inTransaction(db, (tx) => commitReservation(tx, by(who)))).toMatchObject({
      refused: 'CHECKOUT_EXPIRED',
    });
    // Its cancellation gives back the rest; what was taken back is not given back again.
    expect(await inTransaction(db, (tx) => releaseReservation(tx, by(who), [unit(a, 1), unit(b, 1)]))).toEqual([
      unit(a, 1),
    ]);
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [2, 2, 0, 0],
      [1, 0, 1, 0],
    ]);
  });

  it('is ended by the duty in bounded batches', async () => {
    await reclaimExpired(db, { rowsMax: 1_000 }); // what other tests left
    const [a = 0, b = 0] = await makeUnits(db, [4, 4]);
    const all = [holder(), holder(), holder()];
    for (const who of all) await hold(who, unit(a, 1), unit(b, 1));
    const alive = holder();
    await hold(alive, unit(a, 1));
    await expire(...all);
    const first = await reclaimExpired(db, { rowsMax: 4 });
    expect(first.reservations).toBe(4);
    expect(await reclaimExpired(db, { rowsMax: 4 })).toMatchObject({ reservations: 2 });
    expect(await reclaimExpired(db, { rowsMax: 4 })).toMatchObject({ reservations: 0, unitIds: [] });
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [4, 3, 1, 0],
      [4, 4, 0, 0],
    ]);
  });
});

describe('a group', () => {
  const group = (...requests: (readonly { unitId: number; quantity: number }[])[]) =>
    inTransaction(db, (tx) =>
      reserveMany(
        tx,
        requests.map((units) => ({ holder: holder(), units })),
      ),
    );

  it('has one UPDATE for each unit and one INSERT into each table, however many are in it', async () => {
    const [a = 0, b = 0] = await makeUnits(db, [100, 100]);
    const statements: string[] = [];
    const listen = ({ sql }: { sql: string }): void =>
      void statements.push(sql.trim().split(/\s+/).slice(0, 3).join(' '));
    db.on('query', listen);
    const outcomes = await group(...Array.from({ length: 50 }, () => [unit(b, 1), unit(a, 1)]));
    db.off('query', listen);
    expect(outcomes.every((outcome) => outcome === undefined)).toBe(true);
    expect(statements.filter((sql) => /stock/.test(sql))).toEqual([
      'UPDATE stock SET',
      'UPDATE stock SET',
      'INSERT INTO stock_reservation',
      'INSERT INTO stock_movement',
    ]);
    expect([await stockOf(db, a), await stockOf(db, b)]).toEqual([
      [100, 50, 50, 0],
      [100, 50, 50, 0],
    ]);
  });

  it('serves in the order of arrival, and a refusal undoes no other', async () => {
    const [a = 0, b = 0, c = 0] = await makeUnits(db, [5, 2, 5]);
    const outcomes = await group(
      [unit(a, 1), unit(b, 1)],
      [unit(a, 1), unit(b, 2), unit(c, 1)],
      [unit(c, 2)],
      [unit(b, 1), unit(a, 1)],
      [unit(b, 1)],
      [unit(a, 3)],
    );
    expect(outcomes).toEqual([undefined, lacks(b, 2, 1), undefined, undefined, lacks(b, 1, 0), undefined]);
    expect([await stockOf(db, a), await stockOf(db, b), await stockOf(db, c)]).toEqual([
      [5, 0, 5, 0],
      [2, 0, 2, 0],
      [5, 3, 2, 0],
    ]);
  });

  it('takes back what expired before it refuses anybody', async () => {
    const [a = 0] = await makeUnits(db, [2]);
    const who = holder();
    await hold(who, unit(a, 1));
    await expire(who);
    expect(await group([unit(a, 1)], [unit(a, 1)], [unit(a, 1)])).toEqual([undefined, undefined, lacks(a, 1, 0)]);
    await receive(db, a, 1);
    expect(await stockOf(db, a)).toEqual([3, 1, 2, 0]);
  });

  it('of nobody does nothing', async () => expect(await group()).toEqual([]));
});
