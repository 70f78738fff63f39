/** Bank accounts of sellers at rest. */
import { createHmac } from 'node:crypto';
import { decrypt, encrypt } from '../../infra/encryption.js';
import type { EncryptedColumn } from '../../infra/key-rotation.js';
import { maskBankAccount } from './rules/seller.js';
import type { StoredBankAccount } from './stores/seller.js';

/** The place that a ciphertext is bound to, so that it cannot be copied to another seller's row. */
const placeOf = (sellerId: string): string => `seller.bank_account:${sellerId}`;

const column = { sealed: 'bank_account', keyId: 'bank_key_id', boundBy: 'seller_id', placeOf };

/** Those that sellers are paid to. */
export const BANK_ACCOUNTS: EncryptedColumn = {
  name: 'bank accounts',
  table: 'seller',
  primaryKey: 'seller_id',
  ...column,
};

/** All current and former accounts of sellers, and the proposed ones. */
export const BANK_ACCOUNT_HISTORY: EncryptedColumn = {
  name: 'history of bank accounts',
  table: 'seller_bank_account',
  primaryKey: 'bank_account_id',
  ...column,
};

export interface BankAccount {
  readonly bankCode: string;
  readonly accountHolder: string;
  /** Digits alone. */
  readonly accountNumber: string;
}

/** A bank account as the seller's row holds it. */
export function sealBankAccount(key: Buffer, sellerId: string, account: BankAccount): StoredBankAccount {
  const { bankCode, accountHolder, accountNumber } = account;
  return {
    bankCode,
    accountHolder,
    ...encrypt(key, accountNumber, placeOf(sellerId)),
    masked: maskBankAccount(accountNumber),
  };
}

/**
 * A fingerprint of a seller's account, which does not reveal its number: two numbers with the same last digits differ here, and so do two banks or holders. It
 * is keyed, because all numbers could be tried otherwise, and bound to the seller. The first key is the current one and makes the fingerprint; the others are
 * former ones. Null when the stored number cannot be read under any of them.
 */
export function bankAccountFingerprint(
  keys: readonly [Buffer, ...Buffer[]],
  sellerId: string,
  stored: StoredBankAccount,
): string | null {
  try {
    const number = openBankAccount(keys, sellerId, stored);
    return createHmac('sha256', keys[0])
      .update(`magam bank account\0${sellerId}\0${number}\0${stored.bankCode}\0${stored.accountHolder}`)
      .digest('hex')
      .slice(0, 16);
  } catch {
    return null;
  }
}

/** The number in clear text, for payouts and never for an answer. `keys`: the current one and former ones. Throws when the row was tampered with. */
export const openBankAccount = (keys: readonly Buffer[], sellerId: string, stored: StoredBankAccount): string =>
  decrypt(keys, stored, placeOf(sellerId));
