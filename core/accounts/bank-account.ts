/** Bank accounts of sellers at rest. */

import { decrypt, encrypt } from '../../infra/encryption.js';
import { maskBankAccount } from './rules/seller.js';
import type { StoredBankAccount } from './stores/seller.js';

/** The place that a ciphertext is bound to: another seller's row cannot take it over. */
const placeOf = (sellerId: string): string => `seller.bank_account:${sellerId}`;

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

/** The number in the clear, for paying out: never for an answer. `keys`: today's and former ones. Throws when the row was tampered with. */
export const openBankAccount = (keys: readonly Buffer[], sellerId: string, stored: StoredBankAccount): string =>
  decrypt(keys, stored, placeOf(sellerId));
