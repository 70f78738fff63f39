/** The result of the stock bench: its shape, its ratios and aims, and the two files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machineText, number, range, table } from './markdown.js';
import { spreadOf } from './measure.js';
import type { ServerDescription } from './server.js';
import { LOADS, type LoadName } from './shop.js';

/** The rate of all callers together (a second), and the time of one call (ms). */
export interface StockSample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The outcome of a rush: how many were told that they got one, and the rows. */
export interface RushCount {
  readonly name: string;
  readonly told: number;
  readonly sold: number;
  readonly oversold: number;
}

/** The result of one way in a round: checkouts under each load, and refusals. */
export type RivalRound = Readonly<Record<LoadName | 'refusals', StockSample>>;

interface RivalRounds {
  readonly name: string;
  readonly rounds: readonly RivalRound[];
}

const QUESTIONS = {
  oneCached: '1 unit, from Redis',
  hundredCached: '100 units, from Redis',
  oneRead: '1 unit, from the database',
  hundredRead: '100 units, from the database',
} as const;

export interface StockBench {
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly server: ServerDescription;
  readonly parameters: {
    readonly callers: number;
    readonly connections: number;
    readonly rounds: number;
    readonly seconds: number;
    readonly rush: { readonly units: number; readonly callers: number };
  };
  readonly rivals: readonly RivalRounds[];
  readonly rushes: readonly RushCount[];
  /** Units of which stock, journal and holds differ. */
  readonly differences: number;
  readonly questions: readonly Readonly<Record<keyof typeof QUESTIONS, StockSample>>[];
}

/** The value that this percentage of the samples does not exceed. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

const median = (samples: readonly number[]): number => spreadOf(samples).median;

/** The median of the ratios of consecutive rounds, so that a slow machine affected both. */
function ratio(a: RivalRounds, b: RivalRounds, of: keyof RivalRound): number {
  return median(a.rounds.map((round, i) => round[of].perSecond / (b.rounds[i]?.[of].perSecond ?? Number.NaN)));
}

interface Aim {
  readonly aim: string;
  readonly wanted: string;
  readonly value: number;
  readonly met: boolean;
}

function aimsOf({ rivals, rushes, differences, parameters }: StockBench): Aim[] {
  const [single] = rivals;
  const group = rivals.find(({ name }) => name.startsWith('group'));
  const redlock = rivals.find(({ name }) => name.startsWith('Redlock'));
  if (single === undefined || group === undefined || redlock === undefined) throw new Error('a rival is missing');
  const atLeast = (aim: string, wanted: number, value: number): Aim => ({
    aim,
    wanted: `at least ${wanted}`,
    value,
    met: value >= wanted,
  });
  const none = (aim: string, value: number): Aim => ({ aim, wanted: '0', value, met: value === 0 });
  return [
    atLeast('one hot unit: group commit / one transaction per order', 4, ratio(group, single, 'one hot unit')),
    atLeast('one hot unit: group commit / Redlock per order', 10, ratio(group, redlock, 'one hot unit')),
    none(
      'oversold in rushes',
      rushes.reduce((sum, { oversold }) => sum + oversold, 0),
    ),
    none(
      'rushes in which not all units were sold, or not to those who were told',
      rushes.filter(({ told, sold }) => told !== sold || sold !== parameters.rush.units).length,
    ),
    none('units of which stock, journal and holds differ', differences),
  ];
}

/** Prints the tables and writes them as Markdown, the samples as JSON. */
export async function writeStockReport(bench: StockBench, folder: string): Promise<void> {
  const name = `stock-${bench.server.engine.toLowerCase()}-${bench.server.release}`;
  const markdown = markdownOf(bench);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...bench, aims: aimsOf(bench) }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  process.stdout.write(`${markdown}\nWritten: ${join(folder, name)}.md, .json\n`);
}

const HEAD = ['a second', 'p50 ms', 'p95 ms', 'p99 ms'];
const cellsOf = (samples: readonly StockSample[]): string[] => [
  range(spreadOf(samples.map(({ perSecond }) => perSecond)), 0),
  ...(['p50', 'p95', 'p99'] as const).map((part) => number(median(samples.map((one) => one[part])), 1)),
];

function rivalTable({ rivals }: StockBench, of: keyof RivalRound): string {
  const [single] = rivals as [RivalRounds];
  return table(
    ['', ...HEAD, '× one transaction per order'],
    rivals.map((rival) => [
      rival.name,
      ...cellsOf(rival.rounds.map((round) => round[of])),
      number(ratio(rival, single, of), 2),
    ]),
  );
}

function markdownOf(bench: StockBench): string {
  const { machine, server, parameters, rushes } = bench;
  const { rush } = parameters;
  return `# Checkouts of ${parameters.callers} callers on ${server.engine} ${server.version}

${machineText(machine)}, Redis too; ${bench.measuredAt}. ${parameters.callers} callers at once in one process, ${parameters.connections} database connections,
${parameters.seconds} s each. Medians of ${parameters.rounds} rounds in turn (smallest–largest). docs/benchmarks.md says what each row is.

${LOADS.map((load) => `## Checkouts of ${load}\n\n${rivalTable(bench, load)}`).join('\n\n')}

## Refusals when the unit is sold out

${rivalTable(bench, 'refusals')}

## Rushes: ${number(rush.callers)} callers, ${rush.units} units

${table(
  ['', 'told that they got one', 'sold, by the rows', 'oversold'],
  [...new Set(rushes.map(({ name }) => name))].map((name) => {
    const own = rushes.filter((one) => one.name === name);
    const each = (part: (one: RushCount) => number): string => own.map((one) => number(part(one))).join(', ');
    return [name, each(({ told }) => told), each(({ sold }) => sold), each(({ oversold }) => oversold)];
  }),
)}

## Questions

${table(
  ['', ...HEAD],
  Object.entries(QUESTIONS).map(([key, name]) => [
    name,
    ...cellsOf(bench.questions.map((round) => round[key as keyof typeof QUESTIONS])),
  ]),
)}

## Aims

${table(
  ['aim', 'wanted', 'measured', 'met'],
  aimsOf(bench).map(({ aim, wanted, value, met }) => [
    aim,
    wanted,
    number(value, Number.isInteger(value) ? 0 : 2),
    met ? 'yes' : 'no',
  ]),
)}

## Server settings

${table(['variable', 'value'], Object.entries(server.settings))}
`;
}
