/**
 * `npm run bench:backfill`: does a line of a range of dates cost as much as a line of one date with the same number of lines? Both in turn, on the same server,
 * by the real command. docs/benchmarks.md says how to read the result, which goes to standard output.
 */
import { parseArgs } from 'node:util';
import { seedFeed } from '../core/sample/seed-feed.js';
import { type Db, openDatabase } from '../infra/database.js';
import { addDays } from '../kernel/business-date.js';
import { databaseUrl, dropDatabase, forgetRuns, makeDatabase } from './database.js';
import { type CommandDocument, runMagam } from './magam-command.js';
import { say, spreadOf } from './measure.js';
import { BenchServer } from './server.js';

const FIRST = '2026-03-01';
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    dates: { type: 'string', default: '10' },
    lines: { type: 'string', default: '30000' },
    sellers: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
  },
});

function positive(name: 'dates' | 'lines' | 'sellers' | 'rounds' | 'workers'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const [dates, lines, sellers] = [positive('dates'), positive('lines'), positive('sellers')];
const [rounds, workers] = [positive('rounds'), positive('workers')];
if (values.url === undefined) throw new Error('--url is missing; npm run bench:backfill gives it');
const server = await BenchServer.open(databaseUrl(values.url, 'magam_bench'));

interface Sample {
  readonly perSecond: number;
  /** CPU seconds of client and server for a million entries; NaN where the server's are not known. */
  readonly cpuPerMillion: number;
}

/** A separate database with this many dates. */
class Side {
  readonly samples: Sample[] = [];

  private constructor(
    readonly name: string,
    private readonly url: string,
    private readonly db: Db,
    private readonly args: readonly string[],
  ) {}

  static async prepare(name: string, database: string, dates: number, lines: number): Promise<Side> {
    const url = databaseUrl(values.url as string, database);
    say(`seeding ${dates} × ${lines} sales …`);
    await makeDatabase(url);
    const db = openDatabase(url, { poolMax: 4 });
    const patience = { outageMs: 0, signal: new AbortController().signal };
    for (let i = 0; i < dates; i += 1)
      await seedFeed(db, {
        ...{ date: addDays(FIRST, i), lines, sellers, seed: '1', requestedBy: 'bench' },
        ...patience,
      });
    await db.raw('ANALYZE TABLE sale_entry, refund_entry');
    const to = addDays(FIRST, dates - 1);
    return new Side(name, url, db, ['settle', '--from', FIRST, '--to', to, '--workers', `${workers}`]);
  }

  async settle(): Promise<void> {
    await forgetRuns(this.db);
    const { result, cost } = await server.observe(() => runMagam(this.url, this.args));
    const { runs = [] } = result.document as { runs?: readonly CommandDocument[] };
    if (runs.some(({ status }) => status !== 'COMPLETED')) throw new Error(`${this.name}: a date is not completed`);
    const entries = runs.reduce((sum, { lines: sales = 0, refunds = 0 }) => sum + sales + refunds, 0);
    const cpu = result.usage.cpuSeconds + (cost.serverCpuSeconds ?? Number.NaN);
    this.samples.push({ perSecond: entries / cost.seconds, cpuPerMillion: (cpu / entries) * 1e6 });
  }

  /** Prints a row; returns the medians. */
  report(): Sample {
    const perSecond = spreadOf(this.samples.map((sample) => sample.perSecond));
    const cpu = spreadOf(this.samples.map((sample) => sample.cpuPerMillion));
    const text = (value: number): string => Math.round(value).toLocaleString('en-US');
    process.stdout.write(
      `${this.name.padEnd(22)} ${text(perSecond.median).padStart(8)} entries/s (${text(perSecond.min)} to ${text(perSecond.max)}); ` +
        `${cpu.median.toFixed(1)} CPU seconds a million (${cpu.min.toFixed(1)} to ${cpu.max.toFixed(1)})\n`,
    );
    return { perSecond: perSecond.median, cpuPerMillion: cpu.median };
  }

  async drop(): Promise<void> {
    await this.db.destroy();
    await dropDatabase(this.url);
  }
}

const sides: Side[] = [];
try {
  sides.push(await Side.prepare(`${dates} dates × ${lines}`, 'magam_bench', dates, lines));
  sides.push(await Side.prepare(`1 date × ${lines}`, 'magam_bench_alone', 1, lines));
  sides.push(await Side.prepare(`1 date × ${dates * lines}`, 'magam_bench_one', 1, dates * lines));
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds} …`);
    for (const side of sides) await side.settle();
  }
  const { engine, version } = server.description;
  process.stdout.write(`${engine} ${version}, ${workers} workers, ${rounds} rounds\n`);
  const [range, alone, one] = sides.map((side) => side.report()) as [Sample, Sample, Sample];
  const than = (other: Sample): string =>
    `${(range.perSecond / other.perSecond).toFixed(2)} times as many entries a second, ` +
    `with ${(range.cpuPerMillion / other.cpuPerMillion).toFixed(2)} times the CPU time an entry`;
  process.stdout.write(
    `the range settles, beside one of its dates alone: ${than(alone)}\n` +
      `beside one date with all its lines: ${than(one)}\n`,
  );
} finally {
  for (const side of sides) await side.drop();
  await server.close();
}
