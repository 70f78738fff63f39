/** Which executions are taken for dead, and which requests may be taken. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  abandonDeadExecutions,
  requestExecution,
  startExecution,
  takeRequest,
} from '../../../../core/jobs/stores/execution.js';
import { readExecutions } from '../../../../core/jobs/stores/job-history.js';
import { ensureRun } from '../../../../core/jobs/stores/run.js';
import { readRunState } from '../../../../core/jobs/stores/run-progress.js';
import { change, inTransaction } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';

const PARAMETERS = { gridSize: 2, workers: 2, chunkRows: 100, requestedBy: 'test' };
const worker = (leaseMs: number) => ({ host: 'here', pid: 1, leaseMs });

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const runOf = (job: string, key: string, status: 'REQUESTED' | 'RUNNING') =>
  inTransaction(database.db, (tx) => ensureRun(tx, job, key, status));

describe('an execution that was silent', () => {
  it.each([
    [60_000, 100, false],
    [60_000, 181, true],
    [10_000, 29, false],
    [10_000, 31, true],
    [1_000, 2, false],
    [1_000, 4, true],
  ])('with a lease of %i ms for %i s is dead: %s', async (leaseMs, silentSeconds, dead) => {
    const { db } = database;
    const run = await runOf('points', `${leaseMs} ${silentSeconds}`, 'RUNNING');
    const executionId = await startExecution(db, run, PARAMETERS, worker(leaseMs));
    await change(
      db,
      'UPDATE job_execution SET heartbeat_at = UTC_TIMESTAMP(3) - INTERVAL ? SECOND WHERE execution_id = ?',
      [silentSeconds, executionId],
    );
    expect(await readExecutions(db, run.runId)).toMatchObject([{ executionId, status: 'RUNNING', dead }]);
    expect((await readRunState(db, run.runId))?.executions).toHaveLength(dead ? 0 : 1);
    await abandonDeadExecutions(db);
    expect(await readExecutions(db, run.runId)).toMatchObject([{ status: dead ? 'ABANDONED' : 'RUNNING' }]);
  });
});

describe('a request, while a run with an earlier key is under way', () => {
  const take = async (job: string, keysInOrder: boolean): Promise<boolean> => {
    const { runId } = await runOf(job, '2026-01-02', 'REQUESTED');
    const executionId = await requestExecution(database.db, runId, PARAMETERS);
    return inTransaction(database.db, (tx) => takeRequest(tx, executionId, worker(1_000), keysInOrder));
  };

  it('waits where the keys of the job are in order', async () => {
    await runOf('in order', '2026-01-01', 'RUNNING');
    expect(await take('in order', true)).toBe(false);
  });

  it('is taken where they are not', async () => {
    await runOf('in no order', '2026-01-01', 'RUNNING');
    expect(await take('in no order', false)).toBe(true);
  });

  it('is taken where that run is of another job', async () => {
    await runOf('before', '2026-01-01', 'RUNNING');
    expect(await take('another', true)).toBe(true);
  });
});
