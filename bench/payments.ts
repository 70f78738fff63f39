/**
 * `npm run bench:payments`: payments against the sandbox. What does a confirmation cost beside the usual first designs, how fast are events relayed, what
 * becomes of 500 checkouts and confirmations a second, and what do callers get from a provider that is in trouble? docs/benchmarks.md says how to read the result,
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
import { OutsideWorld } from './outside-world.js';
import { allFollowed, measureConfirmations } from './payment-confirmations.js';
import { measureRelays } from './payment-relay.js';
import { measurePaymentRush } from './payment-rush.js';
import { Till } from './payment-till.js';
import { measureDrops, measureOutage } from './payment-trouble.js';
import { writePaymentsReport } from './payments-report.js';
import { BenchServer } from './server.js';
import { Shop } from './shop.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    connections: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '2' },
    confirmations: { type: 'string', default: '300' },
    delays: { type: 'string', default: '0,50' },
    events: { type: 'string', default: '5000' },
    rates: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '2' },
    callers: { type: 'string', default: '100' },
    'slow-ms': { type: 'string', default: '5000' },
    'trouble-seconds': { type: 'string', default: '22' },
    drops: { type: 'string', default: '300' },
    out: { type: 'string', default: 'bench/results' },
  },
});

type Option = Exclude<keyof typeof values, 'url' | 'out'>;

function numbers(name: Option, least: number): number[] {
  const all = values[name].split(',').map(Number);
  if (all.every((value) => Number.isSafeInteger(value) && value >= least)) return all;
  throw new Error(`--${name} takes a whole number from ${least} on, not ${values[name]}`);
}

function positive(name: Option): number {
  const [value = 0, ...more] = numbers(name, 1);
  if (more.length === 0) return value;
  throw new Error(`--${name} takes one number, not ${values[name]}`);
}

const parameters = {
  connections: positive('connections'),
  rounds: positive('rounds'),
  confirmations: positive('confirmations'),
  delaysMs: numbers('delays', 0),
  events: positive('events'),
  rates: numbers('rates', 1),
  seconds: positive('seconds'),
  callers: positive('callers'),
  wellSeconds: 2,
  troubleSeconds: positive('trouble-seconds'),
  slowMs: positive('slow-ms'),
  drops: positive('drops'),
};
if (values.url === undefined) throw new Error('--url is missing; npm run bench:payments gives it');
const url = databaseUrl(values.url, 'magam_bench_payments');
const redisUrl = process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const server = await BenchServer.open(values.url);
await makeDatabase(url);
const db = openDatabase(url, { poolMax: 8 });
const running: { readonly stop: () => Promise<void> }[] = [];
async function start(args: readonly string[], said?: RegExp): Promise<ApiUnderMeasurement> {
  const environment = { MAGAM_DATABASE_URL: url, MAGAM_REDIS_URL: redisUrl, ...world.environment };
  const started = await startServer(args, environment, said);
  running.push(started);
  return started;
}
const world = await OutsideWorld.start();
try {
  say('Filling the shop …');
  const shop = await Shop.open(db);
  const buyers = await Buyers.make(db, 1_000);
  const till = new Till(db, shop, buyers, world);
  running.push({ stop: () => till.close() });
  const [magam, rival] = [program('../../bin/magam.mjs'), program('payments-rival-server.js')];
  const servers = {
    product: await start([magam, 'api']),
    held: await start([rival, 'held']),
    inside: await start([rival, 'inside']),
  };
  const runner = await start([magam, 'runner'], /runner started/);
  const plan = { ...parameters, db, till, buyers, shop, redisUrl };
  const confirmations = await measureConfirmations({ ...plan, servers });
  const rushes = [];
  for (const perSecond of parameters.rates) {
    const rush = { ...plan, perSecond };
    rushes.push({
      product: await measurePaymentRush({ ...rush, server: servers.product }),
      held: await measurePaymentRush({ ...rush, server: servers.held }),
    });
  }
  const { differences } = await verifyStock(db);
  await allFollowed(db);
  await runner.stop();
  const relays = await measureRelays(plan);
  const outage = await measureOutage({ ...parameters, world });
  const drops = await measureDrops({ world, calls: parameters.drops, callers: parameters.callers });
  writePaymentsReport(
    {
      measuredAt: new Date().toISOString(),
      machine: describeMachine(),
      server: server.description,
      parameters,
      confirmations,
      relays,
      rushes,
      outage,
      drops,
      differences: differences.length,
    },
    values.out,
  );
} finally {
  for (const one of running) await one.stop();
  await world.stop();
  await db.destroy();
  await dropDatabase(url);
  await server.close();
}
