/** What a close finds of a seller and currency: how the account stands, and what is on no statement yet. Amounts are minor units, positive where the platform owes the seller. */
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import type { TermsSpan } from '../../terms/rules/terms-book.js';

/** The account SELLER_PAYABLE of a seller and currency. */
export interface PayableAccount {
  readonly accountId: number;
  readonly sellerId: string;
  readonly currency: string;
  /** The last day of the last period that was closed; null: none was. */
  readonly closedThrough: string | null;
  /** What was recorded before this moment, less a day, is on a statement. As the database writes it. */
  readonly openSince: string;
  readonly termsMissingOn: string | null;
}

export interface OpenSettlement {
  readonly settledOn: string;
  readonly generation: number;
  /** When it was posted. */
  readonly recordedAt: string;
  /** What of it stands in the canonical text of its statement; refunds are deducted from the figures. `contentOf` reads it. */
  readonly text: string;
  /** What of the figures are refunds (negative), in the order of FIGURES with spaces between them; null: there are none. */
  readonly refundText: string | null;
}

export interface OpenItem {
  readonly transactionId: number;
  readonly key: string;
  readonly kind: TransactionKind;
  /** Of a reversal that of what it reverses, else the same. */
  readonly about: TransactionKind;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly amountMinor: bigint;
}

/** What was kept back of an earlier statement and is neither given back nor used up. */
export interface OpenReserve {
  readonly statementId: number;
  readonly number: number;
  readonly dueOn: string;
  readonly amountMinor: bigint;
  readonly takenMinor: bigint;
}

export interface OpenAccount extends PayableAccount {
  readonly timeline: readonly TermsSpan[];
  /** Of the statement before: 0 where there is none. */
  readonly lastNumber: number;
  readonly openingMinor: bigint;
  /** Σ earned of the statements that no payout has claimed. */
  readonly unpaidMinor: bigint;
  /** Balances of now. */
  readonly payableMinor: bigint;
  readonly reserveMinor: bigint;
  readonly receivableMinor: bigint;
  /** By date and generation. */
  readonly settlements: readonly OpenSettlement[];
  /** By id. */
  readonly items: readonly OpenItem[];
  /** By due date. */
  readonly reserves: readonly OpenReserve[];
  /** When the first of what counts for later dates than are closed was recorded; null: there is nothing. */
  readonly laterSince: string | null;
}
