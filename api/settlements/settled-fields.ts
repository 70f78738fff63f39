/** The amounts of settlements and lines. */

import { feeVatParts } from '../../core/settlement/rules/currency-totals.js';
import { columnOf, EXPORTED_SUMS, eachFigure, FIGURE_NAMES } from '../../core/settlement/rules/figures.js';
import type { SettledRow } from '../../core/settlement/stores/line-page.js';
import { MagamError } from '../../kernel/errors.js';
import { amountMinor, eachMinor } from '../edge/fields.js';

/** Signed amounts: those of a refund are negative. docs/settlement-rules.md says how each is computed. */
export const settledAmounts = {
  ...eachMinor(FIGURE_NAMES, () => amountMinor),
  netMinor: amountMinor.meta({ description: 'What the seller is owed.' }),
};

/** The VAT on the fees of a settlement: on top of the fees, and contained in them. */
export const feeVatAmounts = {
  feeVatOnTopMinor: amountMinor.meta({ description: 'Of the fee VAT, what the seller pays on top of the fees.' }),
  feeVatContainedMinor: amountMinor.meta({ description: 'Of the fee VAT, what is contained in the fees.' }),
};

/** A count or an amount of a row. Throws AMOUNT_OUT_OF_RANGE beyond 2^53 - 1, where a JSON number is not exact. */
export function amountOf(row: SettledRow, column: string): number {
  const value = Number(row[column]);
  if (Number.isSafeInteger(value)) return value;
  throw new MagamError(
    'AMOUNT_OUT_OF_RANGE',
    'A sum is beyond 2^53 - 1 minor units, which JSON cannot represent exactly; the CSV has all its digits.',
    { column, value: String(row[column]) },
  );
}

export function feeVatOf(row: SettledRow): Record<keyof typeof feeVatAmounts, number> {
  const parts = feeVatParts(eachFigure(EXPORTED_SUMS, (name) => BigInt(row[columnOf(name)] as string)));
  const cells = { fee_vat_on_top: String(parts.feeVatOnTop), fee_vat_contained: String(parts.feeVatContained) };
  return {
    feeVatOnTopMinor: amountOf(cells, 'fee_vat_on_top'),
    feeVatContainedMinor: amountOf(cells, 'fee_vat_contained'),
  };
}

export const settledFigures = (row: SettledRow) => eachMinor(FIGURE_NAMES, (name) => amountOf(row, columnOf(name)));
