/** `magam statements export`: a statement as CSV, as a workbook or as a PDF. */
import { type Command, Option } from 'commander';
import { whyStatementNotPaid } from '../core/payouts/why-statement-not-paid.js';
import { LANGUAGES, type Language } from '../core/statements/documents/words.js';
import { DOCUMENT_FORMATS, type DocumentFormat } from '../core/statements/documents/write-document.js';
import { exportStatement } from '../core/statements/export-statement.js';
import type { Statement } from '../core/statements/rules/statement.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { wantsJson, wholeNumber, withDatabase } from './context.js';
import { writingTo } from './output-file.js';

interface Options {
  readonly format: DocumentFormat;
  readonly language: Language;
  readonly out?: string;
  readonly spreadsheetSafe?: true;
}

/** Adds the subcommand to `magam statements`. */
export function statementExportCommand(statements: Command): void {
  statements
    .command('export')
    .argument('<id>', 'id of a statement', wholeNumber('ID', 1, 9_999_999_999))
    .description('export an issued statement as CSV, as a workbook or as a PDF')
    .addOption(new Option('--format <format>', 'csv, xlsx or pdf').choices(DOCUMENT_FORMATS).makeOptionMandatory())
    .addOption(
      new Option('--language <language>', 'language of xlsx and pdf: ko or en').choices(LANGUAGES).default('ko'),
    )
    .option('--spreadsheet-safe', 'in CSV, keep a spreadsheet from running cells of text as formulas')
    .option('--out <file>', 'the file to write (default: standard output)')
    .action((statementId: number, options: Options, command: Command) => exportOne(statementId, options, command));
}

async function exportOne(statementId: number, options: Options, command: Command): Promise<void> {
  const { format, language, out, spreadsheetSafe } = options;
  if (wantsJson(command)) throw new MagamError('USAGE', 'An export is CSV, a workbook or a PDF; it has no --json.');
  await withDatabase(command, ({ db, config, today }) => {
    const form = { format, language, spreadsheetSafe: spreadsheetSafe === true, timeZone: config.timeZone };
    const whyNotPaid = (view: Db, statement: Statement) => whyStatementNotPaid(view, statement, today);
    const asked = { statementId, platform: config.platform, form, whyNotPaid };
    return writingTo(out, format, (sink) => exportStatement(db, asked, sink));
  });
}
