/** Which tax invoices there are, one of them, and those of a month as CSV or as a workbook. A seller sees its own. */
import * as z from 'zod';
import { exportTaxInvoices } from '../../core/tax-invoices/export-tax-invoices.js';
import { readInvoice, readInvoicedMonths, readInvoices } from '../../core/tax-invoices/stores/tax-invoice.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { DOWNLOAD_TYPES, type DownloadFormat, download } from '../edge/download.js';
import { externalId, idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  invoiceBody,
  invoicedMonthBody,
  invoicedMonthSchema,
  invoiceSchema,
  limitedTo,
  month,
  sellerQuery,
  tag,
} from './tax-invoice-fields.js';

const monthQuery = month.meta({ description: 'The calendar month of the settlements.' });

export const listInvoices = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/tax-invoices',
    operationId: 'listTaxInvoices',
    tag,
    summary: 'List the tax invoices of a month',
    description: 'By seller and number. A seller sees its own.',
    permission: 'tax-invoice.read',
    query: z.strictObject({ month: monthQuery, sellerId: sellerQuery, ...pageQuery }),
    answer: { status: 200, description: 'A page of tax invoices.', schema: pageOf(invoiceSchema) },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { month: of, sellerId: asked, ...page }, own }) => {
      const sellerId = limitedTo(own, asked);
      return paged(page, {
        name: `tax-invoices ${of} ${sellerId ?? ''}`,
        key: z.tuple([externalId, z.number().int()]),
        read: (key, limit) => readInvoices(db, of, sellerId, key && { sellerId: key[0], number: key[1] }, limit),
        keyOf: (invoice) => [invoice.sellerId, invoice.number],
        itemOf: (invoice) => invoiceBody(invoice, own === null),
      });
    },
  });

export const listInvoicedMonths = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/tax-invoice-months',
    operationId: 'listTaxInvoiceMonths',
    tag,
    summary: 'List the months that have tax invoices, with their sums',
    description: 'The latest first. A seller sees the sums of its own.',
    permission: 'tax-invoice.read',
    query: z.strictObject({ sellerId: sellerQuery }),
    answer: {
      status: 200,
      description: 'All of these months.',
      schema: z.object({ items: z.array(invoicedMonthSchema) }).meta({ id: 'TaxInvoiceMonths' }),
    },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query, own }) => {
      const months = await readInvoicedMonths(db, limitedTo(own, query.sellerId));
      return ok({ items: months.map(invoicedMonthBody) });
    },
  });

export const showInvoice = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/tax-invoices/{month}/{number}',
    operationId: 'readTaxInvoice',
    tag,
    summary: 'Show a tax invoice of a seller',
    permission: 'tax-invoice.read',
    params: z.strictObject({
      sellerId: externalId.meta({ description: 'The seller.' }),
      month: monthQuery,
      number: idText.meta({ description: '1: the invoice of the month; 2 and more: its amendments.' }),
    }),
    answer: { status: 200, description: 'The tax invoice.', schema: invoiceSchema },
    refusals: ['TAX_INVOICE_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: async ({ params, own }) =>
      ok(
        invoiceBody(found(await readInvoice(db, params.month, params), 'TAX_INVOICE_NOT_FOUND', params), own === null),
      ),
  });

export const downloadInvoices = ({ db }: ApiContext, format: DownloadFormat): Route =>
  route({
    method: 'get',
    path: `/v1/tax-invoices.${format}`,
    operationId: format === 'csv' ? 'downloadTaxInvoices' : 'downloadTaxInvoicesAsWorkbook',
    tag,
    summary: `Download the tax invoices of a month as ${format === 'csv' ? 'CSV' : 'a workbook'}`,
    description:
      'Byte for byte as `magam tax-invoices export` writes them, with amounts in major units. A seller gets its own.',
    permission: 'tax-invoice.read',
    query: z.strictObject({
      month: monthQuery,
      sellerId: sellerQuery,
      spreadsheetSafe: z.enum(['true', 'false']).default('false').meta({
        description: 'In CSV, keep a spreadsheet from running cells of text as formulas.',
      }),
    }),
    answer: { status: 200, description: 'The tax invoices.', contentType: DOWNLOAD_TYPES[format] },
    refusals: ['STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ query: { month: of, sellerId: asked, spreadsheetSafe }, own }) => {
      const sellerId = limitedTo(own, asked);
      const name = ['tax-invoices', of, ...(sellerId === null ? [] : [sellerId])].join('-');
      return download(format, name, spreadsheetSafe === 'true', ({ spreadsheetSafe: safe }, sink) =>
        exportTaxInvoices(db, { month: of, sellerId }, { format, spreadsheetSafe: safe }, sink),
      );
    },
  });
