/** The seam of the chain: a step of the tests' own, which follows the posting, beside steps that are only rows. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chainJob } from '../../batch/engine/chain.js';
import { runJob } from '../../batch/engine/run-job.js';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { postJob } from '../../batch/jobs/post/post-job.js';
import { jobs } from '../../batch/jobs/registry.js';
import { runRunner } from '../../batch/runner/runner.js';
import { CHAIN, CHAIN_JOBS, type ChainStep, daysAfterSettled, POST_STEP, stepOf } from '../../core/jobs/rules/chain.js';
import { readDueKey } from '../../core/jobs/stores/chain.js';
import { readConfig } from '../../infra/config.js';
import { change, pause, select } from '../../infra/database.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const STEP: ChainStep = {
  job: 'tally',
  follows: 'post',
  daysLater: 1,
  waitsForEarlier: true,
  title: (date) => `The tally of ${date}`,
  command: (date) => `tally ${date}`,
};
const tallyJob = chainJob(STEP, {
  words: { started: 'tallying', ended: 'tallied', failed: 'tallying failed' },
  plan: async () => ({ parameters: {}, partitions: [] }),
  finish:
    async (_call, { key, generation }) =>
    async (tx) => {
      await change(tx, 'INSERT INTO tally (for_date, generation) VALUES (?, ?)', [key, generation]);
      return 'COMPLETED';
    },
  report: async () => ({}),
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await change(
    database.db,
    'CREATE TABLE tally (at INT AUTO_INCREMENT PRIMARY KEY, for_date DATE NOT NULL, generation INT NOT NULL, UNIQUE KEY (for_date, generation))',
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['tally', 'job_execution', 'job_instance', 'run_plan'])
    await change(database.db, `DELETE FROM ${table}`);
});

const put = (job: string, key: string, status = 'COMPLETED', generation = 1, followed = 1) =>
  change(
    database.db,
    `INSERT INTO job_instance (job, job_key, status, generation, followed_generation, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE status = VALUES(status), generation = VALUES(generation), followed_generation = VALUES(followed_generation)`,
    [job, key, status, generation, followed],
  );
const executed = (job: string, key: string, status: string, minutesAgo = 0) =>
  change(
    database.db,
    `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows)
     SELECT run_id, ?, 'test', UTC_TIMESTAMP(3) - INTERVAL ? MINUTE, 1, 1, 1 FROM job_instance WHERE job = ? AND job_key = ?`,
    [status, minutesAgo, job, key],
  );
const due = (step: ChainStep = POST_STEP) => readDueKey(database.db, step);

describe('a step is due', () => {
  it.each([
    ['for a date that is settled', 'COMPLETED', 1, '2026-03-31'],
    ['for one of which entries are parked', 'COMPLETED_WITH_EXCEPTIONS', 1, '2026-03-31'],
    ['for the generation that is settled while a supplement is under way, or has failed', 'FAILED', 2, '2026-03-31'],
    ['not for one that is being settled', 'RUNNING', 1, undefined],
    ['not for one whose settlement has failed', 'FAILED', 1, undefined],
    ['not for one whose settlement was stopped', 'STOPPED', 1, undefined],
  ] as const)('%s', async (_what, status, generation, key) => {
    await put('settle', '2026-03-31', status, generation, 0);
    expect(await due()).toBe(key);
  });

  it.each([
    ['not when it has followed', 'COMPLETED', 1, 1, undefined],
    ['again for a supplement', 'COMPLETED', 2, 1, '2026-03-31'],
    ['not while it is under way', 'RUNNING', 2, 1, undefined],
    ['not when it was stopped', 'STOPPED', 2, 1, undefined],
    ['again when it has failed', 'FAILED', 1, 1, '2026-03-31'],
  ] as const)('%s', async (_what, status, settled, followed, key) => {
    await put('settle', '2026-03-31', 'COMPLETED', settled, 0);
    await put('post', '2026-03-31', status, 1, followed);
    expect(await due()).toBe(key);
  });

  it.each([
    ['REQUESTED', 0, undefined],
    ['RUNNING', 0, undefined],
    ['FAILED', 14, undefined],
    ['FAILED', 16, '2026-03-31'],
    ['ABANDONED', 0, '2026-03-31'],
  ] as const)('where its last execution is %s, %d min old: %s', async (status, minutes, key) => {
    await put('settle', '2026-03-31', 'COMPLETED', 2, 0);
    await put('post', '2026-03-31');
    await executed('post', '2026-03-31', status, minutes);
    expect(await due()).toBe(key);
  });

  it('for the earliest date first; one that has failed lately holds up no other', async () => {
    for (const date of ['2026-03-02', '2026-03-01', '2026-03-03']) await put('settle', date);
    expect(await due()).toBe('2026-03-01');
    await put('post', '2026-03-01', 'FAILED');
    await executed('post', '2026-03-01', 'FAILED');
    expect(await due()).toBe('2026-03-02');
  });

  it('for a date later, where its keys are later, and over the end of a month', async () => {
    await put('post', '2026-02-28');
    expect(await due({ ...STEP, waitsForEarlier: false })).toBe('2026-03-01');
    await put('tally', '2026-03-01');
    expect(await due(STEP)).toBeUndefined();
  });

  it('only after all dates that were settled before, where it waits for earlier ones', async () => {
    await put('settle', '2026-03-01');
    await put('settle', '2026-03-02');
    await put('post', '2026-03-01', 'FAILED');
    await put('post', '2026-03-02');
    expect(await due({ ...STEP, waitsForEarlier: false })).toBe('2026-03-03');
    expect(await due()).toBe('2026-03-01');
    expect(await due(STEP)).toBeUndefined();
    await put('post', '2026-03-01');
    expect(await due(STEP)).toBe('2026-03-02');
    await put('tally', '2026-03-02', 'FAILED');
    await executed('tally', '2026-03-02', 'FAILED');
    expect(await due(STEP)).toBeUndefined();
    await put('tally', '2026-03-02');
    expect(await due(STEP)).toBe('2026-03-03');
  });
});

describe('in a runner', () => {
  const config = readConfig({ MAGAM_SETTLE_AT: '23:59' });
  let pools: WorkerPools;
  let end: () => Promise<void>;
  beforeEach(() => {
    const stop = new AbortController();
    pools = new WorkerPools(config, database.url);
    const running = runRunner({
      ...{ db: database.db, config, pools, jobs: [postJob, tallyJob], signal: stop.signal },
      idle: () => pause(20),
      log: () => undefined,
    });
    end = async () => {
      stop.abort();
      await running;
    };
  });
  afterEach(async () => {
    await end();
    await pools.close();
  });
  const tallies = () =>
    select<{ date: string; generation: number }>(
      database.db,
      'SELECT for_date AS date, generation FROM tally ORDER BY at',
    );
  const tallied = (count: number) => until(async () => (await tallies()).length === count, `${count} tallies`);

  it('dates go through the whole chain, in their order, and a supplement once more', async () => {
    for (const date of ['2026-03-02', '2026-03-01']) await put('settle', date);
    await tallied(2);
    expect(await tallies()).toEqual([
      { date: '2026-03-02', generation: 1 },
      { date: '2026-03-03', generation: 1 },
    ]);
    await put('post', '2026-03-01', 'COMPLETED', 2, 2);
    await tallied(3);
    expect((await tallies()).at(-1)).toEqual({ date: '2026-03-02', generation: 2 });
  });

  it('a generation that leaves the posting nothing to do is noted, and what follows is not done again for it', async () => {
    await put('settle', '2026-03-01');
    await tallied(1);
    await put('settle', '2026-03-01', 'COMPLETED', 2);
    const followed = async () =>
      (
        await select<{ generation: number; followed: number }>(
          database.db,
          `SELECT generation, followed_generation AS followed FROM job_instance WHERE job = 'post'`,
        )
      )[0];
    await until(async () => (await followed())?.followed === 2, 'the second generation is noted');
    expect((await followed())?.generation).toBe(1);
    expect(await tallies()).toHaveLength(1);
  });

  it('a person gets a refusal with the reason when it is not the turn of the date', async () => {
    const carryOut = (key: string) =>
      runJob(
        { db: database.db, config, pools, signal: new AbortController().signal, onProgress: () => undefined },
        tallyJob,
        {
          ...{
            key,
            gridSize: 1,
            workers: 1,
            chunkRows: 1,
            requestedBy: 'test',
            wait: true,
            onStop: 'stop-run' as const,
          },
        },
      );
    await end();
    await put('settle', '2026-03-01');
    await put('settle', '2026-03-02');
    await put('post', '2026-03-02');
    await expect(carryOut('2026-03-02')).rejects.toMatchObject({
      code: 'EARLIER_STEP_OPEN',
      details: { follows: 'post', date: '2026-03-02' },
    });
    await expect(carryOut('2026-03-03')).rejects.toMatchObject({
      code: 'EARLIER_STEP_OPEN',
      details: { earlier: '2026-03-02' },
    });
    await put('post', '2026-03-01');
    expect(await carryOut('2026-03-02')).toMatchObject({ status: 'COMPLETED', alreadyDone: false });
    expect(await carryOut('2026-03-02')).toMatchObject({ status: 'COMPLETED', alreadyDone: true });
    expect(await carryOut('2026-03-03')).toMatchObject({ status: 'COMPLETED' });
  });
});

it('each step of the chain has its job, which runners carry out, and follows one before it', () => {
  expect(jobs.map(({ name }) => name)).toEqual(CHAIN_JOBS);
  for (const [at, { follows }] of CHAIN.entries()) expect(CHAIN_JOBS.slice(0, at + 1)).toContain(follows);
  expect(stepOf('settle')).toBeUndefined();
  expect(daysAfterSettled(STEP)).toBe(1);
});
