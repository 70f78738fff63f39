/**
 * The history of every seller's bank accounts: former, current and proposed ones. The clock is the database's.
 *
 * The row of the seller names the current entry (`seller.bank_account_id`) and repeats its bank, holder and number. The seller's row is locked
 * while money is released, and every read of a seller shows its account masked; so neither needs a join. Payouts and files name an entry of this history,
 * because an account in it never changes. An approval writes both in one transaction (`approveBankAccount`).
 */
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { StoredBankAccount } from './seller.js';

export const BANK_ACCOUNT_STATUSES = ['PROPOSED', 'CURRENT', 'FORMER', 'WITHDRAWN', 'REPLACED'] as const;
type BankAccountStatus = (typeof BANK_ACCOUNT_STATUSES)[number];

export interface BankAccountRecord extends StoredBankAccount {
  readonly bankAccountId: number;
  readonly sellerId: string;
  readonly status: BankAccountStatus;
  /** Account ids; null: the entry is older than this history, or belongs to the sample. */
  readonly proposedBy: number | null;
  /** Who had given the proposer the role or a password when it was proposed. */
  readonly proposerAccessFrom: number | null;
  readonly decidedBy: number | null;
  /** ISO 8601, UTC. */
  readonly proposedAt: string;
  readonly decidedAt: string | null;
  /** Payouts are allowed from this moment; null where it was never approved. */
  readonly payoutFrom: string | null;
}

const SELECT_BANK_ACCOUNT = `SELECT bank_account_id AS bankAccountId, seller_id AS sellerId, bank_code AS bankCode, account_holder AS accountHolder,
  bank_account AS sealed, bank_account_masked AS masked, bank_key_id AS keyId, status, proposed_by AS proposedBy, proposer_access_from AS proposerAccessFrom, decided_by AS decidedBy,
  proposed_at AS proposedAt, decided_at AS decidedAt, payout_from AS payoutFrom FROM seller_bank_account`;

const reading: Reading<BankAccountRecord> = { proposedAt: isoTime, decidedAt: isoTime, payoutFrom: isoTime };

/** @returns its id, or BANK_ACCOUNT_PROPOSED where the seller has an open proposal */
export async function insertBankAccount(
  tx: Tx,
  sellerId: string,
  account: StoredBankAccount,
  proposedBy: number | null,
): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    `INSERT INTO seller_bank_account (seller_id, open_seller_id, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id,
       status, proposed_by, proposer_access_from, proposed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'PROPOSED', ?, (SELECT access_given_by FROM account WHERE account_id = ?), UTC_TIMESTAMP(3))`,
    [
      sellerId,
      sellerId,
      account.bankCode,
      account.accountHolder,
      account.sealed,
      account.masked,
      account.keyId,
      proposedBy,
      proposedBy,
    ],
  );
  return orRefusal(inserted, refuse('BANK_ACCOUNT_PROPOSED', { sellerId }));
}

export async function readBankAccount(
  db: Db,
  sellerId: string,
  bankAccountId: number,
): Promise<BankAccountRecord | undefined> {
  const which = 'WHERE seller_id = ? AND bank_account_id = ?';
  return (await select(db, `${SELECT_BANK_ACCOUNT} ${which}`, [sellerId, bankAccountId], reading))[0];
}

/** The accounts of a seller, newest first, read by key. */
export async function listBankAccounts(
  db: Db,
  sellerId: string,
  before: number | undefined,
  limit: number,
): Promise<BankAccountRecord[]> {
  const further = before === undefined ? '' : 'AND bank_account_id < ?';
  return select(
    db,
    `${SELECT_BANK_ACCOUNT} WHERE seller_id = ? ${further} ORDER BY bank_account_id DESC LIMIT ?`,
    [sellerId, ...(before === undefined ? [] : [before]), limit],
    reading,
  );
}

/** Proposals that wait for a second person, the oldest first. */
export const listOpenProposals = (db: Db): Promise<BankAccountRecord[]> =>
  select(
    db,
    `${SELECT_BANK_ACCOUNT} FORCE INDEX (seller_bank_account_open) WHERE open_seller_id IS NOT NULL ORDER BY bank_account_id LIMIT 1000`,
    [],
    reading,
  );

/** Ends the open proposal of a seller that the caller has locked. Returns how many there were. */
export async function endProposal(
  tx: Tx,
  sellerId: string,
  status: 'WITHDRAWN' | 'REPLACED',
  decidedBy: number | null,
): Promise<number> {
  return change(
    tx,
    `UPDATE seller_bank_account SET status = ?, open_seller_id = NULL, decided_by = ?, decided_at = UTC_TIMESTAMP(3)
     WHERE open_seller_id = ? AND status = 'PROPOSED'`,
    [status, decidedBy, sellerId],
  );
}

/** Makes the open proposal the seller's payout account, with the first payout after this many hours. The caller has locked the seller. */
export async function approveBankAccount(
  tx: Tx,
  { sellerId, bankAccountId }: Pick<BankAccountRecord, 'sellerId' | 'bankAccountId'>,
  decidedBy: number | null,
  holdHours: number,
): Promise<void> {
  await change(tx, `UPDATE seller_bank_account SET status = 'FORMER' WHERE seller_id = ? AND status = 'CURRENT'`, [
    sellerId,
  ]);
  await change(
    tx,
    `UPDATE seller_bank_account SET status = 'CURRENT', open_seller_id = NULL, decided_by = ?, decided_at = UTC_TIMESTAMP(3),
       payout_from = UTC_TIMESTAMP(3) + INTERVAL ? HOUR WHERE seller_id = ? AND bank_account_id = ? AND status = 'PROPOSED'`,
    [decidedBy, holdHours, sellerId, bankAccountId],
  );
  await change(
    tx,
    `UPDATE seller s JOIN seller_bank_account h ON h.bank_account_id = ? AND h.seller_id = s.seller_id AND h.status = 'CURRENT'
     SET s.bank_account_id = h.bank_account_id, s.payout_from = h.payout_from, s.bank_code = h.bank_code, s.account_holder = h.account_holder,
       s.bank_account = h.bank_account, s.bank_account_masked = h.bank_account_masked, s.bank_key_id = h.bank_key_id,
       s.version = s.version + 1, s.updated_at = UTC_TIMESTAMP(3)
     WHERE s.seller_id = ?`,
    [bankAccountId, sellerId],
  );
}
