/** The figures of a settled line, and the two equations that hold between them. All are minor units of one currency. */

import { MAX_MINOR, toSafeNumber } from '../../../kernel/money.js';
import type { VatMode } from '../../policies/rules/fee-policy.js';

interface FigureFacts {
  readonly name: string;
  /** Of the feed's entry for an amount of its own, else of settlement_line; and of every table of sums. */
  readonly column: string;
  /** In tables for people. */
  readonly heading: string;
  /** An amount of the entry itself, what follows from those alone, or what a fee policy decides. */
  readonly from: 'entry' | 'amounts' | 'policy';
  /** Who sees its sum: the database and the lists alone, or reports and the export of settlements too. */
  readonly sum: 'kept' | 'exported';
}

/**
 * Every figure once, in the order in which it is stored, hashed and exported. SQL columns, readers of rows, sums, fields of CSV and JSON and
 * table heads follow from this list; only the arithmetic, and the words that explain it, name figures themselves.
 */
export const FIGURES = [
  { name: 'itemAmount', column: 'item_amount', heading: 'item amount', from: 'entry', sum: 'exported' },
  { name: 'sellerDiscount', column: 'seller_discount', heading: 'seller discount', from: 'entry', sum: 'exported' },
  {
    name: 'platformDiscount',
    column: 'platform_discount',
    heading: 'platform discount',
    from: 'entry',
    sum: 'exported',
  },
  { name: 'shippingFee', column: 'shipping_fee', heading: 'shipping fee', from: 'entry', sum: 'exported' },
  { name: 'buyerPaid', column: 'buyer_paid', heading: 'buyer paid', from: 'amounts', sum: 'kept' },
  { name: 'feeBase', column: 'fee_base', heading: 'fee base', from: 'policy', sum: 'kept' },
  { name: 'fee', column: 'fee', heading: 'fee', from: 'policy', sum: 'exported' },
  { name: 'feeVat', column: 'fee_vat', heading: 'fee VAT', from: 'policy', sum: 'exported' },
  { name: 'pgFee', column: 'pg_fee', heading: 'PG fee', from: 'policy', sum: 'exported' },
  { name: 'pgFeeVat', column: 'pg_fee_vat', heading: 'PG fee VAT', from: 'policy', sum: 'exported' },
  { name: 'net', column: 'net', heading: 'net to sellers', from: 'policy', sum: 'exported' },
] as const satisfies readonly FigureFacts[];

type Figure = (typeof FIGURES)[number];
type NameWhere<Facts> = Extract<Figure, Facts>['name'];
export type FigureName = Figure['name'];
/** The amounts of an entry of the feed. */
export type EntryFigure = NameWhere<{ from: 'entry' }>;
/** What a run adds to them. */
export type ComputedFigure = Exclude<FigureName, EntryFigure>;
/** What may come out differently under another policy. */
export type DecidedFigure = NameWhere<{ from: 'policy' }>;
export type ExportedFigure = NameWhere<{ sum: 'exported' }>;

/** The figures of a line, minor units of its currency. */
export type Figures = Record<FigureName, number>;

export const FIGURE_NAMES = FIGURES.map(({ name }) => name);
const namesWhere = <Name extends FigureName>(has: (figure: Figure) => boolean): readonly Name[] =>
  FIGURES.filter(has).map(({ name }) => name as Name);
export const ENTRY_FIGURES = namesWhere<EntryFigure>(({ from }) => from === 'entry');
export const COMPUTED_FIGURES = namesWhere<ComputedFigure>(({ from }) => from !== 'entry');
export const DECIDED_FIGURES = namesWhere<DecidedFigure>(({ from }) => from === 'policy');
export const EXPORTED_SUMS = namesWhere<ExportedFigure>(({ sum }) => sum === 'exported');

/** Where the mode of the VAT stands among the figures of a canonical line and of an export: behind the VAT on the fee. */
export const VAT_MODE_AT = FIGURE_NAMES.indexOf('feeVat') + 1;

const facts = new Map<FigureName, Figure>(FIGURES.map((one) => [one.name, one]));
export const columnOf = (name: FigureName): string => (facts.get(name) as Figure).column;
export const headingOf = (name: FigureName): string => (facts.get(name) as Figure).heading;

/** A value for each of these figures, in their order. For whatever does not run for every line: see figure-cells.ts. */
export function eachFigure<Name extends FigureName, Value>(
  names: readonly Name[],
  value: (name: Name, at: number) => Value,
): Record<Name, Value> {
  const values = {} as Record<Name, Value>;
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as Name;
    values[name] = value(name, at);
  }
  return values;
}

/**
 * The net to the seller: A − Ds + S − F − (V if exclusive) − G − GV. It may be negative and is never clamped.
 * NaN when it leaves ±(2^53 − 1).
 */
export function netOf(figures: Omit<Figures, 'net' | 'buyerPaid' | 'feeBase'>, mode: VatMode): number {
  const { itemAmount, sellerDiscount, shippingFee, fee, pgFee, pgFeeVat } = figures;
  const vat = mode === 'exclusive' ? figures.feeVat : 0;
  const magnitude =
    Math.abs(itemAmount) +
    Math.abs(sellerDiscount) +
    Math.abs(shippingFee) +
    Math.abs(fee) +
    Math.abs(vat) +
    Math.abs(pgFee) +
    Math.abs(pgFeeVat);
  // While the magnitudes add up to a safe integer, so does every partial sum in any order.
  if (magnitude <= MAX_MINOR) return itemAmount - sellerDiscount + shippingFee - fee - vat - pgFee - pgFeeVat;
  return toSafeNumber(
    BigInt(itemAmount) -
      BigInt(sellerDiscount) +
      BigInt(shippingFee) -
      BigInt(fee) -
      BigInt(vat) -
      BigInt(pgFee) -
      BigInt(pgFeeVat),
  );
}

/** Whether every unit of money has exactly one owner: P + Dp = N + F + (V if exclusive) + G + GV, compared exactly. */
export function identityHolds(figures: Figures, mode: VatMode): boolean {
  const { buyerPaid, platformDiscount, net, fee, pgFee, pgFeeVat } = figures;
  const vat = mode === 'exclusive' ? figures.feeVat : 0;
  const magnitude = Math.abs(net) + Math.abs(fee) + Math.abs(vat) + Math.abs(pgFee) + Math.abs(pgFeeVat);
  if (magnitude <= MAX_MINOR && Math.abs(buyerPaid) + Math.abs(platformDiscount) <= MAX_MINOR) {
    return buyerPaid + platformDiscount === net + fee + vat + pgFee + pgFeeVat;
  }
  return (
    BigInt(buyerPaid) + BigInt(platformDiscount) ===
    BigInt(net) + BigInt(fee) + BigInt(vat) + BigInt(pgFee) + BigInt(pgFeeVat)
  );
}
