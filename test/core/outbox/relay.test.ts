/** From rows to hints, and the look at the rows themselves: late commits, new consumers, what was forgotten, what may be purged. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Consumer, consumer } from '../../../core/outbox/consumer.js';
import { lookAgain } from '../../../core/outbox/look-again.js';
import { purgeEvents } from '../../../core/outbox/purge-events.js';
import { recordEvents } from '../../../core/outbox/record-events.js';
import { relayBatch, type SendHints } from '../../../core/outbox/relay.js';
import { moveCursor, registerConsumer } from '../../../core/outbox/stores/outbox-consumer.js';
import { readOutboxGauges } from '../../../core/outbox/stores/outbox-gauges.js';
import { change, type Db, openDatabase, select } from '../../../infra/database.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import {
  age,
  attemptsOf,
  confirmed,
  consuming,
  cursorOf,
  doneBy,
  emptyOutbox,
  expired,
  letDue,
  record,
} from '../../support/outbox.js';

let database: TestDatabase;
/** Gives up a lock that it does not get after a second. */
let impatient: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  impatient = openDatabase(database.url, { lockWaitSeconds: 1, poolMax: 2 });
});
afterAll(async () => {
  await impatient.destroy();
  await database.drop();
});
beforeEach(() => emptyOutbox(database.db));

const HOUR = 3_600;

/** Notes the orders that it was given. */
function noting(name: string, from: 'beginning' | 'now' = 'beginning') {
  const orders: number[] = [];
  const made = consumer({
    name,
    from,
    events: ['order.confirmed'],
    together: 50,
    handle: async (_tx, { payload }) => void orders.push(payload.orderId),
  });
  return { made, orders };
}

async function registered(name: string, from: 'beginning' | 'now' = 'beginning') {
  const one = noting(name, from);
  await registerConsumer(database.db, one.made);
  return one;
}

/** Hints as they were sent. */
function hints() {
  const sent: [consumer: string, events: number[]][] = [];
  const send: SendHints = async (name, lists) =>
    void sent.push(...lists.map((ids): [string, number[]] => [name, [...ids]]));
  return { sent, send };
}

const unrelayed = async (): Promise<number> =>
  (await select(database.db, 'SELECT event_id FROM outbox_event WHERE relayed = 0')).length;
const look = (made: Consumer, bounds = {}, db = database.db) => lookAgain(consuming(db), made, bounds);

describe('the relay', () => {
  it('hints at each event for those who want it, many events in a hint, batch by batch', async () => {
    await registered('one');
    await registered('two');
    const ids = await record(database.db, ...Array.from({ length: 130 }, (_, n) => confirmed(n + 1)), expired(1));
    const { sent, send } = hints();
    expect(await relayBatch(database.db, send)).toBe(131);
    expect(await relayBatch(database.db, send)).toBe(0);
    for (const name of ['one', 'two']) {
      const lists = sent.filter(([to]) => to === name).map(([, list]) => list);
      expect(lists.map(({ length }) => length)).toEqual([100, 30]);
      expect(lists.flat()).toEqual(ids.slice(0, 130));
    }
    await record(database.db, confirmed(1), confirmed(2), confirmed(3));
    expect(await relayBatch(database.db, send, 2)).toBe(2);
    expect(await relayBatch(database.db, send, 2)).toBe(1);
  });

  it('marks nothing that may not have been sent, and sends it again', async () => {
    await registered('one');
    const [eventId] = await record(database.db, confirmed(1));
    await expect(relayBatch(database.db, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await unrelayed()).toBe(1);
    const { sent, send } = hints();
    await relayBatch(database.db, send);
    expect([sent, await unrelayed()]).toEqual([[['one', [eventId]]], 0]);
  });

  it('relays an event whose transaction commits after later ones', async () => {
    await registered('one');
    const late = await database.db.transaction();
    await recordEvents(late, [confirmed(1)]);
    await record(database.db, confirmed(2));
    const { sent, send } = hints();
    await relayBatch(database.db, send);
    await late.commit();
    await relayBatch(database.db, send);
    const [[, [second = 0] = []] = ['', []], [, [first = 0] = []] = ['', []]] = sent;
    expect(sent).toHaveLength(2);
    expect(first).toBeLessThan(second);
  });
});

describe('the look at the rows', () => {
  it('finds what no hint has brought, when it is old enough, and moves the cursor past it', async () => {
    const { made, orders } = await registered('one');
    const ids = await record(database.db, confirmed(1), expired(2), confirmed(3));
    expect([await look(made), orders, await cursorOf(database.db, 'one')]).toEqual([0, [], 0]);
    await age(database.db, 31);
    expect([await look(made), orders, await cursorOf(database.db, 'one')]).toEqual([2, [1, 3], 0]);
    await age(database.db, 30);
    expect([await look(made), orders, await cursorOf(database.db, 'one')]).toEqual([0, [1, 3], ids[2]]);
  });

  it('counts what it has found before that is handled, and forgets the count when it is done', async () => {
    const { made } = await registered('one');
    const [eventId] = await record(database.db, confirmed(1));
    await age(database.db, 31);
    let counted: unknown;
    const counting = consumer({
      name: 'one',
      from: 'beginning',
      events: ['order.confirmed'],
      handle: async () => {
        counted = await attemptsOf(database.db, 'one');
      },
    });
    expect(await look(counting)).toBe(1);
    expect(counted).toMatchObject([{ eventId, attempts: 1, status: 'WAITING' }]);
    expect([await attemptsOf(database.db, 'one'), await doneBy(database.db, made.name)]).toEqual([[], [eventId]]);
  });

  it('tries again what is due, and the cursor does not wait for it', async () => {
    const broken = new Set([1]);
    const made = consumer({
      name: 'one',
      from: 'beginning',
      events: ['order.confirmed'],
      handle: async (_tx, { payload }) => {
        if (broken.has(payload.orderId)) throw new Error('broken');
      },
    });
    await registerConsumer(database.db, made);
    const ids = await record(database.db, confirmed(1), confirmed(2));
    await age(database.db, HOUR);
    expect(await look(made)).toBe(1);
    expect([await look(made), await cursorOf(database.db, 'one')]).toEqual([0, ids[1]]);
    broken.clear();
    await letDue(database.db);
    expect([await look(made), await doneBy(database.db, 'one')]).toEqual([1, ids]);
  });

  it('never moves the cursor past an event that is not committed yet, however old the later ones are', async () => {
    const { made, orders } = await registered('one');
    const late = await database.db.transaction();
    await recordEvents(late, [confirmed(1)]);
    await record(database.db, confirmed(2));
    await record(database.db, confirmed(3));
    const old = { forgottenMs: 0, passedMs: 0 };
    await look(made, old, impatient);
    await look(made, old, impatient);
    expect([orders, await cursorOf(database.db, 'one')]).toEqual([[2, 3], 0]);
    // Its commit is waited for; then the events are others than those that were looked at.
    const waiting = look(made, old);
    await inStatement(database.db, '%LOCK IN SHARE MODE%');
    await late.commit();
    await waiting;
    expect(await cursorOf(database.db, 'one')).toBe(0);
    await look(made, old);
    await look(made, old);
    expect(orders).toEqual([2, 3, 1]);
    expect(await cursorOf(database.db, 'one')).toBeGreaterThan(0);
  });

  it('tries all due events, however many, and deletes attempts of events that were done after all', async () => {
    const { made, orders } = await registered('one');
    const ids = await record(database.db, ...Array.from({ length: 150 }, (_, n) => confirmed(n + 1)));
    for (const eventId of ids)
      await change(
        database.db,
        `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, updated_at)
         VALUES (?, 'one', 'WAITING', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
        [eventId],
      );
    const done = `INSERT INTO outbox_inbox (event_id, consumer, done_at) VALUES (?, 'one', UTC_TIMESTAMP(3))`;
    await change(database.db, done, [ids[0]]);
    expect([await look(made), orders.length]).toEqual([149, 149]);
    expect(await attemptsOf(database.db, 'one')).toEqual([]);
  });

  it('never moves the cursor back: a runner that was frozen may wake up', async () => {
    await registered('one');
    await moveCursor(database.db, 'one', 10);
    await moveCursor(database.db, 'one', 5);
    expect(await cursorOf(database.db, 'one')).toBe(10);
  });

  it('brings all events to a consumer that begins at the beginning, and none of the past to one that begins now', async () => {
    const first = await registered('one');
    await record(database.db, confirmed(1), confirmed(2));
    await relayBatch(database.db, hints().send);
    await age(database.db, HOUR);
    await look(first.made);
    await look(first.made);
    const before = await cursorOf(database.db, 'one');
    const second = await registered('two');
    const third = await registered('three', 'now');
    for (const { made } of [first, second, third]) await look(made);
    await record(database.db, confirmed(3));
    const { sent, send } = hints();
    await relayBatch(database.db, send);
    expect(sent.map(([name]) => name).sort()).toEqual(['one', 'three', 'two']);
    await age(database.db, HOUR);
    for (const { made } of [first, second, third]) await look(made);
    expect([first.orders, second.orders, third.orders]).toEqual([[1, 2, 3], [1, 2, 3], [3]]);
    expect(before).toBeGreaterThan(0);
  });

  it('goes through more events than a page has', async () => {
    const { made, orders } = await registered('one');
    for (let n = 0; n < 3; n += 1)
      await record(database.db, ...Array.from({ length: 900 }, (_, m) => confirmed(n * 900 + m + 1)));
    await age(database.db, HOUR);
    expect(await look(made)).toBe(2_700);
    expect(orders).toEqual(Array.from({ length: 2_700 }, (_, n) => n + 1));
    await look(made);
    const [{ newest } = { newest: 0 }] = await select<{ newest: number }>(
      database.db,
      'SELECT MAX(event_id) AS newest FROM outbox_event',
    );
    expect(await cursorOf(database.db, 'one')).toBe(newest);
  });
});

describe('the purge', () => {
  const purge = (rowsMax?: number) => purgeEvents(database.db, 30, new AbortController().signal, rowsMax);
  const kept = async (): Promise<number[]> =>
    (await select<{ id: number }>(database.db, 'SELECT event_id AS id FROM outbox_event ORDER BY event_id')).map(
      ({ id }) => id,
    );

  it('takes what all consumers have done and what is old, with its inbox rows, and keeps the rest', async () => {
    const [one, two] = [await registered('one'), await registered('two')];
    await record(database.db, confirmed(1), confirmed(2), expired(3));
    await age(database.db, 31 * 24 * HOUR);
    const young = await record(database.db, confirmed(4));
    const newer = await record(database.db, confirmed(5));
    expect(await purge()).toBe(0);
    for (let n = 0; n < 2; n += 1) await look(one.made, { forgottenMs: 0, passedMs: 0 });
    expect(await purge()).toBe(0); // the other has done nothing
    for (let n = 0; n < 2; n += 1) await look(two.made, { forgottenMs: 0, passedMs: 0 });
    expect(await purge(2)).toBe(3);
    expect(await kept()).toEqual([...young, ...newer]);
    expect(await doneBy(database.db, 'one')).toEqual([...young, ...newer]);
    expect(await purge()).toBe(0);
  });

  it('keeps what a consumer has to try again or has given up', async () => {
    const failing = consumer({
      name: 'failing',
      from: 'beginning',
      events: ['order.confirmed'],
      retry: { attemptsMax: 2, firstMs: 0, mostMs: 0 },
      handle: async (_tx, { payload }) => {
        if (payload.orderId !== 1) throw new Error('broken');
      },
    });
    await registerConsumer(database.db, failing);
    const ids = await record(database.db, confirmed(1), confirmed(2));
    await age(database.db, 31 * 24 * HOUR);
    for (const status of ['WAITING', 'DEAD']) {
      await look(failing);
      expect(await attemptsOf(database.db, 'failing')).toMatchObject([{ eventId: ids[1], status }]);
    }
    await look(failing, { passedMs: 0 });
    await purge(1);
    expect((await kept()).slice(0, 1)).toEqual([ids[1]]);
  });

  it('takes nothing while no consumer is registered', async () => {
    await record(database.db, confirmed(1));
    await age(database.db, 31 * 24 * HOUR);
    expect(await purge()).toBe(0);
  });
});

it('the gauges tell how far each consumer is behind', async () => {
  const { made } = await registered('one');
  await registerConsumer(database.db, { name: 'two', from: 'beginning', events: ['order.expired'] });
  await record(database.db, confirmed(1), confirmed(2));
  await age(database.db, 100);
  const [one, two] = await readOutboxGauges(database.db);
  expect(one).toMatchObject({ consumer: 'one', waiting: 2, deadLetters: 0 });
  expect(one?.lagSeconds).toBeGreaterThanOrEqual(100);
  expect(one?.lagSeconds).toBeLessThan(1_000);
  expect(two).toEqual({ consumer: 'two', waiting: 0, deadLetters: 0, lagSeconds: 0 });
  await look(made);
  expect((await readOutboxGauges(database.db))[0]).toEqual({
    consumer: 'one',
    waiting: 0,
    deadLetters: 0,
    lagSeconds: 0,
  });
  const [eventId] = await record(database.db, confirmed(3));
  const attempt = `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, updated_at)
    VALUES (?, 'one', 'WAITING', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`;
  await change(database.db, attempt, [eventId]);
  await age(database.db, 50);
  const [tried] = await readOutboxGauges(database.db);
  expect(tried).toMatchObject({ waiting: 1, deadLetters: 0 });
  expect(tried?.lagSeconds).toBeGreaterThanOrEqual(50);
  await change(database.db, `UPDATE outbox_attempt SET status = 'DEAD'`);
  expect((await readOutboxGauges(database.db))[0]).toEqual({
    consumer: 'one',
    waiting: 0,
    deadLetters: 1,
    lagSeconds: 0,
  });
});
