/** Guessing passwords: counted exactly, by two real servers together, also while Redis is away. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { change } from '../../../infra/database.js';
import { makeAccount, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type ApiClient, type ApiProcess, type CallAnswer, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let database: TestDatabase;
let redis: TestRedis;
let servers: ApiProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis();
  // Behind one proxy, so that a test can come from any address.
  const settings = { MAGAM_REDIS_URL: redis.url, MAGAM_TRUST_PROXY: '1' };
  servers = await Promise.all([spawnApi(database.url, settings), spawnApi(database.url, settings)]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await redis?.stop();
  await database?.drop();
});
beforeEach(() => change(database.db, 'DELETE FROM rate_window'));

/** At the least cost, because what is counted here are the tries, hundreds of them. */
const cheapHash = hash(PASSWORD, { memoryCost: 8, timeCost: 1, parallelism: 1 });

/** A buyer whose password is hashed at the least cost. */
const guessed = async (): Promise<TestAccount> => makeAccount(database.db, 'buyer', { passwordHash: await cheapHash });

/** The names of so many of them. */
const names = async (length: number): Promise<string[]> =>
  (await Promise.all(Array.from({ length }, guessed))).map(({ email }) => email);

/** The server whose turn it is: the two take calls in turn. */
let turn = 0;
const next = (): ApiClient => {
  turn += 1;
  return servers[turn % servers.length] as ApiClient;
};

const attempt = (email: string, password: string, ip = '203.0.113.1'): Promise<CallAnswer> =>
  next().call('POST', '/v1/sessions', { body: { email, password }, headers: { 'X-Forwarded-For': ip } });

const count = (answers: readonly CallAnswer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

function walk(): void {
  it('lets ten tries a minute of one name from one address through, of two servers together', async () => {
    const { email } = await guessed();
    const answers = await Promise.all(Array.from({ length: 24 }, (_, n) => attempt(email, `guess number ${n}`)));
    expect(count(answers, 401)).toBe(10);
    expect(count(answers, 429)).toBe(14);
    const refused = await attempt(email, PASSWORD); // the right one comes too late
    expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(30);
    expect(wait).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit-policy')).toContain('"sign-in"; q=10; w=60');
    expect(refused.headers.get('ratelimit')).toMatch(/"sign-in"; r=0/);
    expect((await attempt(email.toUpperCase(), PASSWORD)).status).toBe(429); // nor does another spelling help
    expect((await attempt(email, PASSWORD, '203.0.113.2')).status).toBe(201); // from elsewhere its owner gets in
  });

  it('forgets the tries of a name and address when its owner gets in', async () => {
    const { email } = await guessed();
    for (let i = 0; i < 9; i += 1) expect((await attempt(email, 'not the password')).status).toBe(401);
    expect((await attempt(email, PASSWORD)).status).toBe(201);
    for (let i = 0; i < 10; i += 1) expect((await attempt(email, 'not the password')).status).toBe(401);
    expect((await attempt(email, 'not the password')).status).toBe(429);
  });
}

describe('guessing a password', () => {
  walk();

  it('is over after 60 tries of many names from one address, those that nobody has and signing up included', async () => {
    const ip = '198.51.100.7';
    const signUp = (email: string) =>
      next().call('POST', '/v1/accounts', {
        body: { email, password: PASSWORD, displayName: 'New' },
        headers: { 'X-Forwarded-For': ip },
      });
    const known = await names(8);
    const guess = (email: string) => attempt(email, 'not the password', ip);
    const tries = await Promise.all([
      ...[1, 2, 3, 4, 5, 6].flatMap(() => known.map(guess)),
      ...known.map((_, n) => guess(`somebody-${n}@example.com`)),
      ...known.map((_, n) => signUp(`new-${n}@example.com`)),
    ]);
    expect(count(tries, 429)).toBe(4);
  });

  it('is over after 60 tries of one name from many addresses', async () => {
    const { email } = await guessed();
    const tries = await Promise.all(
      Array.from({ length: 64 }, (_, n) => attempt(email, 'not the password', `198.51.100.${n}`)),
    );
    expect(count(tries, 429)).toBe(4);
  });

  it('from one address does not lock the name out for others', async () => {
    const { email } = await guessed();
    const tries = await Promise.all(Array.from({ length: 70 }, () => attempt(email, 'not the password')));
    expect(count(tries, 429)).toBe(60);
    expect((await attempt(email, PASSWORD, '203.0.113.9')).status).toBe(201);
  });

  it('takes the addresses of one IPv6 network for one', async () => {
    const { email } = await guessed();
    const tries = await Promise.all(
      Array.from({ length: 14 }, (_, n) => attempt(email, 'not the password', `2001:db8:1:1::${n + 1}`)),
    );
    expect(count(tries, 429)).toBe(4);
  });

  it('does not let one /48 of IPv6 keep the owner of a name out', async () => {
    const { email } = await guessed();
    const tries = await Promise.all(
      Array.from({ length: 64 }, (_, n) => attempt(email, 'not the password', `2001:db8:9:${n}::1`)),
    );
    expect(count(tries, 401)).toBe(20);
    expect((await attempt(email, PASSWORD, '203.0.113.9')).status).toBe(201);
  });

  it('is over after 180 tries of many names from one /48 of IPv6', async () => {
    const known = await names(19);
    const tries = [];
    for (let n = 0; n < 190; n += 1)
      tries.push(await attempt(known[n % known.length] ?? '', 'not the password', `2001:db8:8:${n}::1`));
    expect(count(tries, 429)).toBe(10);
  });

  it('from everywhere at once does not keep a device out from which its owner has signed in', async () => {
    const { email } = await makeAccount(database.db, 'admin');
    const { deviceToken } = (await attempt(email, PASSWORD, '203.0.113.77')).body;
    const signIn = (name: string, password: string, token: string) =>
      next().call('POST', '/v1/sessions', {
        body: { email: name, password, deviceToken: token },
        headers: { 'X-Forwarded-For': '198.51.100.1' },
      });
    await Promise.all(Array.from({ length: 64 }, (_, n) => attempt(email, 'not the password', `198.51.100.${n % 7}`)));
    expect((await attempt(email, PASSWORD, '203.0.113.78')).status).toBe(429);
    expect((await signIn(email, PASSWORD, `${deviceToken.slice(0, -1)}_`)).status).toBe(429);
    const other = await guessed();
    const stranger = (await attempt(other.email, PASSWORD, '203.0.113.79')).body;
    expect((await signIn(email, PASSWORD, stranger.deviceToken)).status).toBe(429); // it names another account
    expect((await signIn(email.toUpperCase(), PASSWORD, deviceToken)).status).toBe(201);
    for (let n = 0; n < 9; n += 1) expect((await signIn(email, 'not the password', deviceToken)).status).toBe(401);
    expect((await signIn(email, PASSWORD, deviceToken)).status).toBe(429);
  });

  it('keeps a device out whose owner has changed the password since', async () => {
    const { email, token } = await makeAccount(database.db, 'operator');
    const { deviceToken } = (await attempt(email, PASSWORD, '203.0.113.81')).body;
    const newPassword = 'a walk along the river';
    await next().call('PUT', '/v1/me/password', { token, body: { password: PASSWORD, newPassword } });
    await Promise.all(Array.from({ length: 64 }, (_, n) => attempt(email, 'not the password', `198.51.101.${n % 7}`)));
    const again = await next().call('POST', '/v1/sessions', { body: { email, password: newPassword, deviceToken } });
    expect(again.status).toBe(429);
  });

  it('leaves no way past the limit to a person who has signed up with the address of somebody else', async () => {
    const { email } = await makeAccount(database.db, 'buyer', { emailProven: false });
    const { status, body } = await attempt(email, PASSWORD, '203.0.113.80');
    expect({ status, deviceToken: body.deviceToken }).toEqual({ status: 201, deviceToken: undefined });
  });

  it('is counted for the OAuth form too', async () => {
    const { email } = await guessed();
    const form = (more: Record<string, string> = {}) =>
      next().call('POST', '/v1/oauth/token', {
        body: new URLSearchParams({ grant_type: 'password', username: email, password: 'not it', ...more }).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Forwarded-For': '203.0.113.1' },
      });
    for (let i = 0; i < 5; i += 1) expect((await form()).status).toBe(400);
    for (let i = 0; i < 5; i += 1) expect((await attempt(email, 'not the password')).status).toBe(401);
    expect((await form()).body.code).toBe('RATE_LIMITED');
    expect((await form({ email: 'decoy@example.com' })).body.code).toBe('RATE_LIMITED'); // the name that counts is the one that is used
  });
});

describe('an address that is none', () => {
  it('does no harm: a proxy may pass on whatever a client wrote', async () => {
    const { email, token } = await guessed();
    for (const ip of ['nowhere', 'é', '::1%eth0', '1.2.3.4.5', 'x'.repeat(300), "'; DROP TABLE account"]) {
      expect((await attempt(email, 'not the password', ip)).status).toBe(401);
    }
    const { body } = await next().call('GET', '/v1/me/sign-ins', { token });
    expect(body.items).toHaveLength(6);
  });
});

describe('guessing a password while Redis is away', () => {
  beforeAll(() => redis.stop());
  walk();

  it('a sign-out on one server is honoured by the other at once', async () => {
    const { token } = await guessed();
    const [one, other] = servers as [ApiProcess, ApiProcess];
    expect((await other.call('GET', '/v1/me', { token })).status).toBe(200);
    expect((await one.call('DELETE', '/v1/sessions/current', { token })).status).toBe(204);
    expect((await other.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
  });
});

it('refuses calls beyond the limit by a code, serves all others meanwhile, and logs a refusal', async () => {
  const [server] = servers as [ApiProcess];
  const flood = Array.from({ length: 200 }, (_, n) =>
    server.call('POST', '/v1/sessions', {
      body: { email: `nobody-${n}@example.com`, password: 'any password at all' },
      headers: { 'X-Forwarded-For': `198.51.100.${n}` },
    }),
  );
  expect((await server.call('GET', '/v1/products?limit=1')).status).toBe(200);
  const answers = await Promise.all(flood);
  const busy = answers.filter(({ body }) => body.code === 'SIGN_IN_BUSY');
  expect(busy.length).toBeGreaterThan(0);
  expect(busy.every(({ status, headers }) => status === 503 && headers.get('retry-after') === '1')).toBe(true);
  expect(count(answers, 401)).toBe(answers.length - busy.length);
  const lines = server.log().split('\n');
  const logged = lines.filter((line) => line.includes('SIGN_IN_BUSY'));
  expect(logged.length).toBeGreaterThan(0);
  expect(logged.filter((line) => line.includes('"stack"'))).toEqual([]);
});
