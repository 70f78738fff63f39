/** Webhook endpoints of an account that is locked, and tests that their owners ask for. */
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { numberEvents } from '../../../core/event-feed/number-events.js';
import { readBounds } from '../../../core/event-feed/stores/feed-event.js';
import { claimEndpoint, dueEndpoints, readTarget } from '../../../core/webhooks/stores/webhook-delivery.js';
import { change, type Db } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import {
  PRIVATE,
  recordRuns,
  startWebhookLoop,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../support/webhooks.js';

let database: TestDatabase;
let db: Db;
let api: RunningApi;
let operator: TestAccount;
let receiver: WebhookReceiver;
const loops: (() => Promise<void>)[] = [];
const startLoop = (settings?: Readonly<Record<string, string>>): void =>
  void loops.push(startWebhookLoop(db, settings));
const stopLoops = () => Promise.all(loops.splice(0).map((end) => end()));

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  api = await startApi(database.url, PRIVATE);
  operator = await makeAccount(db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(async () => {
  receiver = await startWebhookReceiver();
});
afterEach(async () => {
  await stopLoops();
  await receiver.stop();
  for (const table of ['webhook_endpoint', 'webhook_attempt', 'webhook_replay', 'outbox_event'])
    await change(db, `DELETE FROM ${table}`);
});

const call = (method: string, path: string, body?: object): Promise<CallAnswer> =>
  api.call(method, `/v1/webhook-endpoints${path}`, { token: operator.token, ...(body === undefined ? {} : { body }) });
const make = async (more = {}): Promise<{ endpointId: number; secret: string }> => {
  const made = await call('POST', '', { url: receiver.url, ...more });
  expect(made.status).toBe(201);
  return made.body;
};
const runIds = (): unknown[] => receiver.received.map(({ event }) => event.data.runId);
const arrived = (count: number) => until(() => receiver.received.length >= count, `${count} webhooks`);
const attempts = async (endpointId: number) => (await call('GET', `/${endpointId}/deliveries`)).body.items;
const one = async (endpointId: number) => (await call('GET', `/${endpointId}`)).body;

describe('an endpoint whose maker is locked', () => {
  const setStatus = (status: string) =>
    change(db, 'UPDATE account SET status = ? WHERE account_id = ?', [status, operator.accountId]);

  it('gets nothing until the maker is unlocked, and then all of it', async () => {
    const { endpointId } = await make();
    const { last } = await readBounds(db);
    await setStatus('LOCKED');
    await recordRuns(db, 1, 2);
    await numberEvents(db);
    expect(await dueEndpoints(db, last + 2, 10)).toEqual([]);
    expect(await claimEndpoint(db, { endpointId, owner: 'x' })).toBe(false);
    const admin = await makeAccount(db, 'admin');
    const shown = await api.call('GET', `/v1/webhook-endpoints/${endpointId}`, { token: admin.token });
    expect(shown.body).toMatchObject({ status: 'ACTIVE', makerLocked: true });
    await setStatus('ACTIVE');
    startLoop();
    await arrived(2);
    expect(runIds()).toEqual([1, 2]);
    expect(await one(endpointId)).toMatchObject({ makerLocked: false });
  });

  it('gets no further event of a turn that has begun', async () => {
    const { endpointId } = await make();
    const claim = { endpointId, owner: 'turn' };
    expect(await claimEndpoint(db, claim)).toBe(true);
    expect(await readTarget(db, claim)).toMatchObject({ endpointId });
    await setStatus('LOCKED');
    expect(await readTarget(db, claim)).toBeUndefined();
    await setStatus('ACTIVE');
  });
});

describe('a test', () => {
  it('sends a signed ping at once, even to a disabled endpoint, and reports the result', async () => {
    const { endpointId, secret } = await make();
    await call('PATCH', `/${endpointId}`, { status: 'DISABLED' });
    const tested = await call('POST', `/${endpointId}/test`);
    expect(tested).toMatchObject({ status: 200, body: { delivered: true, status: 204, error: null } });
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(JSON.parse(body)).toEqual({ id: 0, type: 'ping', happenedAt: expect.any(String), data: { endpointId } });
    const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['magam-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
    receiver.answer((res) => void res.writeHead(500).end());
    const failed = (await call('POST', `/${endpointId}/test`)).body;
    expect(failed).toMatchObject({ delivered: false, status: 500, error: 'answered 500' });
    expect(await attempts(endpointId)).toEqual([]);
  });
});
