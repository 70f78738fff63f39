/** The parts of a payout's bank account that may be shown. */
import type { Db } from '../../infra/database.js';
import { readBankAccount } from '../accounts/stores/seller-bank-account.js';
import type { Payout } from './stores/payout.js';

export interface MaskedAccount {
  readonly bankCode: string;
  readonly accountHolder: string;
  readonly accountNumberMasked: string;
}

/** Null: the account does not exist any more. */
export async function maskedAccountOf(
  db: Db,
  { sellerId, bankAccountId }: Pick<Payout, 'sellerId' | 'bankAccountId'>,
): Promise<MaskedAccount | null> {
  const account = await readBankAccount(db, sellerId, bankAccountId);
  if (account === undefined) return null;
  const { bankCode, accountHolder, masked: accountNumberMasked } = account;
  return { bankCode, accountHolder, accountNumberMasked };
}
