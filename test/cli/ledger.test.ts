/** `magam ledger` as finance reads it: the trial balance, accounts, transactions, wallets. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../infra/stores/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { postRule } from '../support/statements.js';

let database: TestDatabase;
let chargeback: number;
beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-04-01', 1_000);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S2', '2026-04-01', 700);
  await postRule(db, 'RESERVE', 'S1', '2026-04-02', 100);
  chargeback = await postRule(db, 'CHARGEBACK', 'S2', '2026-04-03', 900);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-04-03', 50, 'USD');
});
afterAll(() => database.drop());

interface Told {
  readonly balances: { kind: string; currency: string; accounts: number; debitMinor: number; creditMinor: number }[];
  readonly totals: { currency: string; debitMinor: number; creditMinor: number }[];
  readonly accounts: { accountId: number; kind: string; owner: string; balanceMinor: number }[];
  readonly transactions: { transactionId: number; kind: string }[];
  readonly wallets: object[];
  readonly error: { code: string };
}
const run = async (...args: string[]) => (await magamJson<Told>(database.url, ['ledger', ...args])).document;
const text = async (...args: string[]) => (await magam(database.url, ['ledger', ...args])).stdout;
const sidesOf = ({ balances }: Told): string[] =>
  balances.map((one) => `${one.kind} ${one.currency} ${one.accounts}: ${one.debitMinor} ${one.creditMinor}`);

describe('the trial balance', () => {
  it('has the debits and credits of each kind, and both sides are equal', async () => {
    const told = await run('balances');
    expect(sidesOf(told)).toEqual([
      'SELLER_PAYABLE KRW 2: 200 900',
      'SELLER_RESERVE KRW 1: 0 100',
      'PROVIDER_RECEIVABLE KRW 1: 0 900',
      'ADJUSTMENTS KRW 1: 1700 0',
      'SELLER_PAYABLE USD 1: 0 50',
      'ADJUSTMENTS USD 1: 50 0',
    ]);
    expect(told.totals).toEqual([
      { currency: 'KRW', debitMinor: 1_900, creditMinor: 1_900 },
      { currency: 'USD', debitMinor: 50, creditMinor: 50 },
    ]);
    expect(await text('balances')).toMatch(/\nall +1,900 KRW +1,900 KRW\nall +0\.50 USD +0\.50 USD\n$/);
  });

  it('is that of a date, and of one owner', async () => {
    expect(sidesOf(await run('balances', '--as-of', '2026-04-02'))).toEqual([
      'SELLER_PAYABLE KRW 2: 0 1600',
      'SELLER_RESERVE KRW 1: 0 100',
      'ADJUSTMENTS KRW 1: 1700 0',
    ]);
    expect(sidesOf(await run('balances', '--as-of', '2026-04-02', '--owner', 'S1'))).toEqual([
      'SELLER_PAYABLE KRW 1: 0 900',
      'SELLER_RESERVE KRW 1: 0 100',
    ]);
    expect(await text('balances', '--as-of', '2026-03-31')).toBe('Nothing is posted.\n');
  });
});

it('accounts lead to their transactions, and these to their postings', async () => {
  const { accounts } = await run('accounts', '--owner', 'S2');
  expect(accounts).toMatchObject([{ kind: 'SELLER_PAYABLE', owner: 'S2', balanceMinor: -200 }]);
  const id = String(accounts[0]?.accountId);
  expect((await run('accounts', '--kind', 'SELLER_PAYABLE', '--after', id)).accounts).toMatchObject([
    { owner: 'S1', balanceMinor: 50 },
  ]);
  expect((await run('transactions', id)).transactions).toMatchObject([
    { transactionId: chargeback, kind: 'CHARGEBACK' },
    { kind: 'ADJUSTMENT_TO_SELLER' },
  ]);
  const listed = await text('transactions', id);
  expect(listed).toContain(`Account ${id}: SELLER_PAYABLE S2 KRW\n`);
  expect(listed).toMatch(/CHARGEBACK +S2 +900 KRW +test:/);
  const shown = await text('show', String(chargeback));
  expect(shown).toMatch(new RegExp(`^Transaction ${chargeback}: CHARGEBACK, S2, for 2026-04-03\n`));
  expect(shown).toMatch(new RegExp(`SELLER_PAYABLE S2 KRW +${id} +900 KRW *\n`));
  expect(shown).toMatch(/PROVIDER_RECEIVABLE TOSS KRW +\d+ +900 KRW\n$/);
});

it('a wallet says where the money of a seller is', async () => {
  expect((await run('wallet', 'S1')).wallets).toMatchObject([
    { currency: 'KRW', payableMinor: 900, reservedMinor: 100 },
    { currency: 'USD', payableMinor: 50, reservedMinor: 0 },
  ]);
  expect(await text('wallet', 'S2')).toMatch(/ 0 KRW +-200 KRW +0 KRW/);
  expect(await text('wallet', 'nobody')).toBe('Nothing was ever posted for nobody.\n');
});

it('accounts are closed and opened again, and a transaction is taken back once; the audit log has it', async () => {
  const { db } = database;
  const paid = await postRule(db, 'PAYMENT', 'S3', '2026-04-05', 500);
  const account = async () => (await run('accounts', '--owner', 'S3')).accounts[0];
  const id = String((await account())?.accountId);
  expect((await run('close', id)).error.code).toBe('LEDGER_ACCOUNT_NOT_EMPTY');
  const reversing = ['reverse', String(paid), '--reason', 'twice', '--effective', '2026-04-06'];
  expect(await run(...reversing)).toMatchObject({ transactionId: paid, effectiveOn: '2026-04-06', reason: 'twice' });
  expect((await run(...reversing)).error.code).toBe('LEDGER_ALREADY_REVERSED');
  expect(await account()).toMatchObject({ balanceMinor: 0 });
  expect(await text('close', id)).toMatch(new RegExp(`^Account ${id}, BUYER_FUNDS_HELD S3 KRW, was closed at 2`));
  expect(await account()).toMatchObject({ closedAt: expect.any(String) });
  expect(await run('reopen', id)).toMatchObject({ closedAt: null });
  const entries = (await listAudit(db, {}, 3)).reverse();
  expect(entries.map(({ action, subjectId }) => [action, subjectId])).toEqual([
    ['ledger-transaction.reverse', String(paid)],
    ['ledger-account.close', id],
    ['ledger-account.reopen', id],
  ]);
});

it.each([
  [['balances', '--as-of', '2026-02-30'], 'DATE_INVALID'],
  [['balances', '--owner', ''], 'ID_INVALID'],
  [['accounts', '--owner', ' x'], 'ID_INVALID'],
  [['transactions', '999999'], 'LEDGER_ACCOUNT_NOT_FOUND'],
  [['show', '999999'], 'LEDGER_TRANSACTION_NOT_FOUND'],
  [['show', 'x'], 'USAGE'],
  [['wallet', ''], 'ID_INVALID'],
  [['close', '999999'], 'LEDGER_ACCOUNT_NOT_FOUND'],
  [['reopen', 'x'], 'USAGE'],
  [['reverse', '1'], 'USAGE'],
  [['reverse', '1', '--reason', ' '], 'USAGE'],
  [['reverse', '999999', '--reason', 'why'], 'LEDGER_TRANSACTION_NOT_FOUND'],
  [['accounts', '--currency', 'krw'], 'CURRENCY_UNKNOWN'],
  [['accounts', '--currency', 'XXX'], 'CURRENCY_UNKNOWN'],
])('%j is refused with %s', async (args, code) => {
  expect((await run(...args)).error.code).toBe(code);
});
