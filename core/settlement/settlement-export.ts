/**
 * What was settled, for other systems: the rows of `magam settlements` and `magam lines` and of the HTTP server's downloads, which are
 * the same byte for byte. Columns and order are fixed. Rows come from the database in batches and leave as fast as their reader takes
 * them, so memory stays flat however many there are.
 */
import { stringify } from 'csv-stringify/sync';
import { type Cell, type Db, inSnapshot } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { formatAmount } from '../../kernel/money.js';
import { spreadsheetText } from '../../kernel/spreadsheet-text.js';
import { readPolicies } from '../policies/stores/fee-policy.js';
import { firstUnsettled, notSettled } from './date-states.js';
import { columnOf, EXPORTED_SUMS, FIGURE_NAMES, VAT_MODE_AT } from './rules/figures.js';
import {
  LINE_KEYS,
  type LineSelection,
  readCertifiedGeneration,
  type SettlementSelection,
  streamLines,
  streamSettlements,
} from './stores/export-stream.js';

/** `text` and `count` are written as they are; an `amount` is in major units in CSV and in minor units in JSON. */
interface Column {
  readonly name: string;
  readonly kind: 'text' | 'count' | 'amount';
}

const columns = (kind: Column['kind'], ...names: string[]): Column[] => names.map((name) => ({ name, kind }));

const lineColumns: readonly Column[] = [
  ...LINE_KEYS.map((name): Column => ({ name, kind: name === 'quantity' ? 'count' : 'text' })),
  ...columns('amount', ...FIGURE_NAMES.slice(0, VAT_MODE_AT).map(columnOf)),
  ...columns('text', 'fee_vat_mode'),
  ...columns('amount', ...FIGURE_NAMES.slice(VAT_MODE_AT).map(columnOf)),
  ...columns('text', 'policy_code'),
  ...columns('count', 'policy_version'),
  ...columns('text', 'settled_on'),
];

const settlementColumns: readonly Column[] = [
  ...columns('text', 'seller_id', 'currency'),
  ...columns('count', 'sales', 'refunds'),
  ...columns('amount', ...EXPORTED_SUMS.map(columnOf)),
  ...columns('text', 'settled_on'),
];

/** Takes text and resolves when there may be more of it. */
export type Sink = (text: string) => Promise<void>;

export interface ExportForm {
  readonly format: 'csv' | 'json';
  /** In CSV, keep a spreadsheet from running cells of text as formulas; amounts and counts stay numbers. */
  readonly spreadsheetSafe: boolean;
  /** Seconds that the server waits for a reader who takes nothing. */
  readonly patienceSeconds: number;
  /** Aborted: nobody reads any more, and the connection is cut. */
  readonly signal?: AbortSignal;
}

/**
 * Throws `DATE_NOT_SETTLED` with the first date of the range that is not settled, or is being settled: an export is never half of a
 * date, and an empty one means that settled dates have nothing to show.
 */
export async function requireExportable(db: Db, from: string, to: string): Promise<void> {
  const unsettled = await firstUnsettled(db, from, to);
  if (unsettled !== undefined) throw notSettled('DATE_NOT_SETTLED', unsettled);
}

/**
 * Exports the settled lines of a date in byte order of their keys; only certified generations. Throws `DATE_NOT_SETTLED`.
 */
export async function exportLines(db: Db, selection: LineSelection, form: ExportForm, sink: Sink): Promise<void> {
  return exporting(db, selection.date, selection.date, form, async (snapshot) => {
    const generation = await readCertifiedGeneration(snapshot, selection.date);
    await writeRows(lineColumns, lineRows(snapshot, selection, generation), form, sink);
  });
}

/**
 * Exports what each seller is owed for each date, all certified generations added up, by date, seller and currency. Throws
 * `DATE_NOT_SETTLED`.
 */
export async function exportSettlements(
  db: Db,
  selection: SettlementSelection,
  form: ExportForm,
  sink: Sink,
): Promise<void> {
  return exporting(db, selection.from, selection.to, form, (snapshot) =>
    writeRows(settlementColumns, streamSettlements(snapshot, selection), form, sink),
  );
}

async function exporting<T>(
  db: Db,
  from: string,
  to: string,
  { patienceSeconds, signal }: ExportForm,
  work: (snapshot: Db) => Promise<T>,
): Promise<T> {
  return inSnapshot(
    db,
    async (snapshot) => {
      await snapshot.raw('SET SESSION net_write_timeout = ?', [patienceSeconds]);
      await requireExportable(snapshot, from, to);
      const result = await work(snapshot);
      await snapshot.raw('SET SESSION net_write_timeout = DEFAULT');
      return result;
    },
    signal,
  );
}

async function* lineRows(db: Db, selection: LineSelection, generation: number): AsyncGenerator<Cell[][]> {
  const policies = new Map((await readPolicies(db)).map(({ policyId, policy }) => [policyId, policy]));
  for await (const batch of streamLines(db, selection, generation)) {
    for (const row of batch) {
      const policyId = row.pop();
      const policy = policies.get(Number(policyId));
      if (policy === undefined) throw new MagamError('POLICY_UNREADABLE', undefined, { policyId });
      row.splice(LINE_KEYS.length + VAT_MODE_AT, 0, policy.vat.mode);
      row.push(policy.code, policy.version, selection.date);
    }
    yield batch;
  }
}

/** Rows in batches, in the order of the columns. */
type Batches = AsyncIterable<Cell[][]> | Iterable<Cell[][]>;

const writeRows = (fields: readonly Column[], batches: Batches, form: ExportForm, sink: Sink): Promise<void> =>
  form.format === 'csv' ? writeCsv(fields, batches, form.spreadsheetSafe, sink) : writeJson(fields, batches, sink);

/** A header and one record a row, quoted only where needed, lines ending in LF. */
async function writeCsv(
  fields: readonly Column[],
  batches: Batches,
  spreadsheetSafe: boolean,
  sink: Sink,
): Promise<void> {
  const currencyAt = fields.findIndex((field) => field.name === 'currency');
  const amounts = fields.flatMap((field, at) => (field.kind === 'amount' ? [at] : []));
  const texts = spreadsheetSafe ? fields.flatMap((field, at) => (field.kind === 'text' ? [at] : [])) : [];
  const csv = (rows: readonly (readonly Cell[])[]): string => stringify(rows as Cell[][]);
  await sink(csv([fields.map((field) => field.name)]));
  for await (const batch of batches) {
    for (const row of batch) {
      const currency = String(row[currencyAt]);
      for (const at of texts) row[at] = spreadsheetText(String(row[at]));
      for (const at of amounts) row[at] = formatAmount(exactInteger(row[at]), currency);
    }
    await sink(csv(batch));
  }
}

/** An array of one object a row; integers are written with all their digits. */
async function writeJson(fields: readonly Column[], batches: Batches, sink: Sink): Promise<void> {
  const keys = fields.map((field) => `${JSON.stringify(field.name)}:`);
  let before = '[\n';
  for await (const batch of batches) {
    const objects = batch.map((row) => {
      const members = row.map(
        (cell, at) => `${keys[at]}${fields[at]?.kind === 'text' ? JSON.stringify(cell) : String(cell)}`,
      );
      return `{${members.join(',')}}`;
    });
    await sink(`${before}${objects.join(',\n')}`);
    before = ',\n';
  }
  await sink(before === '[\n' ? '[]\n' : '\n]\n');
}

/** A number where it is safe, else the digits that the driver gave as text. */
function exactInteger(cell: Cell | undefined): number | bigint {
  return typeof cell === 'number' ? cell : BigInt(String(cell));
}
