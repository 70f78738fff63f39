/** Reads the fields that files of both kinds have, and collects what is wrong with them. */

import { isBusinessDate } from '../../../kernel/business-date.js';
import { currencyExponent } from '../../../kernel/currency.js';
import { type ErrorCode, isRefusal } from '../../../kernel/errors.js';
import { isExternalId } from '../../../kernel/external-id.js';
import { parseAmount } from '../../../kernel/money.js';
import { MAX_QUANTITY } from '../rules/entry.js';
import type { FieldFault } from './row-faults.js';

/** A date or time stamp as a business date of the platform; undefined when it is neither. */
export type DateReader = (text: string) => string | undefined;

const DIGITS = /^\d{1,20}$/;
/** A decimal in any currency, which is all that can be checked of an amount whose currency is unknown. */
const DECIMAL = /^\d+(?:\.\d+)?$/;

/** The form that a spreadsheet gives a long number (2.02604E+15, also 2,02604E+15), and the text that it writes where a formula failed. */
const MANGLED = /^(?:-?\d(?:[.,]\d+)?[eE]\+\d{1,3}|#(?:NAME\?|REF!|VALUE!|N\/A|DIV\/0!|NUM!|NULL!))$/;

/** Whether an id is valid and still as its system wrote it. */
export const isReadableId = (text: string): boolean => isExternalId(text) && !isMangled(text);

const isMangled = (text: string): boolean => (text.includes('+') || text.startsWith('#')) && MANGLED.test(text);

/** Days that were seen before: a file has few of them, each many times. */
const days = new Set<string>();
const DAYS_MAX = 10_000;

function isDay(date: string): boolean {
  if (days.has(date)) return true;
  if (!isBusinessDate(date)) return false;
  if (days.size < DAYS_MAX) days.add(date);
  return true;
}

/** Values that could not be read are NaN, so that no later check of the same row reports them again. */
export class FieldReader {
  readonly faults: FieldFault[] = [];

  fault(column: string, code: ErrorCode, value: string): void {
    this.faults.push({ column, code, value });
  }

  /** Whether there is a value; records the fault otherwise. */
  present(column: string, text: string): boolean {
    if (text === '') this.fault(column, 'FIELD_REQUIRED', '');
    return text !== '';
  }

  id(column: string, text: string): void {
    if (!this.present(column, text)) return;
    if (!isExternalId(text)) this.fault(column, 'ID_INVALID', text);
    else if (isMangled(text)) this.fault(column, 'ID_MANGLED', text);
  }

  quantity(column: string, text: string): number {
    if (!this.present(column, text)) return Number.NaN;
    const quantity = DIGITS.test(text) ? Number(text) : 0;
    if (quantity >= 1 && quantity <= MAX_QUANTITY) return quantity;
    this.fault(column, 'QUANTITY_INVALID', text);
    return Number.NaN;
  }

  currency(column: string, text: string): void {
    if (this.present(column, text) && currencyExponent(text) === undefined)
      this.fault(column, 'CURRENCY_UNKNOWN', text);
  }

  /** Minor units of an amount in major units. The currency was checked before. */
  amount(column: string, text: string, currency: string): number {
    const amount = parseAmount(text, currency);
    if (!isRefusal(amount)) return amount;
    if (amount.refused !== 'CURRENCY_UNKNOWN') this.fault(column, amount.refused, text);
    else if (!DECIMAL.test(text)) this.fault(column, 'AMOUNT_INVALID', text);
    return Number.NaN;
  }

  date(column: string, text: string, dateOf: DateReader): string {
    if (!this.present(column, text)) return '';
    const date = dateOf(text);
    if (date !== undefined && isDay(date)) return date;
    this.fault(column, 'ROW_DATE_INVALID', text);
    return '';
  }
}
