/** Consumers on a real database: each event once, failures on their own, in the order that rows say. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { consume } from '../../../core/outbox/consume.js';
import { type Consumer, consumer, type EventContext, type EventInContext } from '../../../core/outbox/consumer.js';
import type { EventOf } from '../../../core/outbox/rules/events.js';
import { registerConsumer } from '../../../core/outbox/stores/outbox-consumer.js';
import { reviveDeadLetter } from '../../../core/outbox/stores/outbox-inbox.js';
import { change, inTransaction, openDatabase, select, type Tx } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import {
  attemptsOf,
  confirmed,
  consuming,
  doneBy,
  emptyOutbox,
  expired,
  letDue,
  record,
} from '../../support/outbox.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await change(database.db, 'CREATE TABLE effect (order_id BIGINT NOT NULL, PRIMARY KEY (order_id)) ENGINE=InnoDB');
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyOutbox(database.db);
  await change(database.db, 'DELETE FROM effect');
});

const FAST = { attemptsMax: 3, firstMs: 4_000, mostMs: 60_000 };
const effects = async (): Promise<number[]> =>
  (await select<{ id: number }>(database.db, 'SELECT order_id AS id FROM effect ORDER BY order_id')).map(
    ({ id }) => id,
  );

/** Writes a row for each order; those in `broken` fail. */
function handling(broken: ReadonlySet<number> = new Set(), together = 1) {
  const calls: number[] = [];
  const made = consumer({
    name: 'handler',
    from: 'beginning',
    events: ['order.confirmed'],
    retry: FAST,
    together,
    handle: async (tx, { payload: { orderId } }) => {
      calls.push(orderId);
      await change(tx, 'INSERT INTO effect (order_id) VALUES (?)', [orderId]);
      if (broken.has(orderId)) throw new Error(`order ${orderId} is broken`);
    },
  });
  return { made, calls };
}

/** Delivers each order; those in `broken` fail. */
function delivering(broken: ReadonlySet<number> = new Set(), during?: (context: EventContext) => Promise<void>) {
  const delivered: number[] = [];
  const made = consumer({
    name: 'deliverer',
    from: 'beginning',
    events: ['order.confirmed'],
    retry: FAST,
    deliver: async ({ payload: { orderId } }, context) => {
      await during?.(context);
      if (broken.has(orderId)) throw new Error(`order ${orderId} is broken`);
      delivered.push(orderId);
    },
  });
  return { made, delivered };
}

describe('a consumer that works in the database', () => {
  it('does each event once, however often it is hinted at, and says whose request it was', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2), expired(3));
    const { made, calls } = handling();
    const context = consuming(database.db);
    expect(await consume(context, made, ids)).toBe(2);
    expect(await consume(context, made, [...ids, 999_999])).toBe(0);
    expect([calls, await effects(), await doneBy(database.db, 'handler')]).toEqual([[1, 2], [1, 2], ids.slice(0, 2)]);
    expect(context.told[0]).toEqual([
      'event handled',
      { consumer: 'handler', eventId: ids[0], type: 'order.confirmed', requestId: 'request-1' },
    ]);
  });

  it('does it once where two look at the same moment, and the other one counts no failure', async () => {
    const ids = await record(database.db, confirmed(1));
    const other = openDatabase(database.url, { poolMax: 2 });
    let letGo = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let inside = 0;
    const slow = consumer({
      name: 'handler',
      from: 'beginning',
      events: ['order.confirmed'],
      handle: async () => {
        inside += 1;
        await gone;
      },
    });
    const one = consume(consuming(database.db), slow, ids);
    await until(() => inside === 1, 'the first is inside');
    const two = consume(consuming(other), slow, ids);
    await inStatement(database.db, 'INSERT INTO outbox_inbox%');
    letGo();
    expect([await one, await two, inside]).toEqual([1, 0, 1]);
    expect(await attemptsOf(database.db, 'handler')).toEqual([]);
    await other.destroy();
  });

  it.each([1, 10])('a broken event does not hold up the others, %i at a time', async (together) => {
    const ids = await record(database.db, confirmed(1), confirmed(2), confirmed(3));
    await change(database.db, `UPDATE outbox_event SET payload = '{' WHERE event_id = ?`, [ids[2]]);
    const { made } = handling(new Set([2]), together);
    const broken = await record(database.db, confirmed(4));
    expect(await consume(consuming(database.db), made, [...ids, ...broken])).toBe(2);
    expect(await effects()).toEqual([1, 4]);
    expect(await attemptsOf(database.db, 'handler')).toMatchObject([
      { eventId: ids[1], status: 'WAITING', attempts: 1, error: 'order 2 is broken', pause: 4 },
      { eventId: ids[2], status: 'WAITING', attempts: 1, error: expect.stringMatching(/JSON/) },
    ]);
  });

  it('events of one transaction are handled together where it can, and one by one when that fails', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2), confirmed(3), confirmed(4));
    const { made, calls } = handling(new Set([4]), 2);
    const groups: number[][] = [];
    const handleAll = async (tx: Tx, events: readonly EventInContext[]) => {
      const orderIds = events.map(({ event }) => (event as EventOf<'order.confirmed'>).payload.orderId);
      groups.push(orderIds);
      await change(tx, 'INSERT INTO effect (order_id) VALUES ?', [orderIds.map((orderId) => [orderId])]);
      if (orderIds.includes(4)) throw new Error('order 4 is broken');
    };
    expect(await consume(consuming(database.db), { ...made, handleAll } as Consumer, ids)).toBe(3);
    expect([groups, calls, await effects()]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [3, 4],
      [1, 2, 3],
    ]);
  });

  it('several events are one transaction where it says so', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2), confirmed(3));
    const { made } = handling(new Set(), 2);
    let commits = 0;
    database.db.on('query', ({ sql }: { sql: string }) => {
      if (/^COMMIT/.test(sql)) commits += 1;
    });
    await consume(consuming(database.db), made, ids);
    database.db.removeAllListeners('query');
    expect([await effects(), commits]).toEqual([[1, 2, 3], 2]);
  });

  it('is tried again when it is due, after longer and longer pauses, and given up in the end; then it is an event', async () => {
    const [eventId = 0] = await record(database.db, confirmed(1, 'request-one'));
    const broken = new Set([1]);
    const { made, calls } = handling(broken);
    const context = consuming(database.db);
    await consume(context, made, [eventId]);
    await consume(context, made, [eventId]); // it is not due
    expect(calls).toHaveLength(1);
    await letDue(database.db);
    await consume(context, made, [eventId]);
    expect(await attemptsOf(database.db, 'handler')).toMatchObject([{ attempts: 2, status: 'WAITING', pause: 8 }]);
    await letDue(database.db);
    await consume(context, made, [eventId]);
    expect(await attemptsOf(database.db, 'handler')).toMatchObject([{ attempts: 3, status: 'DEAD' }]);
    await letDue(database.db);
    await consume(context, made, [eventId]);
    expect(calls).toHaveLength(3);
    const [given] = await select<{ payload: string; requestId: string }>(
      database.db,
      `SELECT payload, request_id AS requestId FROM outbox_event WHERE type = 'outbox.given-up'`,
    );
    expect(JSON.parse(given?.payload ?? '')).toEqual({
      consumer: 'handler',
      eventId,
      type: 'order.confirmed',
      error: 'order 1 is broken',
    });
    expect(given?.requestId).toBe('request-one');

    broken.clear(); // mended
    expect(await inTransaction(database.db, (tx) => reviveDeadLetter(tx, { consumer: 'handler', eventId }))).toBe(true);
    expect(await inTransaction(database.db, (tx) => reviveDeadLetter(tx, { consumer: 'handler', eventId }))).toBe(
      false,
    );
    expect(await consume(context, made, [eventId])).toBe(1);
    expect(await consume(context, made, [eventId])).toBe(0);
    expect([await effects(), await attemptsOf(database.db, 'handler')]).toEqual([[1], []]);
  });

  it('a dead letter of the consumer that reports dead letters is not an event', async () => {
    const payload = { consumer: 'x', eventId: 1, type: 'order.confirmed', error: 'x' };
    const [eventId = 0] = await record(database.db, { type: 'outbox.given-up', payload, requestId: '' });
    const failing = consumer({
      name: 'teller',
      from: 'beginning',
      events: ['outbox.given-up'],
      retry: { ...FAST, attemptsMax: 1 },
      deliver: async () => {
        throw new Error('nobody listens');
      },
    });
    await consume(consuming(database.db), failing, [eventId]);
    expect(await attemptsOf(database.db, 'teller')).toMatchObject([{ status: 'DEAD' }]);
    expect(await select(database.db, 'SELECT event_id FROM outbox_event')).toHaveLength(1);
  });

  it('a database that is away counts as no failure', async () => {
    const ids = await record(database.db, confirmed(1));
    const { made } = handling();
    const away = consumer({
      ...made,
      name: 'handler',
      handle: async () => {
        throw Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
      },
    });
    await expect(consume(consuming(database.db), away, ids)).rejects.toThrow('Connection lost');
    expect(await attemptsOf(database.db, 'handler')).toEqual([]);
  });

  it('a row that somebody else has locked for long is the matter of that event alone', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2));
    const locked = consumer({
      name: 'handler',
      from: 'beginning',
      events: ['order.confirmed'],
      handle: async (_tx, { payload: { orderId } }) => {
        if (orderId === 1) throw Object.assign(new Error('Lock wait timeout'), { errno: 1205 });
      },
    });
    expect(await consume(consuming(database.db), locked, ids)).toBe(1);
    expect(await attemptsOf(database.db, 'handler')).toMatchObject([{ eventId: ids[0], attempts: 1 }]);
  });
});

describe('a consumer that delivers', () => {
  it('has no transaction open, delivers each event once, and leaves no attempt behind', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2), confirmed(3));
    const used: number[] = [];
    const { made, delivered } = delivering(new Set(), async ({ db }) => void used.push(db.client.pool.numUsed()));
    expect(await consume(consuming(database.db), { ...made, atOnce: 1 } as typeof made, ids)).toBe(3);
    expect(await consume(consuming(database.db), made, ids)).toBe(0);
    expect([delivered, used]).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect([await doneBy(database.db, 'deliverer'), await attemptsOf(database.db, 'deliverer')]).toEqual([ids, []]);
  });

  it('delivers once where two look at the same moment', async () => {
    const ids = await record(database.db, confirmed(1));
    let letGo = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let begun = 0;
    const { made, delivered } = delivering(new Set(), async () => {
      begun += 1;
      await gone;
    });
    const first = consume(consuming(database.db), made, ids);
    await until(() => begun === 1, 'the first delivers');
    expect(await consume(consuming(database.db), made, ids)).toBe(0);
    letGo();
    expect([await first, delivered]).toEqual([1, [1]]);
  });

  it('leaves out events that somebody has begun to deliver since they were read', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2));
    let letGo = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const other = delivering(new Set(), () => gone);
    let elsewhere: Promise<number> | undefined;
    const { made, delivered } = delivering(new Set(), async () => {
      if (elsewhere !== undefined) return;
      elsewhere = consume(consuming(database.db), other.made, ids.slice(1));
      await until(async () => (await attemptsOf(database.db, 'deliverer')).length === 2, 'the other has begun');
    });
    expect(await consume(consuming(database.db), { ...made, atOnce: 1 } as typeof made, ids)).toBe(1);
    letGo();
    expect([await elsewhere, delivered, other.delivered]).toEqual([1, [1], [2]]);
  });

  it('leaves out events that somebody has delivered since they were read', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2));
    const other = delivering();
    const { made, delivered } = delivering(new Set(), async () => {
      await consume(consuming(database.db), other.made, ids.slice(1));
    });
    expect(await consume(consuming(database.db), { ...made, atOnce: 1 } as typeof made, ids)).toBe(1);
    expect([delivered, other.delivered, await attemptsOf(database.db, 'deliverer')]).toEqual([[1], [2], []]);
  });

  it('one whose process died is delivered by another when its time is over, and the attempts are counted', async () => {
    const [eventId = 0] = await record(database.db, confirmed(1));
    let end = (): void => undefined;
    const ended = new Promise<void>((_resolve, reject) => {
      end = () => reject(new Error('it was killed'));
    });
    const dying = consume(consuming(database.db), delivering(new Set(), () => ended).made, [eventId]);
    await until(async () => (await attemptsOf(database.db, 'deliverer')).length === 1, 'it is under way');
    expect(await attemptsOf(database.db, 'deliverer')).toMatchObject([{ attempts: 1, status: 'WAITING', pause: 90 }]);
    const { made, delivered } = delivering();
    expect(await consume(consuming(database.db), made, [eventId])).toBe(0);
    await letDue(database.db);
    const context = consuming(database.db);
    expect(await consume(context, made, [eventId])).toBe(1);
    expect(delivered).toEqual([1]);
    expect(context.told).toMatchObject([['event delivered', { attempts: 2, requestId: 'request-1' }]]);
    end(); // what is left of it must not outlive the test
    await dying;
  });

  it('one that hangs is told to end and has failed after its time, and the others go on', async () => {
    const ids = await record(database.db, confirmed(1), confirmed(2));
    let toldToEnd = false;
    const { made } = delivering(new Set(), ({ eventId, signal }) => {
      if (eventId !== ids[0]) return Promise.resolve();
      signal.addEventListener('abort', () => {
        toldToEnd = true;
      });
      return new Promise(() => undefined);
    });
    expect(await consume(consuming(database.db), { ...made, withinMs: 20 } as typeof made, ids)).toBe(1);
    expect(await attemptsOf(database.db, 'deliverer')).toMatchObject([
      { eventId: ids[0], attempts: 1, error: 'it took longer than 0.02 s', pause: 4 },
    ]);
    expect(toldToEnd).toBe(true);
  });

  it('a failure is tried again, and a slow process overwrites nothing', async () => {
    const [eventId = 0] = await record(database.db, confirmed(1));
    let fail = (): void => undefined;
    const failing = new Promise<void>((_resolve, reject) => {
      fail = () => reject(new Error('too late'));
    });
    const slow = delivering(new Set(), () => failing);
    const slowly = consume(consuming(database.db), slow.made, [eventId]);
    await until(async () => (await attemptsOf(database.db, 'deliverer')).length === 1, 'it is under way');
    await letDue(database.db);
    await consume(consuming(database.db), delivering(new Set([1])).made, [eventId]);
    expect(await attemptsOf(database.db, 'deliverer')).toMatchObject([
      { attempts: 2, error: 'order 1 is broken', pause: 8 },
    ]);
    fail();
    await slowly;
    expect(await attemptsOf(database.db, 'deliverer')).toMatchObject([{ attempts: 2, error: 'order 1 is broken' }]);
    await letDue(database.db);
    const mended = delivering();
    expect(await consume(consuming(database.db), mended.made, [eventId])).toBe(1);
    expect(mended.delivered).toEqual([1]);
  });
});

it('a consumer that wants more events in a later version keeps those of both', async () => {
  const older = handling().made;
  await registerConsumer(database.db, older);
  await registerConsumer(database.db, { ...older, events: ['order.expired'] });
  await registerConsumer(database.db, older);
  expect(await select(database.db, 'SELECT name, types FROM outbox_consumer')).toEqual([
    { name: 'handler', types: 'order.confirmed order.expired' },
  ]);
});
