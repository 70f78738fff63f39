/** How much a server takes on: calls at once, downloads and event streams at once, bodies that come after the answer. */
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Admission } from '../../../api/edge/admission.js';
import { createApp } from '../../../api/edge/app.js';
import { callersThatStand } from '../../../api/edge/authenticate.js';
import { fixedAnswer } from '../../../api/edge/fixed-answer.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { OpenStreams, type StreamKind } from '../../../api/edge/open-streams.js';
import { ok } from '../../../api/edge/reply.js';
import { openLog } from '../../../api/edge/request-log.js';
import { type Route, route } from '../../../api/edge/route.js';
import { readConfig } from '../../../infra/config.js';
import { change } from '../../../infra/database.js';
import { type Listening, listen } from '../../../infra/listening.js';
import type { Caller } from '../../../kernel/access.js';
import { MagamError } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const LIMITS = {
  downloads: { max: 4, perAccount: 2, deadlineMs: 600_000 },
  streams: { max: 4, perAccount: 2, deadlineMs: 600_000 },
};

let database: TestDatabase;
let server: Listening;
const callers = new Map<string, Caller>();
let admission: Admission;
/** More than the system keeps for somebody who does not read (bytes). */
const LARGE = 64_000_000;
/** Lets calls go that wait. */
let release: () => void = () => undefined;
let waiting: Promise<void>;
/** Calls of the large answer. */
let large = 0;
const requests: ClientRequest[] = [];

const plain = { method: 'get', operationId: 'testCall', tag: 'Test', permission: 'catalogue.read' } as const;
const waits = (path: string, more: Partial<Route> = {}): Route =>
  route({
    ...plain,
    path,
    summary: 'Wait',
    answer: { status: 200, description: 'Done.' },
    handle: async () => {
      await waiting;
      return ok(undefined);
    },
    ...(more as object),
  });
const posts = (path: string, takes: Partial<Route>): Route =>
  waits(path, { method: 'post', handle: async () => ok(undefined), ...takes });
const streams = (kind: StreamKind): Route =>
  route({
    ...plain,
    path: `/v1/${kind}`,
    summary: 'Stream',
    answer: { status: 200, description: 'Bits.', contentType: 'text/plain' },
    handle: async () => ({
      status: 200,
      kind,
      contentType: 'text/plain',
      endless: kind === 'events',
      write: async (out, signal) => {
        out.write('begun\n');
        if (!signal.aborted) await once(signal, 'abort');
      },
    }),
  });

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

beforeEach(async () => {
  waiting = new Promise((resolve) => {
    release = resolve;
  });
  admission = new Admission(3);
  large = 0;
  const app = createApp(
    [
      waits('/v1/waits'),
      waits('/v1/hook', { essential: true }),
      waits('/probe', { probe: true }),
      waits('/v1/large', {
        handle: async () => {
          large += 1;
          return { status: 200, json: `"${'x'.repeat(LARGE)}"` };
        },
      }),
      posts('/v1/json', { body: z.unknown() }),
      posts('/v1/raw', { rawBody: { contentType: 'text/plain', description: 'Bytes.', bytesMax: 100 } }),
      streams('download'),
      streams('events'),
    ],
    {
      db: database.db,
      log: openLog('silent', new Writable({ write: (_chunk, _encoding, done) => done() })),
      metrics: openMetrics(database.db, readConfig({ NODE_ENV: 'test' })),
      authenticate: async (token) => {
        const caller = callers.get(token);
        if (caller === undefined) throw new MagamError('TOKEN_INVALID');
        return caller;
      },
      draining: new AbortController().signal,
      limit: async () => undefined,
      admission,
      readMs: 2_000,
      bodyMs: 300,
      streams: new OpenStreams(LIMITS, callersThatStand(database.db), 20),
      hashKey: 'k',
      trustProxy: 0,
      docsPage: true,
      version: '1',
    },
  );
  server = await listen(app, '127.0.0.1', 0);
});
afterEach(async () => {
  release();
  for (const one of requests.splice(0)) one.destroy();
  await server.stop(0, 500);
});

const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

/** Signs somebody in; the token names the caller. */
async function signIn(role: Caller['role'], sellerId: string | null = null): Promise<string> {
  const more = sellerId === null ? {} : { sellerId };
  const { accountId, sessionId } = await makeAccount(database.db, role, more);
  const token = `token-${sessionId}`;
  callers.set(token, { accountId, sessionId, role, sellerId });
  return token;
}

interface Opened {
  readonly status: number;
  readonly text: () => string;
  /** How the answer ended. */
  readonly ended: Promise<'whole' | 'cut'>;
  readonly leave: () => void;
}

async function open(path: string, token: string): Promise<Opened> {
  const req = request(url(path), { headers: { Authorization: `Bearer ${token}` }, agent: false });
  requests.push(req);
  req.on('error', () => undefined).end();
  const [res] = await once(req, 'response');
  let text = '';
  res.on('data', (bytes: Buffer) => {
    text += String(bytes);
  });
  const ended = new Promise<'whole' | 'cut'>((resolve) => {
    res.on('end', () => resolve('whole')).on('error', () => resolve('cut'));
  });
  return { status: res.statusCode, text: () => text, ended, leave: () => req.destroy() };
}
const statusesOf = async (path: string, tokens: readonly string[]): Promise<number[]> => {
  const statuses: number[] = [];
  for (const token of tokens) statuses.push((await open(path, token)).status);
  return statuses;
};

describe('calls at once', () => {
  it('beyond the limit are refused at once, and places are given back; probes and webhooks still go', async () => {
    const flood = Array.from({ length: 200 }, () => fetch(url('/v1/waits')));
    // The last of those that are refused come while three wait.
    const refused: Response[] = [];
    for (const one of flood) void one.then((answer) => (answer.status === 503 ? refused.push(answer) : undefined));
    await until(() => refused.length === 197, '197 are refused');
    expect(admission.inFlight).toBe(3);
    expect(await refused[0]?.json()).toMatchObject({ code: 'SERVER_BUSY' });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const [hook, probe] = [fetch(url('/v1/hook')), fetch(url('/probe'))];
    await until(() => admission.inFlight === 4, 'the webhook has a place of the reserve');
    expect((await fetch(url('/v1/hook'))).status).toBe(503);
    release();
    const statuses = (await Promise.all([...flood, hook, probe])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    await until(() => admission.inFlight === 0, 'all places are free');
    expect((await fetch(url('/v1/waits'))).status).toBe(200);
  });

  it('of a client that does not read the answer give their place back', async () => {
    const sockets = [1, 2, 3].map(() =>
      connect(server.port, '127.0.0.1')
        .on('error', () => undefined)
        .pause(),
    );
    for (const socket of sockets) socket.write('GET /v1/large HTTP/1.1\r\nHost: magam\r\n\r\n');
    await until(() => large === 3, 'three were taken');
    await until(() => admission.inFlight === 0, 'all places are free');
    for (const socket of sockets) socket.destroy();
  });

  it('of somebody who goes away give their place back', async () => {
    const left = new AbortController();
    const calls = [1, 2, 3].map(() => fetch(url('/v1/waits'), { signal: left.signal }).catch(() => undefined));
    await until(() => admission.inFlight === 3, 'three are in hand');
    left.abort();
    await Promise.all(calls);
    await until(() => admission.inFlight === 0, 'all places are free');
  });
});

describe.each<[string, number]>([
  ['/v1/download', 0],
  ['/v1/events', 0],
])('answers of %s', (path) => {
  it('are shared: an account and a seller have a limited number, and others and staff find a place', async () => {
    const [seller, colleague] = [await signIn('seller', 'S1'), await signIn('seller', 'S1')];
    expect(await statusesOf(path, [seller, colleague, seller, colleague])).toEqual([200, 200, 429, 429]);
    const [other, third] = [await signIn('seller', 'S2'), await signIn('seller', 'S3')];
    expect(await statusesOf(path, [other, third])).toEqual([200, 503]);
    const [operator, second] = [await signIn('operator'), await signIn('operator')];
    expect(await statusesOf(path, [operator, second])).toEqual([200, 503]);
    expect(admission.inFlight).toBe(0); // they have places of their own
    requests[0]?.destroy();
    await until(async () => (await open(path, second)).status === 200, 'the place that was left is free');
    await until(() => admission.inFlight === 0, 'the end of a stream gives back no place of another call');
  });

  it('end when their reader is locked or signed out, and no others', async () => {
    const [locked, ended, promoted, stays] = await Promise.all(
      (['seller', 'seller', 'buyer', 'operator'] as const).map((role, n) =>
        signIn(role, role === 'seller' ? `L${n}` : null),
      ),
    );
    const of = (token: string) => callers.get(token) as Caller;
    const opened: Opened[] = [];
    for (const token of [locked, ended, promoted]) opened.push(await open(path, token as string));
    const last = await open(path, stays as string);
    expect([...opened, last].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await change(database.db, `UPDATE account SET status = 'LOCKED' WHERE account_id = ?`, [
      of(locked as string).accountId,
    ]);
    await change(
      database.db,
      `UPDATE account_session SET ended_at = UTC_TIMESTAMP(3), ended_reason = 'SIGNED_OUT' WHERE session_id = ?`,
      [of(ended as string).sessionId],
    );
    await change(database.db, `UPDATE account SET role = 'operator' WHERE account_id = ?`, [
      of(promoted as string).accountId,
    ]);
    // Half a download must not look like a whole one; an event stream just ends.
    const how = path === '/v1/download' ? 'cut' : 'whole';
    for (const { ended: end } of opened) expect(await end).toBe(how);
    expect(await Promise.race([last.ended, Promise.resolve('goes on')])).toBe('goes on');
  });
});

it('an answer that takes longer than it may is ended', async () => {
  const places = new OpenStreams(
    { ...LIMITS, downloads: { ...LIMITS.downloads, deadlineMs: 1 } },
    async (all) => new Set(all),
  );
  const place = places.enter('download', { accountId: 1, sessionId: 's', role: 'buyer', sellerId: null });
  if (!place.signal.aborted) await once(place.signal, 'abort');
  expect(String(place.signal.reason)).toContain('longer than it may');
  place.leave();
});

it('a database that is away ends nobody', async () => {
  let asked = 0;
  const places = new OpenStreams(
    LIMITS,
    async () => {
      asked += 1;
      throw new Error('away');
    },
    1,
  );
  const place = places.enter('events', { accountId: 1, sessionId: 's', role: 'buyer', sellerId: null });
  await until(() => asked >= 2, 'it has looked twice');
  expect(place.signal.aborted).toBe(false);
  place.leave();
});

it('a body that goes on after the answer is cut off', async () => {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes) => {
    answer += String(bytes);
  });
  const closed = new Promise<boolean>((resolve) => {
    socket.on('close', () => resolve(true)).on('error', () => undefined);
  });
  socket.write('POST /v1/nothing HTTP/1.1\r\nHost: magam\r\nTransfer-Encoding: chunked\r\n\r\n');
  const sending = setInterval(() => socket.write('1\r\nx\r\n'), 20);
  await until(() => answer.includes('404 Not Found'), 'it is answered');
  expect(await closed).toBe(true);
  clearInterval(sending);
});

it.each(['/v1/json', '/v1/raw'])('%s: a body that comes byte by byte is cut off', async (path) => {
  const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: magam\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const sending = setInterval(() => socket.write('1\r\n \r\n'), 20);
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  clearInterval(sending);
  expect(answer).toBe('');
});

it('a body that is left to the handler has a limit, too', async () => {
  const statusOf = async (bytes: number) =>
    (await fetch(url('/v1/raw'), { method: 'POST', body: 'x'.repeat(bytes) })).status;
  expect([await statusOf(100), await statusOf(101)]).toEqual([200, 413]);
});

it('a body that ends soon after the answer leaves the connection to the next call', async () => {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes) => {
    answer += String(bytes);
  });
  socket.write('POST /v1/nothing HTTP/1.1\r\nHost: magam\r\nContent-Length: 2\r\n\r\nx');
  await until(() => answer.includes('404 Not Found'), 'it is answered');
  socket.write('yGET /openapi.json HTTP/1.1\r\nHost: magam\r\n\r\n');
  await until(() => answer.includes('200 OK'), 'the next call is answered');
  socket.destroy();
});

describe('the document and its page', () => {
  it.each(['/openapi.json', '/docs', '/docs/swagger-ui-bundle.js'])('%s is packed once, with a tag', async (path) => {
    const plainText = await (await fetch(url(path), { headers: { 'Accept-Encoding': 'identity' } })).text();
    for (const encoding of ['br', 'gzip']) {
      const answer = await fetch(url(path), { headers: { 'Accept-Encoding': encoding } });
      expect(answer.headers.get('content-encoding')).toBe(encoding);
      expect(answer.headers.get('vary')).toContain('Accept-Encoding');
      expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0); // it is known before: not packed on its way
      expect(await answer.text()).toBe(plainText);
      const tag = answer.headers.get('etag') ?? '';
      const headers = { 'Accept-Encoding': encoding, 'If-None-Match': tag, 'Cache-Control': 'max-age=0' };
      expect((await fetch(url(path), { headers })).status).toBe(304);
    }
  });

  it('is the same packed bytes for everybody', async () => {
    const sent: unknown[] = [];
    const res = { set: () => res, type: () => res, vary: () => res, send: (body: unknown) => sent.push(body) };
    const answer = fixedAnswer('json', () => '{}');
    for (let n = 0; n < 2; n += 1)
      await answer({ acceptsEncodings: () => 'br' } as never, res as never, () => undefined);
    expect(sent[1]).toBe(sent[0]);
  });

  it('is counted like a call', async () => {
    const app = createApp([], {
      db: database.db,
      log: openLog('silent', new Writable({ write: (_chunk, _encoding, done) => done() })),
      metrics: openMetrics(database.db, readConfig({ NODE_ENV: 'test' })),
      authenticate: () => Promise.reject(new MagamError('TOKEN_INVALID')),
      draining: new AbortController().signal,
      limit: () => Promise.reject(new MagamError('RATE_LIMITED')),
      hashKey: 'k',
      trustProxy: 0,
      docsPage: true,
      version: '1',
    });
    const other = await listen(app, '127.0.0.1', 0);
    for (const path of ['/openapi.json', '/docs', '/docs/start.js', '/docs/swagger-ui.css'])
      expect((await fetch(`http://127.0.0.1:${other.port}${path}`)).status).toBe(429);
    await other.stop(0, 500);
  });
});
