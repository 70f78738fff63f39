/** What a runner asks of the database while it has nothing to do. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Job } from '../../batch/engine/job.js';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { jobs } from '../../batch/jobs/registry.js';
import { runRunner } from '../../batch/runner/runner.js';
import { readConfig } from '../../infra/config.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('its jobs rest together: each second one question serves all of them', async () => {
  const config = readConfig({ MAGAM_SETTLE_AT: '23:59' });
  const stop = new AbortController();
  const statements: string[] = [];
  database.db.on('query', ({ sql }: { sql: string }) => statements.push(sql));
  /** The jobs that have looked for work since the last rest. */
  const looked: string[] = [];
  const watched = jobs.map((job): Job => {
    const requireReady = async (): Promise<void> => void looked.push(job.name);
    return { ...job, runner: { ...job.runner, requireReady } };
  });
  let rests = 0;
  let wake = (): void => undefined;
  const running = runRunner({
    ...{ db: database.db, config, jobs: watched, signal: stop.signal, log: () => undefined },
    pools: new WorkerPools(config, database.url),
    idle: () => {
      rests += 1;
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
  });
  for (let round = 1; round <= 3; round += 1) {
    await until(() => looked.length === jobs.length && rests === round, 'all jobs have looked');
    await new Promise((resolve) => setImmediate(resolve)); // the last of them rests, too
    expect([...looked].sort()).toEqual(jobs.map(({ name }) => name).sort());
    looked.length = 0;
    if (round === 3) stop.abort();
    wake();
  }
  await running;
  expect(rests).toBe(3);
  const asked = (text: string) => statements.filter((sql) => sql.includes(text)).length;
  expect({
    leads: asked('UPDATE leader_lease SET epoch = LAST_INSERT_ID'),
    upkeep: asked(`SET e.status = 'ABANDONED'`),
    looks: asked('UNION SELECT i.job'),
    requests: asked('AS executionId'),
    runs: asked('i.job_key AS `key` FROM job_instance i WHERE i.job = ?'),
  }).toEqual({ leads: 3, upkeep: 3, looks: 3, requests: 0, runs: 0 });
});
