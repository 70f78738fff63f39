/** Tax invoices of a month for the tax office's form and for spreadsheets. */
import type { Cell, Db } from '../../infra/database.js';
import { type Column, columns, eachInMajorUnits, type Sink, writeCsv } from '../settlement/export-rows.js';
import { INVOICE_CURRENCY, supplyOf, vatOf } from './rules/tax-invoice.js';
import { type InvoiceKey, readInvoices, type TaxInvoice } from './stores/tax-invoice.js';

export const INVOICE_FORMATS = ['csv', 'xlsx'] as const;
export type InvoiceFormat = (typeof INVOICE_FORMATS)[number];

const PAGE = 500;

const invoiceColumns: readonly Column[] = [
  ...columns('text', 'month', 'seller_id'),
  ...columns('count', 'number'),
  ...columns('date', 'issued_on', 'due_on'),
  ...columns('text', 'platform_business_number', 'platform_name', 'seller_business_number', 'seller_name', 'currency'),
  ...columns('amount', 'fee_supply', 'fee_vat', 'pg_fee_supply', 'pg_fee_vat', 'supply_value', 'vat', 'total'),
];

const cells = (invoice: TaxInvoice): Cell[] => {
  const { feeSupplyMinor, feeVatMinor, pgFeeSupplyMinor, pgFeeVatMinor } = invoice;
  const [supply, vat] = [supplyOf(invoice), vatOf(invoice)];
  return [
    invoice.month,
    invoice.sellerId,
    invoice.number,
    invoice.issuedOn,
    invoice.dueOn,
    invoice.platformBusinessNumber,
    invoice.platformName,
    invoice.sellerBusinessNumber,
    invoice.sellerName,
    INVOICE_CURRENCY,
    ...[feeSupplyMinor, feeVatMinor, pgFeeSupplyMinor, pgFeeVatMinor, supply, vat, supply + vat].map(String),
  ];
};

async function* pages(db: Db, month: string, sellerId: string | null): AsyncGenerator<Cell[][]> {
  let after: InvoiceKey | undefined;
  do {
    const page: TaxInvoice[] = await readInvoices(db, month, sellerId, after, PAGE);
    yield page.map(cells);
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

/** Writes the invoices of a month, of all sellers or of one, by seller and number. */
export async function exportTaxInvoices(
  db: Db,
  { month, sellerId }: { readonly month: string; readonly sellerId: string | null },
  { format, spreadsheetSafe }: { readonly format: InvoiceFormat; readonly spreadsheetSafe: boolean },
  sink: Sink,
): Promise<void> {
  const rows = pages(db, month, sellerId);
  if (format === 'csv') return writeCsv(invoiceColumns, rows, spreadsheetSafe, sink);
  const { writeWorkbook } = await import('../../infra/workbook.js');
  await writeWorkbook(sink, (workbook) =>
    workbook.addTable('tax invoices', invoiceColumns, eachInMajorUnits(invoiceColumns, rows)),
  );
}
