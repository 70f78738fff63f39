/** Header fields of answers: those that the OpenAPI document lists at an answer are sent with it, and no others that it knows. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount } from '../../support/accounts.js';
import { type Document, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const LIMITED = ['RateLimit', 'RateLimit-Policy', 'X-Request-Id'];

let database: TestDatabase;
let api: RunningApi;
let document: Document;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  token = (await makeAccount(database.db, 'operator')).token;
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

/** The fields that the document knows which an answer has, and those that the document lists at it. */
async function compare(method: string, path: string, init: RequestInit = {}, url = api.url) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...init.headers };
  const answer = await fetch(`${url}${path}`, { ...init, method, headers });
  await answer.text();
  const known = Object.keys(document.components?.headers ?? {});
  const operation = document.paths[path.split('?', 1)[0] ?? '']?.[method.toLowerCase()];
  const listed = operation?.responses[answer.status]?.headers ?? {};
  return {
    status: answer.status,
    answer,
    sent: known.filter((name) => answer.headers.has(name)).sort(),
    listed: Object.keys(listed).sort(),
  };
}

const promotion = (name: string): RequestInit => ({
  headers: { 'Idempotency-Key': name },
  body: JSON.stringify({ name, kind: 'PERCENT', rate: '10', currency: 'KRW', startsAt: '2026-06-30T15:00:00.000Z' }),
});

it('are the tag of the object read, and of one that the client already has', async () => {
  const { status, sent, listed, answer } = await compare('GET', '/v1/me');
  expect({ status, sent }).toEqual({ status: 200, sent: ['ETag', ...LIMITED] });
  expect(listed).toEqual(sent);
  // fetch would add `Cache-Control: no-cache`, which asks for the whole answer.
  const asked = { 'If-None-Match': answer.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' };
  const known = await compare('GET', '/v1/me', { headers: asked });
  expect(known).toMatchObject({ status: 304, sent, listed });
});

it('are address and tag of a new object, and tell when it was made before', async () => {
  const first = await compare('POST', '/v1/promotions', promotion('summer'));
  expect(first).toMatchObject({ status: 201, sent: ['ETag', 'Location', ...LIMITED] });
  const again = await compare('POST', '/v1/promotions', promotion('summer'));
  expect(again).toMatchObject({ status: 201, sent: ['ETag', 'Idempotency-Replayed', 'Location', ...LIMITED] });
  expect(again.listed).toEqual(again.sent);
});

it('are no tag where nothing is named by it', async () => {
  const { status, sent, listed } = await compare('PATCH', '/v1/me', { body: '{}', headers: { 'If-Match': '"v99"' } });
  expect({ status, sent, listed }).toEqual({ status: 412, sent: LIMITED, listed: LIMITED });
  const wrong = await compare('POST', '/v1/sessions', { headers: { Authorization: '' }, body: '{}' });
  expect(wrong).toMatchObject({ status: 400, sent: LIMITED, listed: LIMITED });
});

it('are how to sign in, where nobody has', async () => {
  const { status, sent, listed } = await compare('GET', '/v1/me', { headers: { Authorization: '' } });
  expect({ status, sent }).toEqual({ status: 401, sent: [...LIMITED.slice(0, 2), 'WWW-Authenticate', 'X-Request-Id'] });
  expect(listed).toEqual(sent);
});

it('are when to come again, where somebody comes too often', async () => {
  const strict = await startApi(database.url, { MAGAM_RATE_LIMIT: '1' });
  await compare('GET', '/v1/me', {}, strict.url);
  const { status, sent, listed } = await compare('GET', '/v1/me', {}, strict.url);
  await strict.stop();
  expect({ status, sent }).toEqual({ status: 429, sent: [...LIMITED.slice(0, 2), 'Retry-After', 'X-Request-Id'] });
  expect(listed).toEqual(sent);
});
