/** Guards of the edge that only show under their settings: places for calls, the limit of the probe, and keys that were rotated. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { change, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  await api?.stop();
  api = undefined;
});

const start = async (settings: Readonly<Record<string, string>>): Promise<RunningApi> => {
  api = await startApi(database.url, settings);
  return api;
};

it('a server carries out MAGAM_REQUESTS_MAX calls at once and refuses one more', async () => {
  const server = await start({ MAGAM_REQUESTS_MAX: '1' });
  const { token } = await makeAccount(database.db, 'operator');
  const create = (name: string) => server.call('POST', '/v1/categories', { token, body: { name, parentId: null } });
  const lock = await database.db.transaction();
  await change(
    lock,
    `INSERT INTO category (parent_id, level, name, version, created_at) VALUES (0, 1, 'Hats', 1, UTC_TIMESTAMP(3))`,
  );
  const held = create('Hats'); // waits for the name
  try {
    const waits = `SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'INSERT INTO category%'`;
    await until(async () => (await select(database.db, waits)).length === 1, 'the first call is under way');
    const refused = await server.call('GET', '/v1/categories');
    expect([refused.status, refused.body.code]).toEqual([503, 'SERVER_BUSY']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await server.call('GET', '/healthz')).status).toBe(200); // a probe takes no place
  } finally {
    await lock.rollback();
  }
  expect((await held).status).toBe(201);
  expect((await server.call('GET', '/v1/categories')).status).toBe(200);
});

it('a server that is not for its own machine alone does not begin with keys that everybody knows', async () => {
  const settings = { NODE_ENV: 'production', MAGAM_PUBLIC_URL: 'https://magam.example.com' };
  await expect(start(settings)).rejects.toMatchObject({
    code: 'KEYS_PUBLISHED',
    details: { settings: ['MAGAM_TOKEN_KEY', 'MAGAM_ENCRYPTION_KEY'] },
  });
});

it('/readyz has the limit of one address, and no other call is counted with it', async () => {
  const server = await start({ MAGAM_RATE_LIMIT: '3' });
  const statuses = [];
  for (let n = 0; n < 20; n += 1) statuses.push((await server.call('GET', '/readyz')).status);
  expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect((await server.call('GET', '/v1/categories')).status).toBe(200);
});

it('an Idempotency-Key gives its answer again after the key of tokens was rotated', async () => {
  const [old, next] = ['the token key before the rotation of the test', 'the token key after the rotation of the test'];
  const before = await start({ MAGAM_TOKEN_KEY: old });
  const { email, password } = { email: 'rotated@example.com', password: 'autumn reading weather' };
  await makeAccount(database.db, 'operator', { email });
  const signIn = async (server: RunningApi): Promise<string> =>
    (await server.call('POST', '/v1/sessions', { body: { email, password } })).body.accessToken;
  const invite = async (server: RunningApi, displayName: string) =>
    server.call('POST', '/v1/invitations', {
      token: await signIn(server),
      body: { email: 'guest@example.com', displayName, role: 'seller', sellerId: 'S1' },
      headers: { 'Idempotency-Key': 'rotated-1' },
    });
  await change(database.db, 'DELETE FROM rate_window');
  const first = await invite(before, '김하늘');
  await before.stop();
  const after = await start({ MAGAM_TOKEN_KEY: `${next},${old}` });
  const again = await invite(after, '김하늘');
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await invite(after, '김바다')).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  await after.stop();
  const alone = await start({ MAGAM_TOKEN_KEY: next });
  expect((await invite(alone, '김하늘')).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
});
