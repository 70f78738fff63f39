/** The event feed over HTTP: what it tells to whom, in which order, and that a reader misses nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { purgeFeedEvents } from '../../../core/event-feed/number-events.js';
import { type NewFeedEvent, recordFeedEvents } from '../../../core/event-feed/stores/feed-event.js';
import { change, type Db, inTransaction } from '../../../infra/database.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import type { TestDatabase } from '../../support/database.js';
import { magam } from '../../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

let database: TestDatabase;
let db: Db;
let api: RunningApi;
let operator: TestAccount;

beforeAll(async () => {
  database = await createSmallDay();
  db = database.db;
  api = await startApi(database.url);
  operator = await makeAccount(db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const read = (query = '', token = operator.token): Promise<CallAnswer> =>
  api.call('GET', `/v1/events${query}`, { token });
const typesOf = ({ body }: CallAnswer): string[] => body.items.map(({ type }: { type: string }) => type);
const stopped = (runId: number): NewFeedEvent => ({
  type: 'run.stopped',
  data: { runId, date: SMALL_DAY, generation: 1 },
});
const record = (...events: NewFeedEvent[]): Promise<void> => inTransaction(db, (tx) => recordFeedEvents(tx, events));
const lastId = async (): Promise<number> => (await read('?limit=200')).body.after;

describe('a settled day', () => {
  it('is told from its imports to its certificate, in order and with ids without gaps', async () => {
    const answer = await read();
    expect(typesOf(answer)).toEqual([
      'import.completed',
      'import.completed',
      'run.begun',
      'certificate.written',
      'settlement.closed',
      'run.completed',
    ]);
    const { items, after, more } = answer.body;
    expect(items.map(({ id }: { id: number }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect({ after, more }).toEqual({ after: 6, more: false });
    expect(items[0]).toEqual({
      id: 1,
      type: 'import.completed',
      happenedAt: expect.stringMatching(/^2\d{3}-.*Z$/),
      data: {
        importId: null,
        feedImportId: 1,
        kind: 'lines',
        source: expect.stringMatching(/\.csv$/),
        imported: 6,
        unchanged: 0,
        rejected: 0,
      },
    });
    expect(items[3].data).toEqual({
      date: SMALL_DAY,
      generation: 1,
      sequence: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      signed: false,
    });
    expect(items[5].data).toEqual({ runId: 1, date: SMALL_DAY, generation: 1, status: 'COMPLETED_WITH_EXCEPTIONS' });
  });

  it('is told to a seller who has a settlement of it, and to no other', async () => {
    const tokenOf = async (sellerId: string): Promise<string> => (await makeAccount(db, 'seller', { sellerId })).token;
    const own = await read('', await tokenOf('S1'));
    expect(own.body).toMatchObject({
      items: [{ type: 'settlement.closed', data: { date: SMALL_DAY, generation: 1 } }],
      after: 6,
    });
    for (const other of ['S3', 'S9']) // S3 has only what is parked
      expect((await read('', await tokenOf(other))).body).toEqual({ items: [], after: 6, more: false });
    expect(await read('?types=run.begun', await tokenOf('S1'))).toMatchObject({
      status: 403,
      body: {
        code: 'EVENT_TYPE_REFUSED',
        details: { possible: ['settlement.closed', 'statement.issued', 'payout.paid', 'payout.failed'] },
      },
    });
  });

  it('is read in pages, by types, from where the reader was', async () => {
    const first = await read('?limit=4');
    expect(first.body).toMatchObject({ after: 4, more: true });
    const second = await read(`?limit=4&after=${first.body.after}`);
    expect(typesOf(second)).toEqual(['settlement.closed', 'run.completed']);
    const some = await read('?types=run.begun,run.completed');
    expect(typesOf(some)).toEqual(['run.begun', 'run.completed']);
    expect((await read('?types=run.begun&after=3')).body).toEqual({ items: [], after: 6, more: false });
  });

  it('is refused to buyers, and in words where the query is wrong', async () => {
    expect((await read('', (await makeAccount(db, 'buyer')).token)).status).toBe(403);
    expect((await api.call('GET', '/v1/events')).status).toBe(401);
    for (const query of [
      '?after=-1',
      '?after=x',
      '?limit=0',
      '?limit=201',
      '?types=',
      '?types=run.began',
      '?wait=31',
      '?x=1',
    ])
      expect([query, (await read(query)).body.code]).toEqual([query, 'REQUEST_INVALID']);
  });
});

describe('a reader', () => {
  it('gets an event whose transaction took long after those that it has read', async () => {
    const before = await lastId();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let recorded = (): void => undefined;
    const isRecorded = new Promise<void>((resolve) => {
      recorded = resolve;
    });
    const slow = inTransaction(db, async (tx) => {
      await recordFeedEvents(tx, [stopped(901)]);
      recorded();
      await gate;
    });
    await isRecorded;
    await record(stopped(902));
    const first = await read(`?after=${before}`);
    expect(first.body.items).toMatchObject([{ id: before + 1, data: { runId: 902 } }]);
    open();
    await slow;
    const second = await read(`?after=${first.body.after}`);
    expect(second.body.items).toMatchObject([{ id: before + 2, data: { runId: 901 } }]);
  });

  it('gets each event once and in the same order, however many read and write at once', async () => {
    const before = await lastId();
    const writers = Array.from({ length: 20 }, (_, i) => record(stopped(1_000 + i), stopped(2_000 + i)));
    const follow = async (): Promise<number[]> => {
      const seen: number[] = [];
      for (let after = before; seen.length < 40; ) {
        const { body } = await read(`?after=${after}&limit=7`);
        seen.push(...body.items.map(({ data }: { data: { runId: number } }) => data.runId));
        after = body.after;
      }
      return seen;
    };
    const [one, two] = await Promise.all([follow(), follow(), ...writers]);
    expect(one).toEqual(two);
    expect(new Set(one as number[]).size).toBe(40);
    expect(await lastId()).toBe(before + 40);
  });

  it('that waits is answered when something happens', async () => {
    const after = await lastId();
    const waiting = read(`?after=${after}&wait=30`);
    await record(stopped(77));
    expect((await waiting).body.items).toMatchObject([{ id: after + 1, data: { runId: 77 } }]);
  });

  it('that waits is answered with nothing when its time is up', async () => {
    const after = await lastId();
    expect((await read(`?after=${after}&wait=1`)).body).toEqual({ items: [], after, more: false });
  });

  it('that waits gets nothing once its account is locked', async () => {
    const { token, accountId } = await makeAccount(db, 'operator');
    const after = await lastId();
    const waiting = read(`?after=${after}&wait=30`, token);
    for (let n = 0; n < 5; n += 1) await lastId(); // it waits by now; were it slower, it would be refused at the door
    await change(db, `UPDATE account SET status = 'LOCKED' WHERE account_id = ?`, [accountId]);
    await record(stopped(78));
    expect(['TOKEN_INVALID', 'ACCOUNT_LOCKED']).toContain((await waiting).body.code);
  });

  it('waits at most five times at once', async () => {
    const { token } = await makeAccount(db, 'operator');
    const after = await lastId();
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => read(`?after=${after}&wait=2`, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 503]);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.body.code).toBe('STREAMS_EXHAUSTED');
    expect(refused?.headers.get('retry-after')).toBe('1');
  });

  it('with an id that there has not been is refused', async () => {
    const lastId = (await read('?limit=200')).body.after;
    expect(await read(`?after=${lastId + 1}`)).toMatchObject({
      status: 400,
      body: { code: 'EVENT_ID_UNKNOWN', details: { lastId } },
    });
  });
});

describe('runs and imports', () => {
  beforeEach(async () => {
    await change(db, 'DELETE FROM feed_event');
  });
  const run = (...args: string[]) => magam(database.url, args, { MAGAM_EXCEPTIONS_MAX: '0' });

  it('report that a run was requested, stopped, begun, failed and discarded', async () => {
    const date = '2026-05-05';
    const sale = `order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on\nE,1,S1,1,7,EUR,${date},${date}\n`;
    const file = join(folder, 'eur.csv');
    writeFileSync(file, sale);
    expect((await run('import', 'lines', file)).code).toBe(0);
    const asked = await api.call('POST', '/v1/runs', { token: operator.token, body: { date } });
    const { runId } = asked.body;
    expect((await api.call('POST', `/v1/runs/${runId}/stop`, { token: operator.token })).status).toBe(202);
    expect((await run('settle', '--date', date)).code).toBe(1); // its only sale would be parked
    expect((await run('runs', 'discard', String(runId))).code).toBe(0);
    const { body } = await read(`?types=run.begun,run.stopped,run.failed,run.discarded,run.completed&limit=200`);
    expect(body.items.map(({ type, data }: { type: string; data: object }) => [type, data])).toEqual([
      ['run.stopped', { runId, date, generation: 1 }],
      ['run.begun', { runId, date, generation: 1 }],
      [
        'run.failed',
        { runId, date, generation: 1, code: 'EXCEPTIONS_EXCEEDED', message: expect.stringContaining(date) },
      ],
      ['run.discarded', { runId, date, generation: 1, lines: 0 }],
    ]);
  });

  it('tell that an import was withdrawn', async () => {
    const date = '2026-06-05';
    const file = join(folder, 'june.csv');
    writeFileSync(
      file,
      `order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on\nJ,1,S1,1,7,KRW,${date},${date}\n`,
    );
    expect((await run('import', 'lines', file)).code).toBe(0);
    const feedImportId = (await read()).body.items[0].data.feedImportId;
    expect((await run('imports', 'withdraw', String(feedImportId))).code).toBe(0);
    expect((await read()).body.items.map(({ type, data }: { type: string; data: object }) => [type, data])).toEqual([
      ['import.completed', expect.objectContaining({ feedImportId, imported: 1 })],
      ['import.withdrawn', { feedImportId, kind: 'lines', source: 'june.csv' }],
    ]);
  });
});

describe('old events', () => {
  it('are deleted from the beginning, and a reader who has missed them gets an error', async () => {
    await record(stopped(1), stopped(2), stopped(3));
    const last = await lastId();
    await change(db, 'UPDATE feed_event SET happened_at = happened_at - INTERVAL 91 DAY WHERE position < ?', [last]);
    const { signal } = new AbortController();
    expect(await purgeFeedEvents(db, 90, signal)).toBeGreaterThanOrEqual(2);
    expect(await read('?after=1')).toMatchObject({
      status: 410,
      body: { code: 'EVENTS_GONE', details: { oldestId: last } },
    });
    expect((await read(`?after=${last - 1}`)).body.items).toMatchObject([{ id: last }]);
    expect((await read()).body.items).toMatchObject([{ id: last }]); // a new reader begins with the existing events
  });
});
