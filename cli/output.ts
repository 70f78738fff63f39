/**
 * What the command line prints. Results go to standard output, notes to standard error. Colours only on a
 * terminal and without NO_COLOR.
 */
import { once } from 'node:events';
import Table from 'cli-table3';
import colours from 'picocolors';
import { asMagamError, errorText } from '../infra/database-errors.js';
import { type ErrorCode, errors, MagamError } from '../kernel/errors.js';
import { readableAmount } from '../kernel/money.js';

/** Prints the one JSON document of a command. A bigint is written as an integer with all its digits. */
export function printJson(document: unknown): void {
  const mark = 'bigint\u0000'; // no text of the program contains a NUL
  const text = JSON.stringify(document, (_key, value) => (typeof value === 'bigint' ? `${mark}${value}` : value), 2);
  print(text.replace(/"bigint\\u0000(-?\d+)"/g, '$1'));
}

/** A line on standard output. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** Text or bytes on standard output, for output of any length: it waits while its reader is behind. */
export async function write(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** A line on standard error: notices, warnings, hints. */
export const note = (line: string): void => void process.stderr.write(`${line}\n`);

const noChrome = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Prints rows under a header; numbers (and amounts already formatted) align right where `right` names the column. */
export const printTable = (...table: Parameters<typeof tableText>): void => print(tableText(...table));

/** The text of such a table. */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  right: readonly string[] = [],
): string {
  const table = new Table({
    head: head.map((name) => colours.bold(name)),
    chars: noChrome,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))));
  return table.toString();
}

/** An amount for people: `1,234,500 KRW`, `58.90 BRL`. */
export const money = (minor: number | bigint | string, currency: string): string =>
  `${readableAmount(minor, currency)} ${currency}`;

/** A count for people: `1,000,000`. */
export const count = (value: number | bigint): string => value.toLocaleString('en-US');

/** A count with its noun: `1 sale`, `2,000 sales`, `3 entries`. */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** A code with a sentence on standard error, in colour. */
const noteCode = (code: ErrorCode, message: string): void => note(`${colours.red(code)}: ${message}`);

/** The last line about a failure: what to do about its code. */
const noteWhatToDo = (code: ErrorCode): void => note(`What to do: ${errors[code].whatToDo}`);

/** A result that is a failure: its code, its sentence and what to do about it, on standard error, and its exit code for the process. */
export function noteDifference(code: ErrorCode, message: string = errors[code].meaning): void {
  noteCode(code, message);
  noteWhatToDo(code);
  process.exitCode = errors[code].exit;
}

/** The last lines about a list of failures: what to do about each of their codes. Codes that the registry does not have, as in old records, are skipped. */
export function noteWhatToDoAbout(codes: Iterable<string | null>): void {
  for (const code of new Set(codes))
    if (code !== null && Object.hasOwn(errors, code))
      note(`What to do about ${code}: ${errors[code as ErrorCode].whatToDo}`);
}

/** Prints a failure on the right stream and returns the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const known = asMagamError(error);
  const failure = known instanceof MagamError ? known : new MagamError('INTERNAL', errorText(error));
  const { code, message, details } = failure;
  const { whatToDo } = errors[code];
  if (json) printJson({ error: { code, message, details, whatToDo } });
  else noteCode(code, `${message}${Object.keys(details).length > 0 ? `\n${JSON.stringify(details, null, 2)}` : ''}`);
  if (failure.code === 'INTERNAL' && error instanceof Error && error.stack !== undefined) note(error.stack);
  if (!json) noteWhatToDo(code);
  return errors[code].exit;
}
