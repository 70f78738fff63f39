/** Every statement about drops goes along a key, on the database under test: no scan of a table, no sorting. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProductsOfUnits } from '../../../../core/catalogue/stores/sellable-unit.js';
import { checkDrops, endDrop, leaveDrops, recordDrops } from '../../../../core/stock/drops.js';
import {
  type DropUnit,
  listDropsOfSeller,
  listLiveDrops,
  readDropsOfUnits,
  readListedDrop,
  readUnitsInDrops,
} from '../../../../core/stock/stores/drop.js';
import { listPurchases } from '../../../../core/stock/stores/drop-purchase.js';
import { readOrderable } from '../../../../core/stock/stores/stock-list.js';
import { type Db, inTransaction } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../../support/plans.js';

const DROPS = 4_000;
/** Purchases of unit 1 in drop 1; of the others there is one each. */
const RUSH = 10_000;

/** Drop n is that of product n with unit n; every second one is ended. All of drop 1 was bought by one buyer after the other. */
async function fill(db: Db): Promise<void> {
  const at = '2026-01-01 00:00:00';
  const seller = (n: number): string => `S${n % 100}`;
  const numbers = (each: (n: number) => unknown[]): unknown[][] => rowsOf(DROPS, each);
  await insertMany(
    db,
    `INSERT INTO product (seller_id, external_id, category_id, name, folded_name, description, status, currency, price_minor, version,
       created_at, updated_at) VALUES ?`,
    numbers((n) => [seller(n), `P${n}`, 1, 'x', 'x', 'x', n % 3 === 0 ? 'HIDDEN' : 'ACTIVE', 'KRW', 1_000, 1, at, at]),
  );
  await insertMany(
    db,
    'INSERT INTO sellable_unit (product_id, option_id, seller_id, status, in_use, created_at) VALUES ?',
    numbers((n) => [n, 0, seller(n), 'OFFERED', 1, at]),
  );
  await insertMany(
    db,
    'INSERT INTO stock (unit_id, seller_id, received, available, held, sold) VALUES ?',
    numbers((n) => [n, seller(n), 10, 10, 0, 0]),
  );
  await insertMany(
    db,
    'INSERT INTO stock_drop (product_id, seller_id, opens_at, limit_per_buyer, live, ended_at, requested_by, created_at) VALUES ?',
    numbers((n) => [n, seller(n), at, 2, n % 2 === 0 ? null : 1, n % 2 === 0 ? at : null, 'x', at]),
  );
  await insertMany(
    db,
    'INSERT INTO stock_drop_purchase (drop_id, unit_id, position, account_id, holder_id, quantity, given_back, created_at) VALUES ?',
    [...rowsOf(RUSH, (n) => [1, 1, n, n, n, 1, 0, at]), ...numbers((n) => [n, n, 1, n, RUSH + n, 1, 0, at]).slice(1)],
  );
  for (const table of ['product', 'sellable_unit', 'stock', 'stock_drop', 'stock_drop_purchase'])
    await db.raw(`ANALYZE TABLE ${table}`);
}

describe('statements about drops', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.db);
  });
  afterAll(() => database?.drop());

  const units = (...unitIds: number[]) => unitIds.map((unitId) => ({ unitId, quantity: 1 }));
  const unit = { unitId: 1, dropId: 1, productId: 1, opensAt: '', opensInMs: 0, limitPerBuyer: 2 } as DropUnit;

  it.each<[string, (db: Db) => Promise<unknown>]>([
    ['the units of a checkout', (db) => readDropsOfUnits(db, [77, 5, 3_999])],
    ['the units in drops', (db) => readUnitsInDrops(db, 10_000)],
    ['a drop', (db) => readListedDrop(db, 77)],
    ['the end of a drop', (db) => inTransaction(db, (tx) => endDrop(tx, 99))],
    ['drops', (db) => listLiveDrops(db, {}, 51)],
    ['the next drops', (db) => listLiveDrops(db, { before: 3_000 }, 51)],
    ['the drop of a product', (db) => listLiveDrops(db, { productId: 7 }, 51)],
    ['the next drops of a product', (db) => listLiveDrops(db, { productId: 7, before: 3_000 }, 51)],
    ['drops of a seller', (db) => listDropsOfSeller(db, 'S7', undefined, 51)],
    ['the next drops of a seller', (db) => listDropsOfSeller(db, 'S7', 3_000, 51)],
    ['who got what', (db) => listPurchases(db, 1, undefined, 51)],
    ['who got what next', (db) => listPurchases(db, 1, [1, 5_000], 51)],
    [
      'the limit per buyer',
      (db) =>
        inTransaction(db, (tx) =>
          checkDrops(
            tx,
            [7, 8, 9].map((accountId) => ({ accountId, units: units(1, 3) })),
          ),
        ),
    ],
    [
      'the next position',
      (db) =>
        inTransaction(db, (tx) =>
          recordDrops(tx, [{ holderId: 99_999, wanted: [{ unit, dropId: 1, accountId: 7, quantity: 1 }] }]),
        ),
    ],
    ['all that is given back', (db) => inTransaction(db, (tx) => leaveDrops(tx, 77))],
    ['units that are given back', (db) => inTransaction(db, (tx) => leaveDrops(tx, 78, units(1, 5, 8)))],
    ['what can be ordered', (db) => readOrderable(db, [7, 77, 777])],
    ['the products of units', (db) => readProductsOfUnits(db, [7, 77, 777])],
  ])('%s', async (_name, work) => {
    for (const { key, type, Extra, sql } of await plansOf(database.db, work)) {
      expect({ sql, key }).toEqual({ sql, key: expect.any(String) });
      expect({ sql, type }).not.toEqual({ sql, type: expect.stringMatching(/^(ALL|index)$/) });
      expect({ sql, Extra }).toEqual({ sql, Extra: expect.not.stringMatching(/filesort|temporary/) });
    }
  });

  it('looks up the last position without reading those before it', async () => {
    const wanted = [{ unit, dropId: 1, accountId: 8, quantity: 1 }];
    const reads = await inTransaction(database.db, async (tx) => {
      const handler = async (): Promise<number> => {
        const [rows] = await tx.raw("SHOW SESSION STATUS LIKE 'Handler_read%'");
        return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
      };
      const before = await handler();
      await recordDrops(tx, [{ holderId: 99_998, wanted }]);
      return (await handler()) - before;
    });
    expect(reads).toBeLessThan(500);
  });
});
