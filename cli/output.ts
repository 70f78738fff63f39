/**
 * What the command line prints. Results go to standard output; notes and progress to standard error. Colours only on a
 * terminal and without NO_COLOR.
 */
import { once } from 'node:events';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import colours from 'picocolors';
import { asMagamError, errorText } from '../infra/database.js';
import { errors, MagamError } from '../kernel/errors.js';
import { formatAmount } from '../kernel/money.js';

/** Prints the one JSON document of a command. A bigint is written as an integer with all its digits. */
export function printJson(document: unknown): void {
  const mark = 'bigint\u0000'; // no text of ours holds a NUL
  const text = JSON.stringify(document, (_key, value) => (typeof value === 'bigint' ? `${mark}${value}` : value), 2);
  print(text.replace(/"bigint\\u0000(-?\d+)"/g, '$1'));
}

/** A line on standard output. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** Text on standard output, waiting while its reader is behind: for output of any length. */
export async function write(text: string): Promise<void> {
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
export function printTable(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  right: readonly string[] = [],
): void {
  const table = new Table({
    head: head.map((name) => colours.bold(name)),
    chars: noChrome,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))));
  print(table.toString());
}

/** An amount for people: `1,234,500 KRW`, `58.90 BRL`. */
export function money(minor: number | bigint | string, currency: string): string {
  const [whole = '', decimals] = formatAmount(BigInt(minor), currency).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${decimals === undefined ? grouped : `${grouped}.${decimals}`} ${currency}`;
}

/** A count for people: `1,000,000`. */
export const count = (value: number | bigint): string => value.toLocaleString('en-US');

/** A count with its noun: `1 sale`, `2,000 sales`, `3 entries`. */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

export interface Progress {
  /** Entries done so far, and of how many if that is known by now. */
  update(done: number, total?: number): void;
  stop(): void;
}

/** A live bar with rate and time left on a terminal; elsewhere a plain line every few seconds. */
export function startProgress(label: string, unit: string): Progress {
  return process.stderr.isTTY ? barProgress(label, unit) : lineProgress(label, unit);
}

function barProgress(label: string, unit: string): Progress {
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${label} {bar} {percentage}%  {value}/{total} ${unit}  {rate}/s  {eta_formatted} left`,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 30,
    fps: 8,
  });
  const started = performance.now();
  let running = false;
  return {
    update(done, total) {
      const rate = count(Math.round((done * 1000) / Math.max(1, performance.now() - started)));
      if (!running) bar.start(total ?? done, done, { rate });
      running = true;
      if (total !== undefined) bar.setTotal(total);
      bar.update(done, { rate });
    },
    stop: () => running && bar.stop(),
  };
}

function lineProgress(label: string, unit: string): Progress {
  let first: { at: number; done: number } | undefined;
  let printedAt = performance.now();
  return {
    update(done, total) {
      const now = performance.now();
      first ??= { at: now, done }; // what was done before, or needed a start, says nothing about the rate
      if (now - printedAt < 2_000 || now === first.at) return;
      printedAt = now;
      const rate = ((done - first.done) * 1000) / (now - first.at);
      const left = total === undefined || rate === 0 ? '' : `, ${Math.ceil((total - done) / rate)} s left`;
      note(
        `${label}: ${count(done)}${total === undefined ? '' : ` of ${count(total)}`} ${unit}, ${count(Math.round(rate))}/s${left}`,
      );
    },
    stop: () => undefined,
  };
}

/** Tells a failure on the right stream and returns the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const known = asMagamError(error);
  const failure = known instanceof MagamError ? known : new MagamError('INTERNAL', errorText(error));
  const { code, message, details } = failure;
  if (json) printJson({ error: { code, message, details } });
  else
    note(
      `${colours.red(code)}: ${message}${Object.keys(details).length > 0 ? `\n${JSON.stringify(details, null, 2)}` : ''}`,
    );
  if (failure.code === 'INTERNAL' && error instanceof Error && error.stack !== undefined) note(error.stack);
  return errors[code].exit;
}
