/** What every answer of the server has in common. */
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import helmet from 'helmet';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url, { MAGAM_METRICS_TOKEN: 'the-token-of-the-metrics' });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

describe('probes', () => {
  it('says that it lives and that it is ready', async () => {
    expect((await api.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
    const ready = async () => {
      const answer = await api.call('GET', '/readyz');
      return answer.body.status === 'ok' ? answer : undefined; // on a busy machine Redis is reached a moment later
    };
    const { status, body } = await until(ready, 'the server is ready');
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'ok', database: 'ok', redis: 'ok', openBreakers: [] },
    });
  });

  it('shows metrics to clients with the token', async () => {
    expect((await api.call('GET', '/metrics')).status).toBe(401);
    expect((await api.call('GET', '/metrics', { token: 'another-token-altogether' })).status).toBe(401);
    const { status, text } = await api.call('GET', '/metrics', { token: 'the-token-of-the-metrics' });
    expect(status).toBe(200);
    expect(text).toMatch(/^magam_http_request_duration_seconds_count\{.*route="\/readyz".*\} 1$/m);
    expect(text).toMatch(/^magam_database_pool_connections\{state="free"\} \d+$/m);
    expect(text).toContain('magam_parked_entries 0');
  });
});

describe('problems', () => {
  it.each([
    ['GET', '/nothing/here', 404, 'ROUTE_NOT_FOUND'],
    ['DELETE', '/healthz', 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/problems/%E0%A4%A', 400, 'REQUEST_INVALID'],
    ['GET', '/problems/NO_SUCH_CODE', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/problems/constructor', 404, 'ROUTE_NOT_FOUND'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await api.call(method, path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ type: `/problems/${code}`, status, code });
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  });

  it('name the methods that an address knows', async () => {
    expect((await api.call('PUT', '/healthz')).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it.each([
    ['half a surrogate pair', '\ud83d', '#/%EF%BF%BD'],
    ['a pair that is cut in two', `${'a'.repeat(99)}😀`, `#/${'a'.repeat(99)}%EF%BF%BD`],
    ['a slash and a tilde', 'a/b~', '#/a~1b~0'],
    ['the name of the prototype', '__proto__', '#/__proto__'],
  ])('name a field that is not known: %s', async (_what, field, pointer) => {
    const body = `{${JSON.stringify(field)}: 1}`;
    const headers = { 'Content-Type': 'application/json' };
    const { status, body: problem } = await api.call('POST', '/v1/sessions', { body, headers });
    expect(status).toBe(400);
    expect(problem.errors).toContainEqual({ in: 'body', pointer, message: 'is not known here' });
  });

  it('are explained at the address of their type', async () => {
    const { body } = await api.call('GET', '/problems/RATE_LIMITED');
    expect(body).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  });
});

describe('request ids', () => {
  it('are taken from the client when harmless, and made otherwise', async () => {
    const taken = await api.call('GET', '/healthz', { headers: { 'X-Request-Id': 'trace-7' } });
    expect(taken.headers.get('x-request-id')).toBe('trace-7');
    const made = await api.call('GET', '/healthz', { headers: { 'X-Request-Id': 'a"b{}' } });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('stand in the log line of the request', async () => {
    await api.call('GET', '/healthz', { headers: { 'X-Request-Id': 'trace-8' } });
    const line = api
      .log()
      .split('\n')
      .find((text) => text.includes('trace-8'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      method: 'GET',
      route: '/healthz',
      status: 200,
      requestId: 'trace-8',
    });
  });
});

it('logs the address of a client that does not wait for its answer', async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  // The server has looked at the connection once it has answered on it.
  socket.write('GET /healthz HTTP/1.1\r\nHost: magam\r\n\r\n');
  await once(socket, 'data');
  socket.write('GET /readyz HTTP/1.1\r\nHost: magam\r\nX-Request-Id: hit-and-run\r\n\r\n', () =>
    socket.resetAndDestroy(),
  );
  const line = () =>
    api
      .log()
      .split('\n')
      .find((text) => text.includes('hit-and-run'));
  await until(() => line() !== undefined, 'the request is logged');
  expect(JSON.parse(line() ?? '{}')).toMatchObject({ ip: '127.0.0.1' });
});

/** What is sent to a client that names no encodings unless it is told to; fetch always names some. */
async function plain(path: string, headers: http.OutgoingHttpHeaders = {}, method = 'GET') {
  const request = http.request(`${api.url}${path}`, { method, headers, agent: false }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}

describe('an encoding', () => {
  it('is used where the client takes it, and the answer is the same', async () => {
    const [packed, bare] = [await plain('/openapi.json', { 'Accept-Encoding': 'gzip' }), await plain('/openapi.json')];
    expect([packed.headers['content-encoding'], bare.headers['content-encoding']]).toEqual(['gzip', undefined]);
    expect(gunzipSync(packed.body).equals(bare.body)).toBe(true);
    expect(bare.headers['content-length']).toBe(String(bare.body.length));
  });

  it.each([
    ['/v1/products', 'Accept-Encoding'],
    ['/healthz', 'Accept-Encoding'],
    ['/nothing/here', 'Accept-Language, Accept-Encoding'],
    ['/docs/favicon-32x32.png', undefined],
  ])('is what %s varies by (%s), asked for or not', async (path, vary) => {
    for (const headers of [{}, { 'Accept-Encoding': 'gzip' }, { 'Accept-Encoding': 'identity' }])
      expect((await plain(path, headers)).headers.vary).toBe(vary);
  });
});

it.each(['/HEALTHZ', '/healthz/', '/healthz?from=a-watcher'])('answers %s as /healthz', async (path) => {
  const [known, asked, head] = [await plain('/healthz'), await plain(path), await plain(path, {}, 'HEAD')];
  expect({ status: asked.status, body: String(asked.body) }).toEqual({ status: 200, body: String(known.body) });
  expect({ status: head.status, length: head.headers['content-length'] }).toEqual({
    status: 200,
    length: known.headers['content-length'],
  });
});

it('sends the headers that helmet sends', async () => {
  const app = express().disable('x-powered-by').use(helmet());
  const server = app.get('/', (_req, res) => void res.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wanted = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  server.close();
  const { headers } = await api.call('GET', '/healthz');
  const own = ['connection', 'content-length', 'content-security-policy', 'date', 'keep-alive'];
  const names = [...wanted.headers.keys()].filter((name) => !own.includes(name));
  expect(names.length).toBeGreaterThan(8);
  expect(names.map((name) => [name, headers.get(name)])).toEqual(names.map((name) => [name, wanted.headers.get(name)]));
});

it('sends the security headers and no trace of the framework', async () => {
  const { headers } = await api.call('GET', '/healthz');
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('cache-control')).toBe('no-store');
});
