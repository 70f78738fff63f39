/** What a route promises of its handler, held by the edge: a handler that forgets it does not get through its first test. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createApp } from '../../../api/edge/app.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { ok } from '../../../api/edge/reply.js';
import { openLog } from '../../../api/edge/request-log.js';
import { type Call, type Route, route } from '../../../api/edge/route.js';
import { insertCategory, readCategories } from '../../../core/catalogue/stores/category.js';
import type { Tx } from '../../../infra/database.js';
import { type Listening, listen } from '../../../infra/listening.js';
import { listAudit } from '../../../infra/stores/audit-log.js';
import { errors } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let server: Listening;
let operator: TestAccount;
let buyer: TestAccount;
let lines = '';
const told: string[] = [];

const write = (tx: Tx, name: string) => insertCategory(tx, { parentId: null, level: 1, name });

type AnyCall = Call<unknown, unknown, unknown>;
const done = ok({ done: true });
const post = (
  path: string,
  promise: Pick<Route, 'idempotent' | 'versioned'>,
  handle: (call: AnyCall) => Promise<typeof done>,
): Route =>
  route({
    method: 'post',
    path,
    operationId: 'testCall',
    tag: 'Test',
    summary: path,
    permission: 'profile.edit',
    answer: { status: 200, description: 'Done.', schema: z.object({ done: z.boolean() }) },
    ...promise,
    handle,
  });

let attempts = 0;
/** Whether the writer of a stream was told that its reader had gone, when it began. */
let readerGone: boolean | undefined;

const routes: Route[] = [
  post('/idempotent/kept', { idempotent: true }, (call) => call.transact(async () => done)),
  post('/idempotent/forgotten', { idempotent: true }, async () => done),
  post('/versioned/kept', { versioned: true }, (call) =>
    call.transact(async (tx) => {
      call.requireVersion(1);
      await write(tx, 'kept');
      return done;
    }),
  ),
  post('/versioned/forgotten', { versioned: true }, (call) =>
    call.transact(async (tx) => {
      await write(tx, 'forgotten');
      return done;
    }),
  ),
  post('/versioned/forgotten-without-transaction', { versioned: true }, async () => done),
  post('/after/retried', {}, (call) =>
    call.transact(async (tx) => {
      attempts += 1;
      const attempt = attempts;
      call.afterCommit(async () => void told.push(`attempt ${attempt}: ${(await names()).includes('retried')}`));
      if (attempt === 1) throw Object.assign(new Error('deadlock'), { errno: 1213 });
      await write(tx, 'retried');
      return done;
    }),
  ),
  route({
    method: 'get',
    path: '/streamed',
    operationId: 'doThing',
    tag: 'Test',
    summary: 'Streamed',
    permission: 'profile.edit',
    answer: { status: 200, description: 'The stream.', contentType: 'text/plain' },
    handle: async ({ request }) => {
      lines = 'handled';
      await until(async () => request.res?.destroyed, 'the reader has gone');
      const write = async (_out: Writable, signal: AbortSignal) => {
        readerGone = signal.aborted;
      };
      return { status: 200, contentType: 'text/plain', write };
    },
  }),
  post('/audited', {}, (call) =>
    call.transact(async (tx) => {
      await call.audit(tx, 'test.change', ['unit', 7], { before: { a: 1 }, after: { a: 2 } });
      return done;
    }),
  ),
];

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  [operator, buyer] = [await makeAccount(db, 'operator'), await makeAccount(db, 'buyer')];
  const log = new Writable({
    write: (chunk, _encoding, next) => {
      lines += String(chunk);
      next();
    },
  });
  const app = createApp(routes, {
    db,
    log: openLog('info', log),
    metrics: openMetrics(db, { timeZone: 'Asia/Seoul', settleAt: '04:00' }),
    authenticate: async (token) => ({
      ...(token === 'operator' ? operator : buyer),
      sessionId: '00000000-0000-4000-8000-000000000000',
      role: token === 'operator' ? 'operator' : 'buyer',
      sellerId: null,
    }),
    draining: new AbortController().signal,
    hashKey: 'of the test',
    limit: async () => undefined,
    trustProxy: 0,
    docsPage: false,
    version: '0',
  });
  server = await listen(app, '127.0.0.1', 0);
});
afterAll(async () => {
  await server?.stop(0, 1_000);
  await database?.drop();
});

let answered = '';
async function call(path: string, who = 'operator', headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${who}`, ...headers },
  });
  answered = await answer.text();
  return answer.status;
}

const names = async (): Promise<string[]> => (await readCategories(database.db)).map(({ name }) => name);

describe('a handler of an idempotent route', () => {
  it.each([{}, { 'Idempotency-Key': 'a' }])('writes in its transaction, with headers %j', async (headers) => {
    expect(await call('/idempotent/kept', 'operator', headers)).toBe(200);
  });

  it.each([{}, { 'Idempotency-Key': 'b' }])('that forgets it is refused, with headers %j', async (headers) => {
    lines = '';
    expect(await call('/idempotent/forgotten', 'operator', headers)).toBe(500);
    expect(lines).toContain('POST /idempotent/forgotten is idempotent, but its handler did not call transact.');
    expect(JSON.parse(answered)).toMatchObject({ code: 'INTERNAL', detail: errors.INTERNAL.meaning }); // the log has the rest
  });
});

describe('a handler of a versioned route', () => {
  it('asks for the version', async () => {
    expect(await call('/versioned/kept')).toBe(200);
    expect(await names()).toContain('kept');
  });

  it('that forgets it is refused, and its writes are rolled back', async () => {
    lines = '';
    expect(await call('/versioned/forgotten')).toBe(500);
    expect(lines).toContain('POST /versioned/forgotten is versioned, but its handler did not call requireVersion.');
    expect(await names()).not.toContain('forgotten');
  });

  it('that forgets it and writes nothing is refused, too', async () => {
    expect(await call('/versioned/forgotten-without-transaction')).toBe(500);
  });
});

it('what follows a commit is done once, after the commit, and not for an attempt that was rolled back', async () => {
  expect(await call('/after/retried')).toBe(200);
  expect(told).toEqual(['attempt 2: true']);
});

it('what staff change is in the audit log, with who asked; what others change is not', async () => {
  expect([await call('/audited', 'buyer'), await call('/audited', 'operator')]).toEqual([200, 200]);
  const entries = await listAudit(database.db, { subject: { type: 'unit', id: '7' } }, 10);
  expect(entries).toMatchObject([
    { actorAccountId: operator.accountId, action: 'test.change', before: { a: 1 }, after: { a: 2 } },
  ]);
});

it('the writer of a stream learns of a reader who left before it began', async () => {
  lines = '';
  const reader = new AbortController();
  const headers = { Authorization: 'Bearer operator' };
  const answer = fetch(`http://127.0.0.1:${server.port}/streamed`, { headers, signal: reader.signal });
  await until(async () => lines === 'handled', 'the call is being handled');
  reader.abort();
  await expect(answer).rejects.toThrow('aborted');
  await until(async () => readerGone !== undefined, 'the writer begins');
  expect(readerGone).toBe(true);
});
