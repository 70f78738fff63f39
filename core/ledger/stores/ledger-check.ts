/** Adds up the ledger again from its postings, and finds the first place with another figure. */
import { type Db, select } from '../../../infra/database.js';

/** A place where two figures differ. */
export interface LedgerDifference {
  readonly place: string;
  readonly expected: string;
  readonly actual: string;
}

interface CheckQuery {
  readonly name: string;
  /** Rows `place`, `expected`, `actual` of what differs. */
  readonly sql: string;
}

/** Rows of `table` beside the sums of the postings by the same key; `of` names the key's columns, `sum` those of the postings. */
const besideSums = (table: string, columns: readonly string[], sums: readonly string[]): string => {
  const key = columns.join(', ');
  const sum = sums.map((one, at) => `${one} AS ${columns[at]}`).join(', ');
  const place = `CONCAT_WS(' ', 'account', ${key})`;
  return `SELECT ${place} AS place, SUM(computed) AS expected, SUM(kept) AS actual FROM (
      SELECT ${key}, amount_minor AS kept, 0 AS computed FROM ${table}
      UNION ALL SELECT ${sum}, 0, SUM(amount_minor) FROM ledger_posting GROUP BY ${sums.join(', ')}) both_
    GROUP BY ${key} HAVING SUM(computed) <> SUM(kept) ORDER BY ${key} LIMIT 1`;
};

/** The checks, in the order in which they are reported. */
export const CHECKS: readonly CheckQuery[] = [
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
  { name: 'balances', sql: besideSums('ledger_balance', ['account_id', 'shard'], ['account_id', 'shard']) },
  {
    name: 'days',
    sql: besideSums(
      'ledger_day',
      ['account_id', 'effective_on', 'recorded_on', 'shard'],
      ['account_id', 'effective_on', 'DATE(recorded_at)', 'shard'],
    ),
  },
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
];

/** The first place at which a check finds a difference; undefined: there is none. */
export async function firstDifference(db: Db, { sql }: CheckQuery): Promise<LedgerDifference | undefined> {
  const [row] = await select<{ place: string; expected: string | number; actual: string | number }>(db, sql);
  return row && { place: row.place, expected: String(row.expected), actual: String(row.actual) };
}

/** The size of the ledger. */
export async function countLedger(db: Db): Promise<{ readonly transactions: number; readonly postings: number }> {
  const [row] = await select<{ transactions: number; postings: number }>(
    db,
    'SELECT (SELECT COUNT(*) FROM ledger_transaction) AS transactions, (SELECT COUNT(*) FROM ledger_posting) AS postings',
  );
  return row ?? { transactions: 0, postings: 0 };
}
