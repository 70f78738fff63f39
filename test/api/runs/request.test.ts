/** Asking for runs, with nobody there to carry them out. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../kernel/business-date.js';
import { makeAccount } from '../../support/accounts.js';
import { GRID, Operating } from '../../support/operating.js';
import { YESTERDAY } from '../../support/today.js';

let operating: Operating;
beforeAll(async () => {
  operating = await Operating.create();
});
afterAll(() => operating.end());

const at = (days: number): string => addDays(YESTERDAY, days);
const executions = (runId: number): Promise<number> =>
  operating.count('SELECT COUNT(*) FROM job_execution WHERE run_id = ?', runId);

describe('asking for a run', () => {
  it('answers 202 with its address, at which it waits for a runner', async () => {
    const answer = await operating.request(at(-30));
    expect([answer.status, answer.body]).toMatchObject([
      202,
      {
        date: at(-30),
        status: 'REQUESTED',
        generation: 1,
        alreadyRequested: false,
        alreadyCompleted: false,
        notices: [],
      },
    ]);
    const { runId, executionId } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/runs/${runId}`);
    const shown = await operating.call('GET', `/v1/runs/${runId}`);
    expect(shown.body).toMatchObject({
      runId,
      status: 'REQUESTED',
      progress: { planned: null, done: 0, final: false, executions: [{ executionId, status: 'REQUESTED' }] },
      executions: [
        {
          executionId,
          status: 'REQUESTED',
          parameters: { gridSize: GRID.gridSize, workers: GRID.workers, chunkRows: GRID.chunkSize },
        },
      ],
      plans: [],
      partitions: [],
      certificates: [],
    });
    expect(await operating.audited(runId)).toEqual(['run.request']);
  });

  it('queues one execution, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => operating.request(at(-29))));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(new Set(answers.map(({ body }) => body.runId)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.executionId)).size).toBe(1);
    expect(answers.filter(({ body }) => !body.alreadyRequested)).toHaveLength(1);
    expect(await executions(answers[0]?.body.runId)).toBe(1);
    expect(await operating.audited(answers[0]?.body.runId)).toEqual(['run.request']);
  });

  it('gives the same answer again under the same key', async () => {
    const headers = { 'Idempotency-Key': 'ask-once' };
    const first = await operating.request(at(-28), headers);
    const again = await operating.request(at(-28), headers);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await operating.request(at(-27), headers);
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('refuses the future, and today unless it is allowed', async () => {
    const allowed = { allowEmpty: true, allowUnfinishedDay: true };
    const future = await operating.call('POST', '/v1/runs', { date: at(2), ...allowed });
    expect([future.status, future.body.code]).toEqual([422, 'DATE_NOT_OVER']);
    const refused = await operating.request(at(1));
    expect([refused.status, refused.body.code]).toEqual([422, 'DATE_NOT_OVER']);
    expect(refused.body.detail).toContain('would close it for good, and with it every date through');
    const today = await operating.call('POST', '/v1/runs', { date: at(1), ...allowed });
    expect([today.status, today.body.notices]).toEqual([202, [expect.stringContaining('is not over yet')]]);
    await operating.call('POST', `/v1/runs/${today.body.runId}/stop`);
  });

  it.each([
    [{ date: '2026-02-30' }],
    [{}],
    [{ date: '2026-02-01', gridSize: 0 }],
    [{ date: '2026-02-01', workers: 65 }],
    [{ date: '2026-02-01', dryRun: true }],
  ])('refuses %j', async (body) => {
    const { status, body: problem } = await operating.call('POST', '/v1/runs', body);
    expect([status, problem.code]).toEqual([400, 'REQUEST_INVALID']);
  });

  it('refuses a date without entries unless it is allowed', async () => {
    const refused = await operating.call('POST', '/v1/runs', { date: at(-31) });
    expect([refused.status, refused.body.code]).toEqual([409, 'DATE_EMPTY']);
    expect(await operating.count('SELECT COUNT(*) FROM job_instance WHERE job_key = ?', at(-31))).toBe(0);
  });

  it('refuses a date while an earlier one is open, but not while that is on its way', async () => {
    await operating.seed(at(-10), 50);
    const refused = await operating.request(at(-9));
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { code: 'EARLIER_DATE_OPEN', details: { earlier: [at(-10)] } },
    ]);
    expect(await operating.count('SELECT COUNT(*) FROM job_instance WHERE job_key = ?', at(-9))).toBe(0);
    expect(await operating.request(at(-10))).toMatchObject({ status: 202 });
    expect(await operating.request(at(-9))).toMatchObject({ status: 202 });
  });

  it('refuses a date that an import may still write to', async () => {
    await operating.database.db.raw(
      `INSERT INTO feed_import (import_id, kind, source, fingerprint, status, owner, lease_until, host, requested_by, created_at, updated_at)
       VALUES (900, 'lines', 'x.csv', REPEAT('0', 64), 'RUNNING', UUID(), UTC_TIMESTAMP(3), 'h', 'u', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    );
    await operating.database.db.raw(`INSERT INTO feed_import_date (import_id, business_on) VALUES (900, ?)`, [at(-20)]);
    const refused = await operating.request(at(-20));
    expect([refused.status, refused.body.code]).toEqual([409, 'IMPORT_IN_PROGRESS']);
    await operating.database.db.raw('DELETE FROM feed_import_date WHERE import_id = 900');
    await operating.database.db.raw('DELETE FROM feed_import WHERE import_id = 900');
  });
});

describe('a run that waits', () => {
  it('is withdrawn by a stop and requested again by a resume, once', async () => {
    const { runId } = (await operating.request(at(-40))).body;
    const stopped = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([stopped.status, stopped.body]).toEqual([202, { runId, date: at(-40), running: 0, requested: 1 }]);
    const again = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([again.status, again.body.code]).toEqual([409, 'RUN_NOT_ACTIVE']);
    const resumed = await Promise.all([1, 2, 3].map(() => operating.call('POST', `/v1/runs/${runId}/resume`)));
    expect(resumed.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(resumed.filter(({ body }) => !body.alreadyRequested)).toHaveLength(1);
    expect(await executions(runId)).toBe(2);
    expect(await operating.audited(runId)).toEqual(['run.request', 'run.stop', 'run.resume']);
  });

  it('has nothing parked that could be tried again', async () => {
    const { runId } = (await operating.request(at(-41))).body;
    const retried = await operating.call('POST', `/v1/runs/${runId}/exceptions/retry`);
    expect([retried.status, retried.body.code]).toEqual([409, 'RUN_NOT_COMPLETED']);
    const certificates = await operating.call('GET', `/v1/runs/${runId}/certificates`);
    expect(certificates.body).toEqual({ items: [] });
    const certificate = await operating.call('GET', `/v1/certificates/${at(-41)}`);
    expect([certificate.status, certificate.body.code]).toEqual([404, 'CERTIFICATE_NOT_FOUND']);
  });
});

describe('lists of runs', () => {
  it('are paged by date, the latest first, and filtered', async () => {
    const all = (await operating.call('GET', '/v1/runs?limit=200')).body.items as { date: string; status: string }[];
    expect(all.length).toBeGreaterThan(5);
    expect(all.map(({ date }) => date)).toEqual(
      all
        .map(({ date }) => date)
        .sort()
        .reverse(),
    );
    const paged: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await operating.call('GET', `/v1/runs?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    expect(paged).toEqual(all);
    const some = await operating.call('GET', `/v1/runs?from=${at(-30)}&to=${at(-28)}&status=REQUESTED`);
    expect(some.body.items.map(({ date }: { date: string }) => date)).toEqual([at(-28), at(-29), at(-30)]);
    expect((await operating.call('GET', '/v1/runs?cursor=abc')).body.code).toBe('CURSOR_INVALID');
  });
});

describe('who may', () => {
  it.each(['buyer', 'seller'] as const)('not: a %s', async (role) => {
    const { token } = await makeAccount(operating.database.db, role, role === 'seller' ? { sellerId: 'S1' } : {});
    const { runId } = (await operating.request(at(-50))).body;
    for (const [method, path] of [
      ['GET', '/v1/runs'],
      ['GET', `/v1/runs/${runId}`],
      ['GET', `/v1/runs/${runId}/events`],
      ['GET', `/v1/runs/${runId}/exceptions`],
      ['GET', `/v1/certificates/${YESTERDAY}`],
      ['POST', `/v1/runs/${runId}/stop`],
      ['POST', `/v1/runs/${runId}/resume`],
      ['POST', `/v1/runs/${runId}/exceptions/retry`],
    ] as const) {
      const { status } = await operating.api.call(method, path, { token });
      expect([method, path, status]).toEqual([method, path, 403]);
    }
  });

  it.each(['', '/events', '/exceptions', '/certificates'])('a run that is none: %s', async (part) => {
    const { status, body } = await operating.call('GET', `/v1/runs/999999${part}`);
    expect([status, body.code]).toEqual([404, 'RUN_NOT_FOUND']);
  });

  it.each(['stop', 'resume', 'exceptions/retry'])('nor is one to be changed: %s', async (what) => {
    const { status, body } = await operating.call('POST', `/v1/runs/999999/${what}`);
    expect([status, body.code]).toEqual([404, 'RUN_NOT_FOUND']);
  });
});
