/** The result of the catalogue bench: its shape, its ratios and aims, and the two files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answers } from './catalogue-answers.js';
import type { PageCost } from './catalogue-pages.js';
import type { LoadResult } from './http-load.js';
import type { describeMachine } from './markdown.js';
import type { Spread } from './measure.js';
import type { ServerDescription } from './server.js';

export interface CatalogueBench extends Answers {
  readonly measuredAt: string;
  readonly machine: ReturnType<typeof describeMachine>;
  readonly server: ServerDescription;
  readonly parameters: {
    readonly small: number;
    readonly large: number;
    readonly rounds: number;
    readonly seconds: number;
    readonly connections: number;
  };
  readonly pages: readonly { readonly small: PageCost; readonly large: PageCost }[];
}

interface Aim {
  readonly aim: string;
  readonly wanted: string;
  readonly value: number;
  readonly met: boolean;
}

/** Ratios of consecutive rounds, so that a slow machine affected both. */
const ratio = (a: Spread, b: Spread): number => {
  const ratios = a.samples.map((value, i) => value / (b.samples[i] ?? Number.NaN)).toSorted((x, y) => x - y);
  return ratios[Math.floor(ratios.length / 2)] ?? Number.NaN;
};

function aimsOf({ answers, pages }: CatalogueBench): Aim[] {
  const atLeast = (aim: string, wanted: number, value: number): Aim => ({
    aim,
    wanted: `at least ${wanted}`,
    value,
    met: value >= wanted,
  });
  const cached = answers.cached.requestsPerSecond;
  // A list that fills its page only in the large catalogue shows more there, so it may read more.
  const full = pages.filter(({ small, large }) => small.rowsShown === large.rowsShown);
  const times = Math.max(...full.map(({ small, large }) => large.ms.median / small.ms.median));
  return [
    atLeast('cached list / bare Express, requests a second', 0.5, ratio(cached, answers.bare.requestsPerSecond)),
    atLeast(
      'cached list / same bytes from memory, requests a second',
      0.8,
      ratio(cached, answers.memory.requestsPerSecond),
    ),
    {
      aim: 'largest time of a page that is full in both, large / small catalogue',
      wanted: 'at most 2',
      value: times,
      met: times <= 2,
    },
  ];
}

/** Prints the tables and writes them as Markdown, the samples as JSON. */
export async function writeCatalogueReport(bench: CatalogueBench, folder: string): Promise<void> {
  const name = `catalogue-${bench.server.engine.toLowerCase()}-${bench.server.release}`;
  const markdown = markdownOf(bench);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...bench, aims: aimsOf(bench) }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  process.stdout.write(`${markdown}\nWritten: ${join(folder, name)}.md, .json\n`);
}

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const range = ({ median, min, max }: Spread, digits = 0): string =>
  `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** A line about one answer; its ratios are those of bare Express to it, so that 1 is as good as bare Express. */
function answerRow(name: string, result: LoadResult, bare: LoadResult): string[] {
  const { cpuMicros } = result;
  const share = cpuMicros === null || bare.cpuMicros === null ? '–' : number(ratio(bare.cpuMicros, cpuMicros), 2);
  return [
    name,
    range(result.requestsPerSecond),
    number(result.p50.median, 1),
    number(result.p95.median, 1),
    number(result.p99.median, 1),
    number(ratio(result.requestsPerSecond, bare.requestsPerSecond), 2),
    cpuMicros === null ? '–' : range(cpuMicros),
    share,
  ];
}

function answersTable({ answers }: CatalogueBench): string {
  const { bare, bareHealth } = answers;
  return table(
    ['answered by', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'of bare', 'CPU µs a request', 'of bare, CPU'],
    [
      answerRow('bare Express, the bytes of the list', bare, bare),
      answerRow('GET /v1/products, cached', answers.cached, bare),
      answerRow('the same, signed in', answers.signedIn, bare),
      answerRow('the same bytes from memory', answers.memory, bare),
      answerRow('bare Express, /healthz', bareHealth, bareHealth),
      answerRow('GET /healthz', answers.health, bareHealth),
    ],
  );
}

function markdownOf(bench: CatalogueBench): string {
  const { machine, server, parameters } = bench;
  return `# The catalogue over HTTP, ${server.engine} ${server.version}

${machine.processor}, ${machine.cores} cores, ${number(machine.memoryBytes / 2 ** 30)} GiB, Node ${machine.node}; database, Redis, load and server on the same
machine; ${bench.measuredAt}. ${parameters.rounds} rounds in turn of ${parameters.seconds} s each, ${parameters.connections} connections; medians (smallest–largest).

## Beside bare Express

The list is a page of 40 products, ${number(bench.listBytes)} bytes. Bare Express is Express without any middleware, which sends those bytes from memory. "The same bytes from memory"
are sent through the whole edge of the product: only reading the cache is missing. Each server is a process of its own, and only its own CPU time is counted.

${answersTable(bench)}

Knowing who is signed in: ${range(bench.signInCheck.alone)} µs of a request when it comes alone, ${range(bench.signInCheck.together)} µs when ${parameters.connections} of one session come
together (signature, session and account, read from the database for each request; measured by itself, as the list's own noise is larger).

## Pages that are not cached

A page of 40 from the database, first and second page in turn. Rows are those that the server's handlers read.

${table(
  [
    'list',
    `ms, ${number(parameters.small)}`,
    `ms, ${number(parameters.large)}`,
    'ratio',
    'rows read',
    'rows read, large',
    'shown',
  ],
  bench.pages.map(({ small, large }) => [
    small.name,
    range(small.ms, 2),
    range(large.ms, 2),
    number(large.ms.median / small.ms.median, 2),
    number(small.rowsRead),
    number(large.rowsRead),
    `${number(small.rowsShown)}, ${number(large.rowsShown)}`,
  ]),
)}

## Aims

${table(
  ['aim', 'wanted', 'measured', 'met'],
  aimsOf(bench).map(({ aim, wanted, value, met }) => [aim, wanted, number(value, 2), met ? 'yes' : 'no']),
)}
`;
}
