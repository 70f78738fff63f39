/** Verifying the ledger: what is changed directly in the database is found, by the looks wherever a check finds it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { postTransaction, postTransactions } from '../../../core/ledger/post-transactions.js';
import type { AccountKind } from '../../../core/ledger/rules/accounts.js';
import { postingsOf, type RuleName } from '../../../core/ledger/rules/posting-rules.js';
import {
  type CheckGroup,
  countLedger,
  findDifferences,
  SUM_CHECKS,
  transactionChecks,
} from '../../../core/ledger/stores/ledger-check.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['account', 'transaction', 'posting', 'balance', 'day'])
    await change(db, `DELETE FROM ledger_${table}`);
});

const post = (key: string, rule: RuleName, amount: bigint) =>
  inTransaction(db, (tx) =>
    postTransaction(tx, {
      ...{ key, kind: rule, sellerId: 'S1', effectiveOn: '2026-05-04', requestedBy: 'test' },
      postings: postingsOf(rule, { sellerId: 'S1', currency: 'KRW', provider: 'TOSS' }, { amount }),
    }),
  );
const failing = async () =>
  (await verifyLedger(db, new AbortController().signal)).checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe('verifying', () => {
  it.each<[string, string, string[]]>([
    [
      'an amount',
      'UPDATE ledger_posting SET amount_minor = amount_minor + 1 LIMIT 1',
      ['zero-sums', 'balances', 'days'],
    ],
    ['a posting that is gone', 'DELETE FROM ledger_posting LIMIT 1', ['transactions', 'zero-sums', 'balances', 'days']],
    ['a transaction that is gone', `DELETE FROM ledger_transaction WHERE idempotency_key = 'a'`, ['postings']],
    [
      'an account that is gone',
      `DELETE FROM ledger_account WHERE kind = 'BANK'`,
      ['postings', 'zero-sums', 'trial-balance'],
    ],
    ['a balance', 'UPDATE ledger_balance SET amount_minor = amount_minor + 1 LIMIT 1', ['balances', 'trial-balance']],
    ['a balance that is gone', 'DELETE FROM ledger_balance LIMIT 1', ['balances', 'trial-balance']],
    ['a sum of a day', 'UPDATE ledger_day SET amount_minor = amount_minor + 1 LIMIT 1', ['days']],
    [
      'sums of days without postings',
      `INSERT INTO ledger_day SELECT MIN(account_id), '2026-01-01', '2026-01-01', 0, 1 FROM ledger_account
       UNION ALL SELECT MIN(account_id), '2026-01-02', '2026-01-02', 0, -1 FROM ledger_account`,
      ['days'],
    ],
    [
      'a transaction without postings',
      `DELETE FROM ledger_posting WHERE transaction_id = (SELECT transaction_id FROM ledger_transaction WHERE idempotency_key = 'a')`,
      ['transactions', 'balances', 'days'],
    ],
    [
      'the currency of an account',
      `UPDATE ledger_account SET currency = 'JPY' WHERE kind = 'BANK'`,
      ['zero-sums', 'trial-balance'],
    ],
    [
      'the time of a posting',
      'UPDATE ledger_posting SET recorded_at = recorded_at + INTERVAL 1 SECOND LIMIT 1',
      ['postings'],
    ],
    ['the date of a posting', `UPDATE ledger_posting SET effective_on = '2026-01-01' LIMIT 1`, ['postings', 'days']],
    [
      'a reversal of something else',
      `UPDATE ledger_transaction SET reverses_id = (SELECT id FROM (SELECT transaction_id AS id FROM ledger_transaction WHERE idempotency_key = 'a') x) WHERE idempotency_key = 'b'`,
      ['reversals'],
    ],
  ])('finds %s', async (_what, sql, checks) => {
    await post('a', 'PAYMENT', 5n);
    await post('b', 'PAYMENT_BY_HAND', 7n);
    expect(await failing()).toEqual([]);
    await change(db, sql);
    expect(await failing()).toEqual(checks);
  });

  it('says how much there is, and both sides of the trial balance', async () => {
    await post('a', 'PAYMENT', 5n);
    await post('b', 'PAYMENT_BY_HAND', 7n);
    expect(await verifyLedger(db, new AbortController().signal)).toMatchObject({
      ...{ ok: true, transactions: 2, postings: 4 },
      trialBalances: [{ currency: 'KRW', debitMinor: 12n, creditMinor: 12n }],
    });
  });
});

describe('the looks', () => {
  /** Sellers in three currencies, of whom most have one; the platform's accounts in several rows, and postings of two days of recording. */
  async function makeLedger(): Promise<void> {
    const rules: readonly [RuleName, bigint][] = [
      ['PAYMENT', 40n],
      ['ADJUSTMENT_TO_SELLER', 40n],
      ['ADJUSTMENT_TO_SELLER', 10n ** 28n],
      ['PAYOUT_SENT', 7n],
      ['RESERVE', 5n],
    ];
    const sellers = [...'ABCDEF'].map(
      (name, n) => [name, ['KRW', 'KRW', 'USD', 'KRW', 'JPY', 'KRW'][n] ?? ''] as const,
    );
    const postings = sellers.flatMap(([sellerId, currency]) =>
      rules.map(([rule, amount], n) => ({
        ...{ key: `${sellerId}:${n}`, kind: rule, sellerId, effectiveOn: n === 3 ? '2026-05-05' : '2026-05-04' },
        ...{ requestedBy: 'test', postings: postingsOf(rule, { sellerId, currency, provider: 'TOSS' }, { amount }) },
      })),
    );
    await inTransaction(db, (tx) => postTransactions(tx, postings));
    await change(
      db,
      `UPDATE ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.transaction_id
       SET t.recorded_at = t.recorded_at - INTERVAL 2 DAY, p.recorded_at = p.recorded_at - INTERVAL 2 DAY WHERE t.idempotency_key LIKE '%:1'`,
    );
    await change(db, 'DELETE FROM ledger_day');
    await change(
      db,
      `INSERT INTO ledger_day SELECT account_id, effective_on, DATE(recorded_at), shard, SUM(amount_minor) FROM ledger_posting
       GROUP BY account_id, effective_on, DATE(recorded_at), shard`,
    );
  }
  const groups = async (view: Db) => [transactionChecks(await countLedger(view)), SUM_CHECKS];
  const names = async (view: Db, which: readonly CheckGroup[]) => {
    const found: string[] = [];
    for (const group of which)
      for (const [name, difference] of await findDifferences(view, group))
        if (difference !== undefined) found.push(name);
    return found;
  };
  const swap = (table: string, column: string, [one, other]: readonly [string, string]) =>
    `UPDATE ${table} x JOIN (SELECT SUM(IF(${one}, ${column}, 0)) AS o, SUM(IF(${other}, ${column}, 0)) AS p FROM ${table}) v
     SET x.${column} = IF(${one}, v.p, v.o) WHERE ${one} OR ${other}`;
  const id = (key: string) => `(SELECT transaction_id FROM ledger_transaction WHERE idempotency_key = '${key}')`;
  const account = (kind: AccountKind, owner: string, currency = 'KRW') =>
    `(SELECT account_id FROM ledger_account WHERE kind = '${kind}' AND owner = '${owner}' AND currency = '${currency}')`;
  const payable = (owner: string, currency = 'KRW') => account('SELLER_PAYABLE', owner, currency);

  it('find nothing in a ledger that is right, so that no check has to be made', async () => {
    await makeLedger();
    for (const { looks } of await groups(db)) for (const look of looks) expect(await select(db, look)).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'two amounts of a seller changed over',
      ['zero-sums', 'days'],
      [
        swap('ledger_posting', 'amount_minor', [
          `(transaction_id = ${id('A:3')} AND account_id = ${payable('A')})`,
          `(transaction_id = ${id('A:4')} AND account_id = ${payable('A')})`,
        ]),
      ],
    ],
    [
      'a posting on the account of another seller',
      ['balances', 'days'],
      [
        `UPDATE ledger_posting SET account_id = ${payable('B')} WHERE transaction_id = ${id('A:3')} AND account_id = ${payable('A')}`,
      ],
    ],
    [
      'a posting on an account of another currency',
      ['zero-sums', 'balances', 'days'],
      [
        `UPDATE ledger_posting SET account_id = ${payable('C', 'USD')} WHERE transaction_id = ${id('A:3')} AND account_id = ${payable('A')}`,
      ],
    ],
    [
      'a transaction in the lesser currency with a posting in that of most',
      ['zero-sums', 'balances', 'days'],
      [
        `UPDATE ledger_posting SET account_id = ${payable('A')} WHERE transaction_id = ${id('C:3')} AND account_id = ${payable('C', 'USD')}`,
      ],
    ],
    [
      'a transaction in the two lesser currencies',
      ['zero-sums', 'balances', 'days'],
      [
        `UPDATE ledger_posting SET account_id = ${payable('E', 'JPY')} WHERE transaction_id = ${id('C:3')} AND account_id = ${payable('C', 'USD')}`,
      ],
    ],
    [
      'a posting on no account',
      ['postings', 'zero-sums', 'balances', 'days'],
      [
        `UPDATE ledger_posting SET account_id = 99999999 WHERE transaction_id = ${id('A:3')} AND account_id = ${payable('A')}`,
      ],
    ],
    [
      'a posting in another row of its account',
      ['balances', 'days'],
      [
        `UPDATE ledger_posting SET shard = shard + 1 WHERE transaction_id = ${id('A:3')} AND account_id = ${payable('A')}`,
      ],
    ],
    [
      'the postings of a transaction on another one',
      ['transactions', 'postings'],
      [
        `UPDATE ledger_posting SET transaction_id = 99999999 WHERE transaction_id = ${id('A:3')}`,
        `UPDATE ledger_transaction SET transaction_id = 99999998 WHERE idempotency_key = 'A:3'`,
      ],
    ],
    [
      'a transaction without postings beside one that is gone',
      ['transactions', 'postings'],
      [`UPDATE ledger_transaction SET transaction_id = 99999998 WHERE idempotency_key = 'A:3'`],
    ],
    [
      'a single posting',
      ['transactions', 'zero-sums', 'balances', 'days'],
      [`DELETE FROM ledger_posting WHERE transaction_id = ${id('A:3')} AND account_id <> ${payable('A')}`],
    ],
    [
      'the dates of a transaction',
      ['postings'],
      [`UPDATE ledger_transaction SET effective_on = '2026-05-01' WHERE idempotency_key = 'A:3'`],
    ],
    [
      'the time of a transaction',
      ['postings'],
      [
        `UPDATE ledger_transaction SET recorded_at = recorded_at + INTERVAL 1000 MICROSECOND WHERE idempotency_key = 'A:3'`,
      ],
    ],
    ['a day that is gone', ['days'], [`DELETE FROM ledger_day WHERE account_id = ${payable('A')} LIMIT 1`]],
    [
      'a day of zero without postings',
      [],
      ["INSERT INTO ledger_day VALUES (99999999, '2026-05-04', '2026-05-04', 0, 0)"],
    ],
    [
      'a day too many',
      ['days'],
      [
        `INSERT INTO ledger_day VALUES (${payable('A')}, '2026-06-04', '2026-05-04', 0, 5)`,
        `UPDATE ledger_day SET amount_minor = amount_minor - 5 WHERE account_id = ${payable('A')} LIMIT 1`,
      ],
    ],
    [
      'two days changed over',
      ['days'],
      [
        swap('ledger_day', 'amount_minor', [
          `(account_id = ${payable('A')} AND effective_on = '2026-05-05')`,
          `(account_id = ${account('SELLER_RESERVE', 'A')} AND effective_on = '2026-05-04')`,
        ]),
      ],
    ],
    [
      'the business date of a day',
      ['days'],
      [
        `UPDATE ledger_day SET effective_on = '2026-05-06' WHERE account_id = ${payable('A')} AND effective_on = '2026-05-05'`,
      ],
    ],
    [
      'the day of recording of a day',
      ['days'],
      [
        `UPDATE ledger_day SET recorded_on = recorded_on + INTERVAL 1 DAY WHERE account_id = ${payable('A')} AND effective_on = '2026-05-05'`,
      ],
    ],
    [
      'the row of a day',
      ['days'],
      [`UPDATE ledger_day SET shard = shard + 1 WHERE account_id = ${payable('A')} AND effective_on = '2026-05-05'`],
    ],
    [
      'a day and the balance',
      ['balances', 'days'],
      [
        `UPDATE ledger_day SET amount_minor = amount_minor + 1 WHERE account_id = ${payable('A')} LIMIT 1`,
        `UPDATE ledger_balance SET amount_minor = amount_minor + 1 WHERE account_id = ${payable('A')}`,
      ],
    ],
    [
      'two balances changed over',
      ['balances'],
      [
        swap('ledger_balance', 'amount_minor', [
          `(account_id = ${payable('A')})`,
          `(account_id = ${account('SELLER_RESERVE', 'A')})`,
        ]),
      ],
    ],
    ['a balance of nothing', ['balances'], ['INSERT INTO ledger_balance VALUES (99999999, 0, 3), (99999999, 1, -3)']],
    ['a balance that is gone', ['balances'], [`DELETE FROM ledger_balance WHERE account_id = ${payable('A')}`]],
    [
      'the row of a balance',
      ['balances'],
      [`UPDATE ledger_balance SET shard = shard + 1 WHERE account_id = ${payable('A')}`],
    ],
    [
      'two currencies in one transaction',
      ['balances', 'days'],
      [
        `INSERT INTO ledger_posting SELECT ${id('A:3')}, account_id, shard, effective_on, recorded_at, amount_minor FROM ledger_posting WHERE transaction_id = ${id('C:3')}`,
      ],
    ],
  ])('find %s wherever a check does', async (_what, found, tampering) => {
    await makeLedger();
    for (const sql of tampering) expect(await change(db, sql)).toBeGreaterThan(0);
    const all = await groups(db);
    const differing = await names(
      db,
      all.map(({ checks }) => ({ checks, looks: [] })),
    );
    expect(differing).toEqual(found);
    expect(await names(db, all)).toEqual(differing);
  });
});
