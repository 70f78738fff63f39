/** Tax invoices in JSON. */
import * as z from 'zod';
import { INVOICE_CURRENCY, supplyOf, vatOf } from '../../core/tax-invoices/rules/tax-invoice.js';
import type { InvoicedMonth, TaxInvoice } from '../../core/tax-invoices/stores/tax-invoice.js';
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { amountMinor, businessDate, currency, externalId, minorOf, moment } from '../edge/fields.js';

export const tag = 'Tax invoices';
export const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month: YYYY-MM')
  .meta({ example: '2026-02' });
export const sellerQuery = externalId
  .optional()
  .meta({ description: 'Only those of this seller; a seller need not name itself.' });

/** The seller to whom the answer is limited; null: all sellers. Throws FORBIDDEN where a seller names another one. */
export function limitedTo(own: Caller | null, asked: string | undefined): string | null {
  if (own === null) return asked ?? null;
  if (own.sellerId === null || (asked !== undefined && asked !== own.sellerId)) throw new MagamError('FORBIDDEN');
  return own.sellerId;
}

export const invoiceSchema = z
  .object({
    month,
    sellerId: z.string(),
    number: z.number().int().min(1).meta({ description: '1: the invoice of the month; 2 and more: its amendments.' }),
    issuedOn: businessDate,
    dueOn: businessDate.meta({ description: 'By when it has to be issued.' }),
    calendarVersion: z.number().int().meta({ description: 'The version of the calendar that the date is of.' }),
    platform: z.object({ name: z.string(), businessNumber: z.string() }),
    seller: z.object({ name: z.string(), businessNumber: z.string() }),
    currency,
    feeSupplyMinor: amountMinor,
    feeVatMinor: amountMinor,
    pgFeeSupplyMinor: amountMinor,
    pgFeeVatMinor: amountMinor,
    supplyMinor: amountMinor,
    vatMinor: amountMinor,
    totalMinor: amountMinor,
    madeAt: moment,
    madeBy: z.string().nullable().meta({ description: 'Null: the caller is no operator.' }),
  })
  .meta({ id: 'TaxInvoice' });

export function invoiceBody(invoice: TaxInvoice, forStaff: boolean): z.input<typeof invoiceSchema> {
  const { month: of, sellerId, number, issuedOn, dueOn, calendarVersion, madeAt, madeBy } = invoice;
  const [supply, vat] = [supplyOf(invoice), vatOf(invoice)];
  return {
    ...{ month: of, sellerId, number, issuedOn, dueOn, calendarVersion, madeAt },
    platform: { name: invoice.platformName, businessNumber: invoice.platformBusinessNumber },
    seller: { name: invoice.sellerName, businessNumber: invoice.sellerBusinessNumber },
    currency: INVOICE_CURRENCY,
    feeSupplyMinor: minorOf(invoice.feeSupplyMinor),
    feeVatMinor: minorOf(invoice.feeVatMinor),
    pgFeeSupplyMinor: minorOf(invoice.pgFeeSupplyMinor),
    pgFeeVatMinor: minorOf(invoice.pgFeeVatMinor),
    supplyMinor: minorOf(supply),
    vatMinor: minorOf(vat),
    totalMinor: minorOf(supply + vat),
    madeBy: forStaff ? madeBy : null,
  };
}

export const invoicedMonthSchema = z
  .object({
    month,
    invoices: z.number().int(),
    amendments: z.number().int().meta({ description: 'How many of them are amendments.' }),
    currency,
    supplyMinor: amountMinor,
    vatMinor: amountMinor,
  })
  .meta({ id: 'TaxInvoiceMonth' });

export const invoicedMonthBody = ({
  supplyMinor,
  vatMinor,
  ...counted
}: InvoicedMonth): z.input<typeof invoicedMonthSchema> => ({
  ...counted,
  currency: INVOICE_CURRENCY,
  supplyMinor: minorOf(supplyMinor),
  vatMinor: minorOf(vatMinor),
});
