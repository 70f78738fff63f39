/** What proposals read: pages of the accounts of what sellers are owed, and what is known of each of them. Amounts are minor units. */
import { type Db, select } from '../../../infra/database.js';
import { CLAIMING } from '../rules/transitions.js';

export interface PayableAccount {
  /** Of the ledger: the seller's SELLER_PAYABLE in the currency. */
  readonly accountId: number;
  readonly sellerId: string;
  readonly currency: string;
}

const ACCOUNT = `a.account_id AS accountId, a.owner AS sellerId, a.currency FROM ledger_account a`;

/** The next accounts with ids in (after, through]. */
export const readPayablePage = (db: Db, after: number, through: number, rowsMax: number): Promise<PayableAccount[]> =>
  select(
    db,
    `SELECT ${ACCOUNT} FORCE INDEX (PRIMARY)
     WHERE a.account_id > ? AND a.account_id <= ? AND a.kind = 'SELLER_PAYABLE' ORDER BY a.account_id LIMIT ?`,
    [after, through, rowsMax],
  );

/** The accounts of sellers, one for each currency, by id. */
export const readPayableAccountsOf = (db: Db, sellerIds: readonly string[]): Promise<PayableAccount[]> =>
  sellerIds.length === 0
    ? Promise.resolve([])
    : select(db, `SELECT ${ACCOUNT} WHERE a.kind = 'SELLER_PAYABLE' AND a.owner IN (?) ORDER BY a.account_id`, [
        sellerIds,
      ]);

/** Ids that divide all accounts of the kind into so many ranges of about the same number: the last id of each range, and how many it holds. */
export async function divideAccounts(
  db: Db,
  ranges: number,
): Promise<{ readonly through: number; readonly accounts: number }[]> {
  const rows = await select<{ through: number; accounts: number }>(
    db,
    `SELECT MAX(account_id) AS through, COUNT(*) AS accounts FROM (
       SELECT account_id, NTILE(?) OVER (ORDER BY account_id) AS share FROM ledger_account WHERE kind = 'SELLER_PAYABLE') divided
     GROUP BY share ORDER BY through`,
    [ranges],
  );
  return rows.map(({ through, accounts }) => ({ through: Number(through), accounts: Number(accounts) }));
}

export interface UnclaimedStatement {
  readonly accountId: number;
  readonly statementId: number;
  readonly number: number;
  readonly periodFrom: string;
  readonly closesOn: string;
  /** Business date. */
  readonly payoutOn: string;
  readonly earnedMinor: bigint;
  readonly hash: string;
}

/** The issued statements of these accounts that no payout has claimed, by account and number. */
export async function readUnclaimed(db: Db, accountIds: readonly number[]): Promise<UnclaimedStatement[]> {
  if (accountIds.length === 0) return [];
  const rows = await select<Omit<UnclaimedStatement, 'earnedMinor'> & { readonly earned: string }>(
    db,
    `SELECT a.account_id AS accountId, s.statement_id AS statementId, s.number, s.period_from AS periodFrom, s.closes_on AS closesOn,
       s.payout_on AS payoutOn, s.earned_minor AS earned, s.hash
     FROM ledger_account a STRAIGHT_JOIN statement s FORCE INDEX (statement_unpaid)
       ON s.seller_id = a.owner AND s.currency = a.currency AND s.status = 'ISSUED'
     LEFT JOIN payout_statement c ON c.claimed_id = s.statement_id
     WHERE a.account_id IN (?) AND c.payout_id IS NULL ORDER BY a.account_id, s.number`,
    [accountIds],
  );
  return rows.map(({ earned, ...row }) => ({ ...row, earnedMinor: BigInt(earned) }));
}

/** What payouts have claimed of these accounts and not sent, or got back. */
export async function readClaimed(db: Db, accountIds: readonly number[]): Promise<Map<number, bigint>> {
  if (accountIds.length === 0) return new Map();
  const rows = await select<{ accountId: number; claimed: string }>(
    db,
    `SELECT a.account_id AS accountId, SUM(p.amount_minor) AS claimed
     FROM ledger_account a STRAIGHT_JOIN payout p FORCE INDEX (payout_claimed)
       ON p.seller_id = a.owner AND p.currency = a.currency AND p.status IN (?)
     WHERE a.account_id IN (?) GROUP BY a.account_id`,
    [CLAIMING, accountIds],
  );
  return new Map(rows.map(({ accountId, claimed }) => [accountId, BigInt(claimed)]));
}
