/**
 * `npm run bench:import`: what does importing a file cost, beside what the database needs for loading the same file into the same table alone? One
 * run, the same file, table, keys and server settings. docs/benchmarks.md says how to read the result.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../infra/database.js';
import type { RowWriter } from '../infra/stores/row-writer.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import {
  type ImportSample,
  importSales,
  loadSales,
  salesFingerprint,
  whileLoading,
  writeSalesFile,
} from './import-file.js';
import { type Aim, aimsTable, describeMachine, machineText, number, orDash, range, table } from './markdown.js';
import { type Spread, say, spreadOf } from './measure.js';
import { BenchServer } from './server.js';

const DATE = '2026-06-30';
/** The factor for the larger file that shows whether memory grows. */
const GROWN = 4;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    lines: { type: 'string', default: '400000' },
    sellers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const [lines, sellers, rounds] = [Number(values.lines), Number(values.sellers), Number(values.rounds)];
if (values.url === undefined) throw new Error('--url is missing; npm run bench:import gives it');
const url = databaseUrl(values.url, 'magam_bench_import');

type Who = 'floor' | RowWriter;
const NAMES: Readonly<Record<Who, string>> = {
  floor: 'floor: LOAD DATA LOCAL of the file',
  load: 'magam import lines, LOAD DATA LOCAL',
  insert: 'magam import lines, multi-row INSERT',
};

async function measure(server: BenchServer, folder: string) {
  const file = join(folder, 'lines.csv');
  say(`writing a file of ${lines} lines …`);
  const fileBytes = await writeSalesFile({ date: DATE, lines, sellers, seed: '1' }, file);
  const samples: Record<Who, ImportSample[]> = { floor: [], load: [], insert: [] };
  let expected: string | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    say(round === 0 ? 'a first round, which warms the caches up …' : `round ${round} of ${rounds} …`);
    for (const who of ['floor', 'load', 'insert'] as const) {
      await makeDatabase(url);
      const sample = await (who === 'floor' ? loadSales(server, url, file) : importSales(server, url, file, who));
      const found = await salesFingerprint(url);
      expected ??= found;
      if (found !== expected)
        throw new Error(`the sales of ${NAMES[who]} differ from the floor's: ${found} ${expected}`);
      if (round > 0) samples[who].push(sample);
    }
  }
  say(`${GROWN} times the lines, once, for their memory …`);
  await writeSalesFile({ date: DATE, lines: lines * GROWN, sellers, seed: '1' }, file);
  await makeDatabase(url);
  const grown = await importSales(server, url, file, 'auto');
  return { fileBytes, samples, grown };
}

const secondsOf = (samples: readonly ImportSample[]): Spread => spreadOf(samples.map(({ cost }) => cost.seconds));
const peakOf = (samples: readonly ImportSample[]): number =>
  Math.max(...samples.map(({ usage }) => usage.peakMemoryBytes));
const clientCpu = (samples: readonly ImportSample[]): number =>
  spreadOf(samples.map(({ usage }) => usage.cpuSeconds)).median;
const serverCpu = (samples: readonly ImportSample[]): number | null => {
  const known = samples.flatMap(({ cost }) => cost.serverCpuSeconds ?? []);
  return known.length === 0 ? null : spreadOf(known).median;
};

type Measured = Awaited<ReturnType<typeof measure>>;

function aimsOf({ samples, grown }: Measured): Aim[] {
  const floor = secondsOf(samples.floor).median;
  const ratios = (['load', 'insert'] as const).map((who) => ({
    aim: `import (${who}) / floor`,
    limit: 3,
    value: secondsOf(samples[who]).median / floor,
    unit: '×',
  }));
  const growth = grown.usage.peakMemoryBytes / Math.max(peakOf(samples.load), peakOf(samples.insert));
  return [...ratios, { aim: `peak memory of ${GROWN} times the lines`, limit: 1.15, value: growth, unit: '×' }];
}

/** Of both processes; null where the server's cannot be read. */
function bothCpu(samples: readonly ImportSample[]): number | null {
  const server = serverCpu(samples);
  return server === null ? null : server + clientCpu(samples);
}

function rowOf(who: Who, { samples }: Measured): string[] {
  const [seconds, own] = [secondsOf(samples[who]), samples[who]];
  const [both, floor] = [bothCpu(own), bothCpu(samples.floor)];
  return [
    NAMES[who],
    range(seconds),
    number(lines / seconds.median),
    orDash(serverCpu(own)),
    number(clientCpu(own), 1),
    orDash(both === null ? null : (both / lines) * 1e6),
    both === null || floor === null ? '–' : `${number(both / floor, 2)}×`,
    who === 'floor' ? '–' : number(peakOf(own) / 2 ** 20),
  ];
}

function report(server: BenchServer, measured: Measured): void {
  const { engine, version, release, settings } = server.description;
  const { fileBytes, grown } = measured;
  const aims = aimsOf(measured);
  const machine = describeMachine();
  const measuredAt = new Date().toISOString();
  const markdown = `# Importing ${number(lines)} lines on ${engine} ${version}

${machineText(machine)};
${measuredAt}. ${number(fileBytes / 1e6)} MB of file. Medians of ${rounds} rounds in turn (smallest–largest). docs/benchmarks.md says what each row is.

${table(
  ['', 'seconds', 'lines/s', 'server CPU s', 'client CPU s', 'CPU s a million', 'CPU / floor', 'peak MiB'],
  (['floor', 'load', 'insert'] as const).map((who) => rowOf(who, measured)),
)}

A file of ${number(lines * GROWN)} lines: ${number(grown.cost.seconds, 1)} s, ${number(grown.usage.cpuSeconds, 1)} client CPU s, peak ${number(grown.usage.peakMemoryBytes / 2 ** 20)} MiB.

## Aims

${aimsTable(aims)}

## Server settings

${table(['variable', 'value'], Object.entries(settings))}
`;
  const base = join(values.out, `import-${engine.toLowerCase()}-${release}`);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(`${base}.md`, markdown);
  const parameters = { lines, sellers, rounds };
  const result = { measuredAt, machine, server: server.description, parameters, ...measured, aims };
  writeFileSync(`${base}.json`, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${markdown}\nWritten: ${base}.md, ${base}.json\n`);
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
