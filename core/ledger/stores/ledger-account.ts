/** Accounts of the ledger. Posting shares their rows, so that none is closed meanwhile. */
import { change, type Db, isoTime, type Reading, select, type Tx, withRetries } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { type AccountKind, type AccountRef, accountName } from '../rules/accounts.js';

export interface LedgerAccount extends AccountRef {
  readonly accountId: number;
  /** ISO 8601, UTC. */
  readonly openedAt: string;
  readonly closedAt: string | null;
}

const ACCOUNT =
  'a.account_id AS accountId, a.kind, a.owner, a.currency, a.opened_at AS openedAt, a.closed_at AS closedAt';
const reading: Reading<LedgerAccount> = { openedAt: isoTime, closedAt: isoTime };

/** Those of the accounts that exist, by `accountName`, shared until the commit. */
export async function shareAccounts(tx: Tx, wanted: readonly AccountRef[]): Promise<Map<string, LedgerAccount>> {
  const rows = await select<LedgerAccount>(
    tx,
    `SELECT ${ACCOUNT} FROM ledger_account a FORCE INDEX (ledger_account_key)
     WHERE (a.kind, a.owner, a.currency) IN (${wanted.map(() => '(?, ?, ?)').join(', ')}) LOCK IN SHARE MODE`,
    wanted.flatMap(({ kind, owner, currency }) => [kind, owner, currency]),
    reading,
  );
  return new Map(rows.map((row) => [accountName(row), row]));
}

/** Tries of opening accounts while others open the same ones. */
const TRIES = 12;

/**
 * Runs an INSERT of accounts that are missing, again after a duplicate key: somebody has opened one of them meanwhile, and the next try leaves it out.
 *
 * Such an INSERT must not say ON DUPLICATE KEY UPDATE. With innodb_autoinc_lock_mode = 2 MariaDB 10.11 gives the same new id to two of these statements, now and then, when they run at
 * once and meet duplicates (found in SHOW ENGINE INNODB STATUS: one waits for the PRIMARY key that the other has just inserted). The second one takes the row of the other's account
 * for its duplicate and updates that. So it succeeds, and its own account is not there.
 */
export const openingMissing = (open: () => Promise<unknown>): Promise<unknown> =>
  withRetries(open, { passes: isDuplicateKey, tries: TRIES });

/** Opens those of the accounts that are missing. */
export async function openAccounts(tx: Tx, wanted: readonly AccountRef[]): Promise<void> {
  await openingMissing(async () => {
    const there = await shareAccounts(tx, wanted);
    const missing = wanted.filter((one) => !there.has(accountName(one)));
    if (missing.length === 0) return;
    await change(
      tx,
      `INSERT INTO ledger_account (kind, owner, currency, opened_at) VALUES ${missing.map(() => '(?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
      missing.flatMap(({ kind, owner, currency }) => [kind, owner, currency]),
    );
  });
}

/** These accounts by `accountName`, shared until the commit. Those that are missing are opened. */
export async function openAndShareAccounts(tx: Tx, wanted: readonly AccountRef[]): Promise<Map<string, LedgerAccount>> {
  if (wanted.length === 0) return new Map();
  const there = await shareAccounts(tx, wanted);
  const missing = wanted.filter((one) => !there.has(accountName(one)));
  if (missing.length === 0) return there;
  await openAccounts(tx, missing);
  return shareAccounts(tx, wanted);
}

export async function readAccount(db: Db, accountId: number): Promise<LedgerAccount | undefined> {
  return (await select(db, `SELECT ${ACCOUNT} FROM ledger_account a WHERE a.account_id = ?`, [accountId], reading))[0];
}

/** An account, locked until the commit: nobody posts to it. */
export async function lockAccount(tx: Tx, accountId: number): Promise<LedgerAccount | undefined> {
  const sql = `SELECT ${ACCOUNT} FROM ledger_account a WHERE a.account_id = ? FOR UPDATE`;
  return (await select(tx, sql, [accountId], reading))[0];
}

/** Closes an account, or opens it again. */
export async function setClosed(tx: Tx, accountId: number, closed: boolean): Promise<void> {
  const sql = 'UPDATE ledger_account SET closed_at = IF(?, UTC_TIMESTAMP(3), NULL) WHERE account_id = ?';
  await change(tx, sql, [closed ? 1 : 0, accountId]);
}

export interface AccountFilter {
  readonly kind?: AccountKind | undefined;
  readonly owner?: string | undefined;
  readonly currency?: string | undefined;
}

/** Accounts by id, read by key. */
export const listAccounts = (
  db: Db,
  { kind, owner, currency }: AccountFilter,
  after: number,
  rowsMax: number,
): Promise<LedgerAccount[]> => {
  const filters = Object.entries({ kind, owner, currency }).filter(([, value]) => value !== undefined);
  const where = ['a.account_id > ?', ...filters.map(([column]) => `a.${column} = ?`)].join(' AND ');
  const params = [after, ...filters.map(([, value]) => value), rowsMax];
  return select(
    db,
    `SELECT ${ACCOUNT} FROM ledger_account a WHERE ${where} ORDER BY a.account_id LIMIT ?`,
    params,
    reading,
  );
};
