/** The account that a seller may be paid to at this moment. Payouts read nothing else. */
import type { Db, Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { readPayable, readPayableSellers, type StoredBankAccount, shareSellers } from './stores/seller.js';

export interface PayableBankAccount extends StoredBankAccount {
  /** The entry of the history, for the payout to name. */
  readonly bankAccountId: number;
}

/** The same for a transaction that releases money. */
export interface SharedBankAccount extends PayableBankAccount {
  /** The seller is suspended by the platform. */
  readonly suspended: boolean;
}

/** @returns SELLER_NOT_FOUND; BANK_ACCOUNT_WAITING while no second person has approved it (`payoutFrom` is null) or its waiting time is not over */
export async function payableBankAccount(db: Db, sellerId: string): Promise<PayableBankAccount | Refusal> {
  const found = await readPayable(db, sellerId);
  if (found === undefined) return refuse('SELLER_NOT_FOUND');
  const { seller, payable } = found;
  const { bankAccountId, payoutFrom, bankAccount } = seller;
  if (!payable || bankAccountId === null) return refuse('BANK_ACCOUNT_WAITING', { sellerId, payoutFrom });
  return { ...bankAccount, bankAccountId };
}

/**
 * The same for many sellers, for a transaction that releases money: until it commits nobody changes or suspends them. Sellers that are not registered have
 * SELLER_NOT_FOUND.
 */
export async function sharePayableBankAccounts(
  tx: Tx,
  sellerIds: readonly string[],
): Promise<(sellerId: string) => SharedBankAccount | Refusal> {
  const sellers = new Map((await shareSellers(tx, sellerIds)).map((seller) => [seller.sellerId, seller]));
  const payable = await readPayableSellers(tx, sellerIds);
  return (sellerId) => {
    const seller = sellers.get(sellerId);
    if (seller === undefined) return refuse('SELLER_NOT_FOUND', { sellerId });
    const bankAccountId = payable.get(sellerId)?.bankAccountId ?? null;
    if (bankAccountId === null) return refuse('BANK_ACCOUNT_WAITING', { sellerId, payoutFrom: seller.payoutFrom });
    return { ...seller.bankAccount, bankAccountId, suspended: seller.status === 'SUSPENDED' };
  };
}
