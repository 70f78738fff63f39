/** The amounts of settlements and lines. */

import { columnOf, FIGURE_NAMES } from '../../core/settlement/rules/figures.js';
import type { SettledRow } from '../../core/settlement/stores/line-page.js';
import { MagamError } from '../../kernel/errors.js';
import { amountMinor, eachMinor } from '../edge/fields.js';

/** As they count: those of a refund are negative. docs/settlement-rules.md says how each comes about. */
export const settledAmounts = {
  ...eachMinor(FIGURE_NAMES, () => amountMinor),
  netMinor: amountMinor.meta({ description: 'What the seller is owed.' }),
};

/** A count or an amount of a row. Throws AMOUNT_OUT_OF_RANGE beyond 2^53 - 1, where a JSON number is not exact. */
export function amountOf(row: SettledRow, column: string): number {
  const value = Number(row[column]);
  if (Number.isSafeInteger(value)) return value;
  throw new MagamError(
    'AMOUNT_OUT_OF_RANGE',
    'A sum is beyond 2^53 - 1 minor units, which JSON cannot say exactly; the CSV has all its digits.',
    { column, value: String(row[column]) },
  );
}

export const settledFigures = (row: SettledRow) => eachMinor(FIGURE_NAMES, (name) => amountOf(row, columnOf(name)));
