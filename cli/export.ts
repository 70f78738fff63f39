/** `magam settlements` and `magam lines`: exports of settled dates for other systems and for spreadsheets. */
import { type Command, Option } from 'commander';
import { EXPORT_FORMATS, type ExportForm, type ExportFormat } from '../core/settlement/export-rows.js';
import type { CurrencyTotals } from '../core/settlement/rules/currency-totals.js';
import { exportLines, exportSettlements, totalSettlements } from '../core/settlement/settlement-export.js';
import type { SettlementSelection } from '../core/settlement/stores/export-stream.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { type CommandContext, readDate, wantsJson, withDatabase } from './context.js';
import { note, print, printJson, write } from './output.js';
import { totalsTable } from './totals-table.js';

interface ExportOptions {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: ExportFormat;
  readonly seller?: string;
  readonly spreadsheetSafe?: true;
  readonly totals?: true;
}

/** The reader of a pipe may be slow; by default the server gives up after a minute. */
const PATIENCE_SECONDS = 86_400;

export function settlementsCommand(settlements: Command): void {
  settlements
    .option('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .option('--from <date>', 'with --to: every date of a range')
    .option('--to <date>', 'the last date of the range');
  exportOptions(settlements, 'only the settlements of this seller')
    .option('--totals', 'only the totals of each currency: a table, with --json a document')
    .action(async (options: ExportOptions, command: Command) => {
      const form = formOf(options, command);
      const sellerId = sellerOf(options);
      requireDates(options);
      if (options.totals === true && options.format !== undefined)
        throw new MagamError('USAGE', '--totals has no --format: it prints a table, or a document with --json.');
      await exporting(command, async (context) => {
        const selection = { ...datesOf(options, context.today), sellerId, currency: null };
        if (options.totals === true) return printTotals(context, selection, form);
        const totals = await exportSettlements(context.db, selection, form, write);
        if (totals.length > 0 && form.format !== 'json') note(totalsTable(totals));
      });
    });
}

export function linesCommand(lines: Command): void {
  lines.requiredOption('--date <date>', 'YYYY-MM-DD, today or yesterday');
  exportOptions(lines, 'only the lines of this seller').action((options: ExportOptions, command: Command) => {
    const form = formOf(options, command);
    const sellerId = sellerOf(options);
    return exporting(command, ({ db, today }) =>
      exportLines(db, { date: readDate(options.date ?? '', today), sellerId, orderId: null }, form, write),
    );
  });
}

const exportOptions = (command: Command, seller: string): Command =>
  command
    .addOption(
      new Option('--format <format>', 'csv, json (as --json), or xlsx, a workbook for spreadsheets').choices(
        EXPORT_FORMATS,
      ),
    )
    .option(
      '--spreadsheet-safe',
      'in CSV, keep a spreadsheet from running cells of text as formulas (alters such cells, never an amount)',
    )
    .option('--seller <id>', seller);

/** Throws `USAGE` for a workbook where none can be written. */
function formOf({ format = 'csv', spreadsheetSafe }: ExportOptions, command: Command): ExportForm {
  const json = wantsJson(command);
  if (format === 'xlsx' && json)
    throw new MagamError('USAGE', '--json prints a document; a workbook is written without it.', {
      option: '--format',
    });
  if (format === 'xlsx' && process.stdout.isTTY === true)
    throw new MagamError('USAGE', 'A workbook is not for a terminal: send it to a file, as in > settlements.xlsx.', {
      option: '--format',
    });
  return {
    format: json ? 'json' : format,
    spreadsheetSafe: spreadsheetSafe === true,
    patienceSeconds: PATIENCE_SECONDS,
  };
}

function sellerOf({ seller }: ExportOptions): string | null {
  if (seller === undefined) return null;
  if (isExternalId(seller)) return seller;
  throw new MagamError('USAGE', `${JSON.stringify(seller)} is not a seller id.`, { option: '--seller' });
}

function requireDates({ date, from, to }: ExportOptions): void {
  if (date === undefined ? from === undefined || to === undefined : from !== undefined || to !== undefined)
    throw new MagamError('USAGE', 'settlements takes --date, or --from with --to.');
}

function datesOf({ date, from, to }: ExportOptions, today: string): { from: string; to: string } {
  const first = readDate(date ?? from ?? '', today);
  const last = readDate(date ?? to ?? '', today);
  if (first > last) throw new MagamError('USAGE', `--from ${first} is after --to ${last}.`, { from: first, to: last });
  return { from: first, to: last };
}

/** Only the totals. A sum beyond 2^53 keeps all its digits. */
async function printTotals(
  { db, json }: CommandContext,
  selection: SettlementSelection,
  form: ExportForm,
): Promise<void> {
  const totals: readonly CurrencyTotals[] = await totalSettlements(db, selection, form);
  const { from, to, sellerId } = selection;
  if (json) printJson({ from, to, sellerId, totals });
  else print(totals.length === 0 ? 'Nothing was settled.' : totalsTable(totals));
}

const exporting = (command: Command, work: (context: CommandContext) => Promise<void>): Promise<void> =>
  withDatabase(command, async (context) => {
    // There is nothing to undo, and there is no use in waiting for the rest of a million rows.
    context.signal.addEventListener('abort', () => process.exit(130));
    await work(context);
  });
