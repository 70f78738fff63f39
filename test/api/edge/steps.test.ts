/** Calls of several steps: the claim of the key lasts for what follows, the answer is kept with the last step, a refusal that is returned undoes nothing. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createApp } from '../../../api/edge/app.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { ok } from '../../../api/edge/reply.js';
import { openLog } from '../../../api/edge/request-log.js';
import { type Route, route } from '../../../api/edge/route.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { type Listening, listen } from '../../../infra/listening.js';
import { MagamError, refuse } from '../../../kernel/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let server: Listening;
const told: string[] = [];
/** What happens between the steps of the next call. */
let between: () => Promise<unknown> = async () => undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw('CREATE TABLE made (name VARCHAR(64) NOT NULL PRIMARY KEY) ENGINE=InnoDB');
  const caller = { accountId: 1, sessionId: 's', role: 'operator', sellerId: null } as const;
  const app = createApp([steps()], {
    db: database.db,
    log: openLog('silent', new Writable({ write: (_chunk, _encoding, done) => done() })),
    metrics: openMetrics(database.db, readConfig({ NODE_ENV: 'test' })),
    authenticate: async () => caller,
    draining: new AbortController().signal,
    limit: async () => undefined,
    hashKey: 'k',
    trustProxy: 0,
    docsPage: false,
    version: '1',
  });
  server = await listen(app, '127.0.0.1', 0);
});
afterAll(async () => {
  await server?.stop(0, 1_000);
  await database?.drop();
});

const insert = 'INSERT INTO made (name) VALUES (?)';

/** Makes a row in each of two steps; `end` says how the last one ends. */
const steps = (): Route =>
  route({
    method: 'post',
    path: '/v1/steps',
    operationId: 'makeDraft',
    tag: 'Test',
    summary: 'Take two steps',
    permission: 'policy.edit',
    body: z.strictObject({ name: z.string(), end: z.enum(['well', 'refuse', 'busy', 'throw']).default('well') }),
    answer: { status: 200, description: 'Done.', schema: z.object({ name: z.string() }) },
    idempotent: true,
    handle: async (call) => {
      const { name, end } = call.body;
      await call.step(async (tx) => {
        call.afterCommit(async () => void told.push(`${name} first`));
        await change(tx, insert, [`${name} first`]);
      });
      await between();
      return call.transact(async (tx) => {
        call.afterCommit(async () => void told.push(`${name} last`));
        await change(tx, insert, [`${name} last`]);
        if (end === 'refuse') return refuse('NOTHING_PARKED', { name });
        if (end === 'busy') return refuse('SIGN_IN_BUSY');
        if (end === 'throw') throw new MagamError('NOTHING_PARKED');
        return ok({ name });
      });
    },
  });

async function take(name: string, end = 'well', key: string | null = name) {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/steps`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer x',
      'Content-Type': 'application/json',
      ...(key === null ? {} : { 'Idempotency-Key': key }),
    },
    body: JSON.stringify({ name, end }),
  });
  const body = (await response.json()) as { code?: string; name?: string };
  return { status: response.status, body, replayed: response.headers.get('idempotency-replayed') };
}

const made = async (name: string): Promise<string[]> =>
  (
    await select<{ name: string }>(database.db, 'SELECT name FROM made WHERE name LIKE ? ORDER BY name', [`${name} %`])
  ).map((row) => row.name);

describe('a call of two steps', () => {
  it.each(['keyed', null])('commits each and does what follows each (%s)', async (key) => {
    const name = `well-${key}`;
    let seen: string[] = [];
    between = async () => {
      seen = await made(name);
    };
    expect(await take(name, 'well', key)).toMatchObject({ status: 200, body: { name } });
    expect(seen).toEqual([`${name} first`]);
    expect(await made(name)).toEqual([`${name} first`, `${name} last`]);
    expect(told.filter((what) => what.startsWith(name))).toEqual([`${name} first`, `${name} last`]);
  });

  it('has its claim renewed by the step, for the calls to the outside that follow', async () => {
    let seconds = 0;
    between = async () => {
      const sql = `SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), lease_until) AS seconds FROM idempotency_key WHERE idempotency_key = 'renewed'`;
      seconds = (await select<{ seconds: number }>(database.db, sql))[0]?.seconds ?? 0;
    };
    await take('renewed');
    expect(seconds).toBeGreaterThanOrEqual(80);
  });

  it('keeps a returned refusal, and the writes', async () => {
    expect(await take('refused', 'refuse')).toMatchObject({
      status: 409,
      body: { code: 'NOTHING_PARKED', details: { name: 'refused' } },
    });
    expect(await take('refused', 'refuse')).toMatchObject({ status: 409, replayed: 'true' });
    expect(await made('refused')).toEqual(['refused first', 'refused last']);
    expect(await take('unkeyed', 'refuse', null)).toMatchObject({ status: 409 });
    expect(await made('unkeyed')).toHaveLength(2);
  });

  it('keeps the writes but not a refusal that may pass, so that the call may be made again', async () => {
    expect(await take('busy', 'busy')).toMatchObject({ status: 503, replayed: null });
    expect(await made('busy')).toHaveLength(2);
    const left = await select(database.db, "SELECT owner FROM idempotency_key WHERE idempotency_key = 'busy'");
    expect(left).toEqual([]);
  });

  it('undoes what the last step has written where it throws', async () => {
    expect(await take('thrown', 'throw')).toMatchObject({ status: 409 });
    expect(await made('thrown')).toEqual(['thrown first']);
  });

  it('does not commit a step when somebody else has the key', async () => {
    const other = `UPDATE idempotency_key SET owner = UUID() WHERE idempotency_key = 'lost'`;
    between = () => database.db.raw(other);
    expect(await take('lost')).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_FLIGHT' } });
    expect(await made('lost')).toEqual(['lost first']);
  });

  it('does not commit the first step either', async () => {
    const lock = await database.db.transaction();
    await change(lock, insert, ['early first']);
    const late = take('early');
    for (;;) {
      const waiting = await select(
        database.db,
        `SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO made%'`,
      );
      if (waiting.length > 0) break;
    }
    await database.db.raw(`UPDATE idempotency_key SET owner = UUID() WHERE idempotency_key = 'early'`);
    await lock.rollback();
    expect(await late).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_FLIGHT' } });
    expect(await made('early')).toEqual([]);
  });
});
