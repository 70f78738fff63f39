/** Adds up the ledger again from its postings, and finds the first place with another figure. */
import { type Db, select, selectArrays } from '../../../infra/database.js';

/** A place where two figures differ. */
export interface LedgerDifference {
  readonly place: string;
  readonly expected: string;
  readonly actual: string;
}

/** How much there is. */
export interface LedgerSize {
  readonly transactions: number;
  readonly postings: number;
}

export interface CheckQuery {
  readonly name: string;
  /** Rows `place`, `expected`, `actual` of what differs. */
  readonly sql: string;
}

/** Rows of `table` beside the sums of the rows of `from` by the same key; `columns` names the key's columns, `sums` those of `from`. */
const besideSums = (table: string, columns: readonly string[], from: string, sums: readonly string[]): string => {
  const key = columns.join(', ');
  const sum = sums.map((one, at) => `${one} AS ${columns[at]}`).join(', ');
  const place = `CONCAT_WS(' ', 'account', ${key})`;
  return `SELECT ${place} AS place, SUM(computed) AS expected, SUM(kept) AS actual FROM (
      SELECT ${key}, amount_minor AS kept, 0 AS computed FROM ${table}
      UNION ALL SELECT ${sum}, 0, SUM(amount_minor) FROM ${from} GROUP BY ${sums.join(', ')}) both_
    GROUP BY ${key} HAVING SUM(computed) <> SUM(kept) ORDER BY ${key} LIMIT 1`;
};

const BALANCE = ['account_id', 'shard'];

/**
 * Checks that one look at the ledger answers. A look finds something wherever one of its checks does; only then are they made, one by one. So a ledger that is right is read
 * once for several of them, by statements that are cheaper than the single checks. A look may find something where no check does.
 */
export interface CheckGroup {
  /** Statements that give a row where something may be wrong. */
  readonly looks: readonly string[];
  readonly checks: readonly CheckQuery[];
}

/**
 * Each transaction with its postings. The first look reads them in the order of their table, without the accounts, whose search would cost more than all the rest; the
 * others show that the accounts are there and that no transaction has two currencies. One that has is left to the checks.
 * @param size of the ledger as the looks see it: all transactions and all postings have to be found
 */
export const transactionChecks = ({ transactions, postings }: LedgerSize): CheckGroup => ({
  looks: [
    `SELECT 1 FROM (SELECT COUNT(*) AS transactions, COALESCE(SUM(postings), 0) AS postings, SUM(wrong) AS wrong FROM (
       SELECT COUNT(*) AS postings, COUNT(*) < 2 OR SUM(p.amount_minor) <> 0 AS wrong FROM ledger_posting p FORCE INDEX (PRIMARY)
       STRAIGHT_JOIN ledger_transaction t ON t.transaction_id = p.transaction_id AND t.effective_on = p.effective_on AND t.recorded_at = p.recorded_at
       GROUP BY p.transaction_id) one) total
     WHERE wrong > 0 OR transactions <> ${transactions} OR postings <> ${postings}`,
    `SELECT 1 FROM (SELECT DISTINCT account_id FROM ledger_posting FORCE INDEX (ledger_posting_account)) p
     LEFT JOIN ledger_account a ON a.account_id = p.account_id WHERE a.account_id IS NULL LIMIT 1`,
    // Of two currencies one is not that of most accounts: either all postings of a transaction are in it, or there is another.
    `SELECT 1 FROM (SELECT p.transaction_id, COUNT(*) AS postings FROM ledger_account a
       STRAIGHT_JOIN ledger_posting p FORCE INDEX (ledger_posting_account) ON p.account_id = a.account_id
       WHERE a.currency <> (SELECT currency FROM ledger_account GROUP BY currency ORDER BY COUNT(*) DESC LIMIT 1)
       GROUP BY p.transaction_id, a.currency) one
     WHERE postings <> (SELECT COUNT(*) FROM ledger_posting p WHERE p.transaction_id = one.transaction_id) LIMIT 1`,
  ],
  checks: [
    {
      name: 'transactions',
      sql: `SELECT CONCAT('transaction ', t.transaction_id) AS place, 'two postings and more' AS expected, COUNT(p.transaction_id) AS actual
        FROM ledger_transaction t LEFT JOIN ledger_posting p ON p.transaction_id = t.transaction_id
        GROUP BY t.transaction_id HAVING COUNT(p.transaction_id) < 2 ORDER BY t.transaction_id LIMIT 1`,
    },
    {
      name: 'postings',
      sql: `SELECT CONCAT('transaction ', p.transaction_id) AS place, 'its transaction and account, with the same dates' AS expected, 'others' AS actual
        FROM ledger_posting p LEFT JOIN ledger_transaction t ON t.transaction_id = p.transaction_id
          LEFT JOIN ledger_account a ON a.account_id = p.account_id
        WHERE t.transaction_id IS NULL OR a.account_id IS NULL OR t.effective_on <> p.effective_on OR t.recorded_at <> p.recorded_at
        ORDER BY p.transaction_id LIMIT 1`,
    },
    {
      name: 'zero-sums',
      sql: `SELECT CONCAT_WS(' ', 'transaction', p.transaction_id, a.currency) AS place, '0' AS expected, SUM(p.amount_minor) AS actual
        FROM ledger_posting p JOIN ledger_account a ON a.account_id = p.account_id
        GROUP BY p.transaction_id, a.currency HAVING SUM(p.amount_minor) <> 0 ORDER BY p.transaction_id, a.currency LIMIT 1`,
    },
  ],
});

/** The sums of days from the postings, and the balances from the sums of days, which are fewer. A balance of zero may be there without postings. */
export const SUM_CHECKS: CheckGroup = {
  looks: [
    `SELECT 1 FROM (SELECT COUNT(*) AS days, SUM(NOT one.total <=> d.amount_minor) AS wrong FROM (
       SELECT account_id, effective_on, DATE(recorded_at) AS recorded_on, shard, SUM(amount_minor) AS total FROM ledger_posting
       GROUP BY account_id, effective_on, recorded_on, shard) one
       LEFT JOIN ledger_day d ON d.account_id = one.account_id AND d.effective_on = one.effective_on AND d.recorded_on = one.recorded_on AND d.shard = one.shard) total
     WHERE wrong > 0 OR days <> (SELECT COUNT(*) FROM ledger_day)`,
    `SELECT 1 FROM (SELECT SUM(NOT one.total <=> b.amount_minor) AS wrong, COALESCE(SUM(b.amount_minor <> 0), 0) AS moved FROM (
       SELECT account_id, shard, SUM(amount_minor) AS total FROM ledger_day GROUP BY account_id, shard) one
       LEFT JOIN ledger_balance b ON b.account_id = one.account_id AND b.shard = one.shard) total
     WHERE wrong > 0 OR moved <> (SELECT COUNT(*) FROM ledger_balance WHERE amount_minor <> 0)`,
  ],
  checks: [
    { name: 'balances', sql: besideSums('ledger_balance', BALANCE, 'ledger_posting', BALANCE) },
    {
      name: 'days',
      sql: besideSums('ledger_day', ['account_id', 'effective_on', 'recorded_on', 'shard'], 'ledger_posting', [
        ...['account_id', 'effective_on', 'DATE(recorded_at)', 'shard'],
      ]),
    },
  ],
};

export const OTHER_CHECKS: CheckGroup = {
  looks: [],
  checks: [
    {
      name: 'reversals',
      sql: `SELECT CONCAT('transaction ', r.transaction_id) AS place, 'the opposite of what it reverses' AS expected, 'something else' AS actual
        FROM ledger_transaction r LEFT JOIN ledger_posting o ON o.transaction_id = r.reverses_id
          LEFT JOIN ledger_posting p ON p.transaction_id = r.transaction_id AND p.account_id = o.account_id
        WHERE r.reverses_id IS NOT NULL AND (o.transaction_id IS NULL OR p.transaction_id IS NULL OR p.amount_minor <> -o.amount_minor)
        ORDER BY r.transaction_id LIMIT 1`,
    },
    {
      name: 'trial-balance',
      sql: `SELECT COALESCE(a.currency, 'no account') AS place, '0' AS expected, SUM(b.amount_minor) AS actual
        FROM ledger_balance b LEFT JOIN ledger_account a ON a.account_id = b.account_id
        GROUP BY a.currency HAVING SUM(b.amount_minor) <> 0 ORDER BY place LIMIT 1`,
    },
  ],
};

/** By the name of the check; undefined: it finds none. */
export type Differences = ReadonlyMap<string, LedgerDifference | undefined>;

/** The first difference that each check of a group finds. */
export async function findDifferences(db: Db, { looks, checks }: CheckGroup): Promise<Differences> {
  let suspicious = looks.length === 0;
  for (const look of looks) suspicious ||= (await selectArrays(db, look)).length > 0;
  const found = new Map<string, LedgerDifference | undefined>();
  for (const check of checks) found.set(check.name, suspicious ? await firstDifference(db, check) : undefined);
  return found;
}

/** The first place at which a check finds a difference; undefined: there is none. */
export async function firstDifference(db: Db, { sql }: CheckQuery): Promise<LedgerDifference | undefined> {
  const [row] = await select<{ place: string; expected: string | number; actual: string | number }>(db, sql);
  return row && { place: row.place, expected: String(row.expected), actual: String(row.actual) };
}

export async function countLedger(db: Db): Promise<LedgerSize> {
  const [row] = await select<LedgerSize>(
    db,
    'SELECT (SELECT COUNT(*) FROM ledger_transaction) AS transactions, (SELECT COUNT(*) FROM ledger_posting) AS postings',
  );
  return row ?? { transactions: 0, postings: 0 };
}
