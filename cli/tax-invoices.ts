/** `magam tax-invoices`: makes, lists and exports the records of tax invoices for the fees of sellers. */
import { type Command, Option } from 'commander';
import { exportTaxInvoices, INVOICE_FORMATS, type InvoiceFormat } from '../core/tax-invoices/export-tax-invoices.js';
import { type MadeInvoices, makeTaxInvoices, type WaitingReason } from '../core/tax-invoices/make-tax-invoices.js';
import { INVOICE_CURRENCY, parseMonth, supplyOf, vatOf } from '../core/tax-invoices/rules/tax-invoice.js';
import { readInvoicedMonths, readInvoices } from '../core/tax-invoices/stores/tax-invoice.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { decided } from '../kernel/outcome.js';
import { wantsJson, withDatabase } from './context.js';
import { counted, money, note, print, printJson, printTable } from './output.js';
import { writingTo } from './output-file.js';

interface Options {
  readonly month?: string;
  readonly seller?: string;
  readonly format?: InvoiceFormat;
  readonly out?: string;
  readonly spreadsheetSafe?: true;
}

const MONTH = '--month <month>';
const ROWS_MAX = 10_000;
/** The number of sellers that the text names; `--json` names all. */
const NAMED = 10;

export function taxInvoicesCommands(command: Command): void {
  command
    .command('make')
    .description(
      'make the invoices of a month that is over, for every seller that has none, and amendments for what was settled since',
    )
    .requiredOption(MONTH, 'YYYY-MM')
    .action((options: Options, command: Command) => make(options, command));
  command
    .command('list')
    .description('list the invoices of a month, or every month that has invoices')
    .option(MONTH, 'YYYY-MM')
    .option('--seller <id>', 'with --month: only those of this seller')
    .action((options: Options, command: Command) => list(options, command));
  command
    .command('export')
    .description('export the invoices of a month as CSV or as a workbook')
    .requiredOption(MONTH, 'YYYY-MM')
    .option('--seller <id>', 'only those of this seller')
    .addOption(new Option('--format <format>', 'csv, or xlsx').choices(INVOICE_FORMATS).default('csv'))
    .option('--spreadsheet-safe', 'in CSV, keep a spreadsheet from running cells of text as formulas')
    .option('--out <file>', 'the file to write (default: standard output)')
    .action((options: Options, command: Command) => exportMonth(options, command));
}

async function make(options: Options, command: Command): Promise<void> {
  const month = decided(parseMonth(options.month ?? ''));
  await withDatabase(command, async ({ db, config, today, json, signal }) => {
    const { platform, userName } = config;
    const made = await makeTaxInvoices(db, { month, today, platform, userName }, signal);
    if (json) printJson(made);
    else tellMade(made);
    if (made.waiting.length > 0) process.exitCode = 3;
  });
}

const reasons: Readonly<Record<WaitingReason, string>> = {
  SELLER_NOT_REGISTERED: 'not registered, so their business number is not known',
  STATEMENT_NOT_ISSUED: 'settlements of the month are on no statement yet',
};

function tellMade({ month, dueOn, invoices, amendments, supplyMinor, vatMinor, waiting }: MadeInvoices): void {
  if (invoices === 0) print(`No invoice of ${month} had to be made.`);
  else {
    const amended = amendments === 0 ? '' : `, ${counted(amendments, 'amendment')} among them`;
    print(`Made ${counted(invoices, 'invoice')} of ${month}${amended}.`);
    print(`Supply value ${money(supplyMinor, INVOICE_CURRENCY)}, VAT ${money(vatMinor, INVOICE_CURRENCY)}.`);
  }
  print(`Invoices of ${month} have to be issued by ${dueOn}.`);
  for (const [reason, text] of Object.entries(reasons)) {
    const sellers = waiting.filter((seller) => seller.reason === reason).map(({ sellerId }) => sellerId);
    if (sellers.length === 0) continue;
    const more = sellers.length > NAMED ? ', …' : '';
    note(
      `${counted(sellers.length, 'seller')} without one (${reason}: ${text}): ${sellers.slice(0, NAMED).join(', ')}${more}`,
    );
  }
}

async function list(options: Options, command: Command): Promise<void> {
  const month = options.month === undefined ? undefined : decided(parseMonth(options.month)).month;
  const seller = sellerOf(options);
  if (month === undefined && seller !== null) throw new MagamError('USAGE', '--seller needs --month.');
  await withDatabase(command, ({ db, json }) =>
    month === undefined ? listMonths(db, json) : listMonth(db, month, seller, json),
  );
}

async function listMonths(db: Db, json: boolean): Promise<void> {
  const months = await readInvoicedMonths(db);
  if (json) return printJson({ months });
  if (months.length === 0) return print('There are no tax invoices.');
  const right = ['invoices', 'amendments', 'supply value', 'VAT'];
  printTable(
    ['month', ...right],
    months.map(({ month, invoices, amendments, supplyMinor, vatMinor }) => [
      month,
      invoices,
      amendments,
      money(supplyMinor, INVOICE_CURRENCY),
      money(vatMinor, INVOICE_CURRENCY),
    ]),
    right,
  );
}

async function listMonth(db: Db, month: string, seller: string | null, json: boolean): Promise<void> {
  const invoices = await readInvoices(db, month, seller, undefined, ROWS_MAX);
  if (json) return printJson({ month, invoices });
  if (invoices.length === 0) return print(`There are no tax invoices of ${month}.`);
  const right = ['number', 'supply value', 'VAT'];
  printTable(
    ['seller', 'number', 'name', 'business number', 'issued', 'due', 'supply value', 'VAT'],
    invoices.map((invoice) => [
      invoice.sellerId,
      invoice.number,
      invoice.sellerName,
      invoice.sellerBusinessNumber,
      invoice.issuedOn,
      invoice.dueOn,
      money(supplyOf(invoice), INVOICE_CURRENCY),
      money(vatOf(invoice), INVOICE_CURRENCY),
    ]),
    right,
  );
  if (invoices.length === ROWS_MAX) note(`Only the first ${ROWS_MAX} are shown; tax-invoices export has all.`);
}

async function exportMonth(options: Options, command: Command): Promise<void> {
  const { month } = decided(parseMonth(options.month ?? ''));
  const { format = 'csv', spreadsheetSafe, out } = options;
  const sellerId = sellerOf(options);
  if (wantsJson(command))
    throw new MagamError('USAGE', 'An export is CSV or a workbook: tax-invoices list has --json.');
  await withDatabase(command, ({ db }) =>
    writingTo(out, format, (sink) =>
      exportTaxInvoices(db, { month, sellerId }, { format, spreadsheetSafe: spreadsheetSafe === true }, sink),
    ),
  );
}

function sellerOf({ seller }: Options): string | null {
  if (seller === undefined || isExternalId(seller)) return seller ?? null;
  throw new MagamError('USAGE', `${JSON.stringify(seller)} is not a seller id.`, { option: '--seller' });
}
