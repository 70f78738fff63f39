/** A server, a receiver of webhooks and an operator who makes endpoints for it; the runner's loop starts where a test says so. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { change, type Db } from '../../infra/database.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { makeAccount, type TestAccount } from './accounts.js';
import { type CallAnswer, type RunningApi, startApi } from './api.js';
import type { TestDatabase } from './database.js';
import { PRIVATE, startWebhookLoop, startWebhookReceiver, type WebhookReceiver } from './webhooks.js';

/** The scene is made before the tests of the file, has no endpoint and no loop at the beginning of each, and is gone after them. */
export function webhookScene(makeDatabase: () => Promise<TestDatabase>) {
  let database: TestDatabase;
  let api: RunningApi;
  let operator: TestAccount;
  let receiver: WebhookReceiver;
  const loops: (() => Promise<void>)[] = [];
  const stopLoops = () => Promise.all(loops.splice(0).map((end) => end()));

  beforeAll(async () => {
    database = await makeDatabase();
    api = await startApi(database.url, PRIVATE);
    operator = await makeAccount(database.db, 'operator');
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
      await change(database.db, `DELETE FROM ${table}`);
  });

  const call = (method: string, path: string, body?: object): Promise<CallAnswer> =>
    api.call(method, `/v1/webhook-endpoints${path}`, {
      token: operator.token,
      ...(body === undefined ? {} : { body }),
    });
  const attempts = async (endpointId: number) => (await call('GET', `/${endpointId}/deliveries`)).body.items;
  return {
    get database(): TestDatabase {
      return database;
    },
    get db(): Db {
      return database.db;
    },
    get api(): RunningApi {
      return api;
    },
    get operator(): TestAccount {
      return operator;
    },
    get receiver(): WebhookReceiver {
      return receiver;
    },
    startLoop: (settings?: Readonly<Record<string, string>>): void =>
      void loops.push(startWebhookLoop(database.db, settings)),
    stopLoops,
    /** A call of the operator below `/v1/webhook-endpoints`. */
    call,
    /** An endpoint at the receiver. @param token whose it is; absent: the operator's */
    make: async (more = {}, token = operator.token): Promise<{ endpointId: number; secret: string }> => {
      const made = await api.call('POST', '/v1/webhook-endpoints', { token, body: { url: receiver.url, ...more } });
      expect(made.status).toBe(201);
      return made.body;
    },
    runIds: (): unknown[] => receiver.received.map(({ event }) => event.data.runId),
    arrived: (count: number) => until(() => receiver.received.length >= count, `${count} webhooks`),
    attempts,
    noted: (endpointId: number, count: number) =>
      until(async () => ((await attempts(endpointId)).length >= count ? true : undefined), `${count} attempts noted`),
    one: async (endpointId: number) => (await call('GET', `/${endpointId}`)).body,
  };
}
