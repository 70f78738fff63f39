/** The result of the payment bench: its shape, its aims, and the files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machineText, number, range, table } from './markdown.js';
import { spreadOf } from './measure.js';
import { type ConfirmationSample, type DelayRounds, TARGETS, type Target } from './payment-confirmations.js';
import { RELAYS, type RelayName, type RelaySample } from './payment-relay.js';
import { IN_TIME_MS, type PaymentRush } from './payment-rush.js';
import { type Drops, type Outage, PERIODS, type StateAnswers } from './payment-trouble.js';
import type { ServerDescription } from './server.js';

export interface PaymentsBench {
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly server: ServerDescription;
  readonly parameters: {
    readonly connections: number;
    readonly rounds: number;
    readonly confirmations: number;
    readonly events: number;
    readonly callers: number;
    readonly slowMs: number;
  };
  readonly confirmations: readonly DelayRounds[];
  readonly relays: Readonly<Record<RelayName, readonly RelaySample[]>>;
  readonly rushes: readonly { readonly product: PaymentRush; readonly held: PaymentRush }[];
  readonly outage: { readonly product: Outage; readonly noBreaker: Outage };
  readonly drops: readonly Drops[];
  /** Units of which stock, journal and holds differ. */
  readonly differences: number;
}

const median = (samples: readonly number[]): number => spreadOf(samples).median;

const NAMES: Readonly<Record<Target, string>> = {
  product: 'magam',
  held: 'one transaction over the call of the provider',
  inside: 'what follows is done inside the call',
};

/** The median of the ratios of consecutive rounds, so that a slow machine affected both. */
const ratio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, at) => value / (b[at] ?? Number.NaN)));
const rates = (samples: readonly ConfirmationSample[]): number[] => samples.map((one) => one.requestsPerSecond);

const HEAD = [
  'a second',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'CPU µs a request',
  'told to come again',
  'until all followed, s',
];
function cellsOf(samples: readonly ConfirmationSample[]): string[] {
  const cpu = samples.flatMap(({ cpuMicros }) => (cpuMicros === null ? [] : [cpuMicros]));
  return [
    range(spreadOf(rates(samples)), 0),
    ...(['p50', 'p95', 'p99'] as const).map((part) => number(median(samples.map((one) => one[part])))),
    cpu.length === 0 ? '–' : number(median(cpu)),
    number(median(samples.map(({ again }) => again))),
    number(median(samples.map(({ followedSeconds }) => followedSeconds)), 1),
  ];
}

function confirmationTable({ confirmations }: PaymentsBench): string {
  const rows = confirmations.flatMap(({ delayMs, confirmations: of }) =>
    TARGETS.map((target) => [
      `${delayMs} ms: ${NAMES[target]}`,
      ...cellsOf(of[target]),
      number(ratio(rates(of.product), rates(of[target])), 2),
    ]),
  );
  return table(['', ...HEAD, 'magam / this'], rows);
}

function cancellationTable({ confirmations }: PaymentsBench): string {
  const rows = confirmations.flatMap(({ delayMs, cancellations: of }) =>
    (['product', 'inside'] as const).map((target) => [
      `${delayMs} ms: ${target === 'product' ? NAMES.product : 'the provider gives it back inside the call'}`,
      ...cellsOf(of[target]),
      number(ratio(rates(of.product), rates(of[target])), 2),
    ]),
  );
  return table(['', ...HEAD, 'magam / this'], rows);
}

const RELAY_NAMES: Readonly<Record<RelayName, string>> = {
  product: 'magam: hints of up to 100 events, for each of three consumers',
  'one by one': 'one publish a row, one after the other',
  'one each, 100 at once': 'one publish a row, 100 at once',
};

function relayTable({ relays }: PaymentsBench): string {
  const perSecond = (name: RelayName): number[] => relays[name].map((one) => one.perSecond);
  return table(
    ['', 'events a second', 'published', 'until taken, s', 'magam / this'],
    RELAYS.map((name) => [
      RELAY_NAMES[name],
      range(spreadOf(perSecond(name)), 0),
      number(median(relays[name].map(({ published }) => published))),
      number(median(relays[name].map(({ takenSeconds }) => takenSeconds)), 2),
      number(ratio(perSecond('product'), perSecond(name)), 1),
    ]),
  );
}

function rushTable({ rushes }: PaymentsBench): string {
  const rows = rushes.flatMap((rush) =>
    (['product', 'held'] as const).flatMap((target) =>
      (['checkouts', 'confirmations'] as const).map((stream) => {
        const { perSecond, [stream]: of } = rush[target];
        const shares = [of.inTime, of.again].map((share) => `${number(share, 1)} %`);
        return [
          `${perSecond} a second, ${NAMES[target]}: ${stream}`,
          number(of.arrivals),
          ...shares,
          ...[of.p50, of.p95, of.p99].map((ms) => number(ms)),
          number(of.inTime === 0 ? Number.NaN : rush.product[stream].inTime / of.inTime, 2),
        ];
      }),
    ),
  );
  return table(
    [
      '',
      'arrivals',
      `within ${IN_TIME_MS} ms`,
      'told to come again',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'in time: magam / this',
    ],
    rows,
  );
}

function rushCounts({ rushes }: PaymentsBench): string {
  const rows = rushes.flatMap((rush) =>
    (['product', 'held'] as const).map((target) => {
      const { perSecond, placed, paid, charged, sold, answeredSeconds, followedSeconds } = rush[target];
      return [
        `${perSecond} a second, ${NAMES[target]}`,
        ...[placed, paid, charged, sold].map((count) => number(count)),
        ...[answeredSeconds, followedSeconds].map((seconds) => number(seconds, 1)),
      ];
    }),
  );
  return table(
    [
      'by the rows',
      'checkouts',
      'paid',
      'charged, by the book',
      'units sold',
      'until all were answered, s',
      'until all followed, s',
    ],
    rows,
  );
}

function outageTable({ outage }: PaymentsBench): string {
  const cells = (of: StateAnswers | undefined): string[] =>
    of === undefined
      ? ['0', '', '', '', '', '', '']
      : [of.answers, of.charged, of.away, of.unknown, of.p50, of.p95, of.p99].map((value) => number(value));
  const rows = PERIODS.map((period) => [`magam: ${PERIOD_NAMES[period]}`, ...cells(outage.product[period])]);
  const rival = (['well', 'closed', 'well again'] as const).map((period) => [
    `no breaker: ${period === 'closed' ? 'the provider is in trouble' : PERIOD_NAMES[period]}`,
    ...cells(outage.noBreaker[period]),
  ]);
  return table(
    ['begun while', 'answers', 'charged', 'not charged', 'unknown', 'p50 ms', 'p95 ms', 'p99 ms'],
    [...rows, ...rival],
  );
}

const PERIOD_NAMES: Readonly<Record<(typeof PERIODS)[number], string>> = {
  well: 'the provider is well',
  closed: 'in trouble, closed',
  open: 'open',
  'half-open': 'half-open',
  'well again': 'the provider is well again, closed',
};

function dropTable({ drops }: PaymentsBench): string {
  const percent = (value: number): string => `${number(value, 2)} %`;
  return table(
    [
      '',
      'confirmations',
      'not known, one try',
      'not known',
      'this / one try',
      'not known after a look-up',
      'charged twice',
    ],
    drops.map((of) => [
      of.provider === 'TOSS' ? 'TOSS: takes an idempotency key' : 'KAKAOPAY: takes none',
      number(of.calls),
      percent(of.failedOnce),
      percent(of.failed),
      number(of.failed / of.failedOnce, 2),
      percent(of.leftAfterLookUp),
      number(of.twice),
    ]),
  );
}

interface Aim {
  readonly aim: string;
  readonly value: number;
}

/**
 * The values that must be 0. After each measurement it is also checked that every confirmation is charged once and paid by the rows; the measurement fails
 * otherwise.
 */
function aimsOf({ rushes, drops, differences }: PaymentsBench): Aim[] {
  const all = rushes.flatMap(({ product, held }) => [product, held]);
  const wrong = all.filter(
    ({ checkouts, placed, confirmations, paid, charged, sold }) =>
      placed !== checkouts.arrivals || [paid, charged, sold].some((count) => count !== confirmations.arrivals),
  );
  return [
    {
      aim: 'rushes after which checkouts, payments, charges or sold units are not as many as arrived',
      value: wrong.length,
    },
    {
      aim: 'payments charged twice when connections were dropped',
      value: drops.reduce((sum, { twice }) => sum + twice, 0),
    },
    { aim: 'units of which stock, journal and holds differ', value: differences },
  ];
}

/** Prints the tables and writes them as Markdown, the samples as JSON. */
export function writePaymentsReport(bench: PaymentsBench, folder: string): void {
  const name = `payments-${bench.server.engine.toLowerCase()}-${bench.server.release}`;
  const markdown = markdownOf(bench);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...bench, aims: aimsOf(bench) }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  process.stdout.write(`${markdown}\nWritten: ${join(folder, name)}.md, .json\n`);
}

function markdownOf(bench: PaymentsBench): string {
  const { machine, server, parameters, rushes } = bench;
  return `# Payments on ${server.engine} ${server.version}

${machineText(machine)}, Redis, sandbox, runner and load too, and shared with other work; ${bench.measuredAt}. Medians of ${parameters.rounds} rounds in turn
(smallest–largest). docs/benchmarks.md says what each row is.

## Confirmations

${parameters.connections} connections, ${number(parameters.confirmations)} confirmations each; the provider takes so many ms for a call.

${confirmationTable(bench)}

## Cancellations of paid orders

${cancellationTable(bench)}

## Relaying ${number(parameters.events)} events

${relayTable(bench)}

## Checkouts and confirmations whether they are answered or not, for ${rushes[0]?.product.seconds} s

${rushTable(bench)}

${rushCounts(bench)}

## A provider that becomes slow (${number(parameters.slowMs)} ms) and fails three calls of four

${parameters.callers} callers.

${outageTable(bench)}

## A provider that drops a fifth of the connections

${dropTable(bench)}

## Has to be 0

${table(
  ['', 'measured', 'met'],
  aimsOf(bench).map(({ aim, value }) => [aim, number(value), value === 0 ? 'yes' : 'no']),
)}

## Server settings

${table(['variable', 'value'], Object.entries(server.settings))}
`;
}
