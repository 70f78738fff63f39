/**
 * A seller's payout account changes in two steps: one person proposes, another member of the staff approves, and the first payout to it waits. So neither a
 * stolen sign-in nor one member of the staff alone turns a seller's payouts to another account, and its owner has time to object.
 */
import type { Tx } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import type { Caller } from '../../kernel/access.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { recordEvents } from '../outbox/record-events.js';
import { type BankAccount, bankAccountFingerprint, sealBankAccount } from './bank-account.js';
import { isSecondAccount } from './second-person.js';
import { lockSeller } from './stores/seller.js';
import {
  approveBankAccount,
  type BankAccountRecord,
  endProposal,
  insertBankAccount,
  readBankAccount,
} from './stores/seller-bank-account.js';

/** Who acts, and in which call. */
export interface Acting {
  readonly caller: Caller;
  readonly requestId: string;
  /** Key under which account numbers are encrypted. */
  readonly keys: readonly [Buffer, ...Buffer[]];
}

/** Proposes an account; the proposal that was open is replaced. @returns it, or SELLER_NOT_FOUND */
export async function proposeBankAccount(
  tx: Tx,
  acting: Acting,
  sellerId: string,
  account: BankAccount,
): Promise<BankAccountRecord | Refusal> {
  const { caller, requestId, keys } = acting;
  if ((await lockSeller(tx, sellerId)) === undefined) return refuse('SELLER_NOT_FOUND');
  await endProposal(tx, sellerId, 'REPLACED', caller.accountId);
  const made = await insertBankAccount(tx, sellerId, sealBankAccount(keys[0], sellerId, account), caller.accountId);
  if (isRefusal(made)) return made;
  const payload = { sellerId, bankAccountId: made };
  await recordEvents(tx, [{ type: 'seller.bank-account-proposed', payload, requestId }]);
  return entered(tx, acting, 'bank-account.propose', sellerId, made);
}

/**
 * Approves the proposal that the approver saw, named by its fingerprint. @param holdHours from now to the first payout
 * @returns SELLER_NOT_FOUND, BANK_ACCOUNT_NOT_FOUND; BANK_ACCOUNT_CHANGED where the proposal is no longer open or the approver saw another one;
 * APPROVER_NOT_SECOND where the approver proposed it, or where one of the two gave the other their access
 */
export async function approveProposal(
  tx: Tx,
  acting: Acting,
  { sellerId, bankAccountId, fingerprint }: { sellerId: string; bankAccountId: number; fingerprint: string },
  holdHours: number,
): Promise<BankAccountRecord | Refusal> {
  const { caller, requestId, keys } = acting;
  if ((await lockSeller(tx, sellerId)) === undefined) return refuse('SELLER_NOT_FOUND');
  const proposal = await readBankAccount(tx, sellerId, bankAccountId);
  if (proposal === undefined) return refuse('BANK_ACCOUNT_NOT_FOUND');
  if (proposal.status !== 'PROPOSED' || fingerprintOf(keys, proposal) !== fingerprint)
    return refuse('BANK_ACCOUNT_CHANGED');
  const { accountId } = caller;
  const { proposedBy, proposerAccessFrom } = proposal;
  const second = proposedBy === null || (await isSecondAccount(tx, accountId, proposedBy, proposerAccessFrom));
  if (!second) return refuse('APPROVER_NOT_SECOND');
  await approveBankAccount(tx, proposal, accountId, holdHours);
  const payload = { sellerId, bankAccountId };
  await recordEvents(tx, [{ type: 'seller.bank-account-approved', payload, requestId }]);
  return entered(tx, acting, 'bank-account.approve', sellerId, bankAccountId);
}

/** Takes the open proposal back, or turns it down. @returns SELLER_NOT_FOUND, BANK_ACCOUNT_NOT_FOUND or BANK_ACCOUNT_CHANGED */
export async function withdrawProposal(
  tx: Tx,
  acting: Acting,
  sellerId: string,
  bankAccountId: number,
): Promise<BankAccountRecord | Refusal> {
  if ((await lockSeller(tx, sellerId)) === undefined) return refuse('SELLER_NOT_FOUND');
  const proposal = await readBankAccount(tx, sellerId, bankAccountId);
  if (proposal === undefined) return refuse('BANK_ACCOUNT_NOT_FOUND');
  if (proposal.status !== 'PROPOSED') return refuse('BANK_ACCOUNT_CHANGED');
  await endProposal(tx, sellerId, 'WITHDRAWN', acting.caller.accountId);
  return entered(tx, acting, 'bank-account.withdraw', sellerId, bankAccountId);
}

/** A fingerprint of a seller's number, bank and holder, which does not reveal the number. Null when the key is unknown. */
export const fingerprintOf = (keys: Acting['keys'], record: BankAccountRecord): string | null =>
  bankAccountFingerprint(keys, record.sellerId, record);

/** The audit log records the change even when the seller's own account made it, because it is about money. */
async function entered(
  tx: Tx,
  { caller, requestId, keys }: Acting,
  action: string,
  sellerId: string,
  bankAccountId: number,
): Promise<BankAccountRecord | Refusal> {
  const record = await readBankAccount(tx, sellerId, bankAccountId);
  if (record === undefined) return refuse('BANK_ACCOUNT_NOT_FOUND');
  const { bankCode, accountHolder, masked: accountNumberMasked, status, payoutFrom } = record;
  const accountFingerprint = fingerprintOf(keys, record);
  const after = { bankAccountId, bankCode, accountHolder, accountNumberMasked, accountFingerprint, status, payoutFrom };
  await recordAudit(tx, { caller, requestId, action, subjectType: 'seller', subjectId: sellerId, before: null, after });
  return record;
}
