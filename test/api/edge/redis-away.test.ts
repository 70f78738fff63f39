/** Redis stopped in the middle: the server is degraded, and right. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';

let database: TestDatabase;
let redis: TestRedis;
let api: RunningApi;
let operator: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis();
  api = await startApi(database.url, { MAGAM_REDIS_URL: redis.url, MAGAM_RATE_LIMIT: '60' });
  operator = await makeAccount(database.db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await redis?.stop();
  await database?.drop();
});

const readiness = async (server = api, headers = {}) => (await server.call('GET', '/readyz', { headers })).body;
let asked = 0;
/** Where a server believes a proxy, each question comes from another address: five from one would be its limit, and the next minute would be waited for. */
const connected = (server: RunningApi) =>
  until(async () => {
    asked += 1;
    return (await readiness(server, { 'X-Forwarded-For': `198.51.100.${asked % 256}` })).status === 'ok';
  }, 'Redis is connected');
/** Another server beside the first; until it is connected to Redis it counts for itself. */
const startOther = async (settings: Readonly<Record<string, string>>): Promise<RunningApi> => {
  const other = await startApi(database.url, { MAGAM_REDIS_URL: redis.url, ...settings });
  await connected(other);
  return other;
};
const category = (name: string) => api.call('POST', '/v1/categories', { token: operator.token, body: { name } });
const names = async (): Promise<string[]> =>
  (await api.call('GET', '/v1/categories')).body.items.map(({ name }: { name: string }) => name);

describe('while Redis is there', () => {
  it('is ready', async () => {
    await connected(api);
    expect((await category('Before')).status).toBe(201);
    expect(await names()).toEqual(['Before']);
  });

  it('limits an account, in all servers together, and tells how much is left', async () => {
    const other = await startOther({ MAGAM_RATE_LIMIT: '60' });
    const { token } = await makeAccount(database.db, 'buyer');
    const statuses: number[] = [];
    for (let i = 0; i < 61; i += 1) {
      const answer = await (i % 2 === 0 ? api : other).call('GET', '/v1/me', { token });
      statuses.push(answer.status);
      if (i < 60) continue;
      expect(answer.body.code).toBe('RATE_LIMITED');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('ratelimit')).toMatch(/r=0/);
      expect(answer.headers.get('ratelimit-policy')).toMatch(/q=60; w=60/);
    }
    await other.stop();
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.at(-1)).toBe(429);
  });

  it('is exact for requests that come to several servers at once', async () => {
    const other = await startOther({ MAGAM_RATE_LIMIT: '60' });
    const { token } = await makeAccount(database.db, 'buyer');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? api : other).call('GET', '/v1/me', { token })),
    );
    await other.stop();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
    const left = answers.map(({ headers }) => Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]));
    expect(left.filter((requests) => requests > 0).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 59 }, (_, i) => i + 1),
    );
  });

  it('limits an address that sends tokens that are none', async () => {
    const other = await startOther({ MAGAM_RATE_LIMIT: '5', MAGAM_TRUST_PROXY: '1' });
    const codes: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      const headers = { 'X-Forwarded-For': '203.0.113.77' };
      codes.push((await other.call('GET', '/v1/me', { token: `forged-${i}`, headers })).body.code);
    }
    await other.stop();
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'TOKEN_INVALID'), 'RATE_LIMITED', 'RATE_LIMITED']);
  });

  it('does not take an address for the account whose name a proxy has sent as one', async () => {
    const other = await startOther({ MAGAM_RATE_LIMIT: '5', MAGAM_TRUST_PROXY: '1' });
    const { token, accountId } = await makeAccount(database.db, 'buyer');
    const headers = { 'X-Forwarded-For': `account:${accountId}` };
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await other.call('GET', '/v1/categories', { headers })).status);
    const own = await other.call('GET', '/v1/me', { token });
    await other.stop();
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    expect({ status: own.status, left: own.headers.get('ratelimit') }).toMatchObject({
      status: 200,
      left: expect.stringContaining('r=4;'),
    });
  });
});

describe('when Redis is frozen', () => {
  it('is asked by few requests, not by every one', async () => {
    const { token } = await makeAccount(database.db, 'buyer');
    await api.call('GET', '/v1/me', { token });
    const asked = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]);
    const client = (await linkTo(redis)).client;
    const before = await asked();
    redis.freeze();
    for (let i = 0; i < 40; i += 1) expect((await api.call('GET', '/v1/me', { token })).status).toBe(200);
    redis.thaw(); // the calls sent meanwhile are carried out now
    expect((await asked()) - before).toBeLessThan(20);
    client.disconnect();
  });

  it('is away for the readiness, though the connection stays', async () => {
    redis.freeze();
    const { status, body } = await api.call('GET', '/readyz');
    redis.thaw();
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'degraded', database: 'ok', redis: 'away', openBreakers: [] },
    });
    await connected(api);
  });
});

describe('when Redis is killed', () => {
  beforeAll(async () => {
    await redis.stop();
  });

  it('says that it is degraded, and stays ready', async () => {
    await until(async () => (await readiness()).status === 'degraded', 'the loss is noticed');
    const { status, body } = await api.call('GET', '/readyz');
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'degraded', database: 'ok', redis: 'away', openBreakers: [] },
    });
  });

  it('shows what was changed since', async () => {
    expect((await category('After')).status).toBe(201);
    expect(await names()).toEqual(['After', 'Before']);
  });

  it('signs in, and out at once', async () => {
    const { email } = await makeAccount(database.db, 'buyer');
    const signedIn = await api.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } });
    expect(signedIn.status).toBe(201);
    const token = signedIn.body.accessToken;
    expect((await api.call('GET', '/v1/me', { token })).status).toBe(200);
    expect((await api.call('DELETE', '/v1/sessions/current', { token })).status).toBe(204);
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
  });

  it('limits by itself', async () => {
    const { token } = await makeAccount(database.db, 'buyer');
    const statuses: number[] = [];
    for (let i = 0; i < 61; i += 1) statuses.push((await api.call('GET', '/v1/me', { token })).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.at(-1)).toBe(429);
  });
});
