/** The engine with jobs of these tests: its work for any job, and that it does not touch jobs that it does not know. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Job, Turn } from '../../batch/engine/job.js';
import { openRun } from '../../batch/engine/open-run.js';
import { runJob } from '../../batch/engine/run-job.js';
import { type ThreadLender, WorkerPools } from '../../batch/engine/worker-pool.js';
import { runRunner } from '../../batch/runner/runner.js';
import { requestExecution, requestStop } from '../../core/jobs/stores/execution.js';
import { deletePlan } from '../../core/jobs/stores/plan.js';
import { deleteRun, ensureRun, findRun } from '../../core/jobs/stores/run.js';
import { readConfig } from '../../infra/config.js';
import { change, inTransaction, pause, select } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const PARAMETERS = { gridSize: 2, workers: 2, chunkRows: 3, requestedBy: 'test' };

/** The job that this process may not finish now. */
let notReady: string | undefined;

/** Counts the ids 1 to 20 in its first pass, 1 to 8 in its second. */
const countingJob = (name: string): Job => ({
  name,
  keyName: 'member',
  keysInOrder: false,
  passesWait: true,
  open: ({ db, request }) => inTransaction(db, (tx) => openRun(tx, name, request.key)),
  reopen: async () => undefined,
  plan: async () => ({
    parameters: {},
    partitions: [
      [
        { lo: 0, hi: 10, entries: 10 },
        { lo: 0, hi: 4, entries: 4 },
      ],
      [
        { lo: 10, hi: 20, entries: 10 },
        { lo: 4, hi: 8, entries: 4 },
      ],
    ],
  }),
  finish: async () => async (_tx, _run, partitions) => {
    const checkpoints = partitions.map(({ passes }) => passes.map(({ checkpoint }) => checkpoint));
    if (JSON.stringify(checkpoints) !== '[["10","4"],["10","4"]]') throw new Error(JSON.stringify(checkpoints));
    return 'COMPLETED';
  },
  runner: {
    requireReady: async () => {
      if (name === notReady) throw new Error('not ready');
    },
    words: {
      started: 'counting',
      ended: 'counted',
      failed: 'counting failed',
      due: 'counting is due',
      blocked: 'counting waits',
    },
    report: async () => ({}),
  },
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw(
    'CREATE TABLE counted (at INT AUTO_INCREMENT PRIMARY KEY, run_id BIGINT, pass INT, id INT, UNIQUE KEY (run_id, pass, id))',
  );
  await database.db.raw('CREATE TABLE gate (job VARCHAR(32) PRIMARY KEY, shut INT NOT NULL)');
  pools = new WorkerPools(config, database.url, new URL('../support/counting-worker.mjs', import.meta.url));
});
afterAll(async () => {
  await pools.close();
  await database.drop();
});

const ask = (job: string, key: string): Promise<number> =>
  inTransaction(database.db, async (tx) => {
    const { runId } = await ensureRun(tx, job, key, 'REQUESTED');
    await requestExecution(tx, runId, PARAMETERS);
    return runId;
  });
const statusOf = async (job: string, key: string) => (await findRun(database.db, job, key))?.status;
const shutGate = (job: string, shut: boolean) =>
  change(database.db, 'REPLACE INTO gate (job, shut) VALUES (?, ?)', [job, shut ? 1 : 0]);
const countedOf = (runId: number) =>
  select<{ pass: number; id: number }>(database.db, 'SELECT pass, id FROM counted WHERE run_id = ? ORDER BY at', [
    runId,
  ]);

const config = readConfig({ MAGAM_SETTLE_AT: '23:59' });
let pools: WorkerPools;
/** What the runner has said. */
let logged: object[];
let end: () => Promise<void>;
beforeEach(() => {
  const stop = new AbortController();
  logged = [];
  const running = runRunner({
    db: database.db,
    config,
    pools,
    jobs: [countingJob('points'), countingJob('badges')],
    signal: stop.signal,
    idle: () => pause(50),
    log: (_level, details) => void logged.push(details),
  });
  end = async () => {
    stop.abort();
    await running;
  };
});
afterEach(() => end());

describe('a runner of two jobs', () => {
  it('carries both out side by side, and leaves a request for a third as it is', async () => {
    await shutGate('points', true);
    const points = await ask('points', 'member 7');
    await until(async () => (await statusOf('points', 'member 7')) === 'RUNNING', 'points under way');
    await ask('unknown', '2026-01-01');
    await ask('settle', '2026-01-01');
    await ask('badges', 'a');
    await until(async () => (await statusOf('badges', 'a')) === 'COMPLETED', 'badges');
    expect(await statusOf('points', 'member 7')).toBe('RUNNING');
    await shutGate('points', false);
    await until(async () => (await statusOf('points', 'member 7')) === 'COMPLETED', 'points');
    await end(); // and has written down how its executions ended

    const counted = await countedOf(points);
    const ids = (pass: number) => counted.filter((it) => it.pass === pass).map(({ id }) => id);
    const through = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
    expect(ids(0).sort((a, b) => a - b)).toEqual(through(20));
    expect(ids(1).sort((a, b) => a - b)).toEqual(through(8));
    expect(counted.map(({ pass }) => pass).indexOf(1)).toBe(20); // the second pass began when the first had ended
    const executions = await select(
      database.db,
      `SELECT i.job, e.status, e.host, e.done FROM job_execution e JOIN job_instance i USING (run_id)
       ORDER BY i.job, e.execution_id`,
    );
    expect(executions).toEqual([
      expect.objectContaining({ job: 'badges', status: 'COMPLETED', done: 28 }),
      expect.objectContaining({ job: 'points', status: 'COMPLETED', done: 28 }),
      { job: 'settle', status: 'REQUESTED', host: null, done: 0 },
      { job: 'unknown', status: 'REQUESTED', host: null, done: 0 },
    ]);
    expect([await statusOf('settle', '2026-01-01'), await statusOf('unknown', '2026-01-01')]).toEqual([
      'REQUESTED',
      'REQUESTED',
    ]);
  });

  it('stops a run between two chunks, and continues after the last one', async () => {
    await shutGate('badges', true);
    const badges = await ask('badges', 'b');
    await until(async () => (await statusOf('badges', 'b')) === 'RUNNING', 'badges under way');
    await inTransaction(database.db, (tx) => requestStop(tx, badges, 'test'));
    await shutGate('badges', false);
    await until(async () => (await statusOf('badges', 'b')) === 'STOPPED', 'badges stopped');
    expect((await countedOf(badges)).length).toBeLessThan(28);
    await ask('badges', 'b');
    await until(async () => (await statusOf('badges', 'b')) === 'COMPLETED', 'badges');
    expect(await countedOf(badges)).toHaveLength(28);
  });

  it('leaves a job alone that it could not finish, and carries out the other', async () => {
    notReady = 'points';
    await ask('points', 'c');
    await ask('badges', 'c');
    await until(async () => (await statusOf('badges', 'c')) === 'COMPLETED', 'badges');
    const refused = () => logged.filter((details) => 'error' in details && errorText(details.error) === 'not ready');
    await until(() => refused().length > 1, 'the runner looks at points again');
    expect(await statusOf('points', 'c')).toBe('REQUESTED');
    notReady = undefined;
    await until(async () => (await statusOf('points', 'c')) === 'COMPLETED', 'points');
  });
});

it('a process does not claim a partition that its own thread still works on, though the lease is over', async () => {
  await end(); // the runner would claim it, and may
  await shutGate('points', true);
  let looks = 0;
  const context = { db: database.db, config, pools, signal: new AbortController().signal };
  const request = { key: 'own', gridSize: 2, workers: 3, chunkRows: 3, requestedBy: 'test' };
  const onProgress = (): void => {
    looks += 1;
  };
  const running = runJob({ ...context, onProgress }, countingJob('points'), {
    ...request,
    wait: true,
    onStop: 'stop-run',
  });
  const claims = () =>
    select<{ id: number; status: string }>(
      database.db,
      `SELECT p.partition_id AS id, c.status FROM partition_execution c JOIN run_partition p USING (partition_id) JOIN job_instance i USING (run_id)
       WHERE i.job_key = 'own'`,
    );
  await until(async () => (await claims()).length === 2, 'both partitions are claimed, and a worker is idle');
  await change(database.db, 'UPDATE run_partition SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  const seen = looks;
  await until(() => looks > seen + 2, 'it looks around');
  await shutGate('points', false);
  expect(await running).toMatchObject({ status: 'COMPLETED' });
  expect(new Set((await claims()).map(({ status }) => status))).toEqual(new Set(['DONE']));
});

describe('a job of one pass', () => {
  beforeEach(async () => {
    await end(); // the runner would help
    await shutGate('points', false);
  });

  const job: Job = {
    ...countingJob('points'),
    plan: async () => ({ parameters: {}, partitions: [[{ lo: 0, hi: 10, entries: 10 }]] }),
    finish: async () => async () => 'COMPLETED',
  };
  const ranks: (string | undefined)[] = [];
  const carryOut = (key: string, changed: Partial<Job>, signal = new AbortController().signal) => {
    const lend: ThreadLender['lend'] = (workers, work, rank) => {
      ranks.push(rank);
      return pools.lend(workers, work);
    };
    const context = { db: database.db, config, pools: { lend }, signal, onProgress: () => undefined };
    return runJob(context, { ...job, ...changed }, { ...PARAMETERS, key, wait: true, onStop: 'stop-run' });
  };

  it('takes its threads by its key', async () => {
    await carryOut('2026-03-02', {});
    expect(ranks.at(-1)).toBe('2026-03-02');
  });

  it('whose plan somebody else gives up while the turn is asked for is not finished: the work is done under the next one', async () => {
    let turns = 0;
    const turn: Job['turn'] = async (_db, { runId, generation }) => {
      turns += 1;
      if (turns > 1) return 'come';
      await inTransaction(database.db, async (tx) => {
        await deletePlan(tx, runId, generation);
        await change(tx, 'DELETE FROM counted WHERE run_id = ?', [runId]);
      });
      return 'come';
    };
    const ended = await carryOut('turn', { turn });
    expect(ended).toMatchObject({ status: 'COMPLETED', notices: [expect.stringContaining('planned anew')] });
    expect(await countedOf(ended.run?.runId ?? 0)).toHaveLength(10);
  });

  it('that is removed between its opening and its start leaves nothing behind', async () => {
    const open: Job['open'] = async (call) => {
      const run = await job.open(call);
      await inTransaction(database.db, (tx) => deleteRun(tx, run?.runId ?? 0));
      return run;
    };
    const executions = () => select(database.db, 'SELECT execution_id FROM job_execution ORDER BY 1');
    const before = await executions();
    await expect(carryOut('removed', { open })).rejects.toMatchObject({ code: 'RUN_LOST' });
    expect(await statusOf('points', 'removed')).toBeUndefined();
    expect(await executions()).toEqual(before);
    expect(await carryOut('removed', {})).toMatchObject({ status: 'COMPLETED' });
  });

  it('that is told to stop when all is done is completed if its turn has come; otherwise it is stopped, and only finished later', async () => {
    const asked = (turn: Turn) => {
      const stop = new AbortController();
      const stopping = async (): Promise<Turn> => {
        stop.abort();
        return turn;
      };
      return [{ turn: stopping }, stop.signal] as const;
    };
    expect(await carryOut('come', ...asked('come'))).toMatchObject({ status: 'COMPLETED' });
    const { status, run } = await carryOut('wait', ...asked('wait'));
    expect([status, await statusOf('points', 'wait')]).toEqual(['STOPPED', 'STOPPED']);
    const claims = () =>
      select(
        database.db,
        'SELECT c.epoch FROM partition_execution c JOIN run_partition p USING (partition_id) WHERE run_id = ?',
        [run?.runId],
      );
    expect(await claims()).toHaveLength(1);
    expect(await carryOut('wait', {})).toMatchObject({ status: 'COMPLETED' });
    expect(await claims()).toHaveLength(1);
    expect(await countedOf(run?.runId ?? 0)).toHaveLength(10);
  });
});
