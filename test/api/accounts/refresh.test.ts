/** Refresh tokens: used once, a second use is a theft. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { changedMeanwhile, createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const refresh = (refreshToken: string) => api.call('POST', '/v1/sessions/refresh', { body: { refreshToken } });
const me = (token: string) => api.call('GET', '/v1/me', { token });
const account = (): Promise<TestAccount> => makeAccount(database.db, 'buyer');

describe('a refresh', () => {
  it('brings new tokens of the same session, again and again', async () => {
    const { refreshToken, sessionId, accountId } = await account();
    let current = refreshToken;
    const seen = new Set([current]);
    for (let i = 0; i < 5; i += 1) {
      const { status, body } = await refresh(current);
      expect(status).toBe(200);
      expect(body).toMatchObject({ sessionId, expiresIn: 900, account: { accountId } });
      expect((await me(body.accessToken)).status).toBe(200);
      current = body.refreshToken;
      seen.add(current);
    }
    expect(seen.size).toBe(6);
  });

  it('is not disturbed by a stale access token that a client sends along', async () => {
    const { refreshToken } = await account();
    const stale = { token: 'eyJhbGciOiJIUzI1NiJ9.e30.c3RhbGU', body: { refreshToken } };
    expect((await api.call('POST', '/v1/sessions/refresh', stale)).status).toBe(200);
    expect((await api.call('GET', '/v1/products', { token: stale.token })).body.code).toBe('TOKEN_INVALID');
  });

  it.each(['x', 'A'.repeat(43), '0'.repeat(64)])('with %j, which nobody gave out, is refused', async (token) => {
    expect((await refresh(token)).body).toMatchObject({ status: 401, code: 'REFRESH_TOKEN_INVALID' });
  });

  it('does not accept the stored hash as the token', async () => {
    const { sessionId } = await account();
    const [row] = await select<{ token_hash: string }>(
      database.db,
      'SELECT token_hash FROM refresh_token WHERE session_id = ?',
      [sessionId],
    );
    expect((await refresh(row?.token_hash ?? '')).body.code).toBe('REFRESH_TOKEN_INVALID');
  });
});

it('a session that ends while it is refreshed gives no tokens', async () => {
  const { refreshToken, sessionId } = await account();
  const ended = `UPDATE account_session SET ended_at = UTC_TIMESTAMP(3), ended_reason = 'SIGNED_OUT' WHERE session_id = ?`;
  const answer = await changedMeanwhile(database.db, [ended, [sessionId]], '%account_session%session_id = %', () =>
    refresh(refreshToken),
  );
  expect(answer.body.code).toBe('REFRESH_TOKEN_INVALID');
});

describe('a stolen refresh token', () => {
  it('that its owner used before gives the thief away: both are out', async () => {
    const victim = await account();
    const { body: owner } = await refresh(victim.refreshToken);
    expect((await refresh(victim.refreshToken)).body).toMatchObject({ status: 401, code: 'REFRESH_TOKEN_REUSED' });
    expect((await refresh(owner.refreshToken)).body.code).toBe('REFRESH_TOKEN_REUSED');
    for (const token of [victim.token, owner.accessToken]) expect((await me(token)).body.code).toBe('TOKEN_INVALID');
    expect(api.log()).toContain('a refresh token was used twice');
  });

  it('that the thief used first is given away by its owner', async () => {
    const victim = await account();
    const { body: thief } = await refresh(victim.refreshToken);
    const { body: thiefLater } = await refresh(thief.refreshToken);
    expect((await refresh(victim.refreshToken)).body.code).toBe('REFRESH_TOKEN_REUSED');
    expect((await me(thiefLater.accessToken)).body.code).toBe('TOKEN_INVALID');
    expect((await refresh(thiefLater.refreshToken)).body.code).toBe('REFRESH_TOKEN_REUSED');
  });

  it('does not touch the other sessions of the account', async () => {
    const victim = await account();
    await refresh(victim.refreshToken);
    const other = await makeAccount(database.db, 'buyer');
    await refresh(victim.refreshToken);
    expect((await me(other.token)).status).toBe(200);
  });
});

describe('refreshes that race with one token', () => {
  it('have exactly one winner, and what it won ends with the family', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { refreshToken, sessionId } = await account();
      const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(refreshToken)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      for (const { status, body } of answers) if (status !== 200) expect(body.code).toBe('REFRESH_TOKEN_REUSED');
      expect((await me(won[0]?.body.accessToken)).body.code).toBe('TOKEN_INVALID');
      const rows = await select(database.db, 'SELECT used_at FROM refresh_token WHERE session_id = ?', [sessionId]);
      expect(rows).toHaveLength(2);
    }
  });
});
