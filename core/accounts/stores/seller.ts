/** Sellers. The bank account is encrypted here; callers that need the number decrypt it with the id of its key. */

import { change, type Db, isoTime, orRefusal, type Reading, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import type { SellerStatus, TaxType } from '../rules/seller.js';

export interface StoredBankAccount {
  readonly bankCode: string;
  readonly accountHolder: string;
  /** Encrypted, bound to the seller's id; see `bankAccountPlace`. */
  readonly sealed: string;
  readonly keyId: string;
  /** What may be shown. */
  readonly masked: string;
}

export interface Seller {
  readonly sellerId: string;
  readonly name: string;
  /** Ten digits. */
  readonly businessNumber: string;
  readonly taxType: TaxType;
  /** The account that was approved last; before the first approval, the one given when the seller was made. */
  readonly bankAccount: StoredBankAccount;
  /** Its entry in the history; null: nobody has approved it. */
  readonly bankAccountId: number | null;
  /** Payouts are allowed from this moment (ISO 8601, UTC); null: nobody has approved it. */
  readonly payoutFrom: string | null;
  readonly status: SellerStatus;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type NewSeller = Pick<Seller, 'sellerId' | 'name' | 'businessNumber' | 'taxType' | 'bankAccount'>;

type SellerRow = Omit<Seller, 'bankAccount'> & StoredBankAccount;

const SELECT_SELLER = `SELECT seller_id AS sellerId, name, business_number AS businessNumber, tax_type AS taxType, bank_code AS bankCode,
  account_holder AS accountHolder, bank_account AS sealed, bank_account_masked AS masked, bank_key_id AS keyId, bank_account_id AS bankAccountId,
  payout_from AS payoutFrom, status, version,
  created_at AS createdAt, updated_at AS updatedAt FROM seller`;

const reading: Reading<SellerRow> = {
  payoutFrom: isoTime,
  createdAt: isoTime,
  updatedAt: isoTime,
};

async function selectSellers(db: Db, which: string, params: readonly unknown[]): Promise<Seller[]> {
  const rows = await select(db, `${SELECT_SELLER} ${which}`, params, reading);
  return rows.map(({ bankCode, accountHolder, sealed, keyId, masked, ...seller }) => ({
    ...seller,
    bankAccount: { bankCode, accountHolder, sealed, keyId, masked },
  }));
}

export async function readSeller(db: Db, sellerId: string): Promise<Seller | undefined> {
  return (await selectSellers(db, 'WHERE seller_id = ?', [sellerId]))[0];
}

/** A seller, and whether payouts to its account are allowed now, by the database's clock. */
export async function readPayable(
  db: Db,
  sellerId: string,
): Promise<{ readonly seller: Seller; readonly payable: boolean } | undefined> {
  const seller = await readSeller(db, sellerId);
  if (seller === undefined) return undefined;
  const sql =
    'SELECT seller_id FROM seller WHERE seller_id = ? AND bank_account_id = ? AND payout_from <= UTC_TIMESTAMP(3)';
  const payable = seller.bankAccountId !== null && (await select(db, sql, [sellerId, seller.bankAccountId])).length > 0;
  return { seller, payable };
}

/** Reads sellers, and keeps others from changing them until the commit. */
export const shareSellers = (tx: Tx, sellerIds: readonly string[]): Promise<Seller[]> =>
  sellerIds.length === 0
    ? Promise.resolve([])
    : selectSellers(tx, 'WHERE seller_id IN (?) ORDER BY seller_id LOCK IN SHARE MODE', [sellerIds]);

/** What payouts have to know about a seller. */
export interface PayableSeller {
  readonly sellerId: string;
  readonly status: SellerStatus;
  /** The entry of its bank accounts to which payouts are allowed now, by the database's clock; null: there is none, or it still waits. */
  readonly bankAccountId: number | null;
}

/** The same for many sellers; those that are not registered are missing. */
export async function readPayableSellers(db: Db, sellerIds: readonly string[]): Promise<Map<string, PayableSeller>> {
  if (sellerIds.length === 0) return new Map();
  const rows = await select<PayableSeller>(
    db,
    `SELECT seller_id AS sellerId, status, IF(payout_from <= UTC_TIMESTAMP(3), bank_account_id, NULL) AS bankAccountId
     FROM seller WHERE seller_id IN (?)`,
    [sellerIds],
  );
  return new Map(rows.map((row) => [row.sellerId, row]));
}

/** Reads a seller and keeps others from changing it until the commit. */
export async function lockSeller(tx: Tx, sellerId: string): Promise<Seller | undefined> {
  return (await selectSellers(tx, 'WHERE seller_id = ? FOR UPDATE', [sellerId]))[0];
}

/** @returns SELLER_EXISTS when the id is taken */
export async function insertSeller(tx: Db, made: NewSeller): Promise<Refusal | undefined> {
  const { sellerId, bankAccount } = made;
  const inserted = change(
    tx,
    `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked,
       bank_key_id, status, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ACTIVE', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      sellerId,
      made.name,
      made.businessNumber,
      made.taxType,
      bankAccount.bankCode,
      bankAccount.accountHolder,
      bankAccount.sealed,
      bankAccount.masked,
      bankAccount.keyId,
    ],
  );
  const outcome = await orRefusal(inserted, refuse('SELLER_EXISTS', { sellerId }));
  return isRefusal(outcome) ? outcome : undefined;
}

/** Writes a seller that the caller has locked, and gives it the next version. Its bank account is changed by an approval alone. */
export async function updateSeller(tx: Tx, changed: Seller): Promise<void> {
  await change(
    tx,
    `UPDATE seller SET name = ?, business_number = ?, tax_type = ?, status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE seller_id = ?`,
    [changed.name, changed.businessNumber, changed.taxType, changed.status, changed.sellerId],
  );
}

export interface SellerFilter {
  readonly status?: SellerStatus | undefined;
  /** Only this seller: a seller's account sees no other. */
  readonly only?: string | undefined;
  /** The id of the last row of the previous page. */
  readonly after?: string | undefined;
}

/** Sellers by id, read by key. */
export async function listSellers(db: Db, { status, only, after }: SellerFilter, limit: number): Promise<Seller[]> {
  const conditions = [
    ['status = ?', status],
    ['seller_id = ?', only],
    ['seller_id > ?', after],
  ].filter(([, value]) => value !== undefined);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  return selectSellers(db, `${where} ORDER BY seller_id LIMIT ?`, [...conditions.map(([, value]) => value), limit]);
}
