/**
 * Exports of settlements and lines, for other systems and for spreadsheets: the rows of `magam settlements` and `magam lines` and of the HTTP server's
 * downloads, which are the same byte for byte. The columns of CSV and their order are fixed. Rows come from the database in batches and leave as fast as the
 * reader takes them, so memory stays flat however many there are.
 */
import { type Cell, type Db, inSnapshot } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { legName, REFUND, SALE } from '../feed/rules/leg.js';
import { readPolicies } from '../policies/stores/fee-policy.js';
import { firstUnsettled, notSettled } from './date-states.js';
import {
  type Batches,
  type Column,
  columns,
  type ExportForm,
  exactInteger,
  FEE_VAT_PARTS,
  type Sink,
  writeCsv,
  writeJson,
} from './export-rows.js';
import { type CurrencyTotals, currencyTotals, feeVatParts } from './rules/currency-totals.js';
import { columnOf, EXPORTED_SUMS, eachFigure, FIGURE_NAMES, VAT_MODE_AT } from './rules/figures.js';
import { TotalsBy } from './rules/line-totals.js';
import {
  LINE_KEYS,
  type LineSelection,
  readCertifiedGeneration,
  readSettlementTotals,
  type SettlementSelection,
  streamLines,
  streamSettlements,
} from './stores/export-stream.js';

const lineColumns: readonly Column[] = [
  ...LINE_KEYS.map((name): Column => ({ name, kind: name === 'quantity' ? 'count' : 'text' })),
  ...columns('amount', ...FIGURE_NAMES.slice(0, VAT_MODE_AT).map(columnOf)),
  ...columns('text', 'fee_vat_mode'),
  ...columns('amount', ...FIGURE_NAMES.slice(VAT_MODE_AT).map(columnOf)),
  ...columns('text', 'policy_code'),
  ...columns('count', 'policy_version'),
  ...columns('date', 'settled_on'),
];

/** The columns of settlements in CSV, where they are fixed, and in the other formats. */
const settlementColumns = (parts: readonly string[]): readonly Column[] => [
  ...columns('text', ...SETTLEMENT_KEYS),
  ...columns('count', ...COUNTS),
  ...columns('amount', ...EXPORTED_SUMS.map(columnOf), ...parts),
  ...columns('date', 'settled_on'),
];
const SETTLEMENT_KEYS = ['seller_id', 'currency'] as const;
const COUNTS = ['sales', 'refunds'] as const;
const SUMS_AT = SETTLEMENT_KEYS.length + COUNTS.length;

/**
 * Throws `DATE_NOT_SETTLED` with the first date of the range that is not settled, or is being settled: an export is never half of a
 * date, and an empty one means that the settled dates have no rows.
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
    const totals = new TotalsBy();
    const rows = lineRows(snapshot, selection, generation, form.format === 'xlsx' ? totals : undefined);
    await writeRows('lines', lineColumns, rows, () => currencyTotals(totals.entries()), form, sink);
  });
}

/**
 * Exports the amount that each seller is owed for each date, over all certified generations, by date, seller and currency, and returns the totals
 * of each currency. Throws `DATE_NOT_SETTLED`.
 */
export async function exportSettlements(
  db: Db,
  selection: SettlementSelection,
  form: ExportForm,
  sink: Sink,
): Promise<CurrencyTotals[]> {
  return exporting(db, selection.from, selection.to, form, async (snapshot) => {
    const totals = currencyTotals(await readSettlementTotals(snapshot, selection));
    const rows = streamSettlements(snapshot, selection);
    if (form.format === 'csv') await writeCsv(settlementColumns([]), rows, form.spreadsheetSafe, sink);
    else
      await writeRows('settlements', settlementColumns(FEE_VAT_PARTS), withFeeVatParts(rows), () => totals, form, sink);
    return totals;
  });
}

/** The totals of settlements, per currency, as `exportSettlements` returns them. Throws `DATE_NOT_SETTLED`. */
export async function totalSettlements(
  db: Db,
  selection: SettlementSelection,
  form: Pick<ExportForm, 'patienceSeconds' | 'signal'>,
): Promise<CurrencyTotals[]> {
  return exporting(db, selection.from, selection.to, form, async (snapshot) =>
    currencyTotals(await readSettlementTotals(snapshot, selection)),
  );
}

async function exporting<T>(
  db: Db,
  from: string,
  to: string,
  { patienceSeconds, signal }: Pick<ExportForm, 'patienceSeconds' | 'signal'>,
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

/** @param totals to which the lines are added, per currency */
async function* lineRows(
  db: Db,
  selection: LineSelection,
  generation: number,
  totals: TotalsBy | undefined,
): AsyncGenerator<Cell[][]> {
  const policies = new Map((await readPolicies(db)).map(({ policyId, policy }) => [policyId, policy]));
  for await (const batch of streamLines(db, selection, generation)) {
    for (const row of batch) {
      if (totals !== undefined) addLine(totals, row);
      const policyId = row.pop();
      const policy = policies.get(Number(policyId));
      if (policy === undefined) throw new MagamError('POLICY_UNREADABLE', undefined, { policyId });
      row.splice(LINE_KEYS.length + VAT_MODE_AT, 0, policy.vat.mode);
      row.push(policy.code, policy.version, selection.date);
    }
    yield batch;
  }
}

const LEG_AT = LINE_KEYS.indexOf('leg');
const CURRENCY_AT = LINE_KEYS.indexOf('currency');

const addLine = (totals: TotalsBy, row: readonly Cell[]): void =>
  totals.of(String(row[CURRENCY_AT])).add(
    row[LEG_AT] === legName(SALE) ? SALE : REFUND,
    eachFigure(FIGURE_NAMES, (_, at) => Number(row[LINE_KEYS.length + at])),
  );

/** Adds the parts of the fee VAT behind the sums of each settlement. */
async function* withFeeVatParts(batches: Batches): AsyncGenerator<Cell[][]> {
  for await (const batch of batches) {
    for (const row of batch) {
      const sums = eachFigure(EXPORTED_SUMS, (_, at) => BigInt(exactInteger(row[SUMS_AT + at])));
      const { feeVatOnTop, feeVatContained } = feeVatParts(sums);
      row.splice(SUMS_AT + EXPORTED_SUMS.length, 0, String(feeVatOnTop), String(feeVatContained));
    }
    yield batch;
  }
}

async function writeRows(
  name: string,
  fields: readonly Column[],
  batches: Batches,
  totals: () => readonly CurrencyTotals[],
  form: ExportForm,
  sink: Sink,
): Promise<void> {
  if (form.format === 'csv') return writeCsv(fields, batches, form.spreadsheetSafe, sink);
  if (form.format === 'json') return writeJson(fields, batches, sink);
  // Loaded only for a workbook.
  const { writeExportWorkbook } = await import('./export-workbook.js');
  return writeExportWorkbook(name, fields, batches, totals, sink);
}
