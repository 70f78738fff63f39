import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

let database: TestDatabase;
let runId: number;

beforeAll(async () => {
  database = await createSmallDay();
  const { document } = await magamJson<{ runs: { runId: number }[] }>(database.url, ['runs', '--date', SMALL_DAY]);
  runId = document.runs[0]?.runId ?? 0;
});

afterAll(() => database.drop());

interface Failure {
  readonly error: { code: string };
}

describe('magam runs', () => {
  it('lists the runs', async () => {
    const { code, document } = await magamJson<{ runs: object[] }>(database.url, ['runs']);
    expect(code).toBe(0);
    expect(document.runs).toEqual([
      expect.objectContaining({
        runId,
        job: 'settle',
        date: SMALL_DAY,
        status: 'COMPLETED_WITH_EXCEPTIONS',
        generation: 1,
        lines: 5,
        refunds: 1,
        exceptions: 2,
        completedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
      }),
    ]);
  });

  it('says so where a date has no run, and in which state it is', async () => {
    const { code, document } = await magamJson<Failure & { error: { message: string; details: object } }>(
      database.url,
      ['runs', '--date', '2026-12-05'],
    );
    expect(code).toBe(1);
    expect(document.error).toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: 'There is no run of 2026-12-05. The date is not settled.',
      details: { date: '2026-12-05', status: 'NOT_SETTLED' },
    });
    const inState = await magam(database.url, ['runs', '--date', SMALL_DAY, '--status', 'failed']);
    expect([inState.code, inState.stdout]).toEqual([0, 'There are no such runs.\n']);
    const others = await magamJson<{ runs: object[] }>(database.url, ['runs', '--from', '2026-12-05']);
    expect(others).toMatchObject({ code: 0, document: { runs: [] } });
  });

  it('shows the history of a run', async () => {
    const { document } = await magamJson<Record<string, Record<string, unknown>[]>>(database.url, [
      'runs',
      'show',
      String(runId),
    ]);
    expect(document.plans).toEqual([expect.objectContaining({ generation: 1, gridSize: 2, sales: 6, refunds: 2 })]);
    expect(document.executions).toEqual([
      expect.objectContaining({
        status: 'COMPLETED_WITH_EXCEPTIONS',
        dead: false,
        exitCode: 3,
        entries: 8,
        linesWritten: 6,
        exceptions: 2,
        parameters: expect.objectContaining({ gridSize: 2, workers: 1 }),
      }),
    ]);
    expect(document.partitions).toHaveLength(2);
    expect(document.partitions?.[0]).toMatchObject({
      number: 1,
      status: 'DONE',
      executions: [{ status: 'DONE' }, { status: 'DONE' }],
    });
    expect(document.certificates).toEqual([expect.objectContaining({ generation: 1, signed: false })]);
    const { code, stdout } = await magam(database.url, ['runs', 'show', String(runId)]);
    expect(code).toBe(0);
    for (const heading of ['Plans', 'Executions', 'Partitions', 'Certificates'])
      expect(stdout).toContain(`\n${heading}\n`);
  });

  it('lists what was parked, with the reason', async () => {
    const { document } = await magamJson<{ exceptions: object[] }>(database.url, ['runs', 'exceptions', String(runId)]);
    expect(document.exceptions).toEqual([
      expect.objectContaining({ leg: 'sale', orderId: '=P', lineId: '1', refundId: null, code: 'POLICY_MISSING' }),
      expect.objectContaining({ leg: 'refund', orderId: '=P', lineId: '1', refundId: 'R-2', code: 'ORIGINAL_PARKED' }),
    ]);
    const { stdout } = await magam(database.url, ['runs', 'exceptions', String(runId)]);
    expect(stdout).toContain('refund R-2 of =P 1  ORIGINAL_PARKED');
  });

  it('leaves out entries that were settled since, unless all are requested', async () => {
    const settled = (generation: number | null) =>
      database.db.raw(`UPDATE settlement_exception SET settled_generation = ? WHERE settled_on = '${SMALL_DAY}'`, [
        generation,
      ]);
    await settled(2);
    const [open, all] = [
      await magamJson<{ exceptions: object[] }>(database.url, ['runs', 'exceptions', String(runId)]),
      await magamJson<{ exceptions: object[] }>(database.url, ['runs', 'exceptions', String(runId), '--all']),
    ];
    await settled(null);
    expect(open.document.exceptions).toEqual([]);
    expect(all.document.exceptions).toEqual([
      expect.objectContaining({ settledGeneration: 2 }),
      expect.objectContaining({ settledGeneration: 2 }),
    ]);
  });

  it('names unknown runs and runs that nobody works on', async () => {
    const unknown = await magamJson<Failure>(database.url, ['runs', 'show', '999999']);
    expect([unknown.code, unknown.document.error.code]).toEqual([1, 'RUN_NOT_FOUND']);
    const idle = await magamJson<Failure>(database.url, ['runs', 'stop', String(runId)]);
    expect([idle.code, idle.document.error.code]).toEqual([1, 'RUN_NOT_ACTIVE']);
    const usage = await magamJson<Failure>(database.url, ['runs', 'show', 'first']);
    expect([usage.code, usage.document.error.code]).toEqual([2, 'USAGE']);
  });
});

describe('a run that is worked on', () => {
  const dates = ['2026-06-01', '2026-06-02'] as const;

  beforeAll(async () => {
    for (const date of dates) {
      await database.db.raw(
        `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES ('settle', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE)`,
        [date, date === dates[0] ? 'RUNNING' : 'REQUESTED'],
      );
    }
    await database.db.raw(
      `INSERT INTO job_execution (run_id, generation, status, requested_by, requested_at, grid_size, workers, chunk_rows, host, pid, started_at,
         heartbeat_at)
       SELECT run_id, 1, 'RUNNING', 'cron', UTC_TIMESTAMP(3), 10, 2, 4000, 'lost', 7, UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE,
         UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE FROM job_instance WHERE job_key = ?`,
      [dates[0]],
    );
    await database.db.raw(
      `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows)
       SELECT run_id, 'REQUESTED', 'console', UTC_TIMESTAMP(3), 10, 2, 4000 FROM job_instance WHERE job_key IN (?, ?)`,
      [...dates],
    );
  });

  const idOf = async (date: string): Promise<string> => {
    const [[row]] = await database.db.raw('SELECT run_id FROM job_instance WHERE job_key = ?', [date]);
    return String(row.run_id);
  };

  it('is told to stop, and requests that nobody took are withdrawn', async () => {
    const id = await idOf(dates[0]);
    const { code, document } = await magamJson(database.url, ['runs', 'stop', id]);
    expect(code).toBe(0);
    expect(document).toEqual({ runId: Number(id), date: dates[0], running: 1, requested: 1 });
    const { document: run } = await magamJson<Record<string, Record<string, unknown>[]>>(database.url, [
      'runs',
      'show',
      id,
    ]);
    expect(run.state).toBe('dead');
    expect(run.executions).toEqual([
      expect.objectContaining({ status: 'RUNNING', dead: true, stopRequestedBy: expect.any(String) }),
      expect.objectContaining({ status: 'STOPPED', dead: false, exitCode: 130 }),
    ]);
    const { stdout } = await magam(database.url, ['runs', 'show', id]);
    expect(stdout).toMatch(/ dead /);
    expect(stdout).toMatch(/execution \d+: no heartbeat since \d{4}-/);
  });

  it('is shown as what it is, and found by it', async () => {
    const of = async (...args: string[]) => {
      const { document } = await magamJson<{ runs: { date: string; state: string }[]; more: boolean }>(database.url, [
        'runs',
        ...args,
      ]);
      return [document.runs.map(({ date, state }) => `${date} ${state}`), document.more];
    };
    expect(await of('--from', dates[0])).toEqual([[`${dates[1]} waiting`, `${dates[0]} dead`], false]);
    expect(await of('--status', 'dead')).toEqual([[`${dates[0]} dead`], false]);
    expect(await of('--status', 'running')).toEqual([[], false]);
    expect(await of('--status', 'waiting')).toEqual([[`${dates[1]} waiting`], false]);
    expect(await of('--status', 'parked', '--to', SMALL_DAY)).toEqual([[`${SMALL_DAY} parked`], false]);
    expect(await of('--limit', '1')).toEqual([[`${dates[1]} waiting`], true]);
    expect((await of('--all'))[1]).toBe(false);
    const { stdout, stderr } = await magam(database.url, ['runs', '--limit', '2']);
    expect(stdout).toMatch(new RegExp(`${dates[0]} +dead `));
    expect(stderr).toContain('--all lists all');
    expect((await magam(database.url, ['runs', '--all', '--limit', '2'])).code).toBe(2);
    expect((await magam(database.url, ['runs', '--from', dates[1], '--to', dates[0]])).code).toBe(2);
    expect((await magam(database.url, ['runs', '--status', 'lost'])).code).toBe(2);
  });

  it('lists the newest twenty', async () => {
    const more = Array.from({ length: 20 }, (_, n) => `2020-01-${String(n + 1).padStart(2, '0')}`);
    await database.db.raw(
      `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES ${more.map(() => "('settle', ?, 'FAILED', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))").join(', ')}`,
      more,
    );
    const { document } = await magamJson<{ runs: { date: string }[]; more: boolean }>(database.url, ['runs']);
    await database.db.raw("DELETE FROM job_instance WHERE job_key LIKE '2020-%'");
    expect([document.runs.length, document.more, document.runs[0]?.date]).toEqual([20, true, dates[1]]);
  });

  it('ends at once when it was only requested', async () => {
    const id = await idOf(dates[1]);
    expect((await magam(database.url, ['runs', 'stop', id])).code).toBe(0);
    const { document } = await magamJson<{ status: string }>(database.url, ['runs', 'show', id]);
    expect(document.status).toBe('STOPPED');
    expect((await magam(database.url, ['runs', 'stop', id])).code).toBe(1);
  });
});
