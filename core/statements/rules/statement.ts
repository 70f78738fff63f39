/** A statement: what a seller's period came to in one currency, and what it is made of. Amounts are minor units, positive where the platform owes the seller. */
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import type { FigureName } from '../../settlement/rules/figures.js';

/** `draft`: computed for a period that is not closed, and not stored. */
export type StatementState = 'draft' | 'issued' | 'paid';

/** The sums of one leg of the settlements; refunds are negative. */
export interface LegTotals {
  readonly entries: number;
  readonly figures: Readonly<Record<FigureName, bigint>>;
}

/** What transactions of one kind, other than settlements, changed. */
export interface KindSum {
  readonly kind: TransactionKind;
  readonly transactions: number;
  readonly amountMinor: bigint;
}

export interface Statement {
  /** Null for a draft. */
  readonly statementId: number | null;
  /** 1, 2, 3 … of the seller and currency. */
  readonly number: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly state: StatementState;
  /** Business dates, both inclusive. */
  readonly periodFrom: string;
  readonly closesOn: string;
  readonly payoutOn: string;
  /** Null: terms of all sellers. */
  readonly termsSeller: string | null;
  readonly termsVersion: number;
  readonly calendarVersion: number;
  /** The closing balance of the statement before. */
  readonly openingMinor: bigint;
  readonly sales: LegTotals;
  readonly refunds: LegTotals;
  readonly sums: readonly KindSum[];
  /** What changed the balance beside payouts. */
  readonly earnedMinor: bigint;
  readonly closingMinor: bigint;
  /** SHA-256, hexadecimal, of the canonical content. */
  readonly hash: string;
  /** ISO 8601, UTC; null for a draft. */
  readonly issuedAt: string | null;
  readonly paidOn: string | null;
}
