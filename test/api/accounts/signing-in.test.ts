/** Accounts of shoppers: signing up, in and out, the profile, the password, the history. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { change, select } from '../../../infra/database.js';
import { makeAccount, PASSWORD } from '../../support/accounts.js';
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

const signUp = (body: object) => api.call('POST', '/v1/accounts', { body });
const signIn = (email: string, password = PASSWORD, more: object = {}) =>
  api.call('POST', '/v1/sessions', { body: { email, password, ...more } });

describe('signing up', () => {
  const kim = { email: ' Kim@Example.com ', password: PASSWORD, displayName: '김철수', phone: '+82 10-1234-5678' };

  it('makes a buyer, under the normalised address', async () => {
    const { status, body, headers, text } = await signUp(kim);
    expect(status).toBe(201);
    expect(body).toMatchObject({ email: 'kim@example.com', role: 'buyer', sellerId: null, status: 'ACTIVE' });
    expect(headers.get('etag')).toBe('"v1"');
    expect(text).not.toMatch(/argon2|password(?!ChangeNeeded)/i);
  });

  it('refuses an address that is taken, however it is written', async () => {
    for (const email of ['kim@example.com', 'KIM@EXAMPLE.COM', 'ｋｉｍ@example.com']) {
      expect((await signUp({ ...kim, email })).body).toMatchObject({ status: 409, code: 'EMAIL_TAKEN' });
    }
    expect((await signUp({ ...kim, email: 'kim+shop@example.com' })).status).toBe(201);
  });

  it('gives one of many who take an address at once the account', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => signUp({ ...kim, email: 'race@example.com' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it.each([['role'], ['sellerId'], ['status'], ['accountId'], ['version'], ['passwordHash'], ['constructor']])(
    'does not let somebody give themselves a %s',
    async (field) => {
      const value = field === 'role' ? 'admin' : 1;
      const { status, body } = await signUp({ ...kim, email: `${field}@example.com`, [field]: value });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'REQUEST_INVALID' });
      expect(body.errors).toEqual([{ in: 'body', pointer: `#/${field}`, message: 'is not known here' }]);
      expect(await select(database.db, 'SELECT 1 FROM account WHERE email = ?', [`${field}@example.com`])).toEqual([]);
    },
  );

  it.each([
    [{ email: 'kim' }, 'REQUEST_INVALID'],
    [{ displayName: '' }, 'REQUEST_INVALID'],
    [{ displayName: 'a\u0000b' }, 'REQUEST_INVALID'],
    [{ phone: 'none' }, 'REQUEST_INVALID'],
    [{ password: 'short' }, 'PASSWORD_WEAK'],
    [{ password: 'weak@example.com' }, 'PASSWORD_WEAK'],
    [{ password: 'passwordpassword' }, 'PASSWORD_WEAK'],
  ])('refuses %j: %s', async (fault, code) => {
    expect((await signUp({ ...kim, email: 'weak@example.com', ...fault })).body.code).toBe(code);
  });
});

describe('signing in', () => {
  it('brings tokens and opens a session', async () => {
    const { email, accountId } = await makeAccount(database.db, 'buyer');
    const { status, body, headers } = await signIn(email.toUpperCase());
    expect(status).toBe(201);
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, account: { accountId, email } });
    expect(headers.get('location')).toBe(`/v1/me/sessions/${body.sessionId}`);
    expect(headers.get('cache-control')).toBe('no-store');
    const me = await api.call('GET', '/v1/me', { token: body.accessToken });
    expect(me.body).toMatchObject({ accountId });
    const rows = JSON.stringify(await select(database.db, 'SELECT * FROM refresh_token'));
    expect(rows).not.toContain(body.refreshToken);
    expect(api.log()).not.toContain(body.refreshToken);
    expect(api.log()).not.toContain(body.accessToken);
    expect(api.log()).not.toContain(PASSWORD);
  });

  it('gives the same answer for a wrong password, an unknown name and an invalid name', async () => {
    const { email } = await makeAccount(database.db, 'buyer');
    const answers = [
      await signIn(email, 'not the password'),
      await signIn('nobody@example.com', 'not the password'),
      await signIn('no address', 'not the password'),
    ];
    const told = answers.map(({ body }) => ({ ...body, requestId: '' }));
    expect(told[0]).toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  it('stores a new hash of a password whose hash has former parameters, even when two sign in at once', async () => {
    const passwordHash = await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const { email, accountId } = await makeAccount(database.db, 'buyer', { passwordHash });
    const answers = await Promise.all([signIn(email), signIn(email)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const [row] = await select<{ password_hash: string; version: number }>(
      database.db,
      'SELECT password_hash, version FROM account WHERE account_id = ?',
      [accountId],
    );
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(row?.version).toBe(1);
    expect((await signIn(email)).status).toBe(201);
  });

  it('is kept in the history of the account, tries that failed too', async () => {
    const { email, token } = await makeAccount(database.db, 'buyer');
    await signIn(email, 'not the password');
    await signIn(email);
    const first = await api.call('GET', '/v1/me/sign-ins?limit=1', { token });
    expect(first.body.items).toMatchObject([{ outcome: 'SIGNED_IN', ip: expect.stringContaining('127.0.0.1') }]);
    const second = await api.call('GET', `/v1/me/sign-ins?limit=1&cursor=${first.body.nextCursor}`, { token });
    expect(second.body).toMatchObject({ items: [{ outcome: 'WRONG_PASSWORD' }], nextCursor: null });
    const unknown = await select<{ name_hash: string }>(
      database.db,
      'SELECT name_hash FROM sign_in WHERE account_id IS NULL',
    );
    for (const { name_hash: hashed } of unknown) expect(hashed).toMatch(/^[0-9a-f]{64}$/);
    expect((await api.call('GET', `/v1/me/sessions?cursor=${first.body.nextCursor}`, { token })).body.code).toBe(
      'CURSOR_INVALID',
    );
  });
});

describe('signing in while the account is changed', () => {
  it.each([
    ['locked', async () => ["status = 'LOCKED'", []] as const, 'ACCOUNT_LOCKED'],
    [
      'given another password',
      async () => ['password_hash = ?', [await hash('a walk along the river')]] as const,
      'INVALID_CREDENTIALS',
    ],
  ])('does not let in whom the password opened before it was %s', async (_what, making, code) => {
    const { accountId, email } = await makeAccount(database.db, 'buyer');
    const [assignment, values] = await making();
    const answer = await changedMeanwhile(
      database.db,
      [`UPDATE account SET ${assignment} WHERE account_id = ?`, [...values, accountId]],
      '%FROM account%FOR UPDATE%',
      () => signIn(email),
    );
    expect(answer.body.code).toBe(code);
  });
});

describe('signing out', () => {
  it('ends the session at once, its refresh token too, and no other session', async () => {
    const { email, token: elsewhere } = await makeAccount(database.db, 'buyer');
    const { body } = await signIn(email);
    expect((await api.call('DELETE', '/v1/sessions/current', { token: body.accessToken })).status).toBe(204);
    expect((await api.call('GET', '/v1/me', { token: body.accessToken })).body.code).toBe('TOKEN_INVALID');
    const refreshed = await api.call('POST', '/v1/sessions/refresh', { body: { refreshToken: body.refreshToken } });
    expect(refreshed.body.code).toBe('REFRESH_TOKEN_INVALID');
    expect((await api.call('GET', '/v1/me', { token: elsewhere })).status).toBe(200);
  });

  it('can be done for a session elsewhere, of the own ones', async () => {
    const { email, token, sessionId } = await makeAccount(database.db, 'buyer');
    const other = await makeAccount(database.db, 'buyer');
    const { body } = await signIn(email);
    const { body: page } = await api.call('GET', '/v1/me/sessions', { token });
    expect(page.items).toHaveLength(2);
    expect(page.items.filter(({ current }: { current: boolean }) => current)).toMatchObject([{ sessionId }]);
    const one = await api.call('GET', '/v1/me/sessions?limit=1', { token });
    const two = await api.call('GET', `/v1/me/sessions?limit=1&cursor=${one.body.nextCursor}`, { token });
    expect([...one.body.items, ...two.body.items]).toEqual(page.items);
    const end = (id: string) => api.call('DELETE', `/v1/me/sessions/${id}`, { token });
    expect((await end(other.sessionId)).body.code).toBe('SESSION_NOT_FOUND');
    expect((await api.call('GET', '/v1/me', { token: other.token })).status).toBe(200);
    expect((await end(body.sessionId)).status).toBe(204);
    expect((await end(body.sessionId)).status).toBe(204);
    expect((await api.call('GET', '/v1/me', { token: body.accessToken })).body.code).toBe('TOKEN_INVALID');
  });

  it('comes by itself when a session has lasted long enough', async () => {
    const { token, sessionId, refreshToken } = await makeAccount(database.db, 'buyer');
    await change(
      database.db,
      'UPDATE account_session SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE session_id = ?',
      [sessionId],
    );
    await change(
      database.db,
      'UPDATE refresh_token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE session_id = ?',
      [sessionId],
    );
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
    const refreshed = await api.call('POST', '/v1/sessions/refresh', { body: { refreshToken } });
    expect(refreshed.body.code).toBe('REFRESH_TOKEN_INVALID');
  });
});

describe('the profile', () => {
  it('is changed against its version', async () => {
    const { token } = await makeAccount(database.db, 'buyer');
    const patch = (body: object, version: string) =>
      api.call('PATCH', '/v1/me', { token, body, headers: { 'If-Match': version } });
    const changed = await patch({ displayName: '이영희' }, '"v1"');
    expect(changed.body).toMatchObject({ displayName: '이영희', phone: null });
    expect(changed.headers.get('etag')).toBe('"v2"');
    expect((await patch({ phone: '010-1234-5678' }, '"v1"')).body).toMatchObject({
      status: 412,
      code: 'VERSION_CONFLICT',
    });
    expect((await patch({ phone: '010-1234-5678' }, '"v2"')).body).toMatchObject({
      displayName: '이영희',
      phone: '010-1234-5678',
    });
    expect((await patch({ phone: null }, '"v3"')).body.phone).toBeNull();
    expect((await patch({ role: 'admin' }, '"v4"')).body.code).toBe('REQUEST_INVALID');
    expect((await api.call('GET', '/v1/me', { token })).body).toMatchObject({ role: 'buyer' });
  });

  it('is for users who are signed in', async () => {
    expect((await api.call('GET', '/v1/me')).body).toMatchObject({ status: 401, code: 'SIGN_IN_REQUIRED' });
    expect((await api.call('GET', '/v1/me', { token: 'a.b.c' })).body).toMatchObject({
      status: 401,
      code: 'TOKEN_INVALID',
    });
  });
});

describe('the password', () => {
  const fresh = 'a walk along the river';
  const put = (token: string, password: string, newPassword: string) =>
    api.call('PUT', '/v1/me/password', { token, body: { password, newPassword } });

  it('is changed by a user who knows it, who is signed out everywhere else', async () => {
    const { email, token } = await makeAccount(database.db, 'buyer');
    const { body: elsewhere } = await signIn(email);
    expect((await put(token, 'not the password', fresh)).body.code).toBe('PASSWORD_WRONG');
    expect((await put(token, PASSWORD, 'short')).body).toMatchObject({
      code: 'PASSWORD_WEAK',
      details: { reason: 'TOO_SHORT' },
    });
    expect((await put(token, PASSWORD, PASSWORD)).body).toMatchObject({
      code: 'PASSWORD_WEAK',
      details: { reason: 'UNCHANGED' },
    });
    expect((await api.call('GET', '/v1/me', { token: elsewhere.accessToken })).status).toBe(200);
    expect((await put(token, PASSWORD, fresh)).status).toBe(204);
    expect((await api.call('GET', '/v1/me', { token })).status).toBe(200);
    expect((await api.call('GET', '/v1/me', { token: elsewhere.accessToken })).body.code).toBe('TOKEN_INVALID');
    const refreshed = await api.call('POST', '/v1/sessions/refresh', {
      body: { refreshToken: elsewhere.refreshToken },
    });
    expect(refreshed.body.code).toBe('REFRESH_TOKEN_INVALID');
    expect((await signIn(email)).body.code).toBe('INVALID_CREDENTIALS');
    expect((await signIn(email, fresh)).status).toBe(201);
  });

  it('is changed once by two who change it at once', async () => {
    const { token } = await makeAccount(database.db, 'buyer');
    const answers = await Promise.all([put(token, PASSWORD, fresh), put(token, PASSWORD, `${fresh}, twice`)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 403]);
  });

  it('cannot be guessed with a stolen access token', async () => {
    const { token } = await makeAccount(database.db, 'buyer');
    for (let i = 0; i < 10; i += 1) expect((await put(token, `guess number ${i}`, fresh)).status).toBe(403);
    const { status, body, headers } = await put(token, PASSWORD, fresh);
    expect({ status, code: body.code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('OAuth 2', () => {
  const form = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    api.call('POST', '/v1/oauth/token', {
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    });

  it('signs in and refreshes the way the API page does it', async () => {
    const { email, accountId } = await makeAccount(database.db, 'buyer');
    // An empty client in a Basic header, as Swagger UI sends it.
    const signedIn = await form(
      { grant_type: 'password', username: email, password: PASSWORD, scope: '' },
      { Authorization: `Basic ${Buffer.from(':').toString('base64')}` },
    );
    expect(signedIn.status).toBe(200);
    expect(signedIn.body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    expect((await api.call('GET', '/v1/me', { token: signedIn.body.access_token })).body).toMatchObject({ accountId });
    const refreshed = await form({ grant_type: 'refresh_token', refresh_token: signedIn.body.refresh_token });
    expect(refreshed.status).toBe(200);
    expect(refreshed.body.refresh_token).not.toBe(signedIn.body.refresh_token);
    const stolen = await form({ grant_type: 'refresh_token', refresh_token: signedIn.body.refresh_token });
    expect(stolen.body).toEqual({
      error: 'invalid_grant',
      error_description: expect.stringMatching(/^REFRESH_TOKEN_REUSED: /),
    });
  });

  it('refuses as RFC 6749 has it', async () => {
    const { email } = await makeAccount(database.db, 'buyer');
    const wrong = await form({ grant_type: 'password', username: email, password: 'not the password' });
    expect(wrong.status).toBe(400);
    expect(wrong.body.error).toBe('invalid_grant');
    expect((await form({ grant_type: 'password' })).body.error).toBe('invalid_request');
    expect((await form({ grant_type: 'refresh_token' })).body.error).toBe('invalid_request');
    expect((await form({ grant_type: 'client_credentials' })).body.error).toBe('unsupported_grant_type');
    expect((await form({})).body.code).toBe('REQUEST_INVALID');
    expect((await api.call('POST', '/v1/oauth/token', { body: { grant_type: 'password' } })).body.code).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });
});
