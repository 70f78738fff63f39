/** Records of tax invoices. */
import type { ErrorDefinition } from './definition.js';

export const taxInvoiceErrors = {
  MONTH_INVALID: {
    http: 422,
    exit: 2,
    meaning: 'A month is not a month of the calendar written YYYY-MM.',
    whatToDo: 'Write the month as `YYYY-MM`, as in `2026-04`.',
  },
  PLATFORM_BUSINESS_NUMBER_MISSING: {
    http: 409,
    exit: 2,
    meaning: 'Tax invoices name the business number of the platform, which is not set.',
    whatToDo: 'Set `MAGAM_BUSINESS_NUMBER` to the business registration number of the platform.',
  },
  TAX_INVOICE_MAKING_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'Nobody has asked for tax invoices under this number.',
    whatToDo: 'See `GET /v1/tax-invoice-makings`.',
  },
  TAX_INVOICE_MONTH_NOT_OVER: {
    http: 422,
    exit: 1,
    meaning: 'The month is not over in the zone of the platform, so its tax invoices cannot be made.',
    whatToDo: 'Run the command again when the month is over; the details name its last day.',
  },
  TAX_INVOICE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The seller has no tax invoice of this number in the month.',
    ko: '이 달에 해당 번호의 세금계산서가 없습니다.',
    whatToDo: 'See `GET /v1/tax-invoices?month=`.',
  },
} as const satisfies Record<string, ErrorDefinition>;
