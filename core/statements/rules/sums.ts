/** The sums of a statement. */
import { ExactSum } from '../../../kernel/exact-sum.js';
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import { eachFigure, FIGURE_NAMES } from '../../settlement/rules/figures.js';
import type { OpenItem, OpenSettlement } from './open-account.js';
import type { KindSum, LegTotals } from './statement.js';
import type { StatementSettlement } from './statement-rows.js';

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

const [SPACE, MINUS, ZERO] = [32, 45, 48];
/** Every number with this many digits is exact. */
const EXACT_DIGITS = 15;

/** Adds the numbers of a text from a place on, with spaces between them, each to its sum. Digit by digit, because a string for each number takes several times as long. */
function addEach(sums: readonly ExactSum[], text: string, from: number, sign: 1 | -1): void {
  let at = from;
  for (const sum of sums) {
    const first = at;
    const negative = text.charCodeAt(at) === MINUS;
    if (negative) at += 1;
    let value = 0;
    for (; at < text.length && text.charCodeAt(at) !== SPACE; at += 1) value = value * 10 + text.charCodeAt(at) - ZERO;
    if (at - first <= EXACT_DIGITS) sum.add(negative ? -sign * value : sign * value);
    else sum.addBig(BigInt(sign) * BigInt(text.slice(first, at)));
    at += 1;
  }
}

/** The net of a settlement: the last of its figures. */
export const netOf = ({ text }: Pick<OpenSettlement, 'text'>): string => text.slice(text.lastIndexOf(' ') + 1);

const newSums = (): ExactSum[] => FIGURE_NAMES.map(() => new ExactSum());
const totalsOf = (entries: ExactSum, figures: readonly ExactSum[]): LegTotals => ({
  entries: entries.safeValue(),
  figures: eachFigure(FIGURE_NAMES, (_name, at) => figures[at]?.value() ?? 0n),
});
const NOTHING = totalsOf(new ExactSum(), []);

/** Sales and refunds of settlements, added up apart. */
export function legTotals(settlements: readonly OpenSettlement[]): { sales: LegTotals; refunds: LegTotals } {
  const counts = [new ExactSum(), new ExactSum()] as const;
  const sales = newSums();
  const all = [...counts, ...sales];
  let refunds: ExactSum[] | undefined;
  for (const { settledOn, generation, text, refundText } of settlements) {
    addEach(all, text, `${settledOn} ${generation} `.length, 1);
    if (refundText === null) continue;
    refunds ??= newSums();
    addEach(sales, refundText, 0, -1);
    addEach(refunds, refundText, 0, 1);
  }
  return {
    sales: totalsOf(counts[0], sales),
    refunds: refunds === undefined ? { ...NOTHING, entries: counts[1].safeValue() } : totalsOf(counts[1], refunds),
  };
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

/** A settlement as documents and answers show it. */
export function contentOf({ settledOn, generation, text }: OpenSettlement): StatementSettlement {
  const [, , sales, refunds, ...figures] = text.split(' ');
  return {
    ...{ settledOn, generation, sales: Number(sales), refunds: Number(refunds) },
    figures: eachFigure(FIGURE_NAMES, (_name, at) => BigInt(figures[at] as string)),
  };
}

/** What settlements come to for the seller. */
export function netOfAll(settlements: readonly Pick<OpenSettlement, 'text'>[]): bigint {
  const sum = [new ExactSum()];
  for (const { text } of settlements) addEach(sum, text, text.lastIndexOf(' ') + 1, 1);
  return sum[0]?.value() ?? 0n;
}
