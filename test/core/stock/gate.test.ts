/** The gate on a database and a Redis of its own, with two servers' connections to both: rushes, a Redis that is emptied, wrong counts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StockGate } from '../../../core/stock/gate.js';
import { reserve } from '../../../core/stock/reserve.js';
import { change, openDatabase } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type Connections, closeConnections, openConnections } from '../../support/connections.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { differences, makeUnits, receive, stockOf } from '../../support/stock.js';

interface Server extends Connections {
  readonly gate: StockGate;
}

/** Longer than a test takes on a busy machine. */
const LIFE_MS = 60_000;
let database: TestDatabase;
let redis: TestRedis;
let one: Server;
let other: Server;

async function openServer(): Promise<Server> {
  const connections = await openConnections(database, redis);
  return { ...connections, gate: new StockGate(connections.db, connections.link, LIFE_MS) };
}

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis();
});
beforeEach(async () => {
  [one, other] = [await openServer(), await openServer()];
});
afterEach(async () => {
  for (const server of [one, other]) await closeConnections(server);
});
afterAll(async () => {
  expect(await differences(database.db)).toEqual([]);
  await redis.stop();
  await database.drop();
});

let holders = 0;
const wants = (...unitIds: readonly number[]) => unitIds.map((unitId) => ({ unitId, quantity: 1 }));
/** Orders one of each unit through the gate. @returns undefined: it got them */
function order(server: Server, unitIds: readonly number[], expiresInMs = 60_000): Promise<Refusal | undefined> {
  holders += 1;
  const holder = { holderId: holders, expiresInMs, requestedBy: 'test' };
  return server.gate.pass(wants(...unitIds), () =>
    server.db.transaction((tx) => reserve(tx, holder, wants(...unitIds))),
  );
}
const orders = (count: number, work: (n: number) => Promise<Refusal | undefined>): Promise<(Refusal | undefined)[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const either = (n: number): Server => (n % 2 === 0 ? one : other);
const placed = (outcomes: readonly (Refusal | undefined)[]): number => outcomes.filter((one) => !isRefusal(one)).length;
const countOf = async (unitId: number): Promise<number> =>
  Number(await one.link.client.hget(`stock:g:${one.link.seal.realm}:${unitId}`, 'left'));
const loads = (): number =>
  [...one.statements, ...other.statements].filter((sql) => sql.includes('COALESCE((SELECT SUM(r.quantity)')).length;
const transactions = (): number =>
  [...one.statements, ...other.statements].filter((sql) => sql.startsWith('UPDATE stock')).length;

describe('the gate', () => {
  it('lets ten of three hundred through to ten units, and the others never reach the database', async () => {
    const [unitId = 0] = await makeUnits(database.db, [10]);
    const outcomes = await orders(300, (n) => order(either(n), [unitId]));
    expect(placed(outcomes)).toBe(10);
    expect(outcomes.find(isRefusal)).toEqual(refuse('INSUFFICIENT_STOCK', { unitId, asked: 1, available: 0 }));
    expect(await stockOf(database.db, unitId)).toEqual([10, 0, 10, 0]);
    expect(transactions()).toBe(10);
  });

  it('reads a count once when a hundred ask two servers at once', async () => {
    const units = await makeUnits(database.db, [500, 500, 500]);
    expect(placed(await orders(100, (n) => order(either(n), units)))).toBe(100);
    expect(loads()).toBe(1);
    expect(await countOf(units[0] as number)).toBe(400);
  });

  it('takes from all units of a basket or from none', async () => {
    const [a = 0, b = 0] = await makeUnits(database.db, [5, 1]);
    expect(await order(one, [a, b])).toBeUndefined();
    expect(await order(one, [b, a])).toMatchObject({ refused: 'INSUFFICIENT_STOCK', details: { unitId: b } });
    expect([await countOf(a), await countOf(b)]).toEqual([4, 0]);
    expect(transactions()).toBe(2); // one for each unit of the first
  });

  it('counts what a hold took whose time is over', async () => {
    const [unitId = 0] = await makeUnits(database.db, [1]);
    await order(one, [unitId]);
    await change(database.db, 'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) WHERE holder_id = ?', [
      holders,
    ]);
    await one.link.client.flushall();
    expect(await order(one, [unitId])).toBeUndefined();
  });

  it('is closed for a unit that never had stock', async () => {
    const [unitId = 0] = await makeUnits(database.db, [0]);
    expect(await order(one, [unitId])).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
    expect(transactions()).toBe(0);
  });
});

describe('a wrong count', () => {
  it('that is too high oversells nothing, and units of refused orders are given back', async () => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    await order(one, [unitId]);
    await one.link.client.hset(`stock:g:${one.link.seal.realm}:${unitId}`, 'left', 1_000);
    expect(placed(await orders(40, (n) => order(either(n), [unitId])))).toBe(2);
    expect(await countOf(unitId)).toBe(998);
  });

  it('that is too low is gone soon after it was read', async () => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    await order(one, [unitId]);
    const key = `stock:g:${one.link.seal.realm}:${unitId}`;
    await one.link.client.hset(key, 'left', 0);
    expect(await order(one, [unitId])).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
    expect(await one.link.client.pttl(key)).toBeGreaterThan(0);
    expect(await one.link.client.pttl(key)).toBeLessThanOrEqual(LIFE_MS);
    await one.link.client.pexpire(key, 1);
    await until(async () => (await one.link.client.exists(key)) === 0, 'the count is forgotten');
    expect(await order(one, [unitId])).toBeUndefined();
  });

  it.each([
    ['without an end', async (key: string) => one.link.client.persist(key)],
    ['that ends too late', async (key: string) => one.link.client.pexpire(key, 2 * LIFE_MS)],
  ])('%s is read again', async (_, spoil) => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    await order(one, [unitId]);
    const key = `stock:g:${one.link.seal.realm}:${unitId}`;
    await one.link.client.hset(key, 'left', 0);
    await spoil(key);
    expect(await order(one, [unitId])).toBeUndefined();
    expect(await countOf(unitId)).toBe(1);
    expect(await one.link.client.pttl(key)).toBeGreaterThan(0);
  });

  it('gets back what an order did not reserve that failed', async () => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    const fails = one.gate.pass(wants(unitId), () => Promise.reject(new Error('the database is away')));
    await expect(fails).rejects.toThrow('the database is away');
    expect(await countOf(unitId)).toBe(3);
  });

  it('does not get back units that were taken from the previous one', async () => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    const outcome = await one.gate.pass(wants(unitId), async () => {
      await one.link.client.del(`stock:g:${one.link.seal.realm}:${unitId}`);
      await order(other, [unitId]);
      return refuse('INSUFFICIENT_STOCK');
    });
    expect(isRefusal(outcome)).toBe(true);
    expect(await countOf(unitId)).toBe(2);
  });

  it('ends a fixed time after the moment before it was read, however long that took', async () => {
    const [unitId = 0] = await makeUnits(database.db, [3]);
    const now = async (): Promise<number> => {
      const [seconds = 0, micros = 0] = (await other.link.client.time()).map(Number);
      return seconds * 1_000 + Math.floor(micros / 1_000);
    };
    // A reader of a count waits for the table.
    await database.db.transaction(async (tx) => {
      await tx.raw('LOCK TABLES stock WRITE');
      const waiting = order(one, [unitId]);
      await until(
        async () => (await other.link.client.exists(`stock:g:${one.link.seal.realm}:${unitId}!`)) === 1,
        'a count is being read',
      );
      const began = await now();
      await until(async () => (await now()) > began + 20, 'time passes');
      await tx.raw('UNLOCK TABLES');
      await waiting;
      expect(await other.link.client.pexpiretime(`stock:g:${one.link.seal.realm}:${unitId}`)).toBeLessThanOrEqual(
        began + LIFE_MS,
      );
    });
  });
});

describe('Redis', () => {
  it('is emptied in the middle of a rush: nothing is oversold, and everything is sold', async () => {
    const [unitId = 0] = await makeUnits(database.db, [60]);
    let emptied = 0;
    const outcomes = await orders(200, async (n) => {
      const outcome = await order(either(n), [unitId]);
      if (n % 40 === 10) {
        await one.link.client.flushall();
        emptied += 1;
      }
      return outcome;
    });
    expect(emptied).toBe(5);
    // A buyer who was refused by a count from which others did not reserve may try again.
    const more = await orders(60, (n) => order(either(n), [unitId]));
    expect(placed([...outcomes, ...more])).toBe(60);
    expect(await stockOf(database.db, unitId)).toEqual([60, 0, 60, 0]);
  });

  it('that has another kind of value under the key lets everybody through', async () => {
    const [unitId = 0] = await makeUnits(database.db, [1]);
    await one.link.client.set(`stock:g:${one.link.seal.realm}:${unitId}`, 'x', 'PX', LIFE_MS);
    expect(placed([await order(one, [unitId]), await order(other, [unitId])])).toBe(1);
  });

  it('whose reader of a count died has another read it', async () => {
    const [unitId = 0] = await makeUnits(database.db, [1]);
    await one.link.client.set(`stock:g:${one.link.seal.realm}:${unitId}!`, '1', 'PX', 30);
    expect(await order(one, [unitId])).toBeUndefined();
    expect(await countOf(unitId)).toBe(0);
  });

  it('that marks a count as being read without an end lets another caller read it', async () => {
    const [unitId = 0] = await makeUnits(database.db, [2]);
    await one.link.client.set(`stock:g:${one.link.seal.realm}:${unitId}!`, '1');
    expect(await order(one, [unitId])).toBeUndefined();
    expect(await countOf(unitId)).toBe(1);
  });

  it('that does not answer is left alone for a while', async () => {
    const [unitId = 0] = await makeUnits(database.db, [5]);
    const calls = async (): Promise<number> =>
      Number(/cmdstat_eval:calls=(\d+)/.exec(await other.link.client.info('commandstats'))?.[1] ?? 0);
    await order(one, [unitId]);
    const before = await calls();
    redis.freeze();
    for (let n = 0; n < 3; n += 1) expect(await order(one, [unitId])).toBeUndefined();
    redis.thaw();
    await until(async () => (await calls()) > before, 'Redis catches up');
    expect(await calls()).toBe(before + 1);
  });

  it('stopped or frozen lets everybody through to the database, which sells the available units', async () => {
    const [unitId = 0] = await makeUnits(database.db, [7]);
    redis.freeze();
    expect(await order(one, [unitId])).toBeUndefined();
    redis.thaw();
    await redis.stop();
    await until(() => !one.link.isUp() && !other.link.isUp(), 'both see that Redis is gone');
    expect(placed(await orders(30, (n) => order(either(n), [unitId])))).toBe(6);
    await redis.start();
    await until(() => one.link.isUp() && other.link.isUp(), 'Redis is back');
    await receive(database.db, unitId, 2);
    await until(async () => {
      await order(other, [unitId]);
      return (await other.link.client.exists(`stock:g:${one.link.seal.realm}:${unitId}`)) === 1;
    }, 'the gate counts again');
    await until(async () => isRefusal(await order(other, [unitId])), 'it is sold out');
    expect(await stockOf(database.db, unitId)).toEqual([9, 0, 9, 0]);
  });

  it('is of no use when the database cannot be asked, and the next one asks again', async () => {
    const [unitId = 0] = await makeUnits(database.db, [1]);
    const broken = openDatabase('mysql://nobody@127.0.0.1:1/none');
    const gate = new StockGate(broken, one.link);
    await expect(gate.pass(wants(unitId), async () => undefined)).rejects.toThrow();
    await broken.destroy();
    expect(await one.link.client.exists(`stock:g:${one.link.seal.realm}:${unitId}!`)).toBe(0);
    expect(await order(one, [unitId])).toBeUndefined();
  });
});
