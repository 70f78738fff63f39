/**
 * Random histories of the whole chain: whatever happens in whatever order, the books add up, and every command again changes nothing. HISTORY_SEED=… plays one of them
 * again, HISTORY_RUNS=… plays more.
 */
import { expect, it } from '@jest/globals';
import { select } from '../../infra/database.js';
import { Bookkeeper } from './bookkeeper.js';
import { History } from './history.js';

const { HISTORY_SEED, HISTORY_RUNS = '3' } = process.env;
const first = Number(HISTORY_SEED ?? 1 + Math.floor(Math.random() * 1_000_000));
const seeds =
  HISTORY_SEED === undefined ? Array.from({ length: Number(HISTORY_RUNS) }, (_, at) => first + at) : [first];

it.each(seeds)(
  'HISTORY_SEED=%d',
  async (seed) => {
    const books = await Bookkeeper.create();
    try {
      const history = new History(books, seed);
      await history.live();
      await expectSums(books);
      const before = await books.dump();
      for (const date of history.dates) {
        await history.settle(date);
        await books.close(date);
      }
      expect(await books.dump()).toEqual(before);
    } finally {
      await books.end();
    }
  },
  600_000,
);

/** Everything verifies, the trial balance is zero, statements are chained, and lines, statements and postings come to the same. */
async function expectSums(books: Bookkeeper): Promise<void> {
  await books.verify();
  const one = async (sql: string): Promise<object | undefined> => (await select<object>(books.database.db, sql))[0];
  expect(await one('SELECT SUM(amount_minor) AS trial FROM ledger_posting')).toEqual({ trial: '0' });
  expect(
    await one(
      `SELECT COUNT(*) AS broken FROM statement s JOIN statement b ON b.seller_id = s.seller_id AND b.currency = s.currency AND b.number = s.number - 1
       WHERE b.closing_minor <> s.opening_minor`,
    ),
  ).toEqual({ broken: 0 });
  const sums = await select<Record<'ofLines' | 'ofSettlements' | 'ofPostings', string | null>>(
    books.database.db,
    `SELECT (SELECT SUM(net) FROM settlement_line) AS ofLines, (SELECT SUM(net) FROM settlement) AS ofSettlements,
       (SELECT -SUM(p.amount_minor) FROM ledger_posting p JOIN ledger_account a USING (account_id) JOIN ledger_transaction t USING (transaction_id)
         WHERE a.kind = 'SELLER_PAYABLE' AND t.kind IN ('SETTLEMENT', 'REFUND_AFTER_SETTLEMENT')) AS ofPostings`,
  );
  const { ofLines } = sums[0] ?? {};
  expect(sums).toEqual([{ ofLines, ofSettlements: ofLines, ofPostings: ofLines }]);
  expect(
    await one(
      `SELECT (SELECT SUM(t.net) FROM statement_total t) - (SELECT SUM(s.net) FROM settlement s JOIN statement_settlement c USING (settled_on, seller_id, currency, generation)) AS difference`,
    ),
  ).toEqual({ difference: '0' });
  // The money that left is that of statements that are paid, each once.
  expect(
    await one(
      `SELECT (SELECT COALESCE(SUM(earned_minor), 0) FROM statement WHERE status = 'PAID') + (SELECT COALESCE(SUM(b.amount_minor), 0) FROM ledger_balance b
         JOIN ledger_account a USING (account_id) WHERE a.kind = 'PAID_OUT') AS difference`,
    ),
  ).toEqual({ difference: '0' });
}
