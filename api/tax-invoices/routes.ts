/** Tax invoices for the fees of sellers: made by operators, read by them and by the sellers themselves. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { listMakings, requestInvoices, showMaking } from './make-tax-invoices.js';
import { downloadInvoices, listInvoicedMonths, listInvoices, showInvoice } from './read-tax-invoices.js';

export const taxInvoiceRoutes = (context: ApiContext): Route[] => [
  listInvoices(context),
  listInvoicedMonths(context),
  showInvoice(context),
  downloadInvoices(context, 'csv'),
  downloadInvoices(context, 'xlsx'),
  requestInvoices(context),
  listMakings(context),
  showMaking(context),
];
