/**
 * What a layout of bank files is. One file each beside this one; `registry.ts` lists them, and adding one touches nothing else. A layout works on text: whoever calls it
 * encodes and decodes (core/payouts/bank-file.ts).
 */
import { currencyExponent } from '../../../../kernel/currency.js';
import type { TransferFailure } from '../transfer-failure.js';

/** What is told of a file as a whole. */
export interface TransferFile {
  /** 1 to 20 letters, digits and hyphens. */
  readonly fileId: string;
  /** Business date on which the bank is to transfer. */
  readonly transferOn: string;
}

export interface TransferRow {
  readonly payoutId: number;
  readonly attempt: number;
  /** Of `transferReference`. */
  readonly reference: string;
  /** Three digits. */
  readonly bankCode: string;
  /** Digits alone. */
  readonly accountNumber: string;
  readonly holder: string;
  /** Minor units. */
  readonly amountMinor: bigint;
  readonly currency: string;
  /** What the seller reads on its bank statement. It may be cut. */
  readonly remark: string;
}

/** Why a row cannot be written. */
export type RowFaultReason =
  | 'NO_TRANSFERS'
  | 'CURRENCY_UNSUPPORTED'
  | 'REFERENCE_REPEATED'
  | 'BANK_CODE_INVALID'
  | 'ACCOUNT_NUMBER_INVALID'
  | 'AMOUNT_INVALID'
  | 'AMOUNT_TOO_LARGE'
  | 'HOLDER_TOO_LONG'
  | 'TEXT_INVALID'
  | 'TEXT_UNENCODABLE'
  | 'TOTAL_TOO_LARGE';

export interface RowFault {
  /** Null: the fault is one of the whole file. */
  readonly reference: string | null;
  readonly reason: RowFaultReason;
  readonly message: string;
}

/** A line of a file that was read: its fields, or the whole line where the layout has no separators. */
export interface ReadLine {
  /** From 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A line of a result file, its texts as they stand there. `date` is brought into the form YYYY-MM-DD. */
export type ResultRecord =
  | { readonly kind: 'header'; readonly line: number; readonly fileId?: string }
  | {
      readonly kind: 'result';
      readonly line: number;
      readonly sequence: string;
      readonly reference: string;
      readonly date: string;
      readonly amount: string;
      readonly currency: string;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly kind: 'trailer';
      readonly line: number;
      readonly count: string;
      readonly total: string;
      readonly currency: string;
      readonly fileId?: string;
    }
  | BrokenLine;

export interface BrokenLine {
  readonly kind: 'broken';
  readonly line: number;
  readonly reason: FileFaultReason;
  readonly message: string;
}

/** What is wrong with a result file. */
export type FileFaultReason =
  | 'FILE_EMPTY'
  | 'FILE_TOO_LARGE'
  | 'ENCODING_WRONG'
  | 'LINE_END_WRONG'
  | 'LINE_UNREADABLE'
  | 'LINE_LENGTH_WRONG'
  | 'HEADER_MISSING'
  | 'HEADER_REPEATED'
  | 'RECORD_UNKNOWN'
  | 'SEQUENCE_WRONG'
  | 'REFERENCE_INVALID'
  | 'REFERENCE_REPEATED'
  | 'AMOUNT_INVALID'
  | 'CURRENCY_WRONG'
  | 'RESULT_UNKNOWN'
  | 'DATE_INVALID'
  | 'TRAILER_MISSING'
  | 'TRAILER_NOT_LAST'
  | 'FILE_ID_INVALID'
  | 'COUNT_WRONG'
  | 'TOTAL_WRONG';

export interface FileFault {
  /** From 1. */
  readonly line: number;
  readonly reason: FileFaultReason;
  readonly message: string;
}

/** What a result code means. */
export type ResultMeaning =
  | { readonly outcome: 'paid' }
  | { readonly outcome: 'failed' | 'returned'; readonly reason: TransferFailure };

export interface BankLayout {
  /** As it is named on the command line. */
  readonly name: string;
  readonly encoding: 'utf-8' | 'cp949';
  /** Whether lines have fields with separators or are one text of fixed width. */
  readonly lines: 'csv' | 'fixed';
  /** Of the name of a file. */
  readonly extension: string;
  /** Null: every currency; a file has one. */
  readonly currencies: readonly string[] | null;
  /** The largest amount and the largest total of a file, in minor units. */
  readonly amountMax: bigint;
  readonly totalMax: bigint;
  readonly rowsMax: number;
  /** The holder as it is written: as it is, or shortened by the rules of the layout; undefined: it does not fit. */
  readonly fitHolder: (holder: string) => string | undefined;
  /** The lines of a file of rows that `checkedRows` has let through. */
  readonly write: (file: TransferFile, rows: readonly TransferRow[]) => readonly (readonly string[])[];
  /** A line of a result file as a record. */
  readonly read: (line: ReadLine) => ResultRecord;
  readonly results: Readonly<Record<string, ResultMeaning>>;
}

/** Whether files of the layout have amounts in the currency. */
export const currencyKnown = ({ currencies }: BankLayout, currency: string): boolean =>
  currencies?.includes(currency) ?? currencyExponent(currency) !== undefined;
