/** The ledger over HTTP: wallets, accounts, balances, transactions, and their corrections. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { postTransaction } from '../../../core/ledger/post-transactions.js';
import { postingsOf, type RuleName } from '../../../core/ledger/rules/posting-rules.js';
import { inTransaction, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let operator: TestAccount;
let admin: TestAccount;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  [operator, admin] = [await makeAccount(database.db, 'operator'), await makeAccount(database.db, 'admin')];
  await post('pay', 'PAYMENT', 900n, '2026-05-01');
  await post('more', 'PAYMENT', 100n, '2026-05-03');
  await post('won', 'ADJUSTMENT_TO_SELLER', 70n);
  await post('kept', 'RESERVE', 20n);
  await post('sent', 'PAYOUT_SENT', 30n);
  await post('paid', 'PAYOUT_PAID', 10n);
});
afterAll(async () => {
  await api.stop();
  await database.drop();
});

const post = async (key: string, rule: RuleName, amount: bigint, effectiveOn = '2026-05-04') =>
  inTransaction(database.db, async (tx) =>
    decided(
      await postTransaction(tx, {
        ...{ key, kind: rule, sellerId: 'S1', effectiveOn, requestedBy: 'test' },
        postings: postingsOf(rule, { sellerId: 'S1', currency: 'KRW', provider: 'TOSS' }, { amount }),
      }),
    ),
  );
const get = (path: string, { token } = operator) => api.call('GET', path, { token });
const accountOf = async (kind: string): Promise<{ accountId: number; balanceMinor: number }> =>
  (await get(`/v1/ledger/accounts?kind=${kind}`)).body.items[0];

it('a wallet says where the money of a seller is', async () => {
  expect(await get('/v1/sellers/S1/wallet')).toMatchObject({
    status: 200,
    body: {
      sellerId: 'S1',
      currencies: [
        {
          currency: 'KRW',
          paidNotSettledMinor: 1_000,
          payableMinor: 20,
          reservedMinor: 20,
          onItsWayMinor: 20,
          paidOutMinor: 10,
          owedMinor: 0,
        },
      ],
    },
  });
  expect((await get('/v1/sellers/TOSS/wallet')).body).toEqual({ sellerId: 'TOSS', currencies: [] });
});

it('accounts are listed page by page, with their balances on their normal side', async () => {
  const kinds: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await get(`/v1/ledger/accounts?limit=3&currency=KRW${cursor && `&cursor=${cursor}`}`);
    kinds.push(...body.items.map(({ kind, balanceMinor }: Record<string, unknown>) => `${kind} ${balanceMinor}`));
    cursor = body.nextCursor;
  }
  expect(kinds.sort()).toEqual([
    'ADJUSTMENTS 70',
    'BUYER_FUNDS_HELD 1000',
    'PAID_OUT 10',
    'PAYOUT_IN_TRANSIT 20',
    'PROVIDER_RECEIVABLE 1000',
    'SELLER_PAYABLE 20',
    'SELLER_RESERVE 20',
  ]);
  expect((await get('/v1/ledger/accounts?owner=TOSS')).body.items).toHaveLength(1);
  expect((await get('/v1/ledger/accounts?kind=GOLD')).status).toBe(400);
});

it('the trial balance is that of now or of a date, and both sides are equal', async () => {
  const { body } = await get('/v1/ledger/balances');
  expect(body.balances).toContainEqual({
    ...{ kind: 'BUYER_FUNDS_HELD', currency: 'KRW', accounts: 1 },
    ...{ debitMinor: 0, creditMinor: 1_000 },
  });
  expect(body.totals).toEqual([{ currency: 'KRW', debitMinor: 1_070, creditMinor: 1_070 }]);
  const earlier = await get('/v1/ledger/balances?asOf=2026-05-02');
  expect(earlier.body).toMatchObject({ asOf: '2026-05-02', totals: [{ debitMinor: 900, creditMinor: 900 }] });
  const ofOne = await get('/v1/ledger/balances?owner=TOSS');
  expect(ofOne.body.totals).toEqual([{ currency: 'KRW', debitMinor: 1_000, creditMinor: 0 }]);
});

it('a balance is that of now, of a date, or of a moment', async () => {
  const { accountId } = await accountOf('BUYER_FUNDS_HELD');
  const balance = async (query: string) =>
    (await get(`/v1/ledger/accounts/${accountId}/balance${query}`)).body.balanceMinor;
  expect(await balance('')).toBe(1_000);
  expect(await balance('?asOf=2026-05-02')).toBe(900);
  expect(await balance('?recordedAt=2026-01-01T00:00:00.000Z')).toBe(0);
  expect((await get(`/v1/ledger/accounts/${accountId}/balance?asOf=soon`)).status).toBe(400);
  expect(await get('/v1/ledger/accounts/999999/balance')).toMatchObject({
    status: 404,
    body: { code: 'LEDGER_ACCOUNT_NOT_FOUND' },
  });
});

it('the transactions of an account are listed newest first, and each is shown', async () => {
  const { accountId } = await accountOf('BUYER_FUNDS_HELD');
  const path = `/v1/ledger/accounts/${accountId}/transactions`;
  const first = (await get(`${path}?limit=1`)).body;
  const second = (await get(`${path}?limit=1&cursor=${first.nextCursor}`)).body;
  expect([first.items[0].key, second.items[0].key, second.nextCursor]).toEqual(['more', 'pay', null]);
  const { transactionId } = first.items[0];
  expect((await get(`/v1/ledger/transactions/${transactionId}`)).body).toEqual(first.items[0]);
  expect((await get('/v1/ledger/transactions/999999')).body.code).toBe('LEDGER_TRANSACTION_NOT_FOUND');
  expect((await get('/v1/ledger/accounts/999999/transactions')).body.code).toBe('LEDGER_ACCOUNT_NOT_FOUND');
});

it('an admin closes and opens accounts and reverses transactions; it is on record', async () => {
  const send = (path: string, body?: object, { token } = admin) => api.call('POST', path, { token, body });
  await post('rounded', 'ROUNDING', 5n);
  const { accountId } = await accountOf('ROUNDING');
  expect((await send(`/v1/ledger/accounts/${accountId}/close`, undefined, operator)).status).toBe(403);
  expect((await send(`/v1/ledger/accounts/${accountId}/close`)).body.code).toBe('LEDGER_ACCOUNT_NOT_EMPTY');
  const { items } = (await get(`/v1/ledger/accounts/${accountId}/transactions`)).body;
  const reversal = `/v1/ledger/transactions/${items[0].transactionId}/reversal`;
  const wanted = { effectiveOn: '2026-05-06', reason: 'rounded by mistake' };
  expect((await send(reversal, { ...wanted, reason: '' })).status).toBe(400);
  expect(await send(reversal, wanted)).toMatchObject({
    status: 201,
    body: {
      kind: 'REVERSAL',
      reversesId: items[0].transactionId,
      requestedBy: `account ${admin.accountId}`,
      ...wanted,
    },
  });
  expect((await send(reversal, wanted)).body.code).toBe('LEDGER_ALREADY_REVERSED');
  expect((await send(`/v1/ledger/accounts/${accountId}/close`)).body).toMatchObject({ closedAt: expect.any(String) });
  expect((await send(`/v1/ledger/accounts/${accountId}/reopen`)).body).toMatchObject({ closedAt: null });
  const actions = await select<{ action: string }>(
    database.db,
    `SELECT action FROM audit_log WHERE action LIKE 'ledger%' ORDER BY audit_id`,
  );
  expect(actions.map(({ action }) => action)).toEqual([
    'ledger-transaction.reverse',
    'ledger-account.close',
    'ledger-account.reopen',
  ]);
});

it('what settlements, payouts, reserves and entries of two people have posted, nobody reverses alone', async () => {
  for (const kind of ['SELLER_RESERVE', 'PAYOUT_IN_TRANSIT', 'PAID_OUT', 'ADJUSTMENTS']) {
    const { accountId } = await accountOf(kind);
    const { items } = (await get(`/v1/ledger/accounts/${accountId}/transactions`)).body;
    const answer = await api.call('POST', `/v1/ledger/transactions/${items[0].transactionId}/reversal`, {
      token: admin.token,
      body: { effectiveOn: '2026-05-06', reason: 'alone' },
    });
    expect([kind, answer.status, answer.body.code]).toEqual([kind, 409, 'LEDGER_REVERSAL_ELSEWHERE']);
  }
});
