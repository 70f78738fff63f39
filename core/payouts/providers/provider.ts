/**
 * The interface of a provider that pays sellers. Each has a folder beside this file; `registry.ts` lists them. A provider knows its HTTP API, its
 * authentication and its error codes; it knows no table and decides nothing about a payout.
 */
import type { ProviderMessage, TransferFailure } from '../rules/transfer-failure.js';

/** The transfer to send. */
export interface TransferOrder {
  /** Of `transferReference`: payout and attempt. It is the idempotency key, and names the transfer at the provider. */
  readonly reference: string;
  /** Of `payeeReference`: names the bank account at the provider. */
  readonly payee: string;
  /** The approved account in clear text; the provider compares it with the one that it knows. */
  readonly bankCode: string;
  readonly accountNumber: string;
  readonly holder: string;
  /** Minor units. */
  readonly amountMinor: bigint;
  readonly currency: string;
  /** What the seller reads on its bank statement. */
  readonly remark: string;
}

/** The transfer to look up. */
export interface TransferInquiry {
  readonly reference: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** The provider's own name of the transfer; null: it is not known yet. */
  readonly providerKey: string | null;
}

/** The state of a transfer that the provider has received. */
export type KnownTransfer =
  /** It was received, and the money is on its way. */
  | { readonly outcome: 'sent'; readonly providerKey: string }
  /** `paidOn`: business date. */
  | { readonly outcome: 'paid'; readonly providerKey: string; readonly paidOn: string }
  /** No money reached the seller, or it came back, where the transfer was paid before. */
  | {
      readonly outcome: 'failed';
      readonly reason: TransferFailure;
      readonly said: ProviderMessage;
      readonly providerKey: string | null;
    };

/** The outcome is unknown: it is looked up by `inquire`, and never sent a second time. */
export interface UnknownTransfer {
  readonly outcome: 'unknown';
  readonly said: ProviderMessage;
}

/** `away`: the order certainly never reached the provider, or it did not accept our key. Nothing happened, and it may be sent later under the same reference. */
export type SendOutcome =
  | KnownTransfer
  | UnknownTransfer
  | { readonly outcome: 'away'; readonly said: ProviderMessage };

/** `missing`: the provider knows no transfer of this reference. The request may still be on its way. */
export type InquiryOutcome = KnownTransfer | UnknownTransfer | { readonly outcome: 'missing' };

export interface PayoutProvider {
  /** In capitals; stored: TOSS_PAYOUT. */
  readonly name: string;
  readonly currencies: readonly string[];
  /** Sends a transfer: at most one request of it leaves this process. Never throws. */
  readonly send: (order: TransferOrder) => Promise<SendOutcome>;
  /** Looks a transfer up. Never throws. */
  readonly inquire: (inquiry: TransferInquiry) => Promise<InquiryOutcome>;
}

/** The name of a bank account at a provider, by its entry in the history of the seller: another account has another name. */
export const payeeReference = (bankAccountId: number): string => `ACCOUNT-${bankAccountId}`;
