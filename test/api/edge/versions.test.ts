/** Changes that meet: ETag, If-Match, If-None-Match. */
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let buyer: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  buyer = await makeAccount(database.db, 'buyer');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const rename = (displayName: string, ifMatch?: string) =>
  api.call('PATCH', '/v1/me', {
    token: buyer.token,
    body: { displayName },
    headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch },
  });
const read = () => api.call('GET', '/v1/me', { token: buyer.token });

describe('If-Match', () => {
  it('lets the first of two changes through and refuses the second, which changes nothing', async () => {
    const tag = (await read()).headers.get('etag') ?? '';
    const first = await rename('first', tag);
    expect({ status: first.status, etag: first.headers.get('etag') }).not.toMatchObject({ etag: tag });
    const second = await rename('second', tag);
    expect({ status: second.status, code: second.body.code }).toEqual({ status: 412, code: 'VERSION_CONFLICT' });
    expect((await read()).body.displayName).toBe('first');
  });

  it.each([
    ['a weak tag, as a proxy that packs answers makes it', (tag: string) => `W/${tag}`],
    ['one of several', (tag: string) => `"v999", ${tag}`],
    ['any', () => '*'],
  ])('takes %s', async (_what, made) => {
    const tag = (await read()).headers.get('etag') ?? '';
    expect((await rename('again', made(tag))).status).toBe(200);
  });

  it.each(['"v0"', 'v1', '""', '"v', ','])('%s is not a version', async (tag) => {
    expect((await rename('never', tag)).body.code).toBe('VERSION_CONFLICT');
  });
});

/** fetch would ask caches for a fresh answer, and would get one. */
const statusOf = (ifNoneMatch: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${buyer.token}`, 'If-None-Match': ifNoneMatch };
    get(`${api.url}/v1/me`, { headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });

it('If-None-Match gives 304 until something is new', async () => {
  const tag = (await read()).headers.get('etag') ?? '';
  expect(await statusOf(tag)).toBe(304);
  await rename('new again');
  expect(await statusOf(tag)).toBe(200);
});
