/** Every statement about units and stock goes along a key, on the database under test: no scan of a table, no sorting. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findUnits } from '../../../../core/catalogue/stores/product-batch.js';
import { readOptions, removeOption } from '../../../../core/catalogue/stores/product-option.js';
import { offerProduct, readUnit, readUnitsForSale } from '../../../../core/catalogue/stores/sellable-unit.js';
import { commitReservation, releaseReservation, returnUnits } from '../../../../core/stock/end-reservation.js';
import { adjustStock, receiveFirstStock, receiveStock } from '../../../../core/stock/receive-stock.js';
import { reclaimExpired } from '../../../../core/stock/reclaim.js';
import { reserve } from '../../../../core/stock/reserve.js';
import { listMovements } from '../../../../core/stock/stores/movement.js';
import { readReservable } from '../../../../core/stock/stores/reservation.js';
import { readStock } from '../../../../core/stock/stores/stock.js';
import {
  listStockOfProduct,
  listStockOfSeller,
  readOrderable,
  readUnitStock,
} from '../../../../core/stock/stores/stock-list.js';
import { readNextStock, sumJournal, sumReservations } from '../../../../core/stock/stores/stock-sums.js';
import { type Db, inTransaction } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../../support/plans.js';

const ROWS = 20_000;
const numbers = (each: (n: number) => unknown[]): unknown[][] => rowsOf(ROWS, each);

/** Units 1 to 20,000: of products 1 to 10,000 with two options each. Holder n holds or has bought units n and n + 1. */
async function fill(db: Db): Promise<void> {
  const at = '2026-01-01 00:00:00';
  const insert = (sql: string, rows: unknown[][]): Promise<void> => insertMany(db, sql, rows);
  const seller = (n: number): string => `S${Math.ceil(n / 2) % 200}`;
  await insert(
    'INSERT INTO category (parent_id, level, name, version, created_at) VALUES ?',
    numbers((n) => [n % 40, 1, `c${n}`, 1, at]).slice(0, 100),
  );
  await insert(
    `INSERT INTO product (seller_id, external_id, category_id, name, folded_name, description, status, currency, price_minor, version,
       created_at, updated_at) VALUES ?`,
    numbers((n) => [`S${n % 200}`, `P${n}`, 1 + (n % 100), 'x', 'x', 'x', 'ACTIVE', 'KRW', 1_000, 1, at, at]).slice(
      0,
      ROWS / 2,
    ),
  );
  await insert(
    'INSERT INTO product_option (product_id, seller_id, sku, name, price_difference_minor) VALUES ?',
    numbers((n) => [Math.ceil(n / 2), seller(n), `K${n}`, 'x', 0]),
  );
  await insert(
    'INSERT INTO sellable_unit (product_id, option_id, seller_id, status, in_use, created_at) VALUES ?',
    numbers((n) => [Math.ceil(n / 2), n, seller(n), 'OFFERED', 1, at]),
  );
  await insert(
    'INSERT INTO stock (unit_id, seller_id, received, available, held, sold) VALUES ?',
    numbers((n) => [n, seller(n), 1_004, 1_000, 2, 2]),
  );
  await insert(
    'INSERT INTO stock_reservation (holder_id, unit_id, quantity, status, expires_at, created_at) VALUES ?',
    [0, 1].flatMap((next) =>
      numbers((n) => [
        n,
        1 + ((n - 1 + next) % ROWS),
        1,
        n % 4 === 0 ? 'HELD' : 'SOLD',
        n % 8 === 0 ? at : '2999-01-01',
        at,
      ]),
    ),
  );
  await insert(
    `INSERT INTO stock_movement (unit_id, kind, available_change, held_change, sold_change, holder_id, reason, requested_by, created_at)
     VALUES ?`,
    numbers((n) => [n, 'RECEIVE', 1_004, 0, 0, null, 'x', 'x', at]),
  );
  for (const table of [
    'category',
    'product',
    'product_option',
    'sellable_unit',
    'stock',
    'stock_reservation',
    'stock_movement',
  ])
    await db.raw(`ANALYZE TABLE ${table}`);
}

describe('statements about stock', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.db);
  });
  afterAll(() => database?.drop());

  const on = { reason: 'x', requestedBy: 'x' };
  const basket = [7, 9, 8].map((unitId) => ({ unitId, quantity: 1 }));
  const hold = (db: Db, holderId: number, expiresInMs: number, quantity = 1) =>
    inTransaction(db, (tx) =>
      reserve(
        tx,
        { holderId, expiresInMs, ...on },
        basket.map((one) => ({ ...one, quantity })),
      ),
    );

  it.each<[string, (db: Db) => Promise<unknown>]>([
    ['a unit', (db) => readUnit(db, 77)],
    ['units of a checkout', (db) => readUnitsForSale(db, [77, 5, 19_000])],
    ['options of a product', (db) => readOptions(db, 77)],
    [
      'an option that is retired',
      (db) => inTransaction(db, (tx) => removeOption(tx, { productId: 50, sellerId: 'S50' }, 99)),
    ],
    [
      'a product that is offered again',
      (db) => inTransaction(db, (tx) => offerProduct(tx, { productId: 60, sellerId: 'S60' })),
    ],
    ['stock of units', (db) => readStock(db, [77, 5, 19_000])],
    ['goods', (db) => inTransaction(db, (tx) => receiveStock(tx, { ...on, unitId: 77, quantity: 5 }))],
    [
      'first goods',
      (db) => inTransaction(db, (tx) => receiveFirstStock(tx, [{ unitId: 77, sellerId: 'S39', quantity: 5 }], on)),
    ],
    [
      'units of products',
      (db) =>
        findUnits(
          db,
          [7, 9, 9_000].map((n) => ({ sellerId: `S${n % 200}`, externalId: `P${n}` })),
        ),
    ],
    ['a count', (db) => inTransaction(db, (tx) => adjustStock(tx, { ...on, unitId: 77, by: -5 }))],
    ['a hold', (db) => hold(db, 100_001, 60_000)],
    ['a hold that lacks units', (db) => hold(db, 100_002, 60_000, 5_000)],
    ['a payment', (db) => inTransaction(db, (tx) => commitReservation(tx, { ...on, holderId: 100_001 }))],
    ['a return', (db) => inTransaction(db, (tx) => returnUnits(tx, { ...on, holderId: 100_001 }))],
    ['a cancellation', (db) => inTransaction(db, (tx) => releaseReservation(tx, { ...on, holderId: 12 }))],
    ['expired holds', (db) => reclaimExpired(db, { rowsMax: 20, except: [16] })],
    ['movements', (db) => listMovements(db, 77, undefined, 51)],
    ['the next movements', (db) => listMovements(db, 77, 10_000, 51)],
    ['the stock of a unit', (db) => readUnitStock(db, 77)],
    ['what could be held of units', (db) => readReservable(db, [8, 77, 777])],
    ['what can be ordered of units', (db) => readOrderable(db, [7, 77, 777])],
    ['the stock of a seller', (db) => listStockOfSeller(db, 'S7', undefined, 51)],
    ['the next stock of a seller', (db) => listStockOfSeller(db, 'S7', 9_000, 51)],
    ['the stock of a product', (db) => listStockOfProduct(db, { sellerId: 'S7', productId: 7 }, 13, 51)],
    ['stock that is checked', (db) => readNextStock(db, 5_000, 1_000)],
    ['the journal that is checked', (db) => sumJournal(db, { from: 5_000, to: 6_000 })],
    ['reservations that are checked', (db) => sumReservations(db, { from: 5_000, to: 6_000 })],
  ])('%s', async (_name, work) => {
    for (const { key, type, Extra, sql } of await plansOf(database.db, work)) {
      expect({ sql, key }).toEqual({ sql, key: expect.any(String) });
      expect({ sql, type }).not.toEqual({ sql, type: expect.stringMatching(/^(ALL|index)$/) });
      expect({ sql, Extra }).toEqual({ sql, Extra: expect.not.stringMatching(/filesort|temporary/) });
    }
  });
});
