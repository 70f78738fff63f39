/** The accounts SELLER_PAYABLE with the last period of their statements: statements are closed by these accounts. */
import { change, type Db, select, selectArrays, type Tx } from '../../../infra/database.js';
import { insertRows } from '../../../infra/stores/row-writer.js';
import type { PayableAccount } from '../rules/open-account.js';

const PAYABLE = `SELECT a.account_id AS accountId, a.owner AS sellerId, a.currency, m.closed_through AS closedThrough,
   COALESCE(m.open_since, a.opened_at) AS openSince, m.terms_missing_on AS termsMissingOn
   FROM ledger_account a LEFT JOIN statement_account m ON m.account_id = a.account_id WHERE a.kind = 'SELLER_PAYABLE'`;

/** The next accounts with ids in (after, through]. */
export const readPayablePage = (db: Db, after: number, through: number, rowsMax: number): Promise<PayableAccount[]> =>
  select(db, `${PAYABLE} AND a.account_id > ? AND a.account_id <= ? ORDER BY a.account_id LIMIT ?`, [
    after,
    through,
    rowsMax,
  ]);

export const readPayables = (db: Db, accountIds: readonly number[]): Promise<PayableAccount[]> =>
  accountIds.length === 0
    ? Promise.resolve([])
    : select(db, `${PAYABLE} AND a.account_id IN (?) ORDER BY a.account_id`, [accountIds]);

export const readPayablesOf = (db: Db, sellerId: string): Promise<PayableAccount[]> =>
  select(db, `${PAYABLE} AND a.owner = ? ORDER BY a.account_id`, [sellerId]);

/** The ids of all of them, in order. */
export const readPayableIds = async (db: Db): Promise<number[]> =>
  (
    await selectArrays(db, "SELECT account_id FROM ledger_account WHERE kind = 'SELLER_PAYABLE' ORDER BY account_id")
  ).map(([id]) => Number(id));

/** Makes rows of balances that are missing, so that there is something to lock. */
export async function ensureBalances(tx: Tx, accountIds: readonly number[]): Promise<void> {
  if (accountIds.length === 0) return;
  await change(
    tx,
    `INSERT INTO ledger_balance (account_id, shard, amount_minor) VALUES ${accountIds.map(() => '(?, 0, 0)').join(', ')}
     ON DUPLICATE KEY UPDATE amount_minor = amount_minor`,
    accountIds,
  );
}

export interface AccountMark {
  readonly accountId: number;
  readonly closedThrough: string | null;
  readonly openSince: string;
  readonly termsMissingOn: string | null;
}

/** Records the last closed period of accounts. */
export async function writeMarks(tx: Tx, marks: readonly AccountMark[]): Promise<void> {
  await insertRows(
    tx,
    'statement_account (account_id, closed_through, open_since, terms_missing_on)',
    marks.map((mark) => [mark.accountId, mark.closedThrough, mark.openSince, mark.termsMissingOn]),
    {
      onDuplicate:
        'ON DUPLICATE KEY UPDATE closed_through = VALUES(closed_through), open_since = VALUES(open_since), terms_missing_on = VALUES(terms_missing_on)',
    },
  );
}

export interface WithoutTerms {
  readonly sellers: number;
  /** The first of them. */
  readonly names: readonly string[];
}

const NAMES = 5;

/** Sellers with open items for a day on which they have no terms. */
export async function readWithoutTerms(db: Db): Promise<WithoutTerms> {
  const marked = `FROM statement_account m FORCE INDEX (statement_account_terms) JOIN ledger_account a ON a.account_id = m.account_id WHERE m.terms_missing_on IS NOT NULL`;
  const [row] = await select<{ sellers: number }>(db, `SELECT COUNT(DISTINCT a.owner) AS sellers ${marked}`);
  const names = await select<{ owner: string }>(
    db,
    `SELECT DISTINCT a.owner ${marked} ORDER BY a.owner LIMIT ${NAMES}`,
  );
  return { sellers: row?.sellers ?? 0, names: names.map(({ owner }) => owner) };
}

/** Accounts with items for which there were no terms, by id. */
export const readMissingTerms = (db: Db, rowsMax: number): Promise<PayableAccount[]> =>
  select(db, `${PAYABLE} AND m.terms_missing_on IS NOT NULL ORDER BY a.account_id LIMIT ?`, [rowsMax]);

/** The next accounts that are not closed through a date and of which nobody has noted that terms are missing, by id. */
export const readBehind = (db: Db, through: string, after: number, rowsMax: number): Promise<PayableAccount[]> =>
  select(
    db,
    `${PAYABLE} AND a.account_id > ? AND (m.closed_through IS NULL OR m.closed_through < ?) AND m.terms_missing_on IS NULL
     ORDER BY a.account_id LIMIT ?`,
    [after, through, rowsMax],
  );
