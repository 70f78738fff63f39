/** Drops: when they open, how much a buyer gets, and who got what in which order. Two pools stand for two servers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkDrops, endDrop, recordDrops, scheduleDrop } from '../../../core/stock/drops.js';
import { type ReserveRequest, reserveMany } from '../../../core/stock/reserve.js';
import { listPurchases } from '../../../core/stock/stores/drop-purchase.js';
import { readOrderable } from '../../../core/stock/stores/stock-list.js';
import { type Db, inTransaction, openDatabase, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { FUTURE, makeDrop } from '../../support/drop.js';
import { statementsOf } from '../../support/plans.js';
import { differences } from '../../support/stock.js';

let database: TestDatabase;
let pools: readonly [Db, Db];
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  pools = [openDatabase(database.url, { poolMax: 12 }), openDatabase(database.url, { poolMax: 12 })];
  db = pools[0];
});
afterAll(async () => {
  expect(await differences(db)).toEqual([]);
  for (const pool of pools) await pool.destroy();
  await database.drop();
});

let holders = 0;

interface Ask {
  readonly accountId: number;
  readonly units: readonly { readonly unitId: number; readonly quantity: number }[];
}
const ask = (accountId: number, unitId: number, quantity = 1): Ask => ({ accountId, units: [{ unitId, quantity }] });

/** What a checkout does with a group: checks, holds, writes down. @returns the holder of each, or its refusal */
async function placeAll(tx: Tx, asks: readonly Ask[]): Promise<(number | Refusal)[]> {
  const checks = await checkDrops(tx, asks);
  const allowed = asks.flatMap((one, at) => {
    const wanted = checks[at];
    holders += 1;
    return wanted === undefined || isRefusal(wanted) ? [] : [{ ...one, wanted, holderId: holders }];
  });
  const requests = allowed.map(
    ({ holderId, units }): ReserveRequest => ({
      holder: { holderId, expiresInMs: 600_000, requestedBy: 'buyer' },
      units,
    }),
  );
  const reserved = await reserveMany(tx, requests);
  await recordDrops(
    tx,
    allowed.filter((_, at) => reserved[at] === undefined),
  );
  const outcomes = allowed.map(({ holderId }, at) => reserved[at] ?? holderId).values();
  return checks.map((check) => (isRefusal(check) ? check : (outcomes.next().value as number | Refusal)));
}

const buyOn = async (pool: Db, accountId: number, unitId: number, quantity = 1): Promise<number | Refusal> =>
  (await inTransaction(pool, (tx) => placeAll(tx, [ask(accountId, unitId, quantity)])))[0] as number | Refusal;
const buy = (accountId: number, unitId: number, quantity = 1) => buyOn(db, accountId, unitId, quantity);
const many = (count: number, work: (pool: Db, n: number) => Promise<number | Refusal>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(pools[n % 2] as Db, n)));
const codes = (outcomes: readonly (number | Refusal)[]) =>
  outcomes.map((one) => (isRefusal(one) ? one.refused : 'got')).sort();

/** Position, buyer and quantity of each purchase. */
const audit = async (dropId: number) =>
  (await listPurchases(db, dropId, undefined, 100)).map((one) => [one.position, one.accountId, one.quantity]);

describe('a drop', () => {
  it('sells nothing before it opens, and like all products once it is ended', async () => {
    const { unitId, productId, dropId } = await makeDrop(db, 2, { limitPerBuyer: 1, opensAt: FUTURE });
    expect(await buy(1, unitId)).toMatchObject({ refused: 'DROP_NOT_OPEN', details: { productId, opensAt: FUTURE } });
    expect(await inTransaction(db, (tx) => endDrop(tx, dropId))).toMatchObject({ endedAt: expect.any(String) });
    expect(await buy(1, unitId, 2)).toEqual(expect.any(Number));
    expect(await audit(dropId)).toEqual([]);
    expect(await inTransaction(db, (tx) => endDrop(tx, dropId))).toMatchObject({ refused: 'DROP_ENDED' });
    expect(await inTransaction(db, (tx) => endDrop(tx, 999_999))).toMatchObject({ refused: 'DROP_NOT_FOUND' });
  });

  it('opens by the clock of the database, to the millisecond, whatever the clock of the server says', async () => {
    const { unitId } = await makeDrop(db, 2, { opensAt: '2031-05-05T11:00:00.500Z' });
    const at = (seconds: number) =>
      db.transaction(async (tx) => {
        await tx.raw("SET time_zone = '+00:00', timestamp = UNIX_TIMESTAMP('2031-05-05 11:00:00') + ?", [seconds]);
        try {
          const [outcome = 0] = await placeAll(tx, [ask(1, unitId)]);
          return [isRefusal(outcome) ? outcome.refused : 'got', (await readOrderable(tx, [unitId])).get(unitId)];
        } finally {
          await tx.raw('SET timestamp = DEFAULT');
        }
      });
    expect(await at(0.499)).toEqual(['DROP_NOT_OPEN', 0]);
    expect(await at(0.5)).toEqual(['got', 1]);
  });

  it('is the only one of its product until it is ended', async () => {
    const { productId, dropId } = await makeDrop(db, 1);
    const next = { productId, sellerId: 'S1', opensAt: FUTURE, limitPerBuyer: null, requestedBy: 'test' };
    expect(await inTransaction(db, (tx) => scheduleDrop(tx, next))).toMatchObject({ refused: 'DROP_EXISTS' });
    await inTransaction(db, (tx) => endDrop(tx, dropId));
    expect(await inTransaction(db, (tx) => scheduleDrop(tx, next))).toMatchObject({ opensAt: FUTURE, opened: false });
  });

  it('gives a buyer no more than the limit, of twenty requests that come to two servers at once', async () => {
    const { unitId, productId, dropId } = await makeDrop(db, 50, { limitPerBuyer: 3 });
    const details = { productId, limitPerBuyer: 3, has: 0, asked: 4 };
    expect(await buy(1, unitId, 4)).toMatchObject({ refused: 'DROP_LIMIT_EXCEEDED', details });
    const outcomes = await many(20, (pool) => buyOn(pool, 7, unitId));
    expect(codes(outcomes)).toEqual([...Array(17).fill('DROP_LIMIT_EXCEEDED'), ...Array(3).fill('got')]);
    expect(await audit(dropId)).toEqual([
      [1, 7, 1],
      [2, 7, 1],
      [3, 7, 1],
    ]);
    expect(await buy(8, unitId, 3)).toEqual(expect.any(Number));
  });

  it('without a limit locks no buyer', async () => {
    const { unitId } = await makeDrop(db, 50);
    const statements = await statementsOf(db, () => buy(7, unitId, 40));
    expect(statements.filter(({ sql }) => sql.includes('stock_drop_buyer'))).toEqual([]);
  });

  it('counts positions without a gap, in the order in which the units were got', async () => {
    const { unitId, dropId } = await makeDrop(db, 20, { limitPerBuyer: 1 });
    const outcomes = await many(60, (pool, n) => buyOn(pool, n + 1, unitId));
    expect(codes(outcomes)).toEqual([...Array(40).fill('INSUFFICIENT_STOCK'), ...Array(20).fill('got')]);
    const rows = await listPurchases(db, dropId, undefined, 100);
    expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    // The journal numbers its rows while the same lock is held.
    const sql = `SELECT holder_id AS holderId FROM stock_movement WHERE unit_id = ? AND kind = 'RESERVE' ORDER BY movement_id`;
    const journal = await select<{ holderId: number }>(db, sql, [unitId]);
    expect(rows.map(({ holderId }) => holderId)).toEqual(journal.map(({ holderId }) => holderId));
  });

  it('leaves no gap where an order was rolled back', async () => {
    const { unitId, dropId } = await makeDrop(db, 5);
    await buy(1, unitId);
    const failed = inTransaction(db, async (tx) => {
      await placeAll(tx, [ask(2, unitId)]);
      throw new Error('the answer could not be kept');
    });
    await expect(failed).rejects.toThrow('kept');
    await buy(3, unitId);
    expect(await audit(dropId)).toEqual([
      [1, 1, 1],
      [2, 3, 1],
    ]);
  });
});

describe('a group', () => {
  it('is decided for each order: a refusal undoes no other, and the purchases are one row each of one statement', async () => {
    const { unitId, dropId } = await makeDrop(db, 3, { limitPerBuyer: 2 });
    const shut = await makeDrop(db, 3, { opensAt: FUTURE });
    const asks = [
      ask(1, unitId),
      ask(1, unitId, 2),
      ask(9, shut.unitId),
      ask(2, unitId),
      ask(1, unitId),
      ask(3, unitId),
    ];
    let outcomes: (number | Refusal)[] = [];
    const statements = await statementsOf(db, async () => {
      outcomes = await inTransaction(db, (tx) => placeAll(tx, asks));
    });
    expect(outcomes.map((one) => (isRefusal(one) ? one.refused : 'got'))).toEqual([
      'got',
      'DROP_LIMIT_EXCEEDED',
      'DROP_NOT_OPEN',
      'got',
      'got',
      'INSUFFICIENT_STOCK',
    ]);
    expect(await audit(dropId)).toEqual([
      [1, 1, 1],
      [2, 2, 1],
      [3, 1, 1],
    ]);
    const inserts = statements.filter(({ sql }) => /INSERT INTO stock_drop/.test(sql));
    expect(inserts.map(({ sql }) => /INTO (\w+)/.exec(sql)?.[1])).toEqual(['stock_drop_buyer', 'stock_drop_purchase']);
  });

  it('counts the positions of each unit by themselves', async () => {
    const [a, b] = [await makeDrop(db, 5), await makeDrop(db, 5)];
    const both = (accountId: number): Ask => ({
      accountId,
      units: [a, b].map(({ unitId }) => ({ unitId, quantity: 1 })),
    });
    await inTransaction(db, (tx) => placeAll(tx, [ask(1, b.unitId), both(2), ask(3, a.unitId)]));
    await inTransaction(db, (tx) => placeAll(tx, [both(4)]));
    expect([await audit(a.dropId), await audit(b.dropId)]).toEqual([
      [
        [1, 2, 1],
        [2, 3, 1],
        [3, 4, 1],
      ],
      [
        [1, 1, 1],
        [2, 2, 1],
        [3, 4, 1],
      ],
    ]);
  });
});
