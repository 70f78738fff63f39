/** Two real servers behind one database: what ends on one has ended on the other, at once. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount, makeSeller, PASSWORD } from '../../support/accounts.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let one: ApiProcess;
let other: ApiProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  [one, other] = await Promise.all([spawnApi(database.url), spawnApi(database.url)]);
});
afterAll(async () => {
  await Promise.all([one?.stop(), other?.stop()]);
  await database?.drop();
});

/** Uses the token on both servers until each has seen it good, then ends it on one; the other's next answer. */
async function afterEnding(token: string, end: () => Promise<{ status: number }>): Promise<string> {
  for (const server of [one, other]) expect((await server.call('GET', '/v1/me', { token })).status).toBe(200);
  const { status } = await end();
  expect([200, 204]).toContain(status);
  return (await other.call('GET', '/v1/me', { token })).body.code;
}

it('a sign-out', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { token } = await makeAccount(database.db, 'buyer');
    expect(await afterEnding(token, () => one.call('DELETE', '/v1/sessions/current', { token }))).toBe('TOKEN_INVALID');
  }
});

it('a stolen refresh token', async () => {
  const { token, refreshToken } = await makeAccount(database.db, 'buyer');
  const refresh = (server: ApiProcess) => server.call('POST', '/v1/sessions/refresh', { body: { refreshToken } });
  const { body } = await refresh(one);
  expect((await other.call('GET', '/v1/me', { token: body.accessToken })).status).toBe(200);
  expect((await refresh(other)).body.code).toBe('REFRESH_TOKEN_REUSED');
  for (const stale of [token, body.accessToken]) {
    expect((await one.call('GET', '/v1/me', { token: stale })).body.code).toBe('TOKEN_INVALID');
  }
});

it('refreshes that race on both servers have one winner', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { refreshToken } = await makeAccount(database.db, 'buyer');
    const answers = await Promise.all(
      [one, other, one, other].map((server) => server.call('POST', '/v1/sessions/refresh', { body: { refreshToken } })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  }
});

it('a changed password', async () => {
  const { email, token } = await makeAccount(database.db, 'buyer');
  const { body } = await other.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } });
  const change = { password: PASSWORD, newPassword: 'a walk along the river' };
  const put = () => one.call('PUT', '/v1/me/password', { token, body: change });
  expect(await afterEnding(body.accessToken, put)).toBe('TOKEN_INVALID');
});

it('a locked account, and one with another role', async () => {
  const admin = await makeAccount(database.db, 'admin');
  const locked = await makeAccount(database.db, 'buyer');
  const lock = () => one.call('POST', `/v1/accounts/${locked.accountId}/lock`, { token: admin.token });
  expect(await afterEnding(locked.token, lock)).toBe('ACCOUNT_LOCKED');
  await makeSeller(database.db, 'S1');
  const promoted = await makeAccount(database.db, 'buyer');
  const assign = () =>
    one.call('PUT', `/v1/accounts/${promoted.accountId}/role`, {
      token: admin.token,
      body: { role: 'seller', sellerId: 'S1' },
    });
  expect(await afterEnding(promoted.token, assign)).toBe('TOKEN_INVALID');
});

it('both end well when they are told to', async () => {
  expect(await Promise.all([one.stop(), other.stop()])).toEqual([0, 0]);
});
