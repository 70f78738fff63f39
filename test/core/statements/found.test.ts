/** Which settlements and other items a close finds and puts on a statement, and their sums. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { businessCalendar } from '../../../core/business-days/keep-calendar.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { closeSeller } from '../../../core/statements/close-seller.js';
import { readOpenSettlements } from '../../../core/statements/stores/open-items.js';
import { readStatementSettlements } from '../../../core/statements/stores/statement.js';
import { verifyStatements } from '../../../core/statements/verify-statements.js';
import { type Db, inTransaction, select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { settleAndPost, settleRows } from '../../support/settled-rows.js';
import { giveTerms, postRule, statementsOf } from '../../support/statements.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  await giveTerms(db, {});
});
afterAll(() => database.drop());

const verified = async () => {
  const { ok, checks } = await verifyStatements(db, new AbortController().signal);
  return { ok, failed: checks.filter((check) => !check.ok) };
};

it('what is settled while statements are closed, and not posted yet, is on the next statement', async () => {
  await settleAndPost(db, '2026-04-14', 5, [{ sellerId: 'LATE', itemAmount: 100 }]);
  await settleRows(db, '2026-04-14', 6, [{ sellerId: 'LATE', itemAmount: 7 }]);
  await settleRows(db, '2026-04-15', 6, [{ sellerId: 'LATE', itemAmount: 8 }]);
  const close = { sellerId: 'LATE', calendar: await businessCalendar(db), issuedBy: 'test' };
  await closeSeller(db, { ...close, through: '2026-04-19' });
  const [first] = await statementsOf(db, 'LATE');
  expect(first).toMatchObject({ earnedMinor: 100n, sales: { entries: 1 } });
  expect(await readStatementSettlements(db, first?.statementId as number, undefined, 10)).toHaveLength(1);
  for (const date of ['2026-04-14', '2026-04-15'])
    await inTransaction(db, (tx) => postGeneration(tx, { date, generation: 6 }));
  await closeSeller(db, { ...close, through: '2026-04-26' });
  expect((await statementsOf(db, 'LATE'))[1]).toMatchObject({ earnedMinor: 15n, sales: { entries: 2 } });
  expect(await verified()).toEqual({ ok: true, failed: [] });
});

it('a settlement that comes to nothing has no posting; what else was posted is on the statement', async () => {
  await settleAndPost(db, '2026-04-16', 5, [
    { sellerId: 'NIL', itemAmount: 100, fee: 100 },
    { sellerId: 'NIL', itemAmount: -20, fee: -20 },
  ]);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'NIL', '2026-04-16', 3);
  await closeSeller(db, {
    ...{ sellerId: 'NIL', through: '2026-04-19', calendar: await businessCalendar(db), issuedBy: 'test' },
  });
  expect(await statementsOf(db, 'NIL')).toMatchObject([
    {
      earnedMinor: 3n,
      sums: [{ kind: 'ADJUSTMENT_TO_SELLER', transactions: 1 }],
      sales: { entries: 1, figures: { fee: 100n, net: 0n } },
      refunds: { entries: 1, figures: { itemAmount: -20n, net: 0n } },
    },
  ]);
  expect(await verified()).toEqual({ ok: true, failed: [] });
});

it('the currencies of a seller are closed apart, and each has its own settlements and sums of any size', async () => {
  const huge = 9_007_199_254_740_991;
  for (const date of ['2026-04-17', '2026-04-18'])
    await settleAndPost(db, date, 5, [
      { sellerId: 'TWO', itemAmount: huge },
      { sellerId: 'TWO', itemAmount: -huge, fee: -1 },
      { sellerId: 'TWO', itemAmount: huge },
      { sellerId: 'TWO', currency: 'USD', itemAmount: 50 },
    ]);
  const close = { sellerId: 'TWO', through: '2026-04-19', calendar: await businessCalendar(db), issuedBy: 'test' };
  for (const currency of ['USD', 'KRW'])
    expect(await closeSeller(db, { ...close, currency })).toMatchObject({ issued: 1 });
  const [dollars, won] = await statementsOf(db, 'TWO').then((all) =>
    all.sort((a, b) => (a.currency > b.currency ? -1 : 1)),
  );
  expect(dollars).toMatchObject({ currency: 'USD', earnedMinor: 100n, sales: { entries: 2 }, refunds: { entries: 0 } });
  expect(won).toMatchObject({
    ...{ currency: 'KRW', earnedMinor: 2n * BigInt(huge) + 2n },
    sales: { entries: 4, figures: { itemAmount: 4n * BigInt(huge) } },
    refunds: { entries: 2, figures: { itemAmount: -2n * BigInt(huge), net: -2n * BigInt(huge) + 2n } },
  });
  expect(await verified()).toEqual({ ok: true, failed: [] });
});

it('a generation of the last day that closes is not open afterwards, so it does not keep later reads going back to it', async () => {
  await settleAndPost(db, '2026-06-07', 1, [{ sellerId: 'SUNDAY', itemAmount: 100 }]);
  const close = { sellerId: 'SUNDAY', calendar: await businessCalendar(db), issuedBy: 'test' };
  await closeSeller(db, { ...close, through: '2026-06-07' });
  const marks = await select<{ openSince: string; issuedAt: string }>(
    db,
    `SELECT m.open_since AS openSince, s.issued_at AS issuedAt FROM statement s
     JOIN ledger_account a ON a.kind = 'SELLER_PAYABLE' AND a.owner = s.seller_id AND a.currency = s.currency
     JOIN statement_account m ON m.account_id = a.account_id WHERE s.seller_id = 'SUNDAY'`,
  );
  expect(marks).toEqual([{ openSince: marks[0]?.issuedAt, issuedAt: expect.any(String) }]);
});

it('a supplement of an old date does not make a close read what lies between', async () => {
  await settleRows(db, '2025-06-02', 1, [{ sellerId: 'OLD', itemAmount: 1 }]);
  for (let day = 1; day <= 28; day += 1)
    await settleRows(db, `2025-10-${String(day).padStart(2, '0')}`, 1, [{ sellerId: 'OLD', itemAmount: 1 }]);
  const posted = new Map([
    ['2025-06-02 1', '2026-06-10 00:00:00.000'],
    ['2026-06-09 1', '2026-06-10 00:00:00.000'],
    ['2026-06-10 1', '2026-06-11 00:00:00.000'],
  ]);
  await settleRows(db, '2026-06-09', 1, [{ sellerId: 'OLD', itemAmount: 20 }]);
  await settleRows(db, '2026-06-10', 1, [{ sellerId: 'OLD', itemAmount: 300 }]);
  const member = { accountId: 1, sellerId: 'OLD', currency: 'KRW', closedThrough: null, termsMissingOn: null };
  const group = { members: [{ ...member, openSince: '' }], since: '' };
  const datesRead = async (through: string): Promise<(string | number)[]> =>
    await inTransaction(db, async (tx) => {
      const reads = async (): Promise<number> => {
        const sql = `SELECT SUM(variable_value) AS reads_ FROM ${statusTable} WHERE variable_name = 'Handler_read_next'`;
        return Number((await select<{ reads_: number }>(tx, sql))[0]?.reads_);
      };
      const statusTable = await sessionStatus(tx);
      const before = await reads();
      const found = await readOpenSettlements(tx, group, posted, through);
      return [(await reads()) - before, ...(found.get(1) ?? []).map(({ settledOn }) => settledOn)];
    });
  const [few, ...dates] = await datesRead('2026-06-10');
  expect(dates).toEqual(['2025-06-02', '2026-06-09', '2026-06-10']);
  expect(few).toBeLessThan(10);
  expect((await datesRead('2025-12-31')).slice(1)).toEqual(['2025-06-02']);
  expect((await datesRead('2026-06-09')).slice(1)).toEqual(['2025-06-02', '2026-06-09']);
  expect((await datesRead('2025-01-01')).slice(1)).toEqual([]);
});

/** The table in which this engine has the counters of a session. */
async function sessionStatus(tx: Db): Promise<string> {
  const [row] = await select<{ version: string }>(tx, 'SELECT VERSION() AS version');
  return row?.version.includes('MariaDB') ? 'information_schema.session_status' : 'performance_schema.session_status';
}
