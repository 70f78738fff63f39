/** The result of the money bench: its shape, its ratios and the two files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machineText, number, orDash, range, table } from './markdown.js';
import { spreadOf } from './measure.js';
import type { BalanceSample } from './money-balances.js';
import { FLOOR_STEPS, type Floor, type FloorStep } from './money-floor.js';
import type { MonthSize } from './money-month.js';
import type { WalletSample } from './money-wallets.js';
import type { Usage } from './report-usage.js';
import type { Cost, ServerDescription } from './server.js';

/** One step of the chain, done by the product's command (with what its process used), in one process for all steps, and by the database alone in two ways. */
export interface StepSample {
  readonly step: FloorStep;
  readonly floors: Readonly<Record<Floor, Cost>>;
  readonly product: Cost;
  readonly usage: Usage;
  /** As a runner does it, whose program has started. `cpuSeconds`: of the process. */
  readonly oneProcess: { readonly cost: Cost; readonly cpuSeconds: number };
}

export interface ChainSamples {
  readonly sellers: number;
  readonly size: MonthSize;
  /** The steps of each round. */
  readonly rounds: readonly (readonly StepSample[])[];
}

export interface MoneyBench {
  readonly measuredAt: string;
  readonly machine: Machine;
  /** Processes that were running or waiting in the last minute of the run, as the machine counts them. */
  readonly load: number;
  readonly server: ServerDescription;
  readonly parameters: {
    readonly lines: number;
    readonly rounds: number;
    readonly workers: number;
    readonly postings: number;
  };
  readonly chains: readonly ChainSamples[];
  readonly balances: readonly BalanceSample[];
  readonly wallets: readonly WalletSample[];
}

const NAMES: Readonly<Record<FloorStep, string>> = {
  post: '`ledger post`, the month',
  balance: '`ledger verify`',
  statements: '`statements close`',
  payouts: '`payouts propose`',
};

const AT_MOST = 1.5;

const cpuOf = ({ product, usage }: StepSample): number => (product.serverCpuSeconds ?? Number.NaN) + usage.cpuSeconds;
const cpuOfOneProcess = ({ oneProcess: { cost, cpuSeconds } }: StepSample): number =>
  (cost.serverCpuSeconds ?? Number.NaN) + cpuSeconds;

/** The chain by commands or in one process, beside both floors, by the clock and by CPU seconds. */
function chainTable({ rounds }: ChainSamples, way: 'commands' | 'one process'): string {
  const row = (name: string, steps: readonly StepSample[][]): string[] => {
    const sum = (of: (one: StepSample) => number): number[] =>
      steps.map((round) => round.reduce((total, one) => total + of(one), 0));
    const ratio = (own: readonly number[], other: readonly number[]): string =>
      number(spreadOf(own.map((value, at) => value / (other[at] ?? Number.NaN))).median, 2);
    const own = sum(({ product, oneProcess }) => (way === 'commands' ? product : oneProcess.cost).seconds);
    const ownCpu = sum(way === 'commands' ? cpuOf : cpuOfOneProcess);
    const beside = (floor: Floor): string[] => {
      const seconds = sum(({ floors }) => floors[floor].seconds);
      const cpu = sum(({ floors }) => floors[floor].serverCpuSeconds ?? Number.NaN);
      return [range(spreadOf(seconds)), ratio(own, seconds), orDash(spreadOf(cpu).median), ratio(ownCpu, cpu)];
    };
    const peak = Math.max(...steps.flat().map(({ usage }) => usage.peakMemoryBytes)) / 2 ** 20;
    return [
      ...[name, range(spreadOf(own)), number(spreadOf(ownCpu).median, 1), ...beside('lines'), ...beside('rows')],
      ...(way === 'commands' ? [number(peak)] : []),
    ];
  };
  const columnsOf = (floor: string): string[] => [`${floor}, seconds`, '×', 'its CPU s', '× (CPU)'];
  return table(
    [
      ...['', 'seconds', 'CPU s', ...columnsOf('from the lines'), ...columnsOf('copying finished rows')],
      ...(way === 'commands' ? ['peak MiB'] : []),
    ],
    [
      ...FLOOR_STEPS.map((step) =>
        row(
          NAMES[step],
          rounds.map((round) => round.filter((one) => one.step === step)),
        ),
      ),
      row(
        'whole',
        rounds.map((round) => [...round]),
      ),
    ],
  );
}

const balanceTable = (samples: readonly BalanceSample[]): string =>
  table(
    ['balance of', 'ms', 'rows read', 'SUM over postings, ms', 'rows read'],
    samples.map(({ account, view, ms, rows, rivalMs, rivalRows }) => [
      `${account}, ${view}`,
      ...[range(ms), number(rows), range(rivalMs), number(rivalRows)],
    ]),
  );

function walletTable(samples: readonly WalletSample[]): string {
  const ratio = spreadOf(samples.map(({ perSecond, rivalPerSecond }) => perSecond / rivalPerSecond)).median;
  return table(
    ['payments a round', 'consumer, events a second', 'an entry and an update each, events a second', '×'],
    [
      [
        number(samples[0]?.events ?? 0),
        range(spreadOf(samples.map(({ perSecond }) => perSecond))),
        range(spreadOf(samples.map(({ rivalPerSecond }) => rivalPerSecond))),
        number(ratio, 2),
      ],
    ],
  );
}

function markdownOf({ machine, server, parameters, measuredAt, load, chains, balances, wallets }: MoneyBench): string {
  return `# From lines to money on ${server.engine} ${server.version}

${machineText(machine)}; ${measuredAt}. The load of the machine was ${number(load, 1)} at the end. ${parameters.workers} worker threads; medians of
${parameters.rounds} rounds in turn (smallest–largest). The aim is at most ${AT_MOST} × the floor from the lines. docs/benchmarks.md says what each row is.

${chains
  .map(
    (chain) =>
      `## ${number(chain.size.lines)} lines of ${number(chain.sellers)} sellers

${number(chain.size.settlements)} settlements, ${number(chain.size.accounts)} statements at most.

In one process that has started, as a runner does it:

${chainTable(chain, 'one process')}

By the four commands, each from its start to its end:

${chainTable(chain, 'commands')}`,
  )
  .join('\n\n')}
${balances.length === 0 ? '' : `\n## Balances at ${number(parameters.postings)} postings\n\n${balanceTable(balances)}\n`}
## Wallets of 200 sellers, of whom one gets half

${walletTable(wallets)}

## Server settings

${table(['variable', 'value'], Object.entries(server.settings))}
`;
}

/** Prints the tables and writes them as Markdown, the samples as JSON. */
export function writeMoneyReport(bench: MoneyBench, folder: string): void {
  const name = `money-${bench.server.engine.toLowerCase()}-${bench.server.release}`;
  const markdown = markdownOf(bench);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(bench, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  process.stdout.write(`${markdown}\nWritten: ${join(folder, name)}.md, .json\n`);
}
