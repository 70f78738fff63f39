/** What a statement is made of, row by row, as its documents show it. Amounts are minor units. */
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import type { FigureName } from '../../settlement/rules/figures.js';

/** A settlement that stands on a statement: what a generation of a date came to. */
export interface StatementSettlement {
  readonly settledOn: string;
  readonly generation: number;
  readonly sales: number;
  readonly refunds: number;
  /** Refunds are deducted. */
  readonly figures: Readonly<Record<FigureName, bigint>>;
}

/** Another transaction of the ledger that stands on a statement. */
export interface StatementItem {
  readonly transactionId: number;
  readonly effectiveOn: string;
  readonly kind: TransactionKind;
  readonly reason: string;
  /** Positive where it raises what the platform owes the seller. */
  readonly amountMinor: bigint;
}

/** The same in a document. What a draft would post is in no ledger yet, so it has no number. */
export interface DocumentItem extends Omit<StatementItem, 'transactionId'> {
  readonly transactionId: number | null;
}

/** Rows that are read as they are needed. */
export type Rows<Row> = AsyncIterable<Row> | Iterable<Row>;
