/**
 * `npm run bench:orders`: orders over HTTP. What does a checkout cost beside a POST that stores nothing, how does a rush end, how long do lists and
 * checkouts take beside a settlement, and what does a page cost that asks the database line by line? docs/benchmarks.md says how to read the result,
 * which goes to standard output and to bench/results.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { verifyStock } from '../core/stock/verify-stock.js';
import { openDatabase } from '../infra/database.js';
import { type ApiUnderMeasurement, startServer } from './api-process.js';
import { Buyers } from './buyers.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { describeMachine } from './markdown.js';
import { say } from './measure.js';
import { measureCheckouts } from './order-checkouts.js';
import { measureReads } from './order-reads.js';
import { measureRush } from './order-rush.js';
import { measureBesideSettlement } from './order-settle.js';
import { writeOrdersReport } from './orders-report.js';
import { BenchServer } from './server.js';
import { Shop } from './shop.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    connections: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    visitors: { type: 'string', default: '10000' },
    'rush-units': { type: 'string', default: '100' },
    lines: { type: 'string', default: '200000' },
    sellers: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: Exclude<keyof typeof values, 'url' | 'out'>): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const parameters = {
  connections: positive('connections'),
  rounds: positive('rounds'),
  seconds: positive('seconds'),
  visitors: positive('visitors'),
  units: positive('rush-units'),
  lines: positive('lines'),
  sellers: positive('sellers'),
  perSecond: positive('rate'),
};
if (values.url === undefined) throw new Error('--url is missing; npm run bench:orders gives it');
const url = databaseUrl(values.url, 'magam_bench_orders');
const redisUrl = process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const server = await BenchServer.open(values.url);
await makeDatabase(url);
const db = openDatabase(url, { poolMax: 4 });
const servers: ApiUnderMeasurement[] = [];
const start = async (...args: string[]): Promise<ApiUnderMeasurement> => {
  const started = await startServer(args, { MAGAM_DATABASE_URL: url, MAGAM_REDIS_URL: redisUrl });
  servers.push(started);
  return started;
};
try {
  say('Filling the shop …');
  const shop = await Shop.open(db);
  const buyers = await Buyers.make(db, Math.ceil(parameters.visitors / 10));
  const product = await start(program('../../bin/magam.mjs'), 'api');
  const rival = await start(program('orders-rival-server.js'));
  const plan = { ...parameters, db, shop, buyers, product, rival, databaseUrl: url, redisUrl };
  const checkouts = await measureCheckouts(plan);
  const rushes = [];
  for (let round = 1; round <= parameters.rounds; round += 1) {
    say(`Round ${round}: a rush of ${parameters.visitors} visitors …`);
    rushes.push(await measureRush(plan));
  }
  const reads = await measureReads(plan);
  const beside = await measureBesideSettlement(plan);
  const { differences } = await verifyStock(db);
  await writeOrdersReport(
    {
      measuredAt: new Date().toISOString(),
      machine: describeMachine(),
      server: server.description,
      parameters,
      checkouts,
      rushes,
      reads,
      beside,
      differences: differences.length,
    },
    values.out,
  );
} finally {
  for (const one of servers) await one.stop();
  await db.destroy();
  await dropDatabase(url);
  await server.close();
}
