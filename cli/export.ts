/** `magam settlements` and `magam lines`: what was settled on a date, for other systems. */
import { type Command, Option } from 'commander';
import { type ExportForm, exportLines, exportSettlements } from '../core/settlement/settlement-export.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { readDate, withDatabase } from './context.js';
import { write } from './output.js';

interface ExportOptions {
  readonly date: string;
  readonly format?: 'csv' | 'json';
  readonly seller?: string;
  readonly spreadsheetSafe?: true;
}

/** The reader of a pipe may take its time; by default the server gives up after a minute. */
const PATIENCE_SECONDS = 86_400;

export function settlementsCommand(settlements: Command): void {
  exportOptions(settlements).action((options: ExportOptions, command: Command) =>
    exportRows(command, options, (db, date, form) =>
      exportSettlements(db, { from: date, to: date, sellerId: null, currency: null }, form, write),
    ),
  );
}

export function linesCommand(lines: Command): void {
  exportOptions(lines)
    .option('--seller <id>', 'only the lines of this seller')
    .action((options: ExportOptions, command: Command) => {
      const { seller = null } = options;
      if (seller !== null && !isExternalId(seller)) {
        throw new MagamError('USAGE', `${JSON.stringify(seller)} is not a seller id.`, { option: '--seller' });
      }
      return exportRows(command, options, (db, date, form) =>
        exportLines(db, { date, sellerId: seller, orderId: null }, form, write),
      );
    });
}

const exportOptions = (command: Command): Command =>
  command
    .requiredOption('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .addOption(new Option('--format <format>', 'csv, or json (as --json)').choices(['csv', 'json']))
    .option(
      '--spreadsheet-safe',
      'in CSV, keep a spreadsheet from running cells of text as formulas (alters such cells, never an amount)',
    );

/** `work` exports a date. */
async function exportRows(
  command: Command,
  options: ExportOptions,
  work: (db: Db, date: string, form: ExportForm) => Promise<void>,
): Promise<void> {
  await withDatabase(command, async ({ db, today, json, signal }) => {
    // Nothing needs to be undone here, and waiting for the rest of a million rows helps nobody.
    signal.addEventListener('abort', () => process.exit(130));
    const date = readDate(options.date, today);
    await work(db, date, {
      format: json || options.format === 'json' ? 'json' : 'csv',
      spreadsheetSafe: options.spreadsheetSafe === true,
      patienceSeconds: PATIENCE_SECONDS,
    });
  });
}
