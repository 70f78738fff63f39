/**
 * The ledger on a database: posted once, reversed, closed; balances now, of a date and of a time; and the checks that find a change made directly in the
 * database.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closeAccount, reopenAccount } from '../../../core/ledger/close-account.js';
import { postTransaction, postTransactions } from '../../../core/ledger/post-transactions.js';
import { reverseTransaction } from '../../../core/ledger/reverse-transaction.js';
import { type AccountKind, type AccountRef, accountName } from '../../../core/ledger/rules/accounts.js';
import { postingsOf, type RuleName } from '../../../core/ledger/rules/posting-rules.js';
import { judgeNew, type NewTransaction } from '../../../core/ledger/rules/transaction.js';
import { listAccounts } from '../../../core/ledger/stores/ledger-account.js';
import { readBalance } from '../../../core/ledger/stores/ledger-balance.js';
import { listTransactionsOf, shardSql } from '../../../core/ledger/stores/ledger-transaction.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { change, type Db, inTransaction, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../support/plans.js';
import { amountsOf, someEvent } from './ledger-events.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database.drop());
const TABLES = ['ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day'];
beforeEach(async () => {
  for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
});

const made = (key: string, rule: RuleName, amount: bigint, effectiveOn = '2026-05-04'): NewTransaction => ({
  ...{ key, kind: rule, sellerId: 'S1', effectiveOn, requestedBy: 'test' },
  postings: postingsOf(rule, { sellerId: 'S1', currency: 'KRW', provider: 'TOSS' }, { amount }),
});
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(db, work);
const post = (...given: Parameters<typeof made>) => inTx((tx) => postTransaction(tx, made(...given)));
const idOf = async (kind: AccountKind): Promise<number> => (await listAccounts(db, { kind }, 0, 10))[0]?.accountId ?? 0;
const balance = async (kind: AccountKind, view = {}) => readBalance(db, await idOf(kind), view);
const codeOf = (outcome: unknown) => (isRefusal(outcome) ? outcome.refused : undefined);
const failing = async () =>
  (await verifyLedger(db, new AbortController().signal)).checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe('a transaction', () => {
  it('is posted once for its key, however often it comes, and only with the same content', async () => {
    const first = decided(await post('k1', 'PAYMENT', 500n));
    expect(first.existed).toBe(false);
    expect(await post('k1', 'PAYMENT', 500n)).toEqual({ transactionId: first.transactionId, existed: true });
    expect(codeOf(await post('k1', 'PAYMENT', 501n))).toBe('LEDGER_EXISTS_OTHER_AMOUNT');
    expect(codeOf(await post('k1', 'PAYMENT', 500n, '2026-05-05'))).toBe('LEDGER_EXISTS_OTHERWISE');
    expect(await balance('BUYER_FUNDS_HELD')).toBe(-500n);
    expect(await failing()).toEqual([]);
  });

  it('that two post at once is posted once, and both get it', async () => {
    await post('before', 'PAYMENT', 1n);
    let second: Promise<unknown> = Promise.resolve();
    const first = await inTx(async (tx) => {
      const posted = decided(await postTransaction(tx, made('race', 'PAYMENT', 7n)));
      second = post('race', 'PAYMENT', 7n);
      await inStatement(db, '%INTO ledger_transaction%');
      return posted;
    });
    expect(await second).toEqual({ transactionId: first.transactionId, existed: true });
    expect(await balance('PROVIDER_RECEIVABLE')).toBe(8n);
  });

  it('that is refused leaves nothing, and several are posted together or not at all', async () => {
    expect(codeOf(await post('k', 'RESERVE', 1n))).toBe('LEDGER_LIMIT_EXCEEDED');
    const both = inTx((tx) => postTransactions(tx, [made('a', 'PAYMENT', 1n), made('b', 'RESERVE', 1n)]));
    await expect(both).rejects.toMatchObject({ code: 'LEDGER_LIMIT_EXCEEDED' });
    const [row] = await select<{ n: number }>(db, 'SELECT COUNT(*) AS n FROM ledger_transaction');
    expect(row?.n).toBe(0);
  });

  it('of two that would spend the same money one waits for the other and is refused', async () => {
    await post('in', 'ADJUSTMENT_TO_SELLER', 11n);
    await post('out-0', 'RESERVE', 1n); // all accounts are open
    let second: Promise<unknown> = Promise.resolve();
    await inTx(async (tx) => {
      decided(await postTransaction(tx, made('out-1', 'RESERVE', 8n)));
      second = post('out-2', 'RESERVE', 8n);
      await inStatement(db, '%FOR UPDATE%');
    });
    expect(codeOf(await second)).toBe('LEDGER_LIMIT_EXCEEDED');
    expect(await balance('SELLER_PAYABLE')).toBe(-2n);
  });

  it('moves the row of an account of the platform that SQL computes from its seller', async () => {
    const sellers = Array.from({ length: 20 }, (_, n) => `S-${n}.x`);
    const one = made('one', 'PAYMENT', 3n);
    await inTx((tx) =>
      postTransactions(
        tx,
        sellers.map((sellerId) => ({ ...one, key: sellerId, sellerId })),
      ),
    );
    const rows = await select<{ shard: number; computed: number }>(
      db,
      `SELECT p.shard, CAST(${shardSql('PROVIDER_RECEIVABLE', 't.seller_id')} AS UNSIGNED) AS computed FROM ledger_posting p
         JOIN ledger_transaction t ON t.transaction_id = p.transaction_id WHERE p.account_id = ?`,
      [await idOf('PROVIDER_RECEIVABLE')],
    );
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(({ shard }) => shard)).size).toBeGreaterThan(3);
    for (const { shard, computed } of rows) expect(shard).toBe(Number(computed));
    expect(await failing()).toEqual([]);
  });

  it('given together with others is judged by what those before it leave', async () => {
    const spent = [made('in', 'ADJUSTMENT_TO_SELLER', 10n), made('out', 'RESERVE', 10n), made('over', 'RESERVE', 1n)];
    await expect(inTx((tx) => postTransactions(tx, spent))).rejects.toMatchObject({ code: 'LEDGER_LIMIT_EXCEEDED' });
    const posted = await inTx((tx) => postTransactions(tx, spent.slice(0, 2)));
    expect(await inTx((tx) => postTransactions(tx, spent.slice(0, 2)))).toEqual(
      posted.map(({ transactionId }) => ({ transactionId, existed: true })),
    );
    expect([await balance('SELLER_PAYABLE'), await balance('SELLER_RESERVE')]).toEqual([0n, -10n]);
  });

  it('holds amounts beyond 2^63 exactly', async () => {
    await post('much', 'PAYMENT', 10n ** 28n + 1n);
    await post('more', 'PAYMENT', 10n ** 28n + 1n);
    expect(await balance('PROVIDER_RECEIVABLE')).toBe(2n * 10n ** 28n + 2n);
  });
});

describe('a reversal', () => {
  const reverse = (transactionId: number) =>
    inTx((tx) =>
      reverseTransaction(tx, transactionId, { effectiveOn: '2026-05-06', requestedBy: 'account 9', reason: 'wrong' }),
    );

  it('takes a transaction back, once, and is final', async () => {
    const { transactionId } = decided(await post('k', 'PAYMENT', 500n));
    const reversal = decided(await reverse(transactionId));
    expect(await balance('PROVIDER_RECEIVABLE')).toBe(0n);
    expect(await balance('PROVIDER_RECEIVABLE', { asOf: '2026-05-05' })).toBe(500n);
    expect(await reverse(transactionId)).toMatchObject({
      refused: 'LEDGER_ALREADY_REVERSED',
      details: { reversedById: reversal.transactionId },
    });
    expect(codeOf(await reverse(reversal.transactionId))).toBe('LEDGER_REVERSAL_FINAL');
    expect(codeOf(await reverse(4_711_000))).toBe('LEDGER_TRANSACTION_NOT_FOUND');
    expect(await failing()).toEqual([]);
  });

  it('takes no account below zero that has a limit', async () => {
    const { transactionId } = decided(await post('in', 'ADJUSTMENT_TO_SELLER', 10n));
    await post('out', 'PAYOUT_SENT', 1n);
    expect(codeOf(await reverse(transactionId))).toBe('LEDGER_LIMIT_EXCEEDED');
  });
});

describe('an account', () => {
  it('is closed when it is empty, takes nothing then, and can be opened again', async () => {
    await post('in', 'ADJUSTMENT_TO_SELLER', 10n);
    const accountId = await idOf('SELLER_PAYABLE');
    expect(codeOf(await inTx((tx) => closeAccount(tx, accountId)))).toBe('LEDGER_ACCOUNT_NOT_EMPTY');
    await post('out', 'PAYOUT_SENT', 10n);
    const closed = decided(await inTx((tx) => closeAccount(tx, accountId)));
    expect(closed.closedAt).toEqual(expect.any(String));
    expect(await inTx((tx) => closeAccount(tx, accountId))).toEqual(closed);
    expect(codeOf(await post('again', 'ADJUSTMENT_TO_SELLER', 1n))).toBe('LEDGER_ACCOUNT_CLOSED');
    expect((await post('in', 'ADJUSTMENT_TO_SELLER', 10n)) as object).toMatchObject({ existed: true });
    expect(decided(await inTx((tx) => reopenAccount(tx, accountId))).closedAt).toBeNull();
    expect(codeOf(await post('again', 'ADJUSTMENT_TO_SELLER', 1n))).toBeUndefined();
    for (const change of [closeAccount, reopenAccount])
      expect(codeOf(await inTx((tx): Promise<Refusal | object> => change(tx, 999_999)))).toBe(
        'LEDGER_ACCOUNT_NOT_FOUND',
      );
  });

  it('is not closed under somebody who posts to it', async () => {
    await post('in', 'ADJUSTMENT_TO_SELLER', 10n);
    await post('out', 'PAYOUT_SENT', 10n);
    const accountId = await idOf('SELLER_PAYABLE');
    let closing: Promise<unknown> = Promise.resolve();
    await inTx(async (tx) => {
      decided(await postTransaction(tx, made('late', 'ADJUSTMENT_TO_SELLER', 1n)));
      closing = inTx((other) => closeAccount(other, accountId));
      await inStatement(db, '%FOR UPDATE%');
    });
    expect(codeOf(await closing)).toBe('LEDGER_ACCOUNT_NOT_EMPTY');
  });

  it('lists its transactions newest first, page by page', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await post(key, 'PAYMENT', 1n);
    await change(db, `UPDATE ledger_posting SET recorded_at = '2026-05-04 10:00:00.123'`);
    await change(db, `UPDATE ledger_transaction SET recorded_at = '2026-05-04 10:00:00.123'`);
    const accountId = await idOf('BUYER_FUNDS_HELD');
    const keys: string[] = [];
    for (let after: Parameters<typeof listTransactionsOf>[2]; keys.length < 5; ) {
      const page = await listTransactionsOf(db, accountId, after, 2);
      keys.push(...page.map(({ key }) => key));
      after = page.at(-1);
    }
    expect(keys).toEqual(['e', 'd', 'c', 'b', 'a']);
  });
});

describe('a balance', () => {
  /** Moves a transaction to another time of recording, as if it had been posted then. */
  async function recordedAt(key: string, moment: string): Promise<void> {
    await change(
      db,
      `UPDATE ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.transaction_id
       JOIN ledger_day d ON d.account_id = p.account_id AND d.effective_on = p.effective_on AND d.recorded_on = DATE(p.recorded_at)
       SET t.recorded_at = ?, p.recorded_at = ?, d.recorded_on = DATE(?) WHERE t.idempotency_key = ?`,
      [moment, moment, moment, key],
    );
  }

  it('is that of now, of a business date, of a moment, or of both', async () => {
    await post('one', 'PAYMENT', 1n, '2026-05-01');
    await recordedAt('one', '2026-05-01 10:00:00.000');
    await post('late', 'PAYMENT', 20n, '2026-05-02'); // counts for the 2nd, is known on the 4th
    await recordedAt('late', '2026-05-04 09:00:00.000');
    await post('four', 'PAYMENT', 300n, '2026-05-04');
    await recordedAt('four', '2026-05-04 12:00:00.500');
    expect(await failing()).toEqual([]);
    const at = (view: object) => balance('PROVIDER_RECEIVABLE', view);
    expect(await at({})).toBe(321n);
    expect(await at({ asOf: '2026-04-30' })).toBe(0n);
    expect(await at({ asOf: '2026-05-01' })).toBe(1n);
    expect(await at({ asOf: '2026-05-03' })).toBe(21n);
    expect(await at({ recordedAt: '2026-05-01T09:59:59.999Z' })).toBe(0n);
    expect(await at({ recordedAt: '2026-05-01T10:00:00.000Z' })).toBe(1n);
    expect(await at({ recordedAt: '2026-05-03T23:59:59.999Z' })).toBe(1n);
    expect(await at({ recordedAt: '2026-05-04T12:00:00.499Z' })).toBe(21n);
    expect(await at({ recordedAt: '2026-05-04T12:00:00.500Z' })).toBe(321n);
    expect(await at({ asOf: '2026-05-03', recordedAt: '2026-05-03T00:00:00.000Z' })).toBe(1n);
    expect(await at({ asOf: '2026-05-03', recordedAt: '2026-05-05T00:00:00.000Z' })).toBe(21n);
  });

  it('is read along a key, however many postings there are', async () => {
    await post('one', 'PAYMENT', 1n);
    const accountId = await idOf('PROVIDER_RECEIVABLE');
    await insertMany(
      db,
      'INSERT INTO ledger_posting (transaction_id, account_id, shard, effective_on, recorded_at, amount_minor) VALUES ?',
      rowsOf(20_000, (n) => [
        1_000_000 + n,
        n % 3 === 0 ? accountId : 900_000 + (n % 50),
        0,
        '2026-05-01',
        '2026-05-04 10:00:00',
        1,
      ]),
    );
    await insertMany(
      db,
      'INSERT INTO ledger_day (account_id, effective_on, recorded_on, shard, amount_minor) VALUES ?',
      rowsOf(5_000, (n) => [900_000 + n, '2026-05-01', '2026-05-01', 0, 1]),
    );
    await db.raw('ANALYZE TABLE ledger_posting, ledger_day, ledger_balance');
    for (const view of [{}, { asOf: '2026-05-02' }, { asOf: '2026-05-02', recordedAt: '2026-05-04T09:00:00.000Z' }])
      for (const { table, type } of await plansOf(db, (seen) => readBalance(seen, accountId, view)))
        expect({ table, type }).toEqual({ table, type: expect.stringMatching(/^(range|ref)$/) });
    for (const { Extra } of await plansOf(db, (seen) => listTransactionsOf(seen, accountId, undefined, 50)))
      expect(Extra).not.toMatch(/filesort.*ledger_posting/);
  });
});

describe('any sequence of events', () => {
  it('leaves the balances that the rules say, and every check holds', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(someEvent, { minLength: 5, maxLength: 15 }), async (events) => {
        run += 1;
        for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
        const model = new Map<string, bigint>();
        const state = (ref: AccountRef) => ({ closed: false, balanceMinor: model.get(accountName(ref)) ?? 0n });
        for (const [at, event] of events.entries()) {
          const postings = postingsOf(event.rule, event, amountsOf(event));
          const head = { key: `${run}:${at}`, kind: event.rule, sellerId: event.sellerId, effectiveOn: '2026-05-04' };
          const wanted: NewTransaction = { ...head, postings, requestedBy: 'test' };
          const outcome = await inTx((tx) => postTransaction(tx, wanted));
          expect(codeOf(outcome)).toBe(judgeNew(wanted, state)?.refused);
          if (!isRefusal(outcome))
            for (const { account, amountMinor } of postings)
              model.set(accountName(account), state(account).balanceMinor + amountMinor);
        }
        for (const account of await listAccounts(db, {}, 0, 1_000))
          expect(await readBalance(db, account.accountId, {})).toBe(model.get(accountName(account)));
        expect(await failing()).toEqual([]);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
