/** What lines of one currency come to, so that a reader can add it up to the net. */
import { EXPORTED_SUMS, type ExportedFigure, eachFigure } from './figures.js';
import type { FigureSums, Totals } from './line-totals.js';

/** The VAT on fees by who is asked for it; together it is the fee VAT. */
export interface FeeVatParts {
  /** Paid by sellers on top of their fees (policies of the mode `exclusive`). */
  readonly feeVatOnTop: bigint;
  /** Contained in the fees (`inclusive`): it lowers no net a second time. */
  readonly feeVatContained: bigint;
}

/** Minor units, refunds deducted; bigint because a sum may exceed 2^53. */
export interface CurrencyTotals extends Readonly<Record<ExportedFigure, bigint>>, FeeVatParts {
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
}

type Sums = Pick<FigureSums, ExportedFigure>;
type Deducted = Pick<FigureSums, 'fee' | 'feeVat' | 'pgFee' | 'pgFeeVat' | 'net'>;

/**
 * Tells fee VAT on top from fee VAT contained, in sums over lines of whatever modes: N = A − Ds + S − F − V on top − G − GV holds for each line, and
 * so for its sums.
 */
export const feeVatParts = ({ itemAmount, sellerDiscount, shippingFee, ...deducted }: Sums): FeeVatParts =>
  feeVatPartsOf(itemAmount - sellerDiscount + shippingFee, deducted);

/** The same where what the lines come to before fees (A − Ds + S) is known as one sum. */
export function feeVatPartsOf(beforeFees: bigint, { fee, feeVat, pgFee, pgFeeVat, net }: Deducted): FeeVatParts {
  const feeVatOnTop = beforeFees - fee - pgFee - pgFeeVat - net;
  return { feeVatOnTop, feeVatContained: feeVat - feeVatOnTop };
}

export const currencyTotals = (totals: readonly (readonly [currency: string, totals: Totals])[]): CurrencyTotals[] =>
  totals.map(([currency, sums]) => ({
    currency,
    sales: sums.sales,
    refunds: sums.refunds,
    ...eachFigure(EXPORTED_SUMS, (name) => sums[name]),
    ...feeVatParts(sums),
  }));

/** Adds the totals of several dates, currency by currency, in the order of their codes. */
export function sumOfTotals(totals: readonly CurrencyTotals[]): CurrencyTotals[] {
  const sums = new Map<string, CurrencyTotals>();
  for (const one of totals) {
    const before = sums.get(one.currency);
    sums.set(one.currency, before === undefined ? one : added(before, one));
  }
  return [...sums.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

const added = (a: CurrencyTotals, b: CurrencyTotals): CurrencyTotals => ({
  currency: a.currency,
  sales: a.sales + b.sales,
  refunds: a.refunds + b.refunds,
  ...eachFigure(EXPORTED_SUMS, (name) => a[name] + b[name]),
  feeVatOnTop: a.feeVatOnTop + b.feeVatOnTop,
  feeVatContained: a.feeVatContained + b.feeVatContained,
});
