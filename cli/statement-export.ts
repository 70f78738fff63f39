/** `magam statements export`: a statement or a draft as CSV, as a workbook or as a PDF. */
import { type Command, Option } from 'commander';
import { businessCalendar } from '../core/business-days/keep-calendar.js';
import { whyStatementNotPaid } from '../core/payouts/why-statement-not-paid.js';
import { LANGUAGES, type Language } from '../core/statements/documents/words.js';
import { DOCUMENT_FORMATS, type DocumentFormat } from '../core/statements/documents/write-document.js';
import { exportDraft, exportStatement } from '../core/statements/export-statement.js';
import type { Statement } from '../core/statements/rules/statement.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { readCurrency, readDate, wantsJson, wholeNumber, withDatabase } from './context.js';
import { writingTo } from './output-file.js';

interface Options {
  readonly format: DocumentFormat;
  readonly language: Language;
  readonly out?: string;
  readonly spreadsheetSafe?: true;
  readonly seller?: string;
  readonly currency?: string;
  readonly at?: string;
}

/** Adds the subcommand to `magam statements`. */
export function statementExportCommand(statements: Command): void {
  statements
    .command('export')
    .argument('[id]', 'id of an issued statement', wholeNumber('ID', 1, 9_999_999_999))
    .description(
      'export a statement, or with --seller the draft of a running period, as CSV, as a workbook or as a PDF',
    )
    .option('--seller <id>', 'the draft of this seller, as closing the period now would issue it')
    .option('--currency <code>', 'with --seller: in this currency', readCurrency)
    .option('--at <date>', 'with --seller: of the period that holds this date (default: today)')
    .addOption(new Option('--format <format>', 'csv, xlsx or pdf').choices(DOCUMENT_FORMATS).makeOptionMandatory())
    .addOption(
      new Option('--language <language>', 'language of xlsx and pdf: ko or en').choices(LANGUAGES).default('ko'),
    )
    .option('--spreadsheet-safe', 'in CSV, keep a spreadsheet from running cells of text as formulas')
    .option('--out <file>', 'the file to write (default: standard output)')
    .action((statementId: number | undefined, options: Options, command: Command) =>
      exportOne(statementId, options, command),
    );
}

async function exportOne(statementId: number | undefined, options: Options, command: Command): Promise<void> {
  const { format, language, out, spreadsheetSafe, seller: sellerId, currency, at } = options;
  if (wantsJson(command)) throw new MagamError('USAGE', 'An export is CSV, a workbook or a PDF; it has no --json.');
  if ((statementId === undefined) === (sellerId === undefined))
    throw new MagamError('USAGE', 'Give the ID of an issued statement, or --seller and --currency of a draft.');
  if ((sellerId === undefined) !== (currency === undefined) || (sellerId === undefined && at !== undefined))
    throw new MagamError('USAGE', '--seller and --currency belong together, and --at goes with them.');
  await withDatabase(command, async ({ db, config, today }) => {
    const form = { format, language, spreadsheetSafe: spreadsheetSafe === true, timeZone: config.timeZone };
    const { platform } = config;
    const whyNotPaid = (view: Db, statement: Statement) => whyStatementNotPaid(view, statement, today);
    if (statementId !== undefined) {
      const asked = { statementId, platform, form, whyNotPaid };
      return writingTo(out, format, (sink) => exportStatement(db, asked, sink));
    }
    const calendar = await businessCalendar(db);
    const draft = { sellerId: sellerId as string, currency: currency as string, at: readDate(at ?? 'today', today) };
    return writingTo(out, format, (sink) => exportDraft(db, { ...draft, calendar, platform, form }, sink));
  });
}
