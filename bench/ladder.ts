/**
 * The ladder of the field: what does settling cost with OFFSET paging and one INSERT per line, in one thread and in several?
 * The arithmetic, tables and keys are the product's. These rungs are slow, so they are measured on the first lines of the
 * date, and the cost of the whole date is projected: writing costs the same for every line; a page costs more the later it
 * is, so pages of the whole date are sampled.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Db } from '../infra/database.js';
import { forgetRuns } from './database.js';
import type { LadderTask } from './ladder-thread.js';
import { exponentOf, secondsSince, spreadOf } from './measure.js';
import { type OffsetPaging, readOffsetPage } from './offset-page.js';
import type { BenchServer, Cost } from './server.js';

export interface Rung {
  readonly name: string;
  readonly threads: number;
  /** Lines that were really settled, and their cost. */
  readonly measuredLines: number;
  readonly cost: Cost;
  /** One page at the start, and one at the end of the whole date. */
  readonly firstPageMs: number;
  readonly lastPageMs: number;
  readonly wholeLines: number;
  readonly projectedSeconds: number;
  /** The projected cost grows with lines^exponent between half of the date and all of it. */
  readonly growthExponent: number;
}

export interface LadderOptions {
  readonly url: string;
  readonly date: string;
  readonly wholeLines: number;
  readonly measuredLines: number;
  readonly threads: number;
  readonly pageRows: number;
}

const SAMPLED_PLACES = 9;
const SAMPLES = 3;

/** Measures every rung below the product, slowest first. */
export async function climbLadder(db: Db, server: BenchServer, options: LadderOptions): Promise<Rung[]> {
  const rungs: [string, OffsetPaging, number][] = [
    ['OFFSET paging, one INSERT per line', 'rows', 1],
    ['the same, OFFSET over a covering index', 'covering', 1],
    [`the same, ${options.threads} threads`, 'covering', options.threads],
  ];
  const results: Rung[] = [];
  for (const [name, paging, threads] of rungs)
    results.push(await measureRung(db, server, options, name, paging, threads));
  await forgetRuns(db);
  return results;
}

async function measureRung(
  db: Db,
  server: BenchServer,
  options: LadderOptions,
  name: string,
  paging: OffsetPaging,
  threads: number,
): Promise<Rung> {
  const { url, date, wholeLines, measuredLines, pageRows } = options;
  await forgetRuns(db);
  const tasks = Array.from({ length: threads }, (_, first) => ({
    url,
    date,
    paging,
    first,
    every: threads,
    pageRows,
    lines: measuredLines,
  }));
  const workers = await Promise.all(tasks.map(startThread));
  const { cost } = await server.observe(() => Promise.all(workers.map(runThread)));
  const pages = await samplePages(db, options, paging);
  // The measured time has the reads of early pages in it; they are taken out of what every line costs.
  const readMeasured = readSeconds(pages, measuredLines, pageRows) / threads;
  const perLine = Math.max(0, cost.seconds - readMeasured) / measuredLines;
  const project = (lines: number): number => perLine * lines + readSeconds(pages, lines, pageRows) / threads;
  return {
    name,
    threads,
    measuredLines,
    cost,
    firstPageMs: pages[0]?.ms ?? 0,
    lastPageMs: pages.at(-1)?.ms ?? 0,
    wholeLines,
    projectedSeconds: project(wholeLines),
    growthExponent: exponentOf(
      { size: wholeLines / 2, cost: project(wholeLines / 2) },
      { size: wholeLines, cost: project(wholeLines) },
    ),
  };
}

/** A thread that is connected and waits. */
async function startThread(task: LadderTask): Promise<Worker> {
  const worker = new Worker(new URL('ladder-thread.js', import.meta.url), { workerData: task });
  await once(worker, 'message');
  return worker;
}

async function runThread(worker: Worker): Promise<void> {
  const done = once(worker, 'message');
  worker.postMessage('go');
  await done;
}

interface PageSample {
  readonly offset: number;
  readonly ms: number;
}

/** The time of one page at evenly spaced places of the date. */
async function samplePages(
  db: Db,
  { date, wholeLines, pageRows }: LadderOptions,
  paging: OffsetPaging,
): Promise<PageSample[]> {
  const samples: PageSample[] = [];
  for (let place = 0; place < SAMPLED_PLACES; place += 1) {
    const offset = Math.floor((Math.max(0, wholeLines - pageRows) * place) / (SAMPLED_PLACES - 1));
    const times: number[] = [];
    for (let i = 0; i < SAMPLES; i += 1) {
      const started = performance.now();
      await readOffsetPage(db, paging, date, offset, pageRows);
      times.push(secondsSince(started) * 1_000);
    }
    samples.push({ offset, ms: spreadOf(times).median });
  }
  return samples;
}

/** The seconds of all pages that begin before `lines`, interpolated between the samples. */
function readSeconds(pages: readonly PageSample[], lines: number, pageRows: number): number {
  let seconds = 0;
  for (let offset = 0; offset < lines; offset += pageRows) seconds += msAt(pages, offset) / 1_000;
  return seconds;
}

function msAt(pages: readonly PageSample[], offset: number): number {
  const above = pages.findIndex((page) => page.offset >= offset);
  const high = pages[above === -1 ? pages.length - 1 : above];
  const low = pages[Math.max(0, above === -1 ? pages.length - 1 : above - 1)];
  if (high === undefined || low === undefined || high.offset === low.offset) return high?.ms ?? 0;
  return low.ms + ((high.ms - low.ms) * (offset - low.offset)) / (high.offset - low.offset);
}
