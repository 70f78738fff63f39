/** Dead letters over HTTP: who sees and replays them, the result of a replay, and the metrics. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { insertAccount } from '../../../core/accounts/stores/account.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { alarmsOf } from '../../support/alarms.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptsOf, confirmed, doneBy, emptyOutbox, letDue, record } from '../../support/outbox.js';
import { type MailReceiver, startMailReceiver } from '../../support/receivers.js';
import { expectGracefulEnd, leadElsewhere, taskRunners } from '../../support/tasks.js';

const TOKEN = 'the-token-of-the-metrics';
const startRunner = taskRunners();
let database: TestDatabase;
let db: Db;
let api: RunningApi;
let smtp: MailReceiver;
let operator: TestAccount;

beforeAll(async () => {
  [database, smtp] = await Promise.all([createTestDatabase(), startMailReceiver()]);
  db = database.db;
  await leadElsewhere(db);
  api = await startApi(database.url, { MAGAM_METRICS_TOKEN: TOKEN });
  operator = await makeAccount(db, 'operator');
});
afterAll(async () => {
  await api.stop();
  await smtp.stop();
  await database.drop();
});
beforeEach(() => emptyOutbox(db));
afterEach(() => smtp.refuse(null));

const call = (method: string, path: string, headers = {}) => api.call(method, path, { token: operator.token, headers });

/** Dead letters of a consumer. */
async function bury(consumer: string, eventIds: readonly number[]): Promise<void> {
  for (const eventId of eventIds)
    await change(
      db,
      `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, last_error, updated_at)
       VALUES (?, ?, 'DEAD', 14, UTC_TIMESTAMP(3), 'no luck', UTC_TIMESTAMP(3))`,
      [eventId, consumer],
    );
}

it('are listed newest first, of all consumers or of one, page by page', async () => {
  const ids = await record(db, confirmed(1), confirmed(2, ''), confirmed(3));
  await bury('cart', ids);
  await bury('notifications', ids.slice(1));
  const [one, two, three] = ids;
  const list = async (query: string): Promise<unknown[]> => {
    const items: { consumer: string; eventId: number }[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await call('GET', `/v1/dead-letters?limit=2${query}${cursor && `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    return items.map(({ consumer, eventId }) => [consumer, eventId]);
  };
  expect(await list('')).toEqual([
    ['notifications', three],
    ['cart', three],
    ['notifications', two],
    ['cart', two],
    ['cart', one],
  ]);
  expect(await list('&consumer=cart')).toEqual([three, two, one].map((eventId) => ['cart', eventId]));
  expect(await list('&consumer=nobody')).toEqual([]);
  const { body } = await call('GET', `/v1/dead-letters?consumer=cart&limit=2`);
  expect(body.items[1]).toEqual({
    consumer: 'cart',
    eventId: two,
    type: 'order.confirmed',
    requestId: null,
    recordedAt: expect.any(String),
    attempts: 14,
    lastError: 'no luck',
    failedAt: expect.any(String),
  });
  const other = await call('GET', `/v1/dead-letters?limit=2&cursor=${body.nextCursor}`);
  expect(other).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
});

it('one is shown with the content of its event, and an event that is not one is not found', async () => {
  const [eventId = 0, waiting = 0] = await record(db, confirmed(1), confirmed(2));
  await bury('cart', [eventId, waiting]);
  await change(db, `UPDATE outbox_attempt SET status = 'WAITING' WHERE event_id = ?`, [waiting]);
  expect(await call('GET', `/v1/dead-letters/cart/${eventId}`)).toMatchObject({
    status: 200,
    body: { consumer: 'cart', requestId: 'request-1', payload: { orderId: 1, sellerId: 'S1', buyerId: 7 } },
  });
  for (const path of [`cart/${waiting}`, `notifications/${eventId}`, 'cart/999999']) {
    const notFound = { status: 404, body: { code: 'DEAD_LETTER_NOT_FOUND' } };
    expect(await call('GET', `/v1/dead-letters/${path}`)).toMatchObject(notFound);
    expect(await call('POST', `/v1/dead-letters/${path}/replay`)).toMatchObject(notFound);
  }
  for (const path of ['CART/1', 'cart/0', 'cart/x', `${'c'.repeat(25)}/1`])
    expect((await call('GET', `/v1/dead-letters/${path}`)).status).toBe(404);
  expect((await call('GET', '/v1/dead-letters?consumer=CART')).status).toBe(400);
});

it('is for staff alone', async () => {
  const [eventId = 0] = await record(db, confirmed(1));
  await bury('cart', [eventId]);
  for (const role of ['buyer', 'seller'] as const) {
    const { token } = await makeAccount(db, role, role === 'seller' ? { sellerId: 'S1' } : {});
    for (const [method, path] of [
      ['GET', ''],
      ['GET', `/cart/${eventId}`],
      ['POST', `/cart/${eventId}/replay`],
    ] as const)
      expect((await api.call(method, `/v1/dead-letters${path}`, { token })).status).toBe(403);
  }
  expect((await api.call('GET', '/v1/dead-letters')).status).toBe(401);
});

it('a replay is on record, and the same key answers the same and does nothing again', async () => {
  const [eventId = 0] = await record(db, confirmed(1));
  await bury('cart', [eventId]);
  const path = `/v1/dead-letters/cart/${eventId}/replay`;
  const key = { 'Idempotency-Key': 'replay-one' };
  const first = await call('POST', path, key);
  expect(first).toMatchObject({ status: 202, body: { consumer: 'cart', eventId } });
  expect(await attemptsOf(db, 'cart')).toMatchObject([{ status: 'WAITING', attempts: 0 }]);
  await change(db, `UPDATE outbox_attempt SET status = 'DEAD', attempts = 14`);
  expect(await call('POST', path, key)).toMatchObject({ status: 202, body: first.body });
  expect(await attemptsOf(db, 'cart')).toMatchObject([{ status: 'DEAD' }]);
  const log = await select<{ subject: string; before: string }>(
    db,
    `SELECT subject_id AS subject, before_json AS \`before\` FROM audit_log WHERE action = 'dead-letter.replay'`,
  );
  expect(log.map(({ subject, before }) => [subject, JSON.parse(before)])).toEqual([
    [`cart:${eventId}`, { type: 'order.confirmed', attempts: 14, lastError: 'no luck' }],
  ]);
});

/** The value of a metric of a consumer. */
async function metric(name: string, consumer: string): Promise<number> {
  const { text } = await api.call('GET', '/metrics', { token: TOKEN });
  return Number(new RegExp(`^${name}\\{consumer="${consumer}"\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

it('a consumer that fails is given up while the others go on, is an alarm, and done once when it is mended and replayed', async () => {
  const email = 'buyer@x.example';
  const account = { email, passwordHash: 'x', displayName: '김하늘', role: 'buyer' as const };
  const buyerId = decided(await insertAccount(db, account));
  smtp.refuse(email);
  const runner = startRunner(database.url, {
    MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? '',
    MAGAM_MAIL_URL: smtp.url,
    MAGAM_MAIL_FROM: 'shop@magam.example',
  });
  await runner.says('runner started');
  const payload = { paymentId: null, checkoutId: 5, buyerId: 7_000_000, currency: 'KRW', amountMinor: 1, units: [] };
  const [refused = 0, paid = 0] = await record(
    db,
    { type: 'order.expired', payload: { checkoutId: 4, buyerId, orderIds: [1] }, requestId: 'request-refused' },
    { type: 'payment.succeeded', payload, requestId: '' },
  );
  await until(async () => (await attemptsOf(db, 'notifications')).length === 1, 'the failure');
  for (const name of ['cart', 'sales-counts', 'notifications'])
    await until(async () => (await doneBy(db, name)).includes(paid), `${name} goes on`);
  await inTransaction(db, (tx) => change(tx, 'UPDATE outbox_attempt SET attempts = 13'));
  await until(async () => {
    await letDue(db);
    return (await call('GET', '/v1/dead-letters?consumer=notifications')).body.items.length > 0;
  }, 'it is given up');
  await until(async () => (await metric('magam_outbox_dead_letters', 'notifications')) === 1, 'the metrics tell');
  await until(async () => (await alarmsOf(db)).includes('dead-letters notifications OPEN'), 'the alarm');
  smtp.refuse(null); // mended
  expect((await call('POST', `/v1/dead-letters/notifications/${refused}/replay`)).status).toBe(202);
  await until(async () => (await doneBy(db, 'notifications')).includes(refused), 'the replay');
  await until(async () => {
    await change(db, `UPDATE duty SET due_at = UTC_TIMESTAMP(3) WHERE name = 'watch-alarms'`);
    return (await alarmsOf(db)).includes('dead-letters notifications RESOLVED');
  }, 'the end of the alarm');
  expect(smtp.mails.map(({ to }) => to)).toEqual([[email]]);
  expect((await call('GET', '/v1/dead-letters?consumer=notifications')).body.items).toEqual([]);
  await until(async () => (await metric('magam_outbox_dead_letters', 'notifications')) === 0, 'the metrics tell');
  expect(await metric('magam_outbox_waiting_events', 'cart')).toBe(0);
  expect(await metric('magam_outbox_lag_seconds', 'cart')).toBe(0);
  await expectGracefulEnd(runner);
});
