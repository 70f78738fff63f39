/** Which balances are locked. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { lockBalances } from '../../../core/ledger/stores/ledger-balance.js';
import { change, type Db, inTransaction } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
});
afterAll(() => database.drop());

it('a long list locks no balance that is not on it', async () => {
  const [last, page] = [1_100, 1_000];
  const all = Array.from({ length: last }, (_one, at) => at + 1);
  const rows = all.map((id) => [id, 0, -id]);
  await db.raw('INSERT INTO ledger_balance (account_id, shard, amount_minor) VALUES ?', [rows] as never);
  await db.raw('ANALYZE TABLE ledger_balance');
  await inTransaction(db, async (tx) => {
    const locked = await lockBalances(tx, all.slice(0, page).reverse());
    expect([...locked.keys()]).toEqual(all.slice(0, page));
    expect(locked.get(page)).toBe(-1_000n);
    await inTransaction(
      db,
      async (other) => {
        await change(other, 'SET innodb_lock_wait_timeout = 1');
        await change(other, 'UPDATE ledger_balance SET amount_minor = 0 WHERE account_id > ?', [page]);
        await change(other, 'SET innodb_lock_wait_timeout = 30');
      },
      1,
    );
  });
});
