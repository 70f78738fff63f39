/** The result of the order bench: its shape, its aims, and the files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart } from './chart.js';
import type { LoadSample } from './http-load.js';
import { type Machine, machineText, number, range, table } from './markdown.js';
import { spreadOf } from './measure.js';
import type { CheckoutRounds } from './order-checkouts.js';
import { READERS, READS, type Reads } from './order-reads.js';
import type { Rush } from './order-rush.js';
import { type BesideSettlement, STEADY } from './order-settle.js';
import type { ServerDescription } from './server.js';
import { LOADS } from './shop.js';

export interface OrdersBench {
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly server: ServerDescription;
  readonly parameters: { readonly connections: number; readonly rounds: number; readonly seconds: number };
  readonly checkouts: CheckoutRounds;
  readonly rushes: readonly Rush[];
  readonly reads: Reads;
  readonly beside: BesideSettlement;
  /** Units of which stock, journal and holds differ. */
  readonly differences: number;
}

const median = (samples: readonly number[]): number => spreadOf(samples).median;

const HEAD = ['requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU µs a request'];
function cellsOf(samples: readonly LoadSample[]): string[] {
  const cpu = samples.flatMap(({ cpuMicros }) => (cpuMicros === null ? [] : [cpuMicros]));
  return [
    range(spreadOf(samples.map(({ requestsPerSecond }) => requestsPerSecond)), 0),
    ...(['p50', 'p95', 'p99'] as const).map((part) => number(median(samples.map((one) => one[part])), 1)),
    cpu.length === 0 ? '–' : number(median(cpu)),
  ];
}

/** The median of the ratios of consecutive rounds, so that a slow machine affected both. */
const ratio = (a: readonly LoadSample[], b: readonly LoadSample[]): number =>
  median(a.map(({ requestsPerSecond }, i) => requestsPerSecond / (b[i]?.requestsPerSecond ?? Number.NaN)));

function checkoutTable({ checkouts: { loads, refusals } }: OrdersBench): string {
  const rows = LOADS.flatMap((load) => {
    const product = loads[load].map((round) => round.product);
    const nothing = loads[load].map((round) => round.nothing);
    return [
      [load, ...cellsOf(product), number(ratio(product, nothing), 2)],
      [`${load}: nothing is stored`, ...cellsOf(nothing), '1.00'],
    ];
  });
  return table(['', ...HEAD, 'of storing nothing'], [...rows, ['refusals, sold out', ...cellsOf(refusals), '']]);
}

function rushTable({ rushes }: OrdersBench): string {
  const part = (kind: 'checkouts' | 'pages' | 'questions', name: string): string[] => [
    name,
    number(median(rushes.map((rush) => rush[kind].answers))),
    ...(['p50', 'p95', 'p99'] as const).map((at) => number(median(rushes.map((rush) => rush[kind][at])))),
  ];
  return table(
    ['', 'visitors', 'p50 ms', 'p95 ms', 'p99 ms'],
    [part('checkouts', 'a checkout'), part('pages', 'the page of the product'), part('questions', 'can I order this?')],
  );
}

function rushCounts({ rushes }: OrdersBench): string {
  const each = (of: (rush: Rush) => number, digits = 0): string =>
    rushes.map((rush) => number(of(rush), digits)).join(', ');
  return table(
    ['of each rush', ''],
    [
      ['units', each(({ units }) => units)],
      ['ordered, as told', each(({ ordered }) => ordered)],
      ['ordered, by the rows', each(({ sold }) => sold)],
      ['oversold', each(({ oversold }) => oversold)],
      ['refused', each(({ refused }) => refused)],
      ['times that a visitor had to come again', each(({ again }) => again)],
      ['seconds until everybody had an answer', each(({ seconds }) => seconds, 2)],
    ],
  );
}

function readTable({ reads }: OrdersBench): string {
  const rows = READS.flatMap((name) => {
    const { statements, rounds } = reads[name];
    const product = rounds.map((round) => round.product);
    const lineByLine = rounds.map((round) => round.lineByLine);
    return [
      [name, number(statements.product), ...cellsOf(product), number(ratio(product, lineByLine), 2)],
      [`${name}, one query each`, number(statements.lineByLine), ...cellsOf(lineByLine), '1.00'],
    ];
  });
  return table(['', 'statements', ...HEAD, 'of one query each'], rows);
}

function besideTable({ beside }: OrdersBench): string {
  const rows = STEADY.flatMap((name) =>
    (['settling', 'alone'] as const).map((when) => {
      const { requestsPerSecond, p50, p95, p99 } = beside[when][name];
      return [`${name}, ${when}`, number(requestsPerSecond), ...[p50, p95, p99].map((ms) => number(ms, 1))];
    }),
  );
  return table(['', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms'], rows);
}

interface Aim {
  readonly aim: string;
  readonly atMost: number;
  readonly value: number;
}

function aimsOf({ rushes, reads, differences }: OrdersBench): Aim[] {
  const sum = (of: (rush: Rush) => number): number => rushes.reduce((all, rush) => all + of(rush), 0);
  const wrong = ({ ordered, sold, units }: Rush): number => (ordered === sold && sold === units ? 0 : 1);
  const [page, list] = READS;
  return [
    { aim: 'oversold in rushes', atMost: 0, value: sum(({ oversold }) => oversold) },
    {
      aim: 'rushes in which not all units were sold, or not to those who were told',
      atMost: 0,
      value: sum(wrong),
    },
    { aim: 'units of which stock, journal and holds differ', atMost: 0, value: differences },
    { aim: `statements for the ${page}`, atMost: 3, value: reads[page].statements.product },
    { aim: `statements for a ${list}`, atMost: 2, value: reads[list].statements.product },
  ];
}

/** Prints the tables and writes them as Markdown with a chart, the samples as JSON. */
export async function writeOrdersReport(bench: OrdersBench, folder: string): Promise<void> {
  const { engine, version, release } = bench.server;
  const name = `orders-${engine.toLowerCase()}-${release}`;
  const markdown = markdownOf(bench, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...bench, aims: aimsOf(bench) }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  writeFileSync(
    join(folder, `${name}.svg`),
    barChart(`Checkouts a second over HTTP, ${engine} ${version}`, barsOf(bench)),
  );
  process.stdout.write(`${markdown}\nWritten: ${join(folder, name)}.md, .json, .svg\n`);
}

const barsOf = ({ checkouts: { loads } }: OrdersBench) =>
  LOADS.flatMap((load) => {
    const perSecond = (of: 'product' | 'nothing'): number =>
      median(loads[load].map((one) => one[of].requestsPerSecond));
    return [
      { label: `magam, ${load}`, value: perSecond('product'), note: '', kind: 'product' as const },
      { label: 'the same edge, nothing is stored', value: perSecond('nothing'), note: '', kind: 'floor' as const },
    ];
  });

function markdownOf(bench: OrdersBench, name: string): string {
  const { machine, server, parameters, rushes, beside } = bench;
  const [{ visitors = 0 } = {}] = rushes;
  return `# Orders over HTTP on ${server.engine} ${server.version}

${machineText(machine)}, Redis and load too; ${bench.measuredAt}. ${parameters.connections} connections, ${parameters.seconds} s each. Medians of
${parameters.rounds} rounds in turn (smallest–largest). docs/benchmarks.md says what each row is.

![checkouts a second](${name}.svg)

## Checkouts

${checkoutTable(bench)}

## A rush of ${number(visitors)} visitors at the same moment

${rushTable(bench)}

${rushCounts(bench)}

## Pages and lists

${READERS} connections.

${readTable(bench)}

## Beside a settlement

${number(beside.lines)} lines were settled in ${number(beside.seconds, 1)} s; ${number(beside.perSecond)} requests a second of each kind were sent.

${besideTable(bench)}

## Aims

${table(
  ['aim', 'at most', 'measured', 'met'],
  aimsOf(bench).map(({ aim, atMost, value }) => [aim, number(atMost), number(value), value <= atMost ? 'yes' : 'no']),
)}

## Server settings

${table(['variable', 'value'], Object.entries(server.settings))}
`;
}
