/** A server that is told to stop under load: every request that was sent is answered, and the process ends with 0. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: ApiProcess;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

interface Sent {
  status: number;
  closes: boolean;
}

/** Sends a request over the agent's connections; rejects when it was sent and not answered, and gives null when there was no connection. */
function send(agent: http.Agent, url: string, token: string): Promise<Sent | null> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers: { Authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, closes: response.headers.connection === 'close' }),
      );
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut off')));
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(null) : reject(error),
    );
  });
}

/** Sends one request after the other, as a load balancer would: until the server says that it is not ready. */
async function client(agent: http.Agent, base: string, token: string, answered: { count: number }): Promise<Sent[]> {
  const answers: Sent[] = [];
  for (;;) {
    const answer = await send(agent, `${base}/v1/me`, token);
    if (answer === null) return answers;
    answers.push(answer);
    answered.count += 1;
    if (!answer.closes) continue;
    const ready = await send(agent, `${base}/readyz`, token);
    if (ready === null || ready.status === 503) return answers;
  }
}

it('answers everything, the slow request too, and ends with 0', async () => {
  api = await spawnApi(database.url, { MAGAM_DRAIN_MS: '700', MAGAM_LOG_LEVEL: 'warn' });
  const { token, accountId } = await makeAccount(database.db, 'buyer');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const answered = { count: 0 };
  const clients = Array.from({ length: 16 }, () => client(agent, api.url, token, answered));
  // A request that waits for a row lock until well after the server has stopped listening.
  const lock = await database.db.transaction();
  await lock.raw('SELECT 1 FROM account WHERE account_id = ? FOR UPDATE', [accountId]);
  const slow = api.call('PATCH', '/v1/me', { token, body: { displayName: 'Slow' } });
  await inStatement(database.db, '%FROM account%FOR UPDATE%');
  await until(() => answered.count > 100, 'the load is on');
  api.send('SIGTERM');
  const answers = (await Promise.all(clients)).flat();
  const refused = () =>
    send(agent, `${api.url}/readyz`, token).then(
      (answer) => answer === null,
      () => false,
    );
  await until(refused, 'nobody listens any more');
  await lock.commit();
  const answer = await slow;
  expect({ status: answer.status, name: answer.body.displayName }).toEqual({ status: 200, name: 'Slow' });
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(await api.ended).toMatchObject({ code: 0 });
  agent.destroy();
});

it('a second signal ends it at once', async () => {
  api = await spawnApi(database.url, { MAGAM_DRAIN_MS: '600000' });
  api.send('SIGTERM');
  await until(async () => (await fetch(`${api.url}/readyz`)).status === 503, 'it drains');
  api.send('SIGTERM');
  expect(await api.ended).toMatchObject({ code: 130 });
});

it.each([['MAGAM_PORT'], ['MAGAM_METRICS_PORT']])('ends when somebody else has the port of %s', async (name) => {
  const other = http.createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(spawnApi(database.url, { [name]: String(port) })).rejects.toThrow(
    new RegExp(`ended with 2 .*CONFIG_INVALID.*"${name}"`, 's'),
  );
  other.close();
});

it.each([
  ['MAGAM_TOKEN_KEY', { MAGAM_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') }],
  ['MAGAM_ENCRYPTION_KEY', { MAGAM_TOKEN_KEY: 'a secret of this installation alone' }],
])('refuses to serve in production without a %s of its own', async (name, keys) => {
  await expect(spawnApi(database.url, { NODE_ENV: 'production', ...keys })).rejects.toThrow(
    new RegExp(`ended with 2 .*KEYS_PUBLISHED.*in production.*export ${name}=`, 's'),
  );
});
