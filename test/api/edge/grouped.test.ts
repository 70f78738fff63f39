/** Calls that are carried out in groups, over HTTP: the promise of the Idempotency-Key is the same as for every other call. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createApp } from '../../../api/edge/app.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { ok } from '../../../api/edge/reply.js';
import { openLog } from '../../../api/edge/request-log.js';
import { type Call, type Route, route } from '../../../api/edge/route.js';
import { insertCategory, readCategories } from '../../../core/catalogue/stores/category.js';
import { type Db, openDatabase, type Tx } from '../../../infra/database.js';
import { GroupCommit } from '../../../infra/group-commit.js';
import { type Listening, listen } from '../../../infra/listening.js';
import { MagamError, type Refusal, refuse } from '../../../kernel/errors.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let otherDb: Db;
let buyer: TestAccount;
let server: Listening;
let other: Listening;
let lines = '';
let overtakings = 0;
const told: string[] = [];
const worked: string[][] = [];

/** Makes categories; the word before the hyphen says what happens to a name. */
async function makeAll(tx: Tx, names: readonly string[]): Promise<(string | Refusal)[]> {
  worked.push([...names]);
  const outcomes: (string | Refusal)[] = [];
  for (const name of names) {
    if (name.startsWith('short-')) outcomes.push(refuse('INSUFFICIENT_STOCK', { name }));
    else if (name.startsWith('busy-')) outcomes.push(refuse('SIGN_IN_BUSY'));
    else {
      await insertCategory(tx, { parentId: null, level: 1, name });
      if (name.startsWith('bad-')) throw new Error(`the work of ${name} failed`);
      outcomes.push(name);
    }
  }
  return outcomes;
}

const bodySchema = z.strictObject({ name: z.string() });
type MakeCall = Call<unknown, unknown, z.output<typeof bodySchema>>;

const post = (
  path: string,
  promise: Pick<Route, 'idempotent' | 'grouped'>,
  handle: (call: MakeCall) => Promise<ReturnType<typeof ok<{ name: string }>>>,
): Route =>
  route({
    method: 'post',
    path,
    operationId: 'testCall',
    tag: 'Test',
    summary: path,
    permission: 'profile.edit',
    body: bodySchema,
    answer: { status: 200, description: 'Done.', schema: bodySchema },
    ...promise,
    handle,
  });

function routesOn(db: Db): Route[] {
  const groups = new GroupCommit<string, string>(db, { work: makeAll });
  const full = new GroupCommit<string, string>(db, { work: makeAll, waitingMax: 0 });
  const both = { idempotent: true, grouped: true };
  return [
    post('/make', both, async (call) => {
      const { name } = call.body;
      if (name.startsWith('gone-') && (await names()).length > 0) throw new MagamError('CART_EMPTY');
      return call.transactInGroup(groups, 'g', name, (made) => {
        call.afterCommit(async () => void told.push(made));
        return ok({ name: made });
      });
    }),
    post('/overtaken', both, async (call) => {
      overtakings += 1;
      if (overtakings > 1) return call.transactInGroup(groups, 'g', call.body.name, (name) => ok({ name }));
      await ask(call.body.name, 'overtaken-1', '/overtaken', other);
      throw new MagamError('CART_EMPTY');
    }),
    post('/full', both, (call) => call.transactInGroup(full, 'g', call.body.name, (name) => ok({ name }))),
    post('/forgotten', both, async ({ body }) => ok(body)),
    post('/alone', both, (call) => call.transact(async () => ok(call.body))),
    post('/ungrouped', { idempotent: true }, (call) =>
      call.transactInGroup(groups, 'g', call.body.name, (name) => ok({ name })),
    ),
  ];
}

const serve = async (db: Db): Promise<Listening> => {
  const log = new Writable({
    write: (chunk, _encoding, next) => {
      lines += String(chunk);
      next();
    },
  });
  const app = createApp(routesOn(db), {
    db,
    log: openLog('info', log),
    metrics: openMetrics(db, { timeZone: 'Asia/Seoul', settleAt: '04:00' }),
    authenticate: async () => ({ ...buyer, sessionId: 's', role: 'buyer', sellerId: null }),
    draining: new AbortController().signal,
    hashKey: 'of the test',
    limit: async () => undefined,
    trustProxy: 0,
    docsPage: false,
    version: '0',
  });
  return listen(app, '127.0.0.1', 0);
};

beforeAll(async () => {
  database = await createTestDatabase();
  otherDb = openDatabase(database.url, { poolMax: 4 });
  buyer = await makeAccount(database.db, 'buyer');
  server = await serve(database.db);
  other = await serve(otherDb);
});
afterAll(async () => {
  await server?.stop(0, 1_000);
  await other?.stop(0, 1_000);
  await otherDb?.destroy();
  await database?.drop();
});

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly details?: unknown };
  readonly headers: Headers;
}

async function ask(name: string, key?: string, path = '/make', at = server, language = 'en'): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${at.port}${path}`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer x',
      'Content-Type': 'application/json',
      'Accept-Language': language,
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
    body: JSON.stringify({ name }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()), headers: answer.headers };
}

const names = async (): Promise<string[]> => (await readCategories(database.db)).map(({ name }) => name);
const codeOf = ({ status, body }: Answer) => ({ status, code: body.code });
const isReplayed = ({ headers }: Answer): boolean => headers.get('idempotency-replayed') === 'true';

describe('a call in a group', () => {
  it('has its own answer, with and without a key', async () => {
    worked.length = 0;
    const asked = ['a', 'b', 'short-1', 'c'].map((name, i) => ask(name, i === 1 ? undefined : `first-${i}`));
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 409, 200]);
    expect(answers[2]?.body).toMatchObject({ code: 'INSUFFICIENT_STOCK', details: { name: 'short-1' } });
    expect(await names()).toEqual(expect.arrayContaining(['a', 'b', 'c']));
    expect(told.toSorted()).toEqual(['a', 'b', 'c']);
    expect(worked.flat()).toHaveLength(4);
  });

  it('gets the same answer again under its key, on another server too', async () => {
    const first = await ask('hat', 'hat-1');
    expect(isReplayed(first)).toBe(false);
    for (const at of [server, other]) {
      const again = await ask('hat', 'hat-1', '/make', at);
      expect({ status: again.status, body: again.body, again: isReplayed(again) }).toEqual({
        status: 200,
        body: first.body,
        again: true,
      });
    }
    expect(told.filter((name) => name === 'hat')).toHaveLength(1);
    expect(codeOf(await ask('cap', 'hat-1'))).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('gets the same refusal again, whether the group or the handler gave it, in the language of the first', async () => {
    await ask('there');
    for (const [name, code] of [
      ['short-2', 'INSUFFICIENT_STOCK'],
      ['gone-2', 'CART_EMPTY'],
    ] as const) {
      const first = await ask(name, `${name}-key`, '/make', server, 'ko');
      expect(codeOf(first)).toEqual({ status: 409, code });
      const again = await ask(name, `${name}-key`, '/make', other, 'en');
      expect({ body: again.body, again: isReplayed(again) }).toEqual({ body: first.body, again: true });
      expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(again.headers.get('content-language')).toBe('ko');
    }
  });

  it('is carried out again where it failed for a reason that may pass', async () => {
    worked.length = 0;
    for (const name of ['busy-1', 'bad-1'])
      for (const _time of [1, 2]) {
        const answer = await ask(name, `${name}-key`);
        expect({ ok: answer.status >= 500, again: isReplayed(answer) }).toEqual({ ok: true, again: false });
      }
    expect(worked).toEqual([['busy-1'], ['busy-1'], ['bad-1'], ['bad-1']]);
    expect(await names()).not.toContain('bad-1');
  });

  it('is carried out once, sent many times at once to two servers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => ask('scarf', 'scarf-1', '/make', i % 2 === 0 ? server : other)),
    );
    expect(answers.filter((answer) => answer.status === 200 && !isReplayed(answer))).toHaveLength(1);
    const conflicts = answers.filter(({ status }) => status !== 200);
    expect(conflicts.filter(({ body }) => body.code !== 'IDEMPOTENCY_KEY_IN_FLIGHT')).toEqual([]);
    expect((await names()).filter((name) => name === 'scarf')).toHaveLength(1);
    expect(isReplayed(await ask('scarf', 'scarf-1'))).toBe(true);
  });

  it('is refused with Retry-After when too many wait', async () => {
    const answer = await ask('late', 'late-1', '/full');
    expect(codeOf(answer)).toEqual({ status: 503, code: 'TOO_MANY_WAITING' });
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});

it('a refusal that comes after another call under the key was carried out gives way to its answer', async () => {
  const answer = await ask('overtaken', 'overtaken-1', '/overtaken');
  expect({ status: answer.status, again: isReplayed(answer) }).toEqual({ status: 200, again: true });
  const handled = overtakings;
  expect(isReplayed(await ask('overtaken', 'overtaken-1', '/overtaken'))).toBe(true);
  expect(overtakings).toBe(handled); // a call whose answer is known does not reach its handler
});

describe('a handler of a grouped route', () => {
  it.each([
    ['/forgotten', undefined, 'POST /forgotten is grouped, but its handler did not call transactInGroup.'],
    ['/alone', 'alone-1', 'POST /alone is grouped, but its handler did not call transactInGroup.'],
    ['/ungrouped', 'ungrouped-1', '/ungrouped is not grouped.'],
  ])('that forgets it, or a route that is none, is refused (%s)', async (path, key, message) => {
    lines = '';
    expect((await ask('x', key, path)).status).toBe(500);
    expect(lines).toContain(message);
  });
});
