/** An export as a workbook: its rows, and a sheet with the totals of each currency. */
import type { Cell } from '../../infra/database.js';
import { writeWorkbook } from '../../infra/workbook.js';
import { type Batches, type Column, columns, eachInMajorUnits, FEE_VAT_PARTS, type Sink } from './export-rows.js';
import type { CurrencyTotals } from './rules/currency-totals.js';
import { columnOf, EXPORTED_SUMS } from './rules/figures.js';

const totalColumns: readonly Column[] = [
  ...columns('text', 'currency'),
  ...columns('count', 'sales', 'refunds'),
  ...columns('amount', ...EXPORTED_SUMS.map(columnOf), ...FEE_VAT_PARTS),
];

const totalRow = (totals: CurrencyTotals): Cell[] => [
  totals.currency,
  totals.sales,
  totals.refunds,
  ...EXPORTED_SUMS.map((name) => String(totals[name])),
  String(totals.feeVatOnTop),
  String(totals.feeVatContained),
];

/**
 * Writes a workbook.
 * @param name of the sheet of rows
 * @param totals called when all rows are written
 */
export async function writeExportWorkbook(
  name: string,
  fields: readonly Column[],
  batches: Batches,
  totals: () => readonly CurrencyTotals[],
  sink: Sink,
): Promise<void> {
  await writeWorkbook(sink, async (workbook) => {
    await workbook.addTable(name, fields, eachInMajorUnits(fields, batches));
    await workbook.addTable('totals', totalColumns, eachInMajorUnits(totalColumns, [totals().map(totalRow)]));
  });
}
