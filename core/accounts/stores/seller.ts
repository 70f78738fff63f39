/** Sellers. The bank account comes and goes encrypted; whoever needs it in the clear decrypts it with the id of its key. */

import { type Cell, change, type Db, isDuplicateKey, isoTime, select, type Tx } from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
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
  readonly bankAccount: StoredBankAccount;
  readonly status: SellerStatus;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type NewSeller = Pick<Seller, 'sellerId' | 'name' | 'businessNumber' | 'taxType' | 'bankAccount'>;

const SELECT_SELLER = `SELECT seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked,
  bank_key_id, status, version, created_at, updated_at FROM seller`;

const seller = (row: Record<string, Cell>): Seller => ({
  sellerId: String(row.seller_id),
  name: String(row.name),
  businessNumber: String(row.business_number),
  taxType: row.tax_type as TaxType,
  bankAccount: {
    bankCode: String(row.bank_code),
    accountHolder: String(row.account_holder),
    sealed: String(row.bank_account),
    keyId: String(row.bank_key_id),
    masked: String(row.bank_account_masked),
  },
  status: row.status as SellerStatus,
  version: Number(row.version),
  createdAt: isoTime(String(row.created_at)),
  updatedAt: isoTime(String(row.updated_at)),
});

export async function readSeller(db: Db, sellerId: string): Promise<Seller | undefined> {
  const rows = await select<Record<string, Cell>>(db, `${SELECT_SELLER} WHERE seller_id = ?`, [sellerId]);
  return rows.map(seller)[0];
}

/** Reads a seller and keeps others from changing it until the commit. */
export async function lockSeller(tx: Tx, sellerId: string): Promise<Seller | undefined> {
  const rows = await select<Record<string, Cell>>(tx, `${SELECT_SELLER} WHERE seller_id = ? FOR UPDATE`, [sellerId]);
  return rows.map(seller)[0];
}

/** @returns SELLER_EXISTS when the id is taken */
export async function insertSeller(tx: Db, made: NewSeller): Promise<Refusal | undefined> {
  const { bankAccount } = made;
  try {
    await change(
      tx,
      `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked,
         bank_key_id, status, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ACTIVE', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [
        made.sellerId,
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
    return undefined;
  } catch (error) {
    if (isDuplicateKey(error)) return refuse('SELLER_EXISTS', { sellerId: made.sellerId });
    throw error;
  }
}

/** Writes a seller that the caller has locked, and gives it the next version. */
export async function updateSeller(tx: Tx, changed: Seller): Promise<void> {
  const { bankAccount } = changed;
  await change(
    tx,
    `UPDATE seller SET name = ?, business_number = ?, tax_type = ?, bank_code = ?, account_holder = ?, bank_account = ?,
       bank_account_masked = ?, bank_key_id = ?, status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE seller_id = ?`,
    [
      changed.name,
      changed.businessNumber,
      changed.taxType,
      bankAccount.bankCode,
      bankAccount.accountHolder,
      bankAccount.sealed,
      bankAccount.masked,
      bankAccount.keyId,
      changed.status,
      changed.sellerId,
    ],
  );
}

export interface SellerFilter {
  readonly status?: SellerStatus | undefined;
  /** Only this one: a seller's account sees no other. */
  readonly only?: string | undefined;
  /** The id of the last row of the page before. */
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
  const rows = await select<Record<string, Cell>>(db, `${SELECT_SELLER} ${where} ORDER BY seller_id LIMIT ?`, [
    ...conditions.map(([, value]) => value),
    limit,
  ]);
  return rows.map(seller);
}
