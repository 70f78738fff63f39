/** The gate of the orders of drops, on a database and a Redis of its own, with two servers' connections to both. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DropGate } from '../../../core/stock/drop-gate.js';
import { endDrop } from '../../../core/stock/drops.js';
import { releaseReservation } from '../../../core/stock/end-reservation.js';
import { StockGate } from '../../../core/stock/gate.js';
import { reserve } from '../../../core/stock/reserve.js';
import { readDrop } from '../../../core/stock/stores/drop.js';
import { change, inTransaction } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type Connections, closeConnections, openConnections } from '../../support/connections.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { FUTURE, makeDrop } from '../../support/drop.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { differences, makeUnits, stockOf } from '../../support/stock.js';

interface Server extends Connections {
  readonly gate: DropGate;
}

/** Longer than a test takes on a busy machine. */
const LONG_MS = 60_000;
let database: TestDatabase;
let redis: TestRedis;
let one: Server;
let other: Server;

async function openServer(lifeMs = LONG_MS): Promise<Server> {
  const connections = await openConnections(database, redis);
  const { db, link } = connections;
  return { ...connections, gate: new DropGate(db, new StockGate(db, link, lifeMs)) };
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
function order(server: Server, ...unitIds: readonly number[]): Promise<Refusal | undefined> {
  holders += 1;
  const holder = { holderId: holders, expiresInMs: LONG_MS, requestedBy: 'test' };
  return server.gate.pass(wants(...unitIds), () =>
    inTransaction(server.db, (tx) => reserve(tx, holder, wants(...unitIds))),
  );
}
const either = (n: number): Server => (n % 2 === 0 ? one : other);
const rush = (count: number, work: (n: number) => Promise<Refusal | undefined>): Promise<(Refusal | undefined)[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const placed = (outcomes: readonly (Refusal | undefined)[]): number => outcomes.filter((one) => !isRefusal(one)).length;
/** What is left in the gate; undefined: it has no count of the unit. */
const countOf = async (unitId: number): Promise<string | null> =>
  other.link.client.hget(`stock:g:${other.link.seal.realm}:${unitId}`, 'left');

/** How often the first server has read which units are sold in drops. */
const listReads = (): number => one.statements.filter((sql) => sql.includes('FROM stock_drop')).length;

describe('an order of a drop', () => {
  it('that is sold out is refused without a look into the database', async () => {
    const { unitId } = await makeDrop(database.db, 2);
    await rush(2, () => order(one, unitId));
    expect(await order(one, unitId)).toEqual(refuse('INSUFFICIENT_STOCK', { unitId, asked: 1, available: 0 }));
    const before = one.statements.filter((sql) => !sql.includes('FROM stock_drop')).length;
    const reads = listReads();
    for (let n = 0; n < 100; n += 1) expect(isRefusal(await order(one, unitId))).toBe(true);
    expect(one.statements.filter((sql) => !sql.includes('FROM stock_drop'))).toHaveLength(before);
    // The list of drops is read again once a second at most, not by each order.
    expect(listReads() - reads).toBeLessThan(50);
  });

  it('uses the list of drops while it is read again, however long that takes', async () => {
    const { unitId } = await makeDrop(database.db, 1);
    await order(one, unitId);
    const reads = listReads();
    await database.db.transaction(async (tx) => {
      await tx.raw('LOCK TABLES stock_drop WRITE');
      try {
        await until(async () => {
          expect(await order(one, unitId)).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
          return listReads() > reads;
        }, 'the list is read again');
        expect(await order(one, unitId)).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
      } finally {
        await tx.raw('UNLOCK TABLES');
      }
    });
  });

  it('takes from the counts of all its units or of none; units that are in no drop go by', async () => {
    const [a, b] = [await makeDrop(database.db, 5), await makeDrop(database.db, 1)];
    const [ordinary = 0] = await makeUnits(database.db, [5]);
    expect(await order(one, a.unitId, b.unitId, ordinary)).toBeUndefined();
    expect(await order(one, ordinary, b.unitId, a.unitId)).toMatchObject({ details: { unitId: b.unitId } });
    expect([await countOf(a.unitId), await countOf(b.unitId), await countOf(ordinary)]).toEqual(['4', '0', null]);
  });

  it('that is refused or fails after the gate has let it in gives back', async () => {
    const { unitId } = await makeDrop(database.db, 3);
    const refused = refuse('DROP_LIMIT_EXCEEDED');
    expect(await one.gate.pass(wants(unitId), async () => refused)).toEqual(refused);
    await expect(one.gate.pass(wants(unitId), () => Promise.reject(new Error('it fails')))).rejects.toThrow('it fails');
    expect(await countOf(unitId)).toBe('3');
    expect(placed(await rush(5, () => order(one, unitId)))).toBe(3);
  });

  it('for more than a buyer may have takes nothing from the counts, so that nobody else is refused meanwhile', async () => {
    const { unitId } = await makeDrop(database.db, 3, { limitPerBuyer: 2 });
    expect(await order(one, unitId)).toBeUndefined();
    const refused = refuse('DROP_LIMIT_EXCEEDED');
    const greedy = await one.gate.pass([{ unitId, quantity: 3 }], async () => {
      expect(await countOf(unitId)).toBe('2');
      expect(await order(other, unitId)).toBeUndefined();
      return refused;
    });
    expect(greedy).toEqual(refused);
    expect(await countOf(unitId)).toBe('1');
  });

  it('before it opens is refused without a look into the database, and never asks Redis', async () => {
    const { unitId, productId } = await makeDrop(database.db, 3, { opensAt: FUTURE });
    const refused = refuse('DROP_NOT_OPEN', { productId, opensAt: FUTURE });
    expect(await order(one, unitId)).toEqual(refused);
    const before = one.statements.filter((sql) => !sql.includes('FROM stock_drop')).length;
    expect(await rush(50, () => order(one, unitId))).toEqual(Array(50).fill(refused));
    expect(one.statements.filter((sql) => !sql.includes('FROM stock_drop'))).toHaveLength(before);
    expect(await countOf(unitId)).toBeNull();
  });

  it('passes as soon as the drop opens by the clock of the database, though the list was read before', async () => {
    const { unitId, dropId } = await makeDrop(database.db, 3, { opensAt: FUTURE });
    const soon = 'UPDATE stock_drop SET opens_at = UTC_TIMESTAMP(3) + INTERVAL 400000 MICROSECOND WHERE drop_id = ?';
    await change(database.db, soon, [dropId]);
    await order(one, unitId); // reads the list
    await until(async () => (await readDrop(database.db, dropId))?.opened === true, 'the drop opens');
    expect(await order(one, unitId)).toBeUndefined();
  });

  it('passes the gate once the drop is ended, within seconds and on every server', async () => {
    const { unitId, dropId } = await makeDrop(database.db, 3, { opensAt: FUTURE });
    expect(isRefusal(await order(one, unitId))).toBe(true);
    await inTransaction(database.db, (tx) => endDrop(tx, dropId));
    await until(async () => (await order(one, unitId)) === undefined, 'the list is read again');
    expect(await order(other, unitId)).toBeUndefined();
    expect(await countOf(unitId)).toBeNull();
  });

  it('of a product that nobody can buy is refused like any other, and the drop is not shown', async () => {
    const { unitId, productId } = await makeDrop(database.db, 3, { opensAt: FUTURE });
    await change(database.db, `UPDATE product SET status = 'HIDDEN' WHERE product_id = ?`, [productId]);
    const refused = refuse('UNIT_NOT_FOR_SALE');
    expect(await one.gate.pass(wants(unitId), async () => refused)).toEqual(refused);
  });
});

describe('stock that comes back', () => {
  it.each(['a cancellation', 'an expiry'])('by %s is sold again when the count is forgotten', async (way) => {
    const { unitId } = await makeDrop(database.db, 1);
    const server = await openServer(1_000);
    try {
      expect(await order(server, unitId)).toBeUndefined();
      expect(await order(server, unitId)).toMatchObject({ refused: 'INSUFFICIENT_STOCK' });
      const holderId = holders - 1;
      if (way === 'an expiry')
        await change(database.db, 'UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) WHERE holder_id = ?', [
          holderId,
        ]);
      else await inTransaction(database.db, (tx) => releaseReservation(tx, { holderId, requestedBy: 'test' }));
      await until(async () => (await order(server, unitId)) === undefined, 'the unit is sold again');
      expect(await stockOf(database.db, unitId)).toEqual([1, 0, 1, 0]);
    } finally {
      await closeConnections(server);
    }
  });
});

describe('a rush', () => {
  it('in which Redis is emptied sells everything and not more', async () => {
    const { unitId } = await makeDrop(database.db, 60);
    let emptied = 0;
    const outcomes = await rush(200, async (n) => {
      const outcome = await order(either(n), unitId);
      if (n % 40 === 10) {
        await one.link.client.flushall();
        emptied += 1;
      }
      return outcome;
    });
    expect(emptied).toBe(5);
    // A buyer who was refused by a count from which others took without buying may try again.
    const more = await rush(60, (n) => order(either(n), unitId));
    expect(placed([...outcomes, ...more])).toBe(60);
    expect(await stockOf(database.db, unitId)).toEqual([60, 0, 60, 0]);
  });

  it('in which Redis freezes, is stopped and comes back sells everything and not more', async () => {
    const { unitId } = await makeDrop(database.db, 30);
    let sold = 0;
    const wave = async (count: number): Promise<void> => {
      sold += placed(await rush(count, (n) => order(either(n), unitId)));
    };
    await wave(6);
    redis.freeze();
    await wave(6);
    redis.thaw();
    const stopped = redis.stop();
    await wave(6);
    await stopped;
    await until(() => !one.link.isUp() && !other.link.isUp(), 'both see that Redis is gone');
    await wave(6);
    await redis.start();
    await until(() => one.link.isUp() && other.link.isUp(), 'Redis is back');
    await until(async () => {
      await wave(4);
      return (await stockOf(database.db, unitId))[1] === 0;
    }, 'everything is sold');
    await wave(10);
    expect(sold).toBe(30);
    expect(await stockOf(database.db, unitId)).toEqual([30, 0, 30, 0]);
  });
});
