/** Pages of other origins: which may call, and what they may read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../infra/config.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const SHOP = 'https://shop.example.com';
const ORIGINS = `${SHOP}, http://localhost:5173`;

let database: TestDatabase;
let api: RunningApi;
let closed: RunningApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url, { MAGAM_CORS_ORIGINS: ORIGINS });
  closed = await startApi(database.url);
});
afterAll(async () => {
  await api?.stop();
  await closed?.stop();
  await database?.drop();
});

const preflight = (server: RunningApi, origin: string, path = '/v1/runs') =>
  fetch(`${server.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
    },
  });
const allowedOrigin = (answer: { headers: Headers }) => answer.headers.get('access-control-allow-origin');

describe('a preflight', () => {
  it.each([SHOP, 'http://localhost:5173'])('of %s is answered without a sign-in, and may be kept', async (origin) => {
    const answer = await preflight(api, origin);
    expect([answer.status, allowedOrigin(answer)]).toEqual([204, origin]);
    expect(answer.headers.get('access-control-max-age')).toBe('600');
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    const headers = answer.headers.get('access-control-allow-headers')?.toLowerCase() ?? '';
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'if-match'])
      expect(headers).toContain(name);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it.each(['https://evil.example', 'https://shop.example.com.evil.example', 'http://shop.example.com', 'null'])(
    'of %s is not allowed',
    async (origin) => {
      expect(allowedOrigin(await preflight(api, origin))).toBeNull();
    },
  );

  it('is nothing special where no origins are configured', async () => {
    const answer = await preflight(closed, SHOP);
    expect([answer.status, allowedOrigin(answer)]).toEqual([204, null]);
    expect(answer.headers.get('access-control-allow-methods')).toBeNull();
  });

  it('is told from other questions about a path', async () => {
    const answer = await fetch(`${api.url}/v1/runs`, { method: 'OPTIONS' });
    expect(answer.headers.get('allow')).toContain('GET');
  });
});

describe('a call', () => {
  it('of an allowed origin may read the headers that our answers carry, also those of a refusal', async () => {
    for (const path of ['/v1/categories', '/v1/runs', '/v1/nothing']) {
      const answer = await api.call('GET', path, { headers: { Origin: SHOP } });
      expect([path, allowedOrigin(answer)]).toEqual([path, SHOP]);
      const exposed = answer.headers.get('access-control-expose-headers') ?? '';
      for (const name of ['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Idempotency-Replayed'])
        expect(exposed.split(',')).toContain(name);
    }
  });

  it('of another origin gets no leave, and no answer is given to one origin that was kept for another', async () => {
    const other = await api.call('GET', '/v1/categories', { headers: { Origin: 'https://evil.example' } });
    const none = await api.call('GET', '/v1/categories');
    for (const answer of [other, none]) {
      expect(allowedOrigin(answer)).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });
});

describe('the setting', () => {
  it.each(['*', 'shop.example.com', 'https://shop.example.com/', 'https://shop.example.com/page', 'ftp://x.example'])(
    'refuses %s',
    (origins) => {
      expect(() => readConfig({ NODE_ENV: 'test', MAGAM_CORS_ORIGINS: origins })).toThrow(
        /MAGAM_CORS_ORIGINS must be origins/,
      );
    },
  );
});
