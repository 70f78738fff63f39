/** The outbox of real runners: two at once, killed at every step, with a Redis that is emptied, frozen or away. Each event, each consumer, once. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { insertAccount } from '../../../core/accounts/stores/account.js';
import { relayBatch } from '../../../core/outbox/relay.js';
import { registerConsumer } from '../../../core/outbox/stores/outbox-consumer.js';
import { change, select } from '../../../infra/database.js';
import { openQueue } from '../../../infra/queue.js';
import { readInstallationId } from '../../../infra/stores/installation.js';
import { decided } from '../../../kernel/outcome.js';
import { type Magam, until } from '../../../scripts/chaos/magam.mjs';
import { makeUnit } from '../../core/orders/order-scene.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { age, attemptsOf, doneBy, emptyOutbox, letDue, record } from '../../support/outbox.js';
import { type MailReceiver, startMailReceiver } from '../../support/receivers.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import type { RunnerHere } from '../../support/runner-here.js';
import { expectGracefulEnd, leadElsewhere, taskRunners } from '../../support/tasks.js';
import { wholeRunnersHere } from '../../support/whole-runner.js';

const CONSUMERS = ['cart', 'notifications', 'sales-counts'];
const startRunner = taskRunners();
/** Runners of this process, for what is not struck. */
const here = wholeRunnersHere();
let database: TestDatabase;
let redis: TestRedis;
let smtp: MailReceiver;
let buyerId: number;
let productId: number;

beforeAll(async () => {
  [database, redis, smtp] = await Promise.all([createTestDatabase(), startRedis(), startMailReceiver()]);
  await leadElsewhere(database.db);
  const account = { email: 'buyer@x.example', passwordHash: 'x', displayName: '김하늘', role: 'buyer' as const };
  buyerId = decided(await insertAccount(database.db, account));
  const unitId = await makeUnit(database.db, 'S1');
  const sql = 'SELECT product_id AS productId FROM sellable_unit WHERE unit_id = ?';
  productId = (await select<{ productId: number }>(database.db, sql, [unitId]))[0]?.productId ?? 0;
});
afterAll(async () => {
  await smtp.stop();
  redis.thaw();
  await redis.stop();
  await database.drop();
});
beforeEach(async () => {
  await emptyOutbox(database.db);
  await change(database.db, 'UPDATE product SET sales_count = 0');
  await change(database.db, `DELETE FROM leader_lease WHERE name LIKE 'outbox:%'`);
});
afterEach(() => redis.thaw());

const settings = () => ({
  MAGAM_REDIS_URL: redis.url,
  MAGAM_MAIL_URL: smtp.url,
  MAGAM_MAIL_FROM: 'shop@magam.example',
});
const runner = (fault?: string): Magam =>
  startRunner(database.url, { ...settings(), ...(fault === undefined ? {} : { MAGAM_FAULT: fault }) });
const runnerHere = (): RunnerHere => here.start(database.url, settings());

/** Records this many payments of two units each. */
const payments = (count: number): Promise<number[]> =>
  record(
    database.db,
    ...Array.from({ length: count }, (_, n) => ({
      type: 'payment.succeeded' as const,
      payload: {
        paymentId: null,
        checkoutId: 1_000_000 + n,
        buyerId,
        currency: 'KRW',
        amountMinor: 1,
        units: [{ unitId: 1, productId, quantity: 2 }],
      },
      requestId: `request-${n}`,
    })),
  );

/** Waits until all consumers have done these events; meanwhile, where it is said, time passes for them. */
async function allDone(
  ids: readonly number[],
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  await until(async () => {
    await meanwhile();
    const done = await Promise.all(CONSUMERS.map((name) => doneBy(database.db, name)));
    return done.every((list) => ids.every((eventId) => list.includes(eventId)));
  }, 'every consumer has done every event');
}

const forget = async (): Promise<void> => {
  await age(database.db, 31);
  await letDue(database.db);
};

/** Units that count as sold, added up or not yet. */
async function sold(): Promise<number> {
  const [row] = await select<{ units: number }>(
    database.db,
    `SELECT (SELECT sales_count FROM product WHERE product_id = ?) + (SELECT COALESCE(SUM(quantity), 0) FROM sales_count_change) AS units`,
    [productId],
  );
  return Number(row?.units);
}

/** The events that mails tell of, one entry a mail. */
const mailed = (ids: readonly number[]): number[] =>
  smtp.mails
    .map(({ message }) => Number(/^Message-ID: <event-(\d+)\./im.exec(message)?.[1]))
    .filter((eventId) => ids.includes(eventId))
    .sort((one, other) => one - other);

async function expectOnce(ids: readonly number[]): Promise<void> {
  expect(await sold()).toBe(2 * ids.length);
  expect(mailed(ids)).toEqual(ids);
  for (const name of CONSUMERS) expect(await attemptsOf(database.db, name)).toEqual([]);
}

it('two runners do each event of each consumer once, and say which request it was', async () => {
  const [one, other] = [runner(), runnerHere()];
  for (const each of [one, other]) await each.says('runner started');
  const ids: number[] = [];
  for (let n = 0; n < 10; n += 1) ids.push(...(await payments(20)));
  await allDone(ids);
  await expectOnce(ids);
  const said = [one.output.stderr, ...other.said].join('');
  expect(said).toMatch(
    new RegExp(`"consumer":"cart","eventId":${ids[0]},"type":"payment.succeeded","requestId":"request-0"`),
  );
  await expectGracefulEnd(one);
});

it.each([
  ['between the commit and the relay', 'outbox.before-relay'],
  ['between the hints and their marks', 'outbox.before-mark'],
  ['within the work', 'outbox.before-commit'],
  ['between the work and its acknowledgement', 'outbox.handled'],
])('killed %s, another runner does the rest, and nothing twice', async (_when, point) => {
  const killed = runner(`${point}:kill`);
  await killed.says('runner started');
  const ids = await payments(5);
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  runnerHere();
  await allDone(ids, forget);
  expect(await sold()).toBe(10);
  // A mail that was on its way when the process died may come twice; then it has the same Message-ID.
  expect([...new Set(mailed(ids))]).toEqual(ids);
});

it('killed between a delivery and its row, the mail comes again with the same Message-ID, and the others come once', async () => {
  const killed = runner('outbox.delivered:kill');
  await killed.says('runner started');
  const ids = await payments(3);
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  const before = mailed(ids).length;
  expect(before).toBeGreaterThan(0);
  const undone = await attemptsOf(database.db, 'notifications');
  expect(undone.length).toBeGreaterThan(0);
  runnerHere();
  await allDone(ids, forget);
  const mails = mailed(ids);
  expect([...new Set(mails)]).toEqual(ids);
  expect(mails.length).toBeLessThanOrEqual(ids.length + before);
  expect(mails.length).toBeGreaterThan(ids.length);
  expect(await sold()).toBe(6);
});

it('hints that Redis has lost are not missed', async () => {
  for (const name of CONSUMERS)
    await registerConsumer(database.db, { name, events: ['payment.succeeded'], from: 'beginning' });
  const ids = await payments(5);
  const queue = openQueue(redis.url, await readInstallationId(database.db), () => undefined);
  await until(() => relayBatch(database.db, queue.send).catch(() => 0), 'the relay');
  await queue.close();
  const client = new Redis(redis.url);
  expect((await client.keys('*:wait')).length).toBe(CONSUMERS.length);
  await client.flushall();
  client.disconnect();
  await runnerHere().says('runner started');
  await allDone(ids, forget);
  await expectOnce(ids);
});

it('Redis frozen: the runner looks into the rows, ends when it is told to, and hints come again after the thaw', async () => {
  const one = runner();
  await one.says('runner started');
  const before = await payments(2);
  await allDone(before);
  redis.freeze();
  const during = await payments(3);
  await allDone(during, forget);
  redis.thaw();
  const after = await payments(2);
  await allDone(after);
  await expectOnce([...before, ...during, ...after]);
  redis.freeze();
  await expectGracefulEnd(one);
});

it('Redis away, from the start or in between: nothing is lost, and hints come again when it is back', async () => {
  await redis.stop();
  const one = runner();
  await one.says('Redis away');
  const before = await payments(3);
  await allDone(before, forget);
  await redis.start();
  await one.says('Redis back');
  const between = await payments(2);
  await allDone(between);
  await redis.stop();
  const during = await payments(2);
  await allDone(during, forget);
  await redis.start();
  const after = await payments(2);
  await allDone(after);
  await expectOnce([...before, ...between, ...during, ...after]);
  await expectGracefulEnd(one);
});

it('no runner for a while: nothing is lost, only later', async () => {
  const ids = await payments(4);
  runnerHere();
  await allDone(ids);
  await expectOnce(ids);
});
