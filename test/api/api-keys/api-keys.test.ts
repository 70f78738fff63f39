/** API keys: who may make which, what one opens, and how it ends. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change, type Db, select } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let db: Db;
let api: RunningApi;
let operator: TestAccount;
let seller: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  api = await startApi(database.url);
  operator = await makeAccount(db, 'operator');
  await makeSeller(db, 'S1');
  seller = await makeAccount(db, 'seller', { sellerId: 'S1' });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const make = (token: string, permissions: string[], more = {}): Promise<CallAnswer> =>
  api.call('POST', '/v1/api-keys', { token, body: { name: 'Warehouse', permissions, ...more } });
const list = (token: string): Promise<CallAnswer> => api.call('GET', '/v1/api-keys', { token });
const codeOf = ({ body }: CallAnswer): string | undefined => body?.code;

describe('a key', () => {
  it('is shown once, and kept as its hash', async () => {
    const made = await make(operator.token, ['run.read']);
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'Warehouse', permissions: ['run.read'], sellerId: null, status: 'ACTIVE', lastUsedAt: null },
    });
    const { key, keyId, beginning } = made.body;
    expect(key).toMatch(/^mgm_live_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(beginning)).toBe(true);
    expect(made.headers.get('location')).toBe(`/v1/api-keys/${keyId}`);
    const [row] = await select<Record<string, unknown>>(db, 'SELECT * FROM api_key WHERE key_id = ?', [keyId]);
    expect(row?.key_hash).toBe(sha256(key));
    expect(JSON.stringify(row)).not.toContain(key);
    expect((await list(operator.token)).text).not.toContain(key);
    const audit = await select(
      db,
      `SELECT after_json AS a FROM audit_log WHERE action = 'api-key.create' AND subject_id = ?`,
      [String(keyId)],
    );
    expect(JSON.stringify(audit)).not.toContain(key);
    expect(audit).toHaveLength(1);
  });

  it('has the permissions that it was given, and no other of its account', async () => {
    const { key } = (await make(operator.token, ['run.read'])).body;
    expect((await api.call('GET', '/v1/runs', { token: key })).status).toBe(200);
    const refused = await api.call('GET', '/v1/audit-log', { token: key });
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'API_KEY_PERMISSION_MISSING', details: { permission: 'audit.read' } },
    });
    for (const [method, path] of [
      ['GET', '/v1/me'],
      ['DELETE', '/v1/sessions/current'],
      ['GET', '/v1/api-keys'],
      ['GET', '/metrics'],
    ] as const)
      expect([path, (await api.call(method, path, { token: key })).status]).toEqual([path, 403]);
    expect((await api.call('GET', '/v1/categories', { token: key })).status).toBe(200); // for everybody
    expect((await api.call('GET', '/v1/runs', { token: `${key}x` })).body.code).toBe('TOKEN_INVALID');
    expect((await api.call('GET', '/v1/runs', { token: 'mgm_live_' })).body.code).toBe('TOKEN_INVALID');
  });

  it('is confined like its account: a seller sees what is its own', async () => {
    const { key, sellerId } = (await make(seller.token, ['seller.read'])).body;
    expect(sellerId).toBe('S1');
    expect((await api.call('GET', '/v1/sellers/S1', { token: key })).status).toBe(200);
    await makeSeller(db, 'S2');
    expect((await api.call('GET', '/v1/sellers/S2', { token: key })).status).toBe(403);
  });

  it('cannot be given what its maker may not do, nor what no key may', async () => {
    for (const [{ token }, permission] of [
      [seller, 'run.read'],
      [operator, 'category.edit'],
    ] as const) {
      const { status, body } = await make(token, [permission, 'event.read']);
      expect([permission, status]).toEqual([permission, permission === 'category.edit' ? 201 : 422]);
      if (status === 422)
        expect(body).toMatchObject({ code: 'API_KEY_PERMISSIONS_REFUSED', details: { refused: [permission] } });
    }
    for (const permission of ['api-key.edit', 'profile.edit', 'account.reset-password', 'nonsense', 'catalogue.read'])
      expect([permission, codeOf(await make(operator.token, [permission]))]).toEqual([permission, 'REQUEST_INVALID']);
    expect(codeOf(await make(operator.token, []))).toBe('REQUEST_INVALID');
    expect((await make((await makeAccount(db, 'buyer')).token, ['cart.edit'])).status).toBe(403);
  });

  it('is refused at once when it is revoked, and stays in the list', async () => {
    const { key, keyId } = (await make(seller.token, ['event.read'])).body;
    expect((await api.call('GET', '/v1/events', { token: key })).status).toBe(200);
    const revoke = (token: string) => api.call('DELETE', `/v1/api-keys/${keyId}`, { token });
    expect((await revoke((await makeAccount(db, 'seller', { sellerId: 'S7' })).token)).status).toBe(403);
    expect((await revoke(seller.token)).status).toBe(204);
    expect((await revoke(operator.token)).status).toBe(204); // again
    expect(await api.call('GET', '/v1/events', { token: key })).toMatchObject({
      status: 401,
      body: { code: 'TOKEN_INVALID' },
    });
    const { items } = (await list(seller.token)).body;
    expect(items[0]).toMatchObject({ keyId, status: 'REVOKED' });
    expect(items.every((item: { sellerId: string }) => item.sellerId === 'S1')).toBe(true);
    expect(codeOf(await api.call('DELETE', '/v1/api-keys/999999', { token: operator.token }))).toBe(
      'API_KEY_NOT_FOUND',
    );
  });

  it('ends with its time, with its account, and when its account acts for another business', async () => {
    const { key, keyId } = (await make(operator.token, ['run.read'], { expiresAt: '2999-01-01T00:00:00.000Z' })).body;
    const call = () => api.call('GET', '/v1/runs', { token: key });
    expect((await call()).status).toBe(200);
    await change(db, 'UPDATE api_key SET expires_at = UTC_TIMESTAMP(3) WHERE key_id = ?', [keyId]);
    expect(codeOf(await call())).toBe('TOKEN_INVALID');
    expect((await list(operator.token)).body.items[0]).toMatchObject({ keyId, status: 'EXPIRED' });
    const other = await makeAccount(db, 'seller', { sellerId: 'S1' });
    const ofOther = (await make(other.token, ['event.read'])).body.key;
    const events = () => api.call('GET', '/v1/events', { token: ofOther });
    expect((await events()).status).toBe(200);
    await change(db, `UPDATE account SET seller_id = 'S2' WHERE account_id = ?`, [other.accountId]);
    expect(codeOf(await events())).toBe('TOKEN_INVALID');
    await change(db, `UPDATE account SET seller_id = 'S1', status = 'LOCKED' WHERE account_id = ?`, [other.accountId]);
    expect(codeOf(await events())).toBe('ACCOUNT_LOCKED');
  });

  it('that would have expired already is not made', async () => {
    const before = (await list(operator.token)).body.items;
    const made = await make(operator.token, ['run.read'], { expiresAt: '2026-01-01T00:00:00.000Z' });
    expect([made.status, codeOf(made)]).toEqual([400, 'REQUEST_INVALID']);
    expect((await list(operator.token)).body.items).toEqual(before);
  });

  it('has a limit of its own', async () => {
    const { key } = (await make(operator.token, ['run.read'], { requestsPerMinute: 2 })).body;
    const call = () => api.call('GET', '/v1/runs', { token: key });
    const first = await call();
    expect(first.headers.get('ratelimit-policy')).toContain('q=2;');
    expect([(await call()).status, (await call()).status]).toEqual([200, 429]);
    expect((await api.call('GET', '/v1/runs', { token: operator.token })).status).toBe(200);
    const another = (await make(operator.token, ['run.read'], { requestsPerMinute: 2 })).body.key;
    expect((await api.call('GET', '/v1/runs', { token: another })).status).toBe(200);
  });

  it('has no higher limit than the server gives', async () => {
    const server = await startApi(database.url, { MAGAM_RATE_LIMIT: '50' });
    try {
      const body = { name: 'Warehouse', permissions: ['run.read'], requestsPerMinute: 51 };
      const made = await server.call('POST', '/v1/api-keys', { token: operator.token, body });
      expect(made.body.requestsPerMinute).toBe(50);
    } finally {
      await server.stop();
    }
  });

  it('names itself in the audit log and where it asks for something', async () => {
    const { key, keyId } = (await make(operator.token, ['category.edit'])).body;
    expect((await api.call('POST', '/v1/categories', { token: key, body: { name: 'Shoes' } })).status).toBe(201);
    const { body } = await api.call('GET', '/v1/audit-log?limit=1', { token: operator.token });
    expect(body.items[0]).toMatchObject({
      action: 'category.create',
      actorAccountId: operator.accountId,
      actorApiKeyId: keyId,
    });
    expect(api.log()).toContain(`"apiKeyId":${keyId}`);
  });

  it('notes when it was used, at most once a minute', async () => {
    const { key, keyId } = (await make(operator.token, ['run.read'])).body;
    const call = () => api.call('GET', '/v1/runs', { token: key });
    const usedAt = async (): Promise<string | null | undefined> =>
      (await select<{ at: string | null }>(db, 'SELECT last_used_at AS at FROM api_key WHERE key_id = ?', [keyId]))[0]
        ?.at;
    const set = (ago: string) =>
      change(db, `UPDATE api_key SET last_used_at = UTC_TIMESTAMP(3) - INTERVAL ${ago} WHERE key_id = ?`, [keyId]);
    await call();
    await until(async () => (await usedAt()) !== null, 'the first use is noted');
    await set('30 SECOND');
    const before = await usedAt();
    await call();
    await call(); // what the first one had noted would be there by now
    expect(await usedAt()).toBe(before);
    await set('61 SECOND');
    const old = await usedAt();
    await call();
    await until(async () => (await usedAt()) !== old, 'the next use is noted');
  });

  it('is not listed by the cursor of another list', async () => {
    const { token } = await makeAccount(db, 'operator');
    for (let n = 0; n < 2; n += 1) await make(token, ['event.read']);
    const { nextCursor } = (await api.call('GET', '/v1/api-keys?limit=1', { token })).body;
    expect((await api.call('GET', `/v1/api-keys?cursor=${nextCursor}`, { token })).status).toBe(200);
    const other = await api.call('GET', `/v1/invitations?cursor=${nextCursor}`, { token });
    expect(other.body.code).toBe('CURSOR_INVALID');
  });

  it('is one of at most twenty of a seller', async () => {
    await makeSeller(db, 'S20');
    const { token } = await makeAccount(db, 'seller', { sellerId: 'S20' });
    const made = await Promise.all(Array.from({ length: 30 }, () => make(token, ['event.read'])));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(codeOf(await make(token, ['event.read']))).toBe('API_KEYS_EXHAUSTED');
    const { keyId } = (await list(token)).body.items[0];
    await api.call('DELETE', `/v1/api-keys/${keyId}`, { token });
    expect((await make(token, ['event.read'])).status).toBe(201);
  });
});
