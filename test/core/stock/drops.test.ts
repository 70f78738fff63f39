/** Drops: when they open, how much a buyer gets, and who got what in which order. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkDrops,
  endDrop,
  leaveDrops,
  recordDrops,
  scheduleDrop,
  type WantedInDrop,
} from '../../../core/stock/drops.js';
import { releaseReservation } from '../../../core/stock/end-reservation.js';
import { reserve, reserveMany } from '../../../core/stock/reserve.js';
import { listPurchases } from '../../../core/stock/stores/drop-purchase.js';
import { type Db, inTransaction, openDatabase, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { makeDrop } from '../../support/drop.js';
import { differences } from '../../support/stock.js';

let database: TestDatabase;
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

const PAST = '2026-01-01T00:00:00.000Z';
const FUTURE = '2999-01-01T00:00:00.000Z';
let holders = 0;

const dropOf = (available: number, limitPerBuyer: number | null, opensAt = PAST) =>
  makeDrop(db, available, { limitPerBuyer, opensAt });

/** Reserves and enters, or undoes both. */
async function buy(accountId: number, unitId: number, quantity = 1): Promise<number | Refusal> {
  holders += 1;
  const holderId = holders;
  const units = [{ unitId, quantity }];
  const roll = new Error('rolled back');
  let refusal: Refusal | undefined;
  try {
    await db.transaction(async (tx: Tx) => {
      const [wanted = []] = await checkDrops(tx, [{ accountId, units }]);
      refusal = isRefusal(wanted)
        ? wanted
        : await reserve(tx, { holderId, expiresInMs: 600_000, requestedBy: 'buyer' }, units);
      if (refusal !== undefined) throw roll;
      await recordDrops(tx, [{ holderId, wanted: wanted as readonly WantedInDrop[] }]);
    });
  } catch (error) {
    if (error !== roll) throw error;
  }
  return refusal ?? holderId;
}

const audit = async (dropId: number) =>
  (await listPurchases(db, dropId, undefined, 100)).map((one) => [
    one.position,
    one.accountId,
    one.quantity,
    one.givenBack,
  ]);

describe('a drop', () => {
  it('sells nothing before it opens, and what is left once it is ended', async () => {
    const { unitId, productId, dropId } = await dropOf(2, 1, FUTURE);
    expect(await buy(1, unitId)).toMatchObject({
      refused: 'DROP_NOT_OPEN',
      details: { productId, opensAt: FUTURE },
    });
    expect(await inTransaction(db, (tx) => endDrop(tx, dropId))).toMatchObject({ endedAt: expect.any(String) });
    expect(await buy(1, unitId, 2)).toEqual(expect.any(Number));
    expect(await audit(dropId)).toEqual([]);
    expect(await inTransaction(db, (tx) => endDrop(tx, dropId))).toMatchObject({ refused: 'DROP_ENDED' });
    expect(await inTransaction(db, (tx) => endDrop(tx, 999_999))).toMatchObject({ refused: 'DROP_NOT_FOUND' });
  });

  it('is the only one of its product until it is ended', async () => {
    const { productId, dropId } = await dropOf(1, null);
    const next = { productId, sellerId: 'S1', opensAt: PAST, limitPerBuyer: null, requestedBy: 'test' };
    expect(await inTransaction(db, (tx) => scheduleDrop(tx, next))).toMatchObject({ refused: 'DROP_EXISTS' });
    await inTransaction(db, (tx) => endDrop(tx, dropId));
    expect(isRefusal(await inTransaction(db, (tx) => scheduleDrop(tx, next)))).toBe(false);
  });

  it('gives a buyer no more than the limit, over several orders and all at once', async () => {
    const { unitId, dropId } = await dropOf(50, 3);
    expect(await buy(1, unitId, 4)).toMatchObject({ refused: 'DROP_LIMIT_EXCEEDED' });
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => buy(7, unitId)));
    expect(outcomes.filter((outcome) => !isRefusal(outcome))).toHaveLength(3);
    expect(outcomes.filter(isRefusal).map(({ refused }) => refused)).toEqual(Array(9).fill('DROP_LIMIT_EXCEEDED'));
    expect(await audit(dropId)).toEqual([
      [1, 7, 1, 0],
      [2, 7, 1, 0],
      [3, 7, 1, 0],
    ]);
  });

  it('gives back what was not paid, so that the buyer may order again, and keeps it on record', async () => {
    const { unitId, dropId } = await dropOf(5, 2);
    const holderId = (await buy(1, unitId, 2)) as number;
    const back = async (quantity: number) =>
      inTransaction(db, async (tx) => {
        const units = [{ unitId, quantity }];
        await releaseReservation(tx, { holderId, requestedBy: 'test' }, units);
        await leaveDrops(tx, holderId, units);
      });
    expect(await buy(1, unitId)).toMatchObject({ refused: 'DROP_LIMIT_EXCEEDED' });
    await back(1);
    expect(await buy(1, unitId)).toEqual(expect.any(Number));
    await back(1);
    await inTransaction(db, (tx) => leaveDrops(tx, holderId));
    expect(await audit(dropId)).toEqual([
      [1, 1, 2, 2],
      [2, 1, 1, 0],
    ]);
    expect(await buy(1, unitId)).toEqual(expect.any(Number));
    expect(await buy(1, unitId)).toMatchObject({ refused: 'DROP_LIMIT_EXCEEDED' });
  });

  it('counts positions without a gap, in the order in which the units were got', async () => {
    const { unitId, dropId } = await dropOf(20, null);
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => buy(n + 1, unitId)));
    expect(outcomes.filter((outcome) => !isRefusal(outcome))).toHaveLength(20);
    const rows = await listPurchases(db, dropId, undefined, 100);
    expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    // The journal numbers its rows while the same lock is held.
    const sql = `SELECT holder_id AS holderId FROM stock_movement WHERE unit_id = ? AND kind = 'RESERVE' ORDER BY movement_id`;
    const journal = await select<{ holderId: number }>(db, sql, [unitId]);
    expect(rows.map(({ holderId }) => holderId)).toEqual(journal.map(({ holderId }) => holderId));
  });

  it('decides for many orders of one transaction, each by itself', async () => {
    const { unitId, dropId } = await dropOf(3, 2);
    const units = (quantity: number) => [{ unitId, quantity }];
    const asks = [1, 1, 2, 1, 3].map((accountId, at) => ({
      accountId,
      units: units(at === 1 ? 2 : 1),
      holderId: 1_000_000 + at,
    }));
    const outcomes = await inTransaction(db, async (tx) => {
      const checks = await checkDrops(tx, asks);
      const allowed = asks.flatMap((ask, at) => {
        const wanted = checks[at] ?? [];
        return isRefusal(wanted) ? [] : [{ ...ask, wanted }];
      });
      const reserved = await reserveMany(
        tx,
        allowed.map(({ holderId, units }) => ({ holder: { holderId, expiresInMs: 1_000, requestedBy: 'b' }, units })),
      );
      const got = allowed.filter((_, at) => reserved[at] === undefined);
      await recordDrops(tx, got);
      return checks
        .map((check) => (isRefusal(check) ? check.refused : 'ok'))
        .concat(reserved.map((one) => one?.refused ?? 'ok'));
    });
    expect(outcomes).toEqual(['ok', 'DROP_LIMIT_EXCEEDED', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'INSUFFICIENT_STOCK']);
    expect(await audit(dropId)).toEqual([
      [1, 1, 1, 0],
      [2, 2, 1, 0],
      [3, 1, 1, 0],
    ]);
  });
});
