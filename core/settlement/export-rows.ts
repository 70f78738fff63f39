/** The parts of an export, and its rows as CSV and as JSON. */
import { stringify } from 'csv-stringify/sync';
import type { Cell } from '../../infra/database.js';
import { formatAmount } from '../../kernel/money.js';
import { spreadsheetText } from '../../kernel/spreadsheet-text.js';

/** Texts, dates and counts are written as they are; an `amount` is in minor units in JSON, else in major units. */
export interface Column {
  readonly name: string;
  readonly kind: 'text' | 'date' | 'count' | 'amount';
}

export const columns = (kind: Column['kind'], ...names: string[]): Column[] => names.map((name) => ({ name, kind }));

/** The columns of VAT on fees by mode, in the order of `FeeVatParts`. */
export const FEE_VAT_PARTS = ['fee_vat_on_top', 'fee_vat_contained'] as const;

/** Takes text, or bytes for a workbook, and resolves when it can take more. */
export type Sink = (chunk: string | Uint8Array) => Promise<void>;

export const EXPORT_FORMATS = ['csv', 'json', 'xlsx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportForm {
  readonly format: ExportFormat;
  /** In CSV, keeps a spreadsheet from running text cells as formulas; amounts and counts stay numbers. */
  readonly spreadsheetSafe: boolean;
  /** How long the server waits for a reader that takes nothing (s). */
  readonly patienceSeconds: number;
  /** Aborted when nobody reads any more; the connection is then cut. */
  readonly signal?: AbortSignal;
}

/** Rows in batches, in the order of the columns. */
export type Batches = AsyncIterable<Cell[][]> | Iterable<Cell[][]>;

/** A header and one record a row, quoted only where needed, lines ending in LF. */
export async function writeCsv(
  fields: readonly Column[],
  batches: Batches,
  spreadsheetSafe: boolean,
  sink: Sink,
): Promise<void> {
  const texts = spreadsheetSafe ? fields.flatMap((field, at) => (field.kind === 'text' ? [at] : [])) : [];
  const csv = (rows: readonly (readonly Cell[])[]): string => stringify(rows as Cell[][]);
  await sink(csv([fields.map((field) => field.name)]));
  for await (const batch of eachInMajorUnits(fields, batches)) {
    for (const row of batch) for (const at of texts) row[at] = spreadsheetText(String(row[at]));
    await sink(csv(batch));
  }
}

/** An array of one object a row; integers are written with all their digits. */
export async function writeJson(fields: readonly Column[], batches: Batches, sink: Sink): Promise<void> {
  const keys = fields.map((field) => `${JSON.stringify(field.name)}:`);
  const quoted = new Set<string | undefined>(['text', 'date']);
  let before = '[\n';
  for await (const batch of batches) {
    const objects = batch.map((row) => {
      const members = row.map(
        (cell, at) => `${keys[at]}${quoted.has(fields[at]?.kind) ? JSON.stringify(cell) : String(cell)}`,
      );
      return `{${members.join(',')}}`;
    });
    await sink(`${before}${objects.join(',\n')}`);
    before = ',\n';
  }
  await sink(before === '[\n' ? '[]\n' : '\n]\n');
}

/** The batches with their amounts in major units. */
export async function* eachInMajorUnits(fields: readonly Column[], batches: Batches): AsyncGenerator<Cell[][]> {
  for await (const batch of batches) {
    inMajorUnits(fields, batch);
    yield batch;
  }
}

/** Writes the amounts of rows in the major units of the row's currency; an empty cell stays empty. */
function inMajorUnits(fields: readonly Column[], rows: Cell[][]): void {
  const currencyAt = fields.findIndex((field) => field.name === 'currency');
  const amounts = fields.flatMap((field, at) => (field.kind === 'amount' ? [at] : []));
  for (const row of rows) {
    const currency = String(row[currencyAt]);
    for (const at of amounts) if (row[at] !== '') row[at] = formatAmount(exactInteger(row[at]), currency);
  }
}

/** A number where it is a safe integer, else the digits that the driver gave as text. */
export function exactInteger(cell: Cell | undefined): number | bigint {
  return typeof cell === 'number' ? cell : BigInt(String(cell));
}
