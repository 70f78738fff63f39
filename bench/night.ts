/**
 * `npm run bench:night`: import, settlement and verification of a day's lines as one figure, beside the sum of what the database needs for each of
 * them alone: loading the file, computing and writing the lines, computing them again. docs/benchmarks.md says how to read the result.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { applyPolicies } from '../core/policies/apply-policies.js';
import { SYNTHETIC_POLICIES } from '../core/sample/rules/synthetic-policies.js';
import { openDatabase, select } from '../infra/database.js';
import { barChart } from './chart.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { Floor } from './floor.js';
import { importSales, loadSales, whileLoading, writeSalesFile } from './import-file.js';
import { runMagam } from './magam-command.js';
import { aimsTable, describeMachine, machineText, number, orDash, range, table } from './markdown.js';
import { type Spread, say, spreadOf } from './measure.js';
import type { Usage } from './report-usage.js';
import { BenchServer, type Cost } from './server.js';

const DATE = '2026-06-30';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    sellers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    'grid-size': { type: 'string', default: '10' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const [lines, sellers, rounds] = [Number(values.lines), Number(values.sellers), Number(values.rounds)];
const [workers, gridSize] = [Number(values.workers), Number(values['grid-size'])];
if (values.url === undefined) throw new Error('--url is missing; npm run bench:night gives it');
const url = databaseUrl(values.url, 'magam_bench_night');

const STEPS = ['import', 'settle', 'verify'] as const;
type Step = (typeof STEPS)[number];
interface Sample {
  readonly cost: Cost;
  /** The CPU seconds of the commands; in the floor the server does the work. */
  readonly usage: Usage | null;
}
type Night = Readonly<Record<Step, Sample>>;

/** Every night begins with an empty feed and the policies. */
async function prepare(): Promise<void> {
  await makeDatabase(url);
  const db = openDatabase(url, { poolMax: 2 });
  await applyPolicies(db, SYNTHETIC_POLICIES, 'bench').finally(() => db.destroy());
}

/** The commands one after the other, as a schedule starts them. */
async function productNight(server: BenchServer, file: string): Promise<Night> {
  await prepare();
  const command = async (args: readonly string[]): Promise<Sample> => {
    const { result, cost } = await server.observe(() => runMagam(url, args, { MAGAM_WORKERS: `${workers}` }));
    return { cost, usage: result.usage };
  };
  return {
    import: await importSales(server, url, file, 'auto'),
    settle: await command(['settle', '--date', DATE, '--grid-size', `${gridSize}`]),
    verify: await command(['verify', '--date', DATE]),
  };
}

async function floorNight(server: BenchServer, file: string): Promise<Night> {
  await prepare();
  const { cost: loaded } = await loadSales(server, url, file);
  const db = openDatabase(url, { poolMax: 2 });
  try {
    await db.raw('ANALYZE TABLE sale_entry');
    const floor = await Floor.prepare(db, url, DATE, gridSize, workers);
    try {
      const { cost: produced } = await server.observe(() => floor.write('produce'));
      const { result: equal, cost: verified } = await server.observe(() => floor.verify());
      if (!equal) throw new Error('the lines of the floor are not those that it computes again');
      const sample = (cost: Cost): Sample => ({ cost, usage: null });
      return { import: sample(loaded), settle: sample(produced), verify: sample(verified) };
    } finally {
      await floor.close();
    }
  } finally {
    await db.destroy();
  }
}

/** Count and sums of all figures: numbers of entries differ from one loading to the next. */
async function sumsOfLines(): Promise<string> {
  const db = openDatabase(url, { poolMax: 1 });
  const sums = `SELECT COUNT(*) AS n, SUM(buyer_paid) AS paid, SUM(fee_base) AS base, SUM(fee) AS fee, SUM(fee_vat) AS vat, SUM(pg_fee) AS pg,
    SUM(pg_fee_vat) AS pg_vat, SUM(net) AS net FROM settlement_line`;
  const [row] = await select<Record<string, unknown>>(db, sums).finally(() => db.destroy());
  return Object.values(row ?? {}).join(' ');
}

async function measure(server: BenchServer, folder: string): Promise<Record<'floor' | 'product', Night[]>> {
  const file = join(folder, 'lines.csv');
  say(`writing a file of ${lines} lines …`);
  await writeSalesFile({ date: DATE, lines, sellers, seed: '1' }, file);
  const nights: Record<'floor' | 'product', Night[]> = { floor: [], product: [] };
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}: floor and product in turn …`);
    nights.floor.push(await floorNight(server, file));
    const expected = await sumsOfLines();
    nights.product.push(await productNight(server, file));
    const found = await sumsOfLines();
    if (found !== expected) throw new Error(`the lines differ from the floor's:\n${found}\n${expected}`);
  }
  return nights;
}

const secondsOf = (nights: readonly Night[], steps: readonly Step[]): Spread =>
  spreadOf(nights.map((night) => steps.reduce((sum, step) => sum + night[step].cost.seconds, 0)));
/** Null where it could not be read. */
const cpuOf = (nights: readonly Night[], steps: readonly Step[], whose: 'server' | 'client'): number | null => {
  const seconds = nights.map((night) =>
    steps.reduce<number | null>((sum, step) => {
      const own = whose === 'server' ? night[step].cost.serverCpuSeconds : (night[step].usage?.cpuSeconds ?? 0);
      return sum === null || own === null ? null : sum + own;
    }, 0),
  );
  return seconds.includes(null) ? null : spreadOf(seconds as number[]).median;
};

function report(server: BenchServer, nights: Record<'floor' | 'product', Night[]>): void {
  const { engine, version, release, settings } = server.description;
  const ratio = (steps: readonly Step[]): number =>
    secondsOf(nights.product, steps).median / secondsOf(nights.floor, steps).median;
  const aims = [{ aim: 'import, settle and verify / sum of the floors', limit: 2.2, value: ratio(STEPS), unit: '×' }];
  const rows = [...STEPS.map((step) => [step] as const), STEPS].map((steps: readonly Step[]) => [
    steps.join(' + '),
    range(secondsOf(nights.floor, steps)),
    range(secondsOf(nights.product, steps)),
    `${number(ratio(steps), 2)}×`,
    orDash(cpuOf(nights.floor, steps, 'server')),
    orDash(cpuOf(nights.product, steps, 'server')),
    orDash(cpuOf(nights.product, steps, 'client')),
  ]);
  const machine = describeMachine();
  const measuredAt = new Date().toISOString();
  const name = `night-${engine.toLowerCase()}-${release}`;
  const markdown = `# A night of ${number(lines)} lines on ${engine} ${version}

${machineText(machine)};
${measuredAt}. ${workers} worker threads and connections. Medians of ${rounds} rounds in turn (smallest–largest). docs/benchmarks.md says what each row is.

![lines per second](${name}.svg)

${table(['', 'floor s', 'magam s', 'ratio', 'floor server CPU s', 'magam server CPU s', 'magam client CPU s'], rows)}

## Aims

${aimsTable(aims)}

## Server settings

${table(['variable', 'value'], Object.entries(settings))}
`;
  const bars = [STEPS, ...STEPS.map((step) => [step] as const)].flatMap((steps: readonly Step[]) => [
    {
      label: `magam ${steps.join(' + ')}`,
      value: lines / secondsOf(nights.product, steps).median,
      note: `${number(ratio(steps), 1)} × the floor's time`,
      kind: 'product' as const,
    },
    {
      label: `floor: the database alone, ${steps.length > 1 ? 'all three' : steps.join('')}`,
      value: lines / secondsOf(nights.floor, steps).median,
      note: '',
      kind: 'floor' as const,
    },
  ]);
  const base = join(values.out, name);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(`${base}.md`, markdown);
  const parameters = { lines, sellers, rounds, workers, gridSize };
  const result = { measuredAt, machine, server: server.description, parameters, nights, aims };
  writeFileSync(`${base}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(
    `${base}.svg`,
    barChart(`Lines a second of a night, ${engine} ${version}, ${number(lines)} lines`, bars),
  );
  process.stdout.write(`${markdown}\nWritten: ${['md', 'json', 'svg'].map((type) => `${base}.${type}`).join(', ')}\n`);
}

const server = await BenchServer.open(url);
const folder = await mkdtemp(join(tmpdir(), 'magam-bench-'));
const admin = openDatabase(url, { database: '', poolMax: 1 });
try {
  report(server, await whileLoading(admin, () => measure(server, folder)));
} finally {
  await dropDatabase(url);
  await rm(folder, { recursive: true });
  await Promise.all([server.close(), admin.destroy()]);
}
