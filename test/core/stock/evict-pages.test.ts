/** Pages after a change of stock whose COMMIT was carried out while its answer was lost: they are evicted all the same. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readUnit } from '../../../core/catalogue/stores/sellable-unit.js';
import { inStockTransaction } from '../../../core/stock/evict-pages.js';
import { adjustStock } from '../../../core/stock/receive-stock.js';
import { openDatabase } from '../../../infra/database.js';
import { isConnectionLost } from '../../../infra/database-errors.js';
import { type Cut, startProxy } from '../../../scripts/chaos/tcp-proxy.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { makeUnit, stockOf } from '../orders/order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('are evicted although nobody knows whether the stock was changed', async () => {
  const unitId = await makeUnit(database.db, 'S1', { stock: 1 });
  const unit = await readUnit(database.db, unitId);
  const cut: Cut = { statement: /^COMMIT/, inTransactionOf: /^INSERT INTO stock_movement/, place: 'answer', nth: 1 };
  const proxy = await startProxy(database.url, [cut]);
  const db = openDatabase(proxy.url, { poolMax: 2 });
  const evicted: number[] = [];
  const pages = { stockChanged: async (productIds: readonly number[]) => void evicted.push(...productIds) };
  try {
    const change = { unitId, by: -1, reason: 'counted', requestedBy: 'test' };
    const failed = await inStockTransaction(db, pages, (tx) => adjustStock(tx, change)).catch(
      (error: unknown) => error,
    );
    expect(isConnectionLost(failed)).toBe(true);
  } finally {
    await db.destroy();
    await proxy.close();
  }
  expect(await stockOf(database.db, unitId)).toEqual([0, 0, 0]);
  expect(evicted).toEqual([unit?.productId]);
});
