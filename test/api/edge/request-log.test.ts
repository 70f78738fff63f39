/** The log: a line for every request, none lost when the process ends, and no secret in any. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '../../../api/main.js';
import { makeAccount, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

type Line = Readonly<Record<string, unknown>>;

let database: TestDatabase;
let api: ApiProcess;
let buyer: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  buyer = await makeAccount(database.db, 'buyer');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

/** The JSON lines of a text; the notes between them are for people. */
const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

describe('of a process that was told to stop', () => {
  const ids = Array.from({ length: 400 }, (_, i) => `kept-${i}`);
  let lines: Line[];
  let text: string;

  beforeAll(async () => {
    api = await spawnApi(database.url);
    const { token } = buyer;
    await api.call('POST', '/v1/sessions', { body: { email: buyer.email, password: PASSWORD } });
    await api.call('POST', '/v1/sessions', { body: { email: buyer.email, password: 'a wrong secret of mine' } });
    await api.call('GET', '/v1/products?text=accessToken-in-a-query', {
      token,
      headers: { Cookie: 'crumb=of-a-cookie' },
    });
    const calls = ids.map((id) => api.call('GET', '/healthz', { token, headers: { 'X-Request-Id': id } }));
    await Promise.all(calls);
    expect(await api.stop()).toBe(0);
    text = api.log();
    lines = linesOf(text);
  });

  it('has a line for every request that was answered', () => {
    const logged = new Set(lines.map(({ requestId }) => requestId));
    expect(ids.filter((id) => !logged.has(id))).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('has no field twice in a line', () => {
    const written = text.split('\n').filter((line) => line.startsWith('{'));
    expect(written.filter((line) => JSON.stringify(JSON.parse(line)) !== line)).toEqual([]);
  });

  it('says of a request what happened, and nothing else', () => {
    const line = lines.find(({ path }) => path === '/v1/products');
    expect(Object.keys(line ?? {}).sort()).toEqual(
      ['accountId', 'hostname', 'ip', 'level', 'method', 'ms', 'msg', 'name', 'path', 'pid', 'requestId', 'role']
        .concat(['route', 'status', 'time'])
        .sort(),
    );
    expect(line).toMatchObject({ role: 'buyer', accountId: buyer.accountId, route: '/v1/products', status: 200 });
    expect(lines.find(({ code }) => code !== undefined)).toMatchObject({ code: 'INVALID_CREDENTIALS', status: 401 });
  });

  it('has nothing of passwords, tokens, cookies and queries', () => {
    for (const secret of [PASSWORD, 'a wrong secret of mine', buyer.token, 'of-a-cookie', 'in-a-query'])
      expect(text).not.toContain(secret);
  });
});

it('cuts out what has the name of a secret, however deep it stands', () => {
  let written = '';
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      written += String(chunk);
      done();
    },
  });
  const { log } = openLog('info', sink);
  log.info({
    password: 'hush-0',
    request: { authorization: 'hush-1', body: { refreshToken: 'hush-2' } },
    kept: 'seen',
  });
  expect(written).not.toContain('hush');
  expect(written.match(/\[secret\]/g)).toHaveLength(3);
  expect(written).toContain('seen');
});
