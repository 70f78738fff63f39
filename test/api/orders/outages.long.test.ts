/**
 * A rush on two real servers, with both strategies: for the last one, while Redis has forgotten what it knew, and while Redis or the database goes
 * and comes back. As many buyers get one as there are units, and every buyer who was told so has one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyStock } from '../../../core/stock/verify-stock.js';
import { select } from '../../../infra/database.js';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type Server, startServer } from '../../../scripts/chaos/servers.mjs';
import { makeUnit, stockOf } from '../../core/orders/order-scene.js';
import { type ApiProcess, type CallAnswer, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';
import { buy, makeBuyers, rush, tally } from './rush-scene.js';

const BUYERS = 60;

let database: TestDatabase;
let tokens: string[];
beforeAll(async () => {
  database = await createTestDatabase();
  tokens = await makeBuyers(database, BUYERS);
});
afterAll(() => database.drop());

/** Ten were ordered, each by another buyer, and the tables say so. */
async function expectTenOrdered({ db }: TestDatabase, unitId: number, answers: readonly CallAnswer[]): Promise<void> {
  expect(tally(answers)).toEqual({ ordered: 10, INSUFFICIENT_STOCK: BUYERS - 10 });
  const lines = await select<{ checkoutId: number }>(
    db,
    `SELECT o.checkout_id AS checkoutId FROM order_line l JOIN market_order o ON o.order_id = l.order_id
     WHERE l.unit_id = ? ORDER BY o.checkout_id`,
    [unitId],
  );
  const told = answers.filter(({ status }) => status === 201).map(({ body }) => body.checkoutId as number);
  expect(lines.map(({ checkoutId }) => checkoutId)).toEqual(told.sort((a, b) => a - b));
  expect(await stockOf(db, unitId)).toEqual([0, 10, 0]);
  expect((await verifyStock(db)).differences).toEqual([]);
}

describe.each(['update', 'redlock'])('with the strategy %s', (strategy) => {
  let redis: TestRedis;
  let link: RedisLink;
  let servers: ApiProcess[];
  beforeAll(async () => {
    redis = await startRedis();
    link = await linkTo(redis);
    const settings = {
      MAGAM_REDIS_URL: redis.url,
      MAGAM_STOCK_STRATEGY: strategy,
      MAGAM_STOCK_LOCK_WAIT_MS: '20000',
    };
    servers = await Promise.all([spawnApi(database.url, settings), spawnApi(database.url, settings)]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    link.close();
    await redis.stop();
  });
  const one = (unitId: number) => [{ unitId, quantity: 1 }];

  it('a hundred want the last one: one gets it, and no lock is left behind', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { stock: 1 });
    const hundred = [...tokens, ...tokens].slice(0, 100);
    const answers = await rush(hundred, 100, (token, n) =>
      buy(servers, n, token, `last-${strategy}-${n}`, one(unitId)),
    );
    expect(tally(answers)).toEqual({ ordered: 1, INSUFFICIENT_STOCK: 99 });
    expect(await stockOf(db, unitId)).toEqual([0, 1, 0]);
    expect(await link.client.keys('*LOCK:product*')).toEqual([]);
    // Nobody is waited for: a row that somebody still has locked would be refused.
    for (const table of ['stock', 'stock_reservation', 'sellable_unit'])
      await select(db, `SELECT unit_id FROM ${table} WHERE unit_id = ? FOR UPDATE NOWAIT`, [unitId]);
  });

  it('the counts in Redis are deleted, then a hundred ask and order at once: all get true answers, after few loads', async () => {
    const { db } = database;
    const [unitId, other] = [await makeUnit(db, 'S1', { stock: 10 }), await makeUnit(db, 'S2', { stock: 3 })];
    const asked = (n: number) => (servers[n % 2] as ApiProcess).call('GET', `/v1/stock?units=${unitId},${other}`);
    const forget = () =>
      link.client.eval(`for _, key in ipairs(redis.call('KEYS', '*:stock:*')) do redis.call('DEL', key) end`, 0);
    await asked(0);
    await forget();
    const loads = await link.client.monitor();
    let stored = 0;
    loads.on('monitor', (_time: string, [command, key]: string[]) => {
      if (command === 'set' && key?.includes(':stock:a:') === true && key.endsWith(`:${unitId}`)) stored += 1;
    });
    const [answers, orders] = await Promise.all([
      Promise.all(Array.from({ length: 100 }, (_, n) => asked(n))),
      rush(tokens, BUYERS, (token, n) => buy(servers, n, token, `forgotten-${strategy}`, one(unitId))),
    ]);
    loads.disconnect();
    await expectTenOrdered(database, unitId, orders);
    for (const answer of answers) {
      const [{ available }, untouched] = answer.body.items;
      expect(available).toBeGreaterThanOrEqual(0);
      expect(available).toBeLessThanOrEqual(10);
      expect(untouched).toEqual({ unitId: other, orderable: true, available: 3 });
    }
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(20);
    await forget();
    for (const n of [0, 1]) expect((await asked(n)).body.items[0]).toEqual({ unitId, orderable: false, available: 0 });
  });

  it('Redis goes, comes back empty and is emptied in the middle of a rush: ten get one of ten', async () => {
    const unitId = await makeUnit(database.db, 'S1', { stock: 10 });
    const empty = async (): Promise<void> => {
      await until(() => link.client.flushall().catch(() => undefined), 'Redis is emptied');
    };
    const ask = (token: string, n: number) => buy(servers, n, token, `outage-${strategy}`, one(unitId));
    const events = { 2: redis.stop, 6: redis.start, 15: empty, 25: redis.stop, 35: redis.start, 45: empty };
    await expectTenOrdered(database, unitId, await rush(tokens, 6, ask, events));
  });
});

describe('the database is killed and started again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-outages-'));
  let server: Server;
  let restarted: TestDatabase;
  let servers: ApiProcess[];
  beforeAll(async () => {
    server = await startServer(folder);
    restarted = await createTestDatabase(server.url);
    servers = await Promise.all([spawnApi(restarted.url), spawnApi(restarted.url)]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((one) => one.stop()));
    await restarted.db.destroy();
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ten get one of ten, each under a key until it is answered', async () => {
    const unitId = await makeUnit(restarted.db, 'S1', { stock: 10 });
    const buyers = await makeBuyers(restarted, BUYERS);
    const ask = (token: string, n: number) => buy(servers, n, token, 'restart', [{ unitId, quantity: 1 }]);
    const answers = await rush(buyers, 6, ask, { 3: server.restart, 20: server.restart });
    await until(() => select(restarted.db, 'SELECT 1').catch(() => undefined), 'the database answers');
    await expectTenOrdered(restarted, unitId, answers);
  });
});
