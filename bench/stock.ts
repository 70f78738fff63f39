/**
 * `npm run bench:stock`: 200 callers in one process check out at the same moment. How many orders a second does each locking strategy let
 * through, how fast are late buyers refused, and how many can read the stock before? docs/benchmarks.md says how to read the result, which
 * goes to standard output and to bench/results.
 */
import { parseArgs } from 'node:util';
import { Availability } from '../core/stock/availability.js';
import { readOrderable } from '../core/stock/stores/stock-list.js';
import { verifyStock } from '../core/stock/verify-stock.js';
import { type Db, openDatabase } from '../infra/database.js';
import { openRedis } from '../infra/redis.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { describeMachine } from './markdown.js';
import { say, secondsSince } from './measure.js';
import { BenchServer } from './server.js';
import { countRows, countSold, LOADS, type LoadName, ordersOfCheckout, requireRows, Shop } from './shop.js';
import { percentile, type RivalRound, type RushCount, type StockSample, writeStockReport } from './stock-report.js';
import { type Rival, rivals } from './stock-rivals.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    callers: { type: 'string', default: '200' },
    connections: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: 'callers' | 'connections' | 'rounds' | 'seconds'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const parameters = {
  callers: positive('callers'),
  connections: positive('connections'),
  rounds: positive('rounds'),
  seconds: positive('seconds'),
};
if (values.url === undefined) throw new Error('--url is missing; npm run bench:stock gives it');
const url = databaseUrl(values.url, 'magam_bench_stock');
const redisUrl = process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
/** The units of a rush, and its buyers. */
const RUSH = { units: 10, callers: 500 };

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

/** Checkouts while there is enough stock; all of their rows must exist afterwards. */
async function measureLoad(db: Db, shop: Shop, load: LoadName, { sell }: Rival): Promise<StockSample> {
  const next = await shop.basketsOf(load);
  const before = await countRows(db);
  let told = 0;
  const sample = await busy(async (caller) => {
    if (await sell({ buyerId: caller + 1, items: next() })) told += 1;
  });
  await requireRows(db, before, told, ordersOfCheckout(load));
  return sample;
}

/** Refusals when there is nothing left. */
async function measureRefusals(shop: Shop, { sell }: Rival): Promise<StockSample> {
  const items = [{ unitId: await shop.hotUnit(1), quantity: 1 }];
  await sell({ buyerId: 1, items });
  return busy(async (caller) => {
    if (await sell({ buyerId: caller + 1, items })) throw new Error('the last one was sold twice');
  });
}

async function measureRival(db: Db, shop: Shop, rival: Rival): Promise<RivalRound> {
  const round: Partial<Record<keyof RivalRound, StockSample>> = {};
  for (const load of LOADS) round[load] = await measureLoad(db, shop, load, rival);
  return { ...round, refusals: await measureRefusals(shop, rival) } as RivalRound;
}

async function rush(db: Db, shop: Shop, { name, sell }: Rival): Promise<RushCount> {
  const items = [{ unitId: await shop.hotUnit(RUSH.units), quantity: 1 }];
  const outcomes = await Promise.all(
    Array.from({ length: RUSH.callers }, (_, caller) => sell({ buyerId: caller + 1, items })),
  );
  return { name, told: outcomes.filter((got) => got).length, ...(await countSold(db, items[0]?.unitId ?? 0)) };
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
const redis = openRedis(redisUrl, 'bench-stock', (error) => say(`Redis away: ${error.message}`));
try {
  say('Filling the shop …');
  const shop = await Shop.open(db);
  const ways = rivals(db, redis);
  const samples = new Map(ways.map(({ name }) => [name, [] as RivalRound[]]));
  const rushes: RushCount[] = [];
  const questions = [];
  for (let round = 1; round <= parameters.rounds; round += 1) {
    for (const way of ways) {
      say(`Round ${round}: ${way.name} …`);
      samples.get(way.name)?.push(await measureRival(db, shop, way));
      rushes.push(await rush(db, shop, way));
    }
    say(`Round ${round}: questions …`);
    const unitIds = shop.shelf.map(({ unitId }) => unitId);
    questions.push(await measureQuestions(db, new Availability(db, redis), unitIds));
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
