/** What may be shown of the bank account that a payout goes to. */
import type { Db } from '../../infra/database.js';
import { readBankAccount } from '../accounts/stores/seller-bank-account.js';
import type { Payout } from './stores/payout.js';

export interface MaskedAccount {
  readonly bankCode: string;
  readonly accountHolder: string;
  readonly accountNumberMasked: string;
}

/** Null: there is no such account any more. */
export async function maskedAccountOf(
  db: Db,
  { sellerId, bankAccountId }: Pick<Payout, 'sellerId' | 'bankAccountId'>,
): Promise<MaskedAccount | null> {
  const account = await readBankAccount(db, sellerId, bankAccountId);
  if (account === undefined) return null;
  const { bankCode, accountHolder, masked: accountNumberMasked } = account;
  return { bankCode, accountHolder, accountNumberMasked };
}
