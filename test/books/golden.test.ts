/** Golden books: two months of three sellers, from files to bank results, against a table that was worked out by hand. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AccountKind } from '../../core/ledger/rules/accounts.js';
import { onNormalSide } from '../../core/ledger/rules/accounts.js';
import { retryPayout } from '../../core/payouts/change-payout.js';
import { select } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import { decided } from '../../kernel/outcome.js';
import { acting } from '../core/adjustments/adjustment-scene.js';
import { KIM } from '../core/payouts/payout-scene.js';
import { statementsOf } from '../support/statements.js';
import { Bookkeeper, type SentFile } from './bookkeeper.js';
import { BALANCES, LINES, NET, POLICIES, PROPOSALS, REFUNDS, STATEMENTS, TERMS } from './golden-book.js';

const SELLERS = ['hanbit', 'baram', 'sori'];
/** The rows of a table without its header. */
const rowsOf = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
const expectedDue = rowsOf(PROPOSALS);

let books: Bookkeeper;
const found: string[][] = [];
/** The bank's files with the days on which they came. */
const results: [date: string, content: Buffer][] = [];

beforeAll(async () => {
  books = await Bookkeeper.create();
  for (const sellerId of SELLERS) await books.payouts.seller(sellerId);
  await books.run('policies', 'apply', books.file('policies.json', POLICIES));
  await books.run('terms', 'apply', books.file('terms.json', TERMS));
  await books.run('import', 'lines', books.file('lines.csv', LINES));
  await books.run('import', 'refunds', books.file('refunds.csv', REFUNDS));
  for (let day = '2026-02-01'; day <= '2026-04-10'; day = addDays(day, 1)) await live(day);
}, 180_000);
afterAll(() => books?.end());

/** A day: the people of the office by day, the batch in the evening. */
async function live(day: string): Promise<void> {
  await WORK[day]?.();
  if (expectedDue.some(([date]) => date === day)) await pay(day);
  await books.settle(day);
  const date = new Date(`${day}T00:00:00Z`);
  const halfMonth = date.getUTCDate() === 15 || addDays(day, 1).endsWith('-01');
  if (halfMonth || [0, 3].includes(date.getUTCDay())) if (day <= '2026-03-31') await books.close(day);
}

async function pay(day: string): Promise<void> {
  const due = await books.due(day);
  for (const [, seller] of expectedDue.filter(([date]) => date === day)) {
    const one = due.find(({ sellerId }) => sellerId === seller);
    const reason = one?.notPaid?.reason;
    found.push([day, seller ?? '', String(one?.amountMinor), ...(reason === undefined ? [] : [reason])]);
  }
  if (due.every(({ notPaid }) => notPaid !== null)) return;
  await books.propose(day);
  const sent = await books.send(day);
  results.push([day, await books.result(day, sent, day === '2026-02-11' ? 'ACCOUNT_CLOSED' : 'PAID')]);
}

/** hanbit's first payout is tried again. */
async function retry(day: string): Promise<SentFile> {
  const [payout] = await select<{ payoutId: number }>(
    books.database.db,
    'SELECT MIN(payout_id) AS payoutId FROM payout',
  );
  decided(
    await books.payouts.inTx((tx) => retryPayout(tx, KIM, { payoutId: Number(payout?.payoutId), reason: 'new try' })),
  );
  return books.send(day);
}

let secondTry: SentFile;
let chargebackId: number;

/** What people do on a day beside payouts. */
const WORK: Record<string, () => Promise<unknown>> = {
  '2026-02-12': async () => {
    secondTry = await retry('2026-02-12');
    results.push(['2026-02-12', await books.result('2026-02-12', secondTry)]);
  },
  '2026-02-13': async () => results.push(['2026-02-13', await books.result('2026-02-13', secondTry, 'RETURNED')]),
  '2026-02-26': async () => {
    const made = { kind: 'CHARGEBACK', reference: 'CB-1', sellerId: 'baram', amountMinor: 60_000 } as const;
    const fee = { feeMinor: 5_000, feeBy: 'SELLER' } as const;
    ({ adjustmentId: chargebackId } = await books.entries.posted({ ...made, ...fee }, '2026-02-26'));
  },
  '2026-02-19': async () => results.push(['2026-02-19', await books.result('2026-02-19', await retry('2026-02-19'))]),
  '2026-02-23': () => books.entries.posted({ reference: 'G-1', sellerId: 'sori', amountMinor: 2_000 }, '2026-02-23'),
  '2026-03-17': () =>
    books.entries.posted(
      { kind: 'FROM_SELLER', reference: 'P-1', sellerId: 'hanbit', amountMinor: 9_000 },
      '2026-03-17',
    ),
  '2026-03-18': async () => {
    const won = { reference: 'W-1', kind: 'CHARGEBACK_WON', undoesId: chargebackId, feeReturned: true } as const;
    const { adjustment } = decided(await books.entries.undo(won, acting('kim', '2026-03-18')));
    decided(await books.entries.approve(adjustment.adjustmentId, acting('lee', '2026-03-18')));
  },
  '2026-03-28': () =>
    books.entries.posted({ kind: 'WRITE_OFF', reference: 'WO-1', sellerId: 'sori', amountMinor: 6_741 }, '2026-03-28'),
};

it('payouts are what the table says, and so are the reasons why there is none', () => {
  expect(found).toEqual(expectedDue);
});

it('statements are what the table says', async () => {
  const rows: string[][] = [];
  for (const seller of SELLERS)
    for (const one of await statementsOf(books.database.db, seller)) {
      const others = one.sums.map(({ kind, amountMinor }) => `${kind}=${amountMinor}`).sort();
      rows.push([
        ...[seller, one.number, one.periodFrom, one.closesOn, one.payoutOn, one.openingMinor].map(String),
        ...[one.sales.figures.net, one.refunds.figures.net, one.earnedMinor, one.closingMinor, one.state].map(String),
        ...(others.length === 0 ? [] : [others.join(' ')]),
      ]);
    }
  expect(rows).toEqual(rowsOf(STATEMENTS));
});

it('the accounts are what the table says', async () => {
  const rows = await select<{ kind: AccountKind; owner: string; amount: string }>(
    books.database.db,
    `SELECT a.kind, a.owner, SUM(b.amount_minor) AS amount FROM ledger_account a JOIN ledger_balance b USING (account_id)
     GROUP BY a.kind, a.owner HAVING amount <> 0`,
  );
  const balances = rows.map(({ kind, owner, amount }) => [
    SELLERS.includes(owner) ? `${kind} ${owner}` : kind,
    Number(onNormalSide(kind, BigInt(amount))),
  ]);
  expect(Object.fromEntries(balances)).toEqual(BALANCES);
});

it('statements, lines and postings come to the same, and everything verifies', async () => {
  const [sums] = await select(
    books.database.db,
    `SELECT (SELECT SUM(net) FROM settlement_line) AS ofLines, (SELECT SUM(net) FROM statement_total) AS ofStatements,
       (SELECT -SUM(p.amount_minor) FROM ledger_posting p JOIN ledger_account a USING (account_id) JOIN ledger_transaction t USING (transaction_id)
         WHERE a.kind = 'SELLER_PAYABLE' AND t.kind IN ('SETTLEMENT', 'REFUND_AFTER_SETTLEMENT')) AS ofPostings`,
  );
  expect(sums).toEqual({ ofLines: String(NET), ofStatements: String(NET), ofPostings: String(NET) });
  await books.verify();
});

it('every command and every file again changes nothing', async () => {
  const before = await books.dump();
  await books.run('policies', 'apply', books.file('policies.json', POLICIES));
  await books.run('terms', 'apply', books.file('terms.json', TERMS));
  await books.run('import', 'lines', books.file('lines.csv', LINES));
  await books.run('import', 'refunds', books.file('refunds.csv', REFUNDS));
  for (const date of ['2026-02-03', '2026-02-26', '2026-03-16', '2026-03-20']) await books.settle(date);
  for (const date of ['2026-02-08', '2026-02-28', '2026-03-31']) await books.close(date);
  for (const date of ['2026-02-11', '2026-03-18', '2026-04-10']) await books.propose(date);
  for (const [date, content] of results) await books.importResult(date, content);
  expect(await books.dump()).toEqual(before);
});
