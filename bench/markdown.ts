/** Numbers and tables of the reports. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Spread } from './measure.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}

export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  node: process.version,
});

/** The machine in a sentence. */
export const machineText = ({ processor, cores, memoryBytes, node }: Machine): string =>
  `${processor}, ${cores} cores, ${number(memoryBytes / 2 ** 30)} GiB, Node ${node}, database on the same machine`;

export const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const orDash = (value: number | null, digits = 1): string => (value === null ? '–' : number(value, digits));
export const range = ({ median, min, max }: Spread, digits = 2): string =>
  `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
export const mebibytes = (bytes: number | null): number | null => (bytes === null ? null : bytes / 2 ** 20);

/** A Markdown table that is also aligned for a terminal; all columns but the first to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) =>
    Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map((text) => text.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A value that must be at most `limit`. */
export interface Aim {
  readonly aim: string;
  readonly limit: number;
  readonly value: number;
  readonly unit: string;
}

export const aimsTable = (aims: readonly Aim[]): string =>
  table(
    ['aim', 'at most', 'measured', 'met'],
    aims.map(({ aim, limit, value, unit }) => [
      aim,
      `${limit}${unit}`,
      `${number(value, 2)}${unit}`,
      value <= limit ? 'yes' : 'no',
    ]),
  );
