/**
 * `npm run bench:settle`: what does settling a day cost, beside the usual ways of doing it and beside what the database needs
 * for writing the same lines alone? One run, the same data, tables, keys and server settings. docs/benchmarks.md says how to
 * read the result, which goes to standard output and to bench/results.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seedFeed } from '../core/sample/seed-feed.js';
import { openDatabase } from '../infra/database.js';
import { probeRowWriter, type RowWriter } from '../infra/stores/row-writer.js';
import { databaseUrl, dropDatabase, forgetRuns, linesFingerprint, makeDatabase } from './database.js';
import { Floor, type FloorKind } from './floor.js';
import { importSales, writeSalesFile } from './import-file.js';
import { compareFirstAndLastPage } from './keyset.js';
import { climbLadder } from './ladder.js';
import { runMagam } from './magam-command.js';
import { describeMachine } from './markdown.js';
import { say, secondsSince } from './measure.js';
import { type FloorSample, type SettleBench, type SettleSample, writeReport } from './report.js';
import { BenchServer } from './server.js';

const DATE = '2026-06-30';
const SCALE = 5;
/** The product's default. */
const CHUNK_ROWS = 4_000;
/** What tutorials use. */
const LADDER_PAGE_ROWS = 1_000;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    sellers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    'grid-size': { type: 'string', default: '10' },
    'ladder-lines': { type: 'string', default: '20000' },
    full: { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: 'lines' | 'sellers' | 'rounds' | 'workers' | 'grid-size' | 'ladder-lines'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const [lines, sellers, rounds] = [positive('lines'), positive('sellers'), positive('rounds')];
const [workers, gridSize] = [positive('workers'), positive('grid-size')];
const ladderLines = Math.min(lines, positive('ladder-lines'));
if (values.url === undefined) throw new Error('--url is missing; npm run bench:settle gives it');
const url = databaseUrl(values.url, 'magam_bench');
const server = await BenchServer.open(url);
const settleArgs = [
  'settle',
  '--date',
  DATE,
  '--grid-size',
  `${gridSize}`,
  '--workers',
  `${workers}`,
  '--chunk-size',
  `${CHUNK_ROWS}`,
];

async function seed(target: string, count: number): Promise<number> {
  const db = openDatabase(target, { poolMax: 4 });
  const started = performance.now();
  try {
    const patience = { outageMs: 0, signal: new AbortController().signal };
    await seedFeed(db, { ...patience, date: DATE, lines: count, sellers, seed: '1', requestedBy: 'bench' });
    // The planner must know the tables in all measurements, and not only in the later ones.
    await db.raw('ANALYZE TABLE sale_entry, refund_entry');
    return secondsSince(started);
  } finally {
    await db.destroy();
  }
}

async function settle(target: string, writer: RowWriter): Promise<SettleSample> {
  const { result, cost } = await server.observe(() => runMagam(target, settleArgs, { MAGAM_LINE_WRITER: writer }));
  const stages = Object.fromEntries((result.document.stages ?? []).map(({ name, seconds }) => [name, seconds]));
  const { lines: sales = 0, refunds = 0 } = result.document;
  return { writer, entries: sales + refunds, stages, cost, usage: result.usage };
}

async function verify(): Promise<SettleBench['verify'][number]> {
  const { result, cost } = await server.observe(() =>
    runMagam(url, ['verify', '--date', DATE], { MAGAM_WORKERS: `${workers}` }),
  );
  return { cost, usage: result.usage };
}

/** The sales of the day as a file, imported into a fresh database. */
async function measureImport(): Promise<SettleBench['import']> {
  const target = databaseUrl(url, 'magam_bench_import');
  const folder = await mkdtemp(join(tmpdir(), 'magam-bench-'));
  try {
    const file = join(folder, 'lines.csv');
    const fileBytes = await writeSalesFile({ date: DATE, lines, sellers, seed: '1' }, file);
    await makeDatabase(target);
    return { lines, fileBytes, ...(await importSales(server, target, file, 'auto')) };
  } finally {
    await dropDatabase(target);
    await rm(folder, { recursive: true });
  }
}

async function measure(): Promise<SettleBench> {
  say(`${server.description.engine} ${server.description.version}; seeding ${lines} sales …`);
  await makeDatabase(url);
  const seedSeconds = await seed(url, lines);
  const db = openDatabase(url, { poolMax: 2 });
  try {
    const mayLoad = (await probeRowWriter(db)) === 'load';
    say('a first run, which warms the caches up and gives the lines that the others must equal …');
    const { entries } = await settle(url, 'insert');
    const expected = await linesFingerprint(db);
    const floor = await Floor.prepare(db, url, DATE, gridSize, workers);
    const floorSamples: FloorSample[] = [];
    const settleSamples: SettleSample[] = [];
    const verified: SettleBench['verify'][number][] = [];
    const requireEqual = async (who: string): Promise<void> => {
      const found = await linesFingerprint(db);
      if (found !== expected) throw new Error(`the lines of ${who} differ from the product's:\n${found}\n${expected}`);
    };
    const writeFloor = async (kind: FloorKind): Promise<void> => {
      await forgetRuns(db);
      const { cost } = await server.observe(() => floor.write(kind));
      await requireEqual(`the floor (${kind})`);
      floorSamples.push({ kind, cost });
    };
    const settleBy = async (writer: RowWriter): Promise<void> => {
      await forgetRuns(db);
      settleSamples.push(await settle(url, writer));
      await requireEqual(`writer ${writer}`);
    };
    try {
      for (let round = 1; round <= rounds; round += 1) {
        say(`round ${round} of ${rounds}: floor and product in turn …`);
        await writeFloor('copy');
        await settleBy('insert');
        await writeFloor('produce');
        if (mayLoad) await settleBy('load');
        verified.push(await verify());
      }
    } finally {
      await floor.close();
    }
    say('the first and the last page …');
    const keyset = await compareFirstAndLastPage(url, DATE, CHUNK_ROWS);
    say(`the ladder, on ${ladderLines} lines …`);
    const ladder = await climbLadder(db, server, {
      url,
      date: DATE,
      wholeLines: lines,
      measuredLines: ladderLines,
      threads: workers,
      pageRows: LADDER_PAGE_ROWS,
    });
    say('import …');
    const imported = await measureImport();
    return {
      measuredAt: new Date().toISOString(),
      machine: describeMachine(),
      server: server.description,
      parameters: { lines, entries, sellers, rounds, workers, gridSize, chunkRows: CHUNK_ROWS, ladderLines },
      seedSeconds,
      floor: floorSamples,
      settle: settleSamples,
      ladder,
      keyset,
      verify: verified,
      import: imported,
      scale: null,
    };
  } finally {
    await db.destroy();
    await dropDatabase(url);
  }
}

/** The same with five times the lines, once, by the writer that the product chooses by itself. */
async function measureScale(bench: SettleBench): Promise<SettleBench> {
  const target = databaseUrl(url, 'magam_bench_scale');
  say(`${SCALE} times the lines: seeding …`);
  try {
    await makeDatabase(target);
    await seed(target, lines * SCALE);
    say(`settling ${lines * SCALE} lines …`);
    const sample = await settle(target, bench.settle.some(({ writer }) => writer === 'load') ? 'load' : 'insert');
    return { ...bench, scale: { factor: SCALE, sample } };
  } finally {
    await dropDatabase(target);
  }
}

try {
  const bench = await measure();
  await writeReport(values.full ? await measureScale(bench) : bench, values.out);
} finally {
  await server.close();
}
