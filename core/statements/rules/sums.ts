/** The sums of a statement. */
import { ExactSum } from '../../../kernel/exact-sum.js';
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import { eachFigure, FIGURE_NAMES, type FigureName } from '../../settlement/rules/figures.js';
import type { OpenItem, OpenSettlement } from './open-account.js';
import type { KindSum, LegTotals } from './statement.js';

/** Kinds that take away what was earned before, or bring it back. */
export const PAYOUT_KINDS: readonly TransactionKind[] = ['PAYOUT_SENT', 'PAYOUT_FAILED', 'PAYOUT_RETURNED'];

/** Whether a transaction, or what it reverses, pays the seller: it is not part of what is earned. */
export const isPayout = ({ about }: Pick<OpenItem, 'about'>): boolean => PAYOUT_KINDS.includes(about);

/**
 * Whether it is a debit of the seller that the waterfall is told of, takes one back, or has made it a receivable already. (A close puts the receivables that it makes itself on
 * its own statement, so they are never open.)
 */
export const isDebit = ({ about }: Pick<OpenItem, 'about'>): boolean =>
  about === 'ADJUSTMENT_FROM_SELLER' || about.startsWith('CHARGEBACK') || about === 'CLAWBACK_TO_RECEIVABLE';

export const sumOf = (items: readonly { readonly amountMinor: bigint }[]): bigint =>
  items.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

function add(sums: readonly ExactSum[], figures: string, sign: 1 | -1): void {
  for (const [at, text] of figures.split(' ').entries()) {
    const value = Number(text);
    if (Number.isSafeInteger(value)) sums[at]?.add(sign * value);
    else sums[at]?.addBig(BigInt(sign) * BigInt(text));
  }
}

/** The net of a settlement: the last of its figures. */
export const netOf = ({ figureText }: Pick<OpenSettlement, 'figureText'>): string =>
  figureText.slice(figureText.lastIndexOf(' ') + 1);

/** Sales and refunds of settlements, added up apart. */
export function legTotals(settlements: readonly OpenSettlement[]): { sales: LegTotals; refunds: LegTotals } {
  const [sales, refunds] = [FIGURE_NAMES.map(() => new ExactSum()), FIGURE_NAMES.map(() => new ExactSum())];
  const entries = { sales: 0, refunds: 0 };
  for (const one of settlements) {
    entries.sales += one.sales;
    entries.refunds += one.refunds;
    add(sales, one.figureText, 1);
    if (one.refundFigureText === null) continue;
    add(sales, one.refundFigureText, -1);
    add(refunds, one.refundFigureText, 1);
  }
  const totals = (sums: readonly ExactSum[], count: number): LegTotals => ({
    entries: count,
    figures: eachFigure(FIGURE_NAMES, (_name, at) => sums[at]?.value() ?? 0n),
  });
  return { sales: totals(sales, entries.sales), refunds: totals(refunds, entries.refunds) };
}

/** What the transactions of each kind changed, by kind. */
export function kindSums(items: readonly Pick<OpenItem, 'kind' | 'amountMinor'>[]): KindSum[] {
  const sums = new Map<TransactionKind, KindSum>();
  for (const { kind, amountMinor } of items) {
    const before = sums.get(kind) ?? { kind, transactions: 0, amountMinor: 0n };
    sums.set(kind, { kind, transactions: before.transactions + 1, amountMinor: before.amountMinor + amountMinor });
  }
  return [...sums.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

/** The figures of a settlement by name. */
export function figuresOf({ figureText }: Pick<OpenSettlement, 'figureText'>): Readonly<Record<FigureName, bigint>> {
  const texts = figureText.split(' ');
  return eachFigure(FIGURE_NAMES, (_name, at) => BigInt(texts[at] ?? 0));
}

/** What settlements come to for the seller. */
export const netOfAll = (settlements: readonly Pick<OpenSettlement, 'figureText'>[]): bigint =>
  settlements.reduce((sum, one) => sum + BigInt(netOf(one)), 0n);
