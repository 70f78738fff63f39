/** Tax invoices (세금계산서) for what sellers are charged: supply value and VAT of a calendar month, and when they are due. */
import { addDays, isBusinessDate } from '../../../kernel/business-date.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { BusinessCalendar } from '../../business-days/rules/business-calendar.js';
import { feeVatParts } from '../../settlement/rules/currency-totals.js';
import type { ExportedFigure } from '../../settlement/rules/figures.js';

/** Invoices are for supplies in Korea: settlements in other currencies are not on them. */
export const INVOICE_CURRENCY = 'KRW';

/** What a month's settlements come to, in minor units; negative where refunds come to more. */
export interface InvoiceAmounts {
  /** Fees without the VAT that they contain. */
  readonly feeSupplyMinor: bigint;
  /** VAT on fees, on top of them and contained in them. */
  readonly feeVatMinor: bigint;
  readonly pgFeeSupplyMinor: bigint;
  readonly pgFeeVatMinor: bigint;
}

/**
 * The amounts of sums of settlements. Supply value and VAT together are exactly what the lines charged the seller: fee, VAT on top of it, PG fee and its VAT.
 */
export function invoiceAmounts(sums: Readonly<Record<ExportedFigure, bigint>>): InvoiceAmounts {
  const { fee, feeVat, pgFee, pgFeeVat } = sums;
  return {
    feeSupplyMinor: fee - feeVatParts(sums).feeVatContained,
    feeVatMinor: feeVat,
    pgFeeSupplyMinor: pgFee,
    pgFeeVatMinor: pgFeeVat,
  };
}

export const isZero = (amounts: InvoiceAmounts): boolean => Object.values(amounts).every((minor) => minor === 0n);

export const supplyOf = ({ feeSupplyMinor, pgFeeSupplyMinor }: InvoiceAmounts): bigint =>
  feeSupplyMinor + pgFeeSupplyMinor;

export const vatOf = ({ feeVatMinor, pgFeeVatMinor }: InvoiceAmounts): bigint => feeVatMinor + pgFeeVatMinor;

/** A calendar month with its first and last day. */
export interface Month {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly from: string;
  readonly to: string;
}

/** Refuses with MONTH_INVALID. */
export function parseMonth(text: string): Month | Refusal {
  const from = `${text}-01`;
  if (!isBusinessDate(from)) return refuse('MONTH_INVALID', { month: text });
  return { month: text, from, to: addDays(`${addDays(from, 31).slice(0, 7)}-01`, -1) };
}

/**
 * The last day on which an invoice may be issued: the 10th of the month after its date, and the next business day where that is a Saturday or a holiday
 * (Value-Added Tax Act of Korea, Article 34 (3) 1). Throws BUSINESS_DAY_UNKNOWN.
 */
export function dueOn(issuedOn: string, calendar: BusinessCalendar): string {
  const nextMonth = addDays(`${issuedOn.slice(0, 7)}-01`, 31).slice(0, 7);
  return calendar.roll(`${nextMonth}-10`, 'after');
}
