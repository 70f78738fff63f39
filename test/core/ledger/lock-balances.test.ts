/** Which balances are locked, and when. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { postTransaction } from '../../../core/ledger/post-transactions.js';
import { postingsOf } from '../../../core/ledger/rules/posting-rules.js';
import { lockBalances } from '../../../core/ledger/stores/ledger-balance.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';

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

it('the sums of days are moved before the balances, as the posting of a date does, so that the two do not deadlock', async () => {
  const about = { sellerId: 'PAID', currency: 'KRW', provider: 'TOSS' };
  const pay = (key: string): Promise<unknown> =>
    inTransaction(
      db,
      async (tx) => {
        const postings = postingsOf('PAYMENT', about, { amount: 5n });
        const payment = {
          key,
          kind: 'PAYMENT',
          sellerId: 'PAID',
          effectiveOn: '2026-04-01',
          requestedBy: 'test',
        } as const;
        decided(await postTransaction(tx, { ...payment, postings }));
      },
      1,
    );
  await change(db, 'DELETE FROM ledger_balance');
  await pay('first');
  const ofSeller = `account_id = (SELECT account_id FROM ledger_account WHERE kind = 'BUYER_FUNDS_HELD' AND owner = 'PAID')`;
  let second: Promise<unknown> = Promise.resolve();
  await inTransaction(
    db,
    async (date) => {
      await change(date, `UPDATE ledger_day SET amount_minor = amount_minor - 1 WHERE ${ofSeller}`);
      second = pay('second');
      second.catch(() => undefined);
      await inStatement(db, 'INSERT INTO ledger_day%');
      await change(date, `UPDATE ledger_balance SET amount_minor = amount_minor - 1 WHERE ${ofSeller}`);
    },
    1,
  );
  await second;
  const balances = await select<{ amount: string }>(
    db,
    `SELECT amount_minor AS amount FROM ledger_balance WHERE ${ofSeller}`,
  );
  expect(balances).toEqual([{ amount: '-11' }]);
});
