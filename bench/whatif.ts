/**
 * `npm run bench:whatif`: how fast are settled lines tried under a draft that touches every one of them, beside the database's own sums over
 * the same rows? docs/benchmarks.md says how to read the result, which goes to standard output.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { policyToFile } from '../core/policies/rules/fee-policy.js';
import { SYNTHETIC_POLICIES } from '../core/sample/rules/synthetic-policies.js';
import { seedFeed } from '../core/sample/seed-feed.js';
import { change, type Db, openDatabase, select } from '../infra/database.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { type CommandDocument, runMagam } from './magam-command.js';
import { say, spreadOf } from './measure.js';
import { BenchServer } from './server.js';

const DATE = '2026-06-30';
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    sellers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
  },
});
const [lines, sellers, rounds, workers] = [values.lines, values.sellers, values.rounds, values.workers].map(Number) as [
  number,
  number,
  number,
  number,
];
if (values.url === undefined) throw new Error('--url is missing; npm run bench:whatif gives it');
const url = databaseUrl(values.url, 'magam_bench');
const server = await BenchServer.open(url);

/** Wall seconds, and CPU seconds of all processes involved. */
interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The lines' key ranges, and the settled sums over each, on a separate connection. */
async function sumByDatabase(db: Db, cuts: readonly number[]): Promise<Sample> {
  const join = {
    0: 'JOIN sale_entry e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id',
    1: 'JOIN refund_entry e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id',
  };
  const sums = ['fee_base', 'fee', 'fee_vat', 'pg_fee', 'pg_fee_vat', 'net'].map((name) => `SUM(l.${name}) AS ${name}`);
  const sum = (leg: 0 | 1, after: number, through: number | string): Promise<{ currency: string; net: string }[]> =>
    select(
      db,
      `SELECT e.currency, COUNT(*), ${sums.join(', ')} FROM settlement_line l FORCE INDEX (PRIMARY) STRAIGHT_${join[leg]}
       WHERE l.settled_on = ? AND l.leg = ${leg} AND l.entry_id > ? AND l.entry_id <= ? GROUP BY e.currency`,
      [DATE, after, through],
    );
  const { result, cost } = await server.observe(() =>
    Promise.all([
      ...[0, ...cuts].map((after, i) => sum(0, after, cuts[i] ?? '18446744073709551615')),
      sum(1, 0, '18446744073709551615'),
    ]),
  );
  for (const { currency, net } of result.flat()) netBefore.set(currency, (netBefore.get(currency) ?? 0n) + BigInt(net));
  return { seconds: cost.seconds, cpuSeconds: cost.serverCpuSeconds ?? Number.NaN };
}
const netBefore = new Map<string, bigint>();

async function tryDraft(db: Db, file: string): Promise<Sample & { readonly lines: number }> {
  await change(db, `DELETE FROM job_instance WHERE job = 'what-if'`); // otherwise the result would be shown again
  const args = ['whatif', '--policies', file, '--from', DATE, '--to', DATE, '--workers', `${workers}`];
  const { result, cost } = await server.observe(() => runMagam(url, args));
  const { document, usage } = result;
  const { lines: tried = 0, touched, seconds = Number.NaN } = document;
  if (touched !== tried) throw new Error(`${touched} of ${tried} lines were touched: not the worst case`);
  requireSameSums(document);
  return { lines: tried, seconds, cpuSeconds: usage.cpuSeconds + (cost.serverCpuSeconds ?? Number.NaN) };
}

function requireSameSums({ totals = [] }: CommandDocument): void {
  for (const { currency, before } of totals)
    if (BigInt(before?.net ?? 0) !== netBefore.get(currency))
      throw new Error(`the net of ${currency} is ${before?.net}, and ${netBefore.get(currency)} to the database`);
}

/** A new version of every policy, with half a percent on top. */
const draft = SYNTHETIC_POLICIES.map((policy) => {
  const { commission } = policy;
  const components = [...commission.components, { type: 'percent' as const, rateE4: 5_000 }];
  return policyToFile({ ...policy, version: 2, commission: { ...commission, components } });
});

async function prepare(db: Db): Promise<number[]> {
  const patience = { outageMs: 0, signal: new AbortController().signal };
  await seedFeed(db, { ...patience, date: DATE, lines, sellers, seed: '1', requestedBy: 'bench' });
  await db.raw('ANALYZE TABLE sale_entry, refund_entry');
  say('settling …');
  await runMagam(url, ['settle', '--date', DATE, '--workers', `${workers}`]);
  const cuts: number[] = [];
  for (let i = 1; i < workers; i += 1) {
    const sql = `SELECT entry_id AS id FROM settlement_line FORCE INDEX (PRIMARY) WHERE settled_on = ? AND leg = 0
      ORDER BY settled_on, leg, entry_id LIMIT 1 OFFSET ?`;
    const [row] = await select<{ id: number }>(db, sql, [DATE, Math.floor((lines * i) / workers)]);
    if (row !== undefined) cuts.push(row.id);
  }
  return cuts;
}

function report(name: string, count: number, samples: readonly Sample[]): number {
  const clock = spreadOf(samples.map(({ seconds }) => count / seconds));
  const cpu = spreadOf(samples.map(({ cpuSeconds }) => (count * workers) / cpuSeconds));
  const text = (value: number): string => Math.round(value).toLocaleString('en-US').padStart(10);
  process.stdout.write(
    `${name.padEnd(10)} ${text(clock.median)} lines/s (${text(clock.min)} to ${text(clock.max)}); CPU allows ${text(cpu.median)} on ${workers} cores\n`,
  );
  return cpu.median;
}

const folder = mkdtempSync(join(tmpdir(), 'magam-bench-'));
try {
  const { engine, version } = server.description;
  say(`${engine} ${version}; seeding ${lines} sales …`);
  await makeDatabase(url);
  const db = openDatabase(url, { poolMax: workers + 1 });
  const file = join(folder, 'draft.json');
  writeFileSync(file, JSON.stringify({ policies: draft }));
  try {
    const cuts = await prepare(db);
    const floor: Sample[] = [];
    const product: (Sample & { lines: number })[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds} …`);
      netBefore.clear();
      floor.push(await sumByDatabase(db, cuts));
      product.push(await tryDraft(db, file));
    }
    const tried = product[0]?.lines ?? 0;
    process.stdout.write(
      `${engine} ${version}, ${tried.toLocaleString('en-US')} lines, every one touched, ${workers} workers\n`,
    );
    const bound = report('SELECT SUM', tried, floor);
    const own = report('whatif', tried, product);
    process.stdout.write(`whatif needs ${(bound / own).toFixed(2)} times the CPU time of the database's own sums\n`);
  } finally {
    await db.destroy();
    await dropDatabase(url);
  }
} finally {
  rmSync(folder, { recursive: true });
  await server.close();
}
