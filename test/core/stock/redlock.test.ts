/** Orders under locks in Redis, on a database and a Redis of their own, with two servers' connections to both. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { StockLocks } from '../../../core/stock/redlock.js';
import type { Reserve } from '../../../core/stock/reserve.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type Connections, closeConnections, openConnections } from '../../support/connections.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { differences, makeUnits, stockOf } from '../../support/stock.js';

interface Server extends Connections {
  readonly locks: StockLocks;
  /** What was logged at debug: for whom, and what. */
  readonly lines: { readonly forWhom: string; readonly text: string; readonly [field: string]: unknown }[];
}

/** Longer than any order here waits or works, however busy the machine is. */
const SETTINGS = { waitMs: 100_000, leaseMs: 110_000 };
let database: TestDatabase;
let redis: TestRedis;
let one: Server;
let other: Server;

async function openServer(settings = SETTINGS): Promise<Server> {
  const connections = await openConnections(database, redis);
  const lines: Server['lines'] = [];
  const log = {
    isLevelEnabled: () => true,
    debug: (fields: object, text: string) => lines.push({ ...(fields as { forWhom: string }), text }),
  };
  return { ...connections, locks: new StockLocks(connections.link, log as never, settings), lines };
}

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis();
});
beforeEach(async () => {
  [one, other] = [await openServer(), await openServer()];
});
afterEach(async () => {
  expect(await one.link.client.keys('*LOCK*').catch(() => [])).toEqual([]);
  await Promise.all([closeConnections(one), closeConnections(other)]);
});
afterAll(async () => {
  expect(await differences(database.db)).toEqual([]);
  await redis.stop();
  await database.drop();
});

let holders = 0;
/** Orders one of each unit; unit n is of product n here. */
function order(server: Server, unitIds: readonly number[], inside = async (): Promise<void> => undefined) {
  holders += 1;
  const holder = { holderId: holders, expiresInMs: 60_000, requestedBy: 'test' };
  const request = { holder, units: unitIds.map((unitId) => ({ unitId, quantity: 1 })) };
  const place = (reserve: Reserve) =>
    server.db.transaction(async (tx): Promise<Refusal | undefined> => {
      await inside();
      return (await reserve(tx, [request]))[0];
    });
  return server.locks.hold({ forWhom: `account ${holders}`, productIds: unitIds }, place);
}
const orders = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const placed = (outcomes: readonly (Refusal | undefined)[]): number => outcomes.filter((one) => !isRefusal(one)).length;
const texts = (server: Server, who: string): string[] =>
  server.lines.filter(({ forWhom }) => forWhom === who).map(({ text }) => text);

it('ten units go to ten of a hundred who order from two servers, and no lock is left', async () => {
  const [unitId = 0] = await makeUnits(database.db, [10]);
  const outcomes = await orders(100, (n) => order(n % 2 === 0 ? one : other, [unitId]));
  expect(placed(outcomes)).toBe(10);
  expect(await stockOf(database.db, unitId)).toEqual([10, 0, 10, 0]);
});

it('baskets that name the same units in another order do not wait for each other in a circle', async () => {
  const [a = 0, b = 0] = await makeUnits(database.db, [50, 50]);
  const outcomes = await orders(40, (n) => order(n % 2 === 0 ? one : other, n % 4 < 2 ? [a, b] : [b, a]));
  expect(placed(outcomes)).toBe(40);
});

it('one order at a time is at work on a product; those of another product do not wait', async () => {
  const [a = 0, b = 0] = await makeUnits(database.db, [5, 5]);
  let working = 0;
  let most = 0;
  let finish: () => void = () => undefined;
  const mayFinish = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const inside = async (): Promise<void> => {
    working += 1;
    most = Math.max(most, working);
    await mayFinish;
    working -= 1;
  };
  const same = [order(one, [a], inside), order(other, [a], inside)];
  await until(() => working === 1, 'one is at work');
  expect(await order(other, [b])).toBeUndefined();
  finish();
  expect(placed(await Promise.all(same))).toBe(2);
  expect(most).toBe(1);
});

it('locks have the names of their products behind the prefix, all of a basket at once', async () => {
  const [a = 0, b = 0] = await makeUnits(database.db, [1, 1]);
  let seen: string[] = [];
  await order(one, [b, a], async () => {
    seen = await one.link.client.keys('*');
  });
  expect(seen.sort()).toEqual([`magam:test:LOCK:product:${a}`, `magam:test:LOCK:product:${b}`].sort());
  expect(one.lines.find(({ text }) => text === 'lock got')?.locks).toEqual([`LOCK:product:${a}`, `LOCK:product:${b}`]);
});

it('a lock is given back after success, refusal and failure, and the log says so, for whom and what is left', async () => {
  const [unitId = 0] = await makeUnits(database.db, [1]);
  expect(await order(one, [unitId])).toBeUndefined();
  expect(texts(one, `account ${holders}`)).toEqual(['lock got', 'stock left', 'lock released']);
  expect(one.lines.find(({ text }) => text === 'stock left')).toMatchObject({ unitId, available: 0 });
  expect(await order(one, [unitId])).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
  expect(texts(one, `account ${holders}`)).toEqual(['lock got', 'stock left', 'lock released']);
  expect(await one.link.client.keys('*LOCK*')).toEqual([]);
  const fails = order(one, [unitId], () => Promise.reject(new Error('the database is away')));
  await expect(fails).rejects.toThrow('the database is away');
  expect(texts(one, `account ${holders}`)).toEqual(['lock got', 'lock released']);
});

it('who waits too long for a lock is refused, and has begun nothing', async () => {
  const [unitId = 0] = await makeUnits(database.db, [2]);
  const hasty = await openServer({ ...SETTINGS, waitMs: 0 });
  await order(one, [unitId], async () => {
    await expect(order(hasty, [unitId])).rejects.toMatchObject({
      code: 'STOCK_BUSY',
      details: { productIds: [unitId] },
    });
  });
  expect(hasty.statements).toEqual([]);
  await closeConnections(hasty);
});

it('a lock that is over when it comes is not used', async () => {
  const [unitId = 0] = await makeUnits(database.db, [1]);
  const late = await openServer({ waitMs: 0, leaseMs: 1 });
  await expect(order(late, [unitId])).rejects.toMatchObject({ code: 'STOCK_BUSY' });
  await closeConnections(late);
});

it('a lock that ended while its order was at work oversells nothing', async () => {
  const [unitId = 0] = await makeUnits(database.db, [1]);
  const outcomes: (Refusal | undefined)[] = [];
  const first = await order(one, [unitId], async () => {
    await other.link.client.del(`LOCK:product:${unitId}`);
    outcomes.push(await order(other, [unitId]));
  });
  expect(placed([first, ...outcomes])).toBe(1);
  expect(texts(one, `account ${holders - 1}`).at(-1)).toBe('lock was over before it was released');
});

it('rows of stock are locked instead while Redis is gone, and while it answers nothing', async () => {
  const [unitId = 0] = await makeUnits(database.db, [12]);
  const calls = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await other.link.client.info('commandstats'))?.[1] ?? 0);
  const before = await calls();
  redis.freeze();
  for (let n = 0; n < 3; n += 1) expect(await order(one, [unitId])).toBeUndefined();
  redis.thaw();
  await until(async () => (await calls()) > before, 'Redis catches up');
  expect(await calls()).toBe(before + 2); // the first asked and took it back; then Redis was left alone
  await redis.stop();
  await until(() => !one.link.isUp() && !other.link.isUp(), 'both see that Redis is gone');
  for (const { statements } of [one, other]) statements.length = 0;
  const outcomes = await orders(40, (n) => order(n % 2 === 0 ? one : other, [unitId]));
  expect(placed(outcomes)).toBe(9);
  for (const { statements } of [one, other]) {
    const locking = statements.filter((sql) => sql.includes('FROM stock') && sql.includes('FOR UPDATE'));
    expect(locking.length).toBeGreaterThanOrEqual(20);
  }
  expect(texts(one, one.lines.at(-1)?.forWhom ?? '')).toEqual([
    'Redis is away: rows of stock are locked instead',
    'stock left',
  ]);
  await redis.start();
  await until(() => one.link.isUp(), 'Redis is back');
  await until(async () => {
    expect(await order(one, [unitId])).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
    return texts(one, `account ${holders}`)[0] === 'lock got';
  }, 'orders take locks again');
});
