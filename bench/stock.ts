/**
 * `npm run bench:stock`: 200 callers want the same unit at the same moment. How many orders a second does each way of keeping them apart let through, how
 * fast are those refused who come too late, and how many can ask beforehand? docs/benchmarks.md says how to read the result, which goes to
 * standard output and to bench/results.
 */
import { parseArgs } from 'node:util';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { Availability } from '../core/stock/availability.js';
import { receiveStock } from '../core/stock/receive-stock.js';
import { readOrderable } from '../core/stock/stores/stock-list.js';
import { verifyStock } from '../core/stock/verify-stock.js';
import { type Db, inTransaction, openDatabase, select } from '../infra/database.js';
import { openRedis } from '../infra/redis.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { describeMachine } from './markdown.js';
import { say, secondsSince } from './measure.js';
import { BenchServer } from './server.js';
import { percentile, type RushCount, type StockSample, writeStockReport } from './stock-report.js';
import { type Rival, rivals } from './stock-rivals.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    callers: { type: 'string', default: '200' },
    connections: { type: 'string', default: '12' },
    group: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: 'callers' | 'connections' | 'group' | 'rounds' | 'seconds'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const parameters = {
  callers: positive('callers'),
  connections: positive('connections'),
  group: positive('group'),
  rounds: positive('rounds'),
  seconds: positive('seconds'),
};
if (values.url === undefined) throw new Error('--url is missing; npm run bench:stock gives it');
const url = databaseUrl(values.url, 'magam_bench_stock');
const redisUrl = process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const PLENTY = 1_000_000;
/** Units that a rush is about, and those who want one. */
const RUSH = { units: 10, callers: 500 };
const PRODUCTS = 1_000;

/** Keeps all callers busy for a while. @returns how often the work was done a second, and how long each took (ms) */
async function busy(work: (caller: number) => Promise<unknown>): Promise<StockSample> {
  const millis: number[] = [];
  const started = performance.now();
  const end = started + parameters.seconds * 1_000;
  const call = async (caller: number): Promise<void> => {
    while (performance.now() < end) {
      const from = performance.now();
      await work(caller);
      millis.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: parameters.callers }, (_, caller) => call(caller)));
  const perSecond = millis.length / secondsSince(started);
  return { perSecond, p50: percentile(millis, 50), p95: percentile(millis, 95), p99: percentile(millis, 99) };
}

/** Units that nobody has ordered yet. */
class Units {
  private at = 0;
  constructor(
    private readonly db: Db,
    readonly ids: readonly number[],
  ) {}

  async next(quantity: number): Promise<number> {
    const unitId = this.ids[this.at];
    if (unitId === undefined) throw new Error('there are too few units for so many rounds');
    this.at += 1;
    await inTransaction(this.db, (tx) => receiveStock(tx, { unitId, quantity, reason: 'bench', requestedBy: 'bench' }));
    return unitId;
  }
}

/** What the rows say of a unit: how many were sold, and how many there were. */
async function countRows(db: Db, unitId: number): Promise<{ readonly sold: number; readonly received: number }> {
  const [row] = await select<{ sold: number; received: number }>(
    db,
    `SELECT (SELECT CAST(COALESCE(SUM(quantity), 0) AS SIGNED) FROM stock_reservation r JOIN checkout c ON c.checkout_id = r.holder_id
       WHERE r.unit_id = s.unit_id AND r.status = 'HELD') AS sold, received FROM stock s WHERE unit_id = ?`,
    [unitId],
  );
  if (row === undefined) throw new Error('the unit has stock');
  return row;
}

/** Orders while there is plenty, then refusals when there is nothing. */
async function measureRival(db: Db, units: Units, { sell }: Rival) {
  const unitId = await units.next(PLENTY);
  let told = 0;
  const orders = await busy(async (caller) => {
    if (await sell({ buyerId: caller + 1, unitId })) told += 1;
  });
  const { sold } = await countRows(db, unitId);
  if (sold !== told) throw new Error(`${told} were told that they got one, and the rows have ${sold}`);
  const gone = await units.next(1);
  await sell({ buyerId: 1, unitId: gone });
  const refusals = await busy(async (caller) => {
    if (await sell({ buyerId: caller + 1, unitId: gone })) throw new Error('the last one was sold twice');
  });
  return { orders, refusals };
}

async function rush(db: Db, units: Units, { name, sell }: Rival): Promise<RushCount> {
  const unitId = await units.next(RUSH.units);
  const outcomes = await Promise.all(
    Array.from({ length: RUSH.callers }, (_, caller) => sell({ buyerId: caller + 1, unitId })),
  );
  const { sold, received } = await countRows(db, unitId);
  return { name, told: outcomes.filter((got) => got).length, sold, oversold: Math.max(0, sold - received) };
}

/** Questions about one unit and about a hundred, from Redis and from the database. */
async function measureQuestions(db: Db, availability: Availability, unitIds: readonly number[]) {
  const hundred = unitIds.slice(0, 100);
  const one = hundred.slice(0, 1);
  return {
    oneCached: await busy(() => availability.ask(one)),
    hundredCached: await busy(() => availability.ask(hundred)),
    oneRead: await busy(() => readOrderable(db, one)),
    hundredRead: await busy(() => readOrderable(db, hundred)),
  };
}

const server = await BenchServer.open(values.url);
await makeDatabase(url);
const db = openDatabase(url, { poolMax: parameters.connections });
const redis = openRedis(redisUrl, 'bench-stock', (message) => say(message));
try {
  await makeSampleCatalogue(db, { products: PRODUCTS, sellers: 100 });
  const ids = await select<{ unitId: number }>(db, 'SELECT unit_id AS unitId FROM sellable_unit ORDER BY unit_id');
  const units = new Units(
    db,
    ids.map(({ unitId }) => unitId),
  );
  const ways = rivals(db, redis, parameters.group);
  const samples = new Map(ways.map(({ name }) => [name, [] as Awaited<ReturnType<typeof measureRival>>[]]));
  const rushes: RushCount[] = [];
  const questions = [];
  for (let round = 1; round <= parameters.rounds; round += 1) {
    for (const way of ways) {
      say(`Round ${round}: ${way.name} …`);
      samples.get(way.name)?.push(await measureRival(db, units, way));
      rushes.push(await rush(db, units, way));
    }
    say(`Round ${round}: questions …`);
    questions.push(await measureQuestions(db, new Availability(db, redis), units.ids.slice(-100)));
  }
  const verified = await verifyStock(db);
  await writeStockReport(
    {
      measuredAt: new Date().toISOString(),
      machine: describeMachine(),
      server: server.description,
      parameters: { ...parameters, rush: RUSH },
      rivals: [...samples].map(([name, rounds]) => ({ name, rounds })),
      rushes,
      differences: verified.differences.length,
      questions,
    },
    values.out,
  );
} finally {
  redis.close();
  await db.destroy();
  await dropDatabase(url);
  await server.close();
}
