/** Reads for proposals: pages of the accounts that hold what sellers are owed, with the data of each. Amounts are minor units. */
import { type Db, select } from '../../../infra/database.js';
import { CLAIMING } from '../rules/transitions.js';

export interface PayableAccount {
  /** Of the ledger: the seller's SELLER_PAYABLE in the currency. */
  readonly accountId: number;
  readonly sellerId: string;
  readonly currency: string;
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
  return select<UnclaimedStatement>(
    db,
    `SELECT a.account_id AS accountId, s.statement_id AS statementId, s.number, s.period_from AS periodFrom, s.closes_on AS closesOn,
       s.payout_on AS payoutOn, s.earned_minor AS earnedMinor, s.hash
     FROM ledger_account a STRAIGHT_JOIN statement s FORCE INDEX (statement_unpaid)
       ON s.seller_id = a.owner AND s.currency = a.currency AND s.status = 'ISSUED'
     LEFT JOIN payout_statement c ON c.claimed_id = s.statement_id
     WHERE a.account_id IN (?) AND c.payout_id IS NULL ORDER BY a.account_id, s.number`,
    [accountIds],
    { earnedMinor: BigInt },
  );
}

/** The amounts of these accounts that payouts have claimed and not sent, or got back. */
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
