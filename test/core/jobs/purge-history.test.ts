/** Old history is removed; what is young, or belongs to a run that is not completed, stays. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { purgeHistory } from '../../../core/jobs/purge-history.js';
import { change, select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A run with an execution and a claim that both ended this many days ago. */
async function run(runId: number, status: string, days: number): Promise<void> {
  const { db } = database;
  const ended = 'UTC_TIMESTAMP(3) - INTERVAL ? DAY';
  await change(
    db,
    `INSERT INTO job_instance (run_id, job, job_key, status, created_at, updated_at) VALUES (?, 'settle', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [runId, `key-${runId}`, status],
  );
  await change(
    db,
    `INSERT INTO run_partition (partition_id, run_id, generation, number, status, pass, cursor_id, updated_at) VALUES (?, ?, 1, 1, 'DONE', 0, 0, UTC_TIMESTAMP(3))`,
    [runId, runId],
  );
  await change(
    db,
    `INSERT INTO job_execution (execution_id, run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows, ended_at)
     VALUES (?, ?, 'COMPLETED', 'test', ${ended}, 1, 1, 1, ${ended})`,
    [runId, runId, days, days],
  );
  await change(
    db,
    `INSERT INTO partition_execution (partition_id, epoch, execution_id, status, from_cursor_id, started_at, ended_at) VALUES (?, 1, ?, 'DONE', 0, ${ended}, ${ended})`,
    [runId, runId, days, days],
  );
}
const left = async (table: string): Promise<number[]> =>
  (await select<{ id: number }>(database.db, `SELECT execution_id AS id FROM ${table} ORDER BY 1`)).map(({ id }) => id);

beforeEach(async () => {
  for (const table of ['job_instance', 'run_partition', 'job_execution', 'partition_execution'])
    await change(database.db, `DELETE FROM ${table}`);
});

describe('the history of runs', () => {
  it('is removed when it is old and the run is completed', async () => {
    await run(1, 'COMPLETED', 11);
    await run(2, 'COMPLETED_WITH_EXCEPTIONS', 11);
    await run(3, 'COMPLETED', 9);
    await run(4, 'FAILED', 11);
    expect(await purgeHistory(database.db, 10)).toBe(4);
    for (const table of ['job_execution', 'partition_execution']) expect(await left(table)).toEqual([3, 4]);
    expect((await select(database.db, 'SELECT run_id FROM job_instance')).length).toBe(4);
    expect(await purgeHistory(database.db, 10)).toBe(0);
  });
});
