/** What staff does with accounts: finding, locking, roles; all of it on record. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change } from '../../../infra/database.js';
import type { Role } from '../../../kernel/access.js';
import { mailsTo } from '../../support/account-mails.js';
import { makeAccount, makeSeller, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let admin: TestAccount;
let operator: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  admin = await makeAccount(database.db, 'admin', { email: 'admin@example.com' });
  operator = await makeAccount(database.db, 'operator', { email: 'operator@example.com' });
  await makeSeller(database.db, 'S1');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const buyer = (): Promise<TestAccount> => makeAccount(database.db, 'buyer');
const lock = (by: TestAccount, accountId: number, verb = 'lock') =>
  api.call('POST', `/v1/accounts/${accountId}/${verb}`, { token: by.token });
const assign = (by: TestAccount, accountId: number, body: object, headers = {}) =>
  api.call('PUT', `/v1/accounts/${accountId}/role`, { token: by.token, body, headers });
const audit = async (subject: string) =>
  (await api.call('GET', `/v1/audit-log?subject=${encodeURIComponent(subject)}`, { token: admin.token })).body.items;

describe('finding accounts', () => {
  beforeAll(async () => {
    for (const name of ['ann', 'anna', 'anne', 'ann_', 'ann%', 'bob']) {
      await makeAccount(database.db, name === 'bob' ? 'operator' : 'buyer', { email: `${name}@find.example.com` });
    }
  });
  const find = async (query: string): Promise<{ emails: string[]; next: string | null }> => {
    const { body } = await api.call('GET', `/v1/accounts?${query}`, { token: operator.token });
    return { emails: body.items.map(({ email }: { email: string }) => email.split('@')[0]), next: body.nextCursor };
  };

  it('goes by the beginning of the address, of which no character is a wildcard', async () => {
    expect((await find('email=ann')).emails).toEqual(['ann%', 'ann', 'ann_', 'anna', 'anne']);
    expect((await find('email=ann%25')).emails).toEqual(['ann%']);
    expect((await find('email=ann_')).emails).toEqual(['ann_']);
    expect((await find('email=ANN@')).emails).toEqual(['ann']);
  });

  it('goes by role and status, page by page', async () => {
    expect((await find('email=b&role=operator&status=ACTIVE')).emails).toEqual(['bob']);
    expect((await find('email=ann&status=LOCKED')).emails).toEqual([]);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { emails, next } = await find(`email=ann&role=buyer&limit=2${cursor}`);
      seen.push(...emails);
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor !== '');
    expect(seen).toEqual(['ann%', 'ann', 'ann_', 'anna', 'anne']);
  });

  it('shows one', async () => {
    const { accountId, email } = await buyer();
    const { body, headers } = await api.call('GET', `/v1/accounts/${accountId}`, { token: operator.token });
    expect(body).toMatchObject({ accountId, email, role: 'buyer', status: 'ACTIVE' });
    expect(headers.get('etag')).toBe('"v1"');
    expect((await api.call('GET', '/v1/accounts/99999999', { token: operator.token })).body.code).toBe(
      'ACCOUNT_NOT_FOUND',
    );
  });

  it('is not for buyers and sellers', async () => {
    const seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
    for (const { token } of [await buyer(), seller]) {
      for (const path of ['/v1/accounts', `/v1/accounts/${admin.accountId}`, '/v1/audit-log']) {
        expect((await api.call('GET', path, { token })).body.code).toBe('FORBIDDEN');
      }
    }
  });
});

describe('locking', () => {
  it('ends the sessions, keeps the owner out and is on record', async () => {
    const { accountId, token, refreshToken, email } = await buyer();
    expect((await lock(operator, accountId)).body).toMatchObject({ accountId, status: 'LOCKED' });
    expect((await lock(operator, accountId)).status).toBe(200); // again: nothing happens
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('ACCOUNT_LOCKED');
    const signIn = (password: string) => api.call('POST', '/v1/sessions', { body: { email, password } });
    expect((await signIn(PASSWORD)).body.code).toBe('ACCOUNT_LOCKED');
    expect((await signIn('not the password')).body.code).toBe('INVALID_CREDENTIALS');
    expect((await lock(operator, accountId, 'unlock')).body.status).toBe('ACTIVE');
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
    const refreshed = await api.call('POST', '/v1/sessions/refresh', { body: { refreshToken } });
    expect(refreshed.body.code).toBe('REFRESH_TOKEN_INVALID');
    expect((await signIn(PASSWORD)).status).toBe(201);
    expect(await audit(`account:${accountId}`)).toMatchObject([
      {
        action: 'account.unlock',
        actorAccountId: operator.accountId,
        before: { status: 'LOCKED' },
        after: { status: 'ACTIVE' },
      },
      { action: 'account.lock', actorRole: 'operator', before: { status: 'ACTIVE' }, after: { status: 'LOCKED' } },
    ]);
  });

  it('is not for operators to do to an admin, nor for anybody to themselves', async () => {
    expect((await lock(operator, admin.accountId)).body.code).toBe('FORBIDDEN');
    expect((await lock(operator, operator.accountId)).body.code).toBe('FORBIDDEN');
    expect((await lock(admin, admin.accountId)).body.code).toBe('FORBIDDEN');
    expect((await lock(await buyer(), operator.accountId)).body.code).toBe('FORBIDDEN');
    expect((await lock(admin, 99_999_999)).body.code).toBe('ACCOUNT_NOT_FOUND');
  });
});

describe('roles', () => {
  it('are given by admins; the sessions of the account end', async () => {
    const { accountId, token } = await buyer();
    expect((await assign(operator, accountId, { role: 'operator' })).body.code).toBe('FORBIDDEN');
    const changed = await assign(admin, accountId, { role: 'seller', sellerId: 'S1' }, { 'If-Match': '"v1"' });
    expect(changed.body).toMatchObject({ role: 'seller', sellerId: 'S1' });
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
    expect((await assign(admin, accountId, { role: 'buyer' }, { 'If-Match': '"v1"' })).body.code).toBe(
      'VERSION_CONFLICT',
    );
    expect((await assign(admin, accountId, { role: 'buyer' })).body).toMatchObject({ role: 'buyer', sellerId: null });
    expect(await audit(`account:${accountId}`)).toMatchObject([
      {
        action: 'account.assign-role',
        before: { role: 'seller', sellerId: 'S1' },
        after: { role: 'buyer', sellerId: null },
      },
      { action: 'account.assign-role', before: { role: 'buyer' }, after: { role: 'seller' }, actorRole: 'admin' },
    ]);
  });

  it('that change nothing end nothing', async () => {
    const { accountId, token } = await buyer();
    expect((await assign(admin, accountId, { role: 'buyer' })).status).toBe(200);
    expect((await api.call('GET', '/v1/me', { token })).status).toBe(200);
  });

  it.each([
    [{ role: 'seller' }, 'REQUEST_INVALID'],
    [{ role: 'buyer', sellerId: 'S1' }, 'REQUEST_INVALID'],
    [{ role: 'root' }, 'REQUEST_INVALID'],
    [{ role: 'seller', sellerId: 'nobody' }, 'SELLER_NOT_FOUND'],
  ])('%j: %s', async (body, code) => {
    const { accountId } = await buyer();
    expect((await assign(admin, accountId, body)).body.code).toBe(code);
  });

  it('leave the last admin, also when two demote each other at once', async () => {
    expect((await assign(admin, admin.accountId, { role: 'buyer' })).body.code).toBe('LAST_ADMIN');
    for (let round = 0; round < 5; round += 1) {
      await change(database.db, `UPDATE account SET role = 'buyer' WHERE role = 'admin'`);
      const [one, two] = await Promise.all([makeAccount(database.db, 'admin'), makeAccount(database.db, 'admin')]);
      const answers = await Promise.all([
        assign(one, two.accountId, { role: 'buyer' }),
        round % 2 === 0 ? assign(two, one.accountId, { role: 'buyer' }) : lock(two, one.accountId),
      ]);
      // The faster one stays; the other was no longer an admin, or was the last one.
      const codes = answers.map(({ status, body }) => (status === 200 ? 200 : body.code));
      expect(codes.filter((code) => code === 200)).toHaveLength(1);
      expect(['LAST_ADMIN', 'TOKEN_INVALID', 'FORBIDDEN', 'ACCOUNT_LOCKED']).toContain(
        codes.find((code) => code !== 200),
      );
    }
    await change(database.db, `UPDATE account SET role = 'admin' WHERE account_id = ?`, [admin.accountId]);
  });
});

describe('the audit log', () => {
  it('has the changes of staff to their own accounts, and never a password', async () => {
    const { token, accountId, email } = await makeAccount(database.db, 'operator');
    await api.call('PATCH', '/v1/me', { token, body: { displayName: '박민수' }, headers: { 'X-Request-Id': 'req-7' } });
    await api.call('PUT', '/v1/me/password', {
      token,
      body: { password: PASSWORD, newPassword: 'a walk along the river' },
    });
    const other = { email, password: 'a walk along the river', newPassword: 'a swim across the river' };
    await api.call('POST', '/v1/sessions', { body: other, headers: { 'X-Request-Id': 'req-8' } });
    const entries = await audit(`account:${accountId}`);
    expect(entries).toMatchObject([
      { action: 'profile.change-password', actorAccountId: accountId, requestId: 'req-8', before: null },
      { action: 'profile.change-password', before: null },
      {
        action: 'profile.edit',
        requestId: 'req-7',
        before: { displayName: 'operator' },
        after: { displayName: '박민수' },
      },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/argon2|river|autumn/);
  });

  it('is read by actor and time, page by page', async () => {
    const read = (query: string) => api.call('GET', `/v1/audit-log?${query}`, { token: operator.token });
    const all = (await read(`actor=${operator.accountId}`)).body.items;
    expect(all.length).toBeGreaterThan(0);
    const first = await read(`actor=${operator.accountId}&limit=1`);
    const second = await read(`actor=${operator.accountId}&limit=1&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items]).toEqual(all.slice(0, 2));
    expect((await read('from=2999-01-01T00:00:00Z')).body.items).toEqual([]);
    expect((await read(`to=${encodeURIComponent('2001-01-01T09:00:00+09:00')}`)).body.items).toEqual([]);
    for (const bad of [
      'from=yesterday',
      'from=2026-02-30T00:00:00Z',
      'from=0000-01-01T00:00:00Z',
      'subject=x',
      'actor=-1',
    ]) {
      expect((await read(bad)).body.code).toBe('REQUEST_INVALID');
    }
    const cursor = (key: unknown[]): string => Buffer.from(JSON.stringify(['audit-log', ...key])).toString('base64url');
    for (const key of [['x', 1], ['2026-02-30T00:00:00.000Z', 1], ['2026-02-20T00:00:00.000Z', 1.5], [1, 1], []]) {
      expect((await read(`cursor=${cursor(key)}`)).body.code).toBe('CURSOR_INVALID');
    }
  });

  it('is filtered by action and followed forward by position', async () => {
    const read = (query: string) => api.call('GET', `/v1/audit-log?${query}`, { token: operator.token });
    for (const displayName of ['하나', '둘', '셋'])
      await api.call('PATCH', '/v1/me', { token: operator.token, body: { displayName } });
    const mine = `action=profile.edit&actor=${operator.accountId}`;
    const newest = (await read(mine)).body.items;
    const forward = (await read(`${mine}&order=oldest-first`)).body.items;
    const names = (items: { after: { displayName: string } }[]) => items.map(({ after }) => after.displayName);
    expect([names(newest), names(forward)]).toEqual([
      ['셋', '둘', '하나'],
      ['하나', '둘', '셋'],
    ]);
    expect(new Set(newest.map(({ action }: { action: string }) => action))).toEqual(new Set(['profile.edit']));
    const [first] = (await read(`${mine}&order=oldest-first&limit=1`)).body.items;
    expect(names((await read(`${mine}&order=oldest-first&after=${first.position}`)).body.items)).toEqual(['둘', '셋']);
    const page = (await read(`${mine}&order=oldest-first&limit=2`)).body;
    const next = await read(`${mine}&order=oldest-first&limit=2&cursor=${page.nextCursor}`);
    expect(names(next.body.items)).toEqual(['셋']);
    for (const bad of ['after=1', 'order=oldest-first&after=-1', 'order=backwards', 'action=Edit'])
      expect((await read(bad)).body.code).toBe('REQUEST_INVALID');
    expect((await read(`cursor=${page.nextCursor}`)).body.code).toBe('CURSOR_INVALID');
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])('takes no %s', async (method) => {
    expect((await api.call(method, '/v1/audit-log', { token: admin.token })).body.code).toBe('METHOD_NOT_ALLOWED');
  });
});

describe('roles of callers', () => {
  it.each(['buyer', 'operator', 'admin'] as Role[])('%s sees the own account only under /v1/me', async (role) => {
    const { token, accountId } = await makeAccount(database.db, role);
    expect((await api.call('GET', '/v1/me', { token })).body).toMatchObject({ accountId, role });
  });
});

describe('a lost password', () => {
  const reset = (by: TestAccount, accountId: number) =>
    api.call('POST', `/v1/accounts/${accountId}/one-time-password`, { token: by.token });
  const signIn = (body: object) => api.call('POST', '/v1/sessions', { body });

  it('is replaced by one for a single sign-in, which ends everything before it', async () => {
    const { accountId, email, token } = await buyer();
    const { status, body } = await reset(admin, accountId);
    expect({ status, needed: body.account.passwordChangeNeeded }).toEqual({ status: 200, needed: true });
    expect((await api.call('GET', '/v1/me', { token })).body.code).toBe('TOKEN_INVALID');
    expect((await signIn({ email, password: PASSWORD })).body.code).toBe('INVALID_CREDENTIALS');
    const password = body.oneTimePassword;
    expect((await signIn({ email, password })).body.code).toBe('PASSWORD_CHANGE_NEEDED');
    const own = 'winter reading weather';
    expect((await signIn({ email, password, newPassword: own })).status).toBe(201);
    expect((await signIn({ email, password })).body.code).toBe('INVALID_CREDENTIALS');
    expect((await signIn({ email, password: own })).status).toBe(201);
    const [entry] = (await audit(`account:${accountId}`)).filter(
      ({ action }: { action: string }) => action === 'account.reset-password',
    );
    expect(entry).toMatchObject({ after: { passwordChangeNeeded: true } });
    expect(JSON.stringify(entry)).not.toContain(password);
  });

  it('revokes the API keys of the account, and the account and all admins are told by mail', async () => {
    const owner = await makeAccount(database.db, 'operator');
    const make = () =>
      api.call('POST', '/v1/api-keys', { token: owner.token, body: { name: 'Warehouse', permissions: ['run.read'] } });
    const { key } = (await make()).body;
    const { key: revoked, keyId } = (await make()).body;
    await api.call('DELETE', `/v1/api-keys/${keyId}`, { token: owner.token });
    expect((await api.call('GET', '/v1/runs', { token: key })).status).toBe(200);
    const { body } = await reset(admin, owner.accountId);
    for (const one of [key, revoked])
      expect((await api.call('GET', '/v1/runs', { token: one })).body.code).toBe('TOKEN_INVALID');
    const [entry] = (await audit(`account:${owner.accountId}`)).filter(
      ({ action }: { action: string }) => action === 'account.reset-password',
    );
    expect(entry.after).toEqual({ passwordChangeNeeded: true, apiKeysRevoked: 1 });
    const another = await makeAccount(database.db, 'admin', { email: 'another-admin@example.com' });
    const events = () => change(database.db, 'DELETE FROM outbox_inbox');
    for (const to of [owner.email, admin.email, another.email]) {
      await events(); // each look sends all of them
      const letter = (await mailsTo(database.db, to)).filter(({ text }) => text.includes(owner.email)).at(-1);
      expect(letter?.text).toContain(`The admin ${admin.email} gave the account ${owner.email}`);
      expect(letter?.text).toContain('1 of its API keys were revoked');
      expect(letter?.text).not.toContain(body.oneTimePassword);
    }
  });

  it('is for admins to replace, and not their own', async () => {
    const { accountId } = await buyer();
    expect((await reset(operator, accountId)).body.code).toBe('FORBIDDEN');
    expect((await reset(admin, admin.accountId)).body.code).toBe('FORBIDDEN');
    expect((await reset(admin, 999_999)).body.code).toBe('ACCOUNT_NOT_FOUND');
  });
});
