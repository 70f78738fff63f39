/** Old what-ifs are removed with everything that was stored of them, and nothing else is. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SALE } from '../../../core/feed/rules/leg.js';
import { startExecution } from '../../../core/jobs/stores/execution.js';
import { claimPartitions, readPartitions } from '../../../core/jobs/stores/partition.js';
import { insertPlan } from '../../../core/jobs/stores/plan.js';
import { ensureRun, findRunById, moveRun, type RunStatus, touchRun } from '../../../core/jobs/stores/run.js';
import { purgeWhatIfs } from '../../../core/settlement/purge-what-ifs.js';
import { DECIDED_FIGURES, eachFigure } from '../../../core/settlement/rules/figures.js';
import { POLICY_CHECK } from '../../../core/settlement/rules/policy-check-task.js';
import { NO_COUNTS } from '../../../core/settlement/rules/policy-effect.js';
import { addEffects, type MovedLine, replaceMovedLines } from '../../../core/settlement/stores/what-if.js';
import { WHAT_IF } from '../../../core/settlement/what-if.js';
import { claimTask, finishTask } from '../../../core/tasks/stores/background-task.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { askFor } from '../../support/tasks.js';

const DAY = '2026-03-02';
/** What a what-if has rows in. */
const ITS_TABLES = [
  'job_execution',
  'job_instance',
  'partition_execution',
  'run_partition',
  'run_partition_pass',
  'run_plan',
  'what_if_effect',
  'what_if_line',
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of [...ITS_TABLES, 'background_task']) await change(database.db, `DELETE FROM ${table}`);
});

/** Rows of every table. */
async function counts(): Promise<Record<string, number>> {
  const { db } = database;
  const sql = 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1';
  const found: Record<string, number> = {};
  for (const { name } of await select<{ name: string }>(db, sql)) {
    const [row] = await select<{ n: number }>(db, `SELECT COUNT(*) AS n FROM ${name}`);
    found[name] = row?.n ?? 0;
  }
  return found;
}

let keys = 0;
/** A run with all rows of a what-if under way, last moved this many days ago by a process that was silent ever since. */
async function leave(
  days: number,
  { job = WHAT_IF, status = 'RUNNING' as RunStatus, listFor = null as number | null } = {},
): Promise<number> {
  const { db } = database;
  keys += 1;
  const runId = await inTransaction(db, async (tx) => {
    const run = await ensureRun(tx, job, `key ${keys}`, 'RUNNING', { from: DAY, to: DAY, listFor });
    const parameters = { gridSize: 1, workers: 1, chunkRows: 100, requestedBy: 'test' };
    const executionId = await startExecution(tx, run, parameters, { host: 'here', pid: 1, leaseMs: 10_000 });
    const range = { lo: 0, hi: 10, entries: 10 };
    const plan = { generation: 1, gridSize: 1, parameters: {}, plannedBy: executionId };
    await insertPlan(tx, run.runId, plan, [
      [range, range],
      [range, range],
    ]);
    for (const partition of await readPartitions(tx, run.runId, 1))
      await claimPartitions(tx, [partition], 'ffffffff-0000-0000-0000-000000000000', executionId, 10_000);
    const sums = eachFigure(DECIDED_FIGURES, () => 1n);
    const effect = {
      ...NO_COUNTS,
      sales: 1,
      sellerId: 'S',
      currency: 'KRW',
      beforeFees: 1n,
      before: sums,
      after: sums,
    };
    for (const partition of [0, 1, 2]) await addEffects(tx, run.runId, partition, [effect]);
    const line: MovedLine = { date: DAY, leg: SALE, entryId: 1, generation: 1, currency: 'KRW', difference: 1n };
    await replaceMovedLines(tx, run.runId, [], [line, { ...line, entryId: 2 }]);
    await moveRun(tx, run.runId, ['RUNNING'], status);
    return run.runId;
  });
  await change(db, 'UPDATE job_execution SET heartbeat_at = heartbeat_at - INTERVAL ? DAY WHERE run_id = ?', [
    days,
    runId,
  ]);
  await change(db, 'UPDATE job_instance SET updated_at = updated_at - INTERVAL ? DAY WHERE run_id = ?', [days, runId]);
  return runId;
}
const isThere = async (runId: number): Promise<boolean> => (await findRunById(database.db, runId)) !== undefined;

describe('a what-if', () => {
  it.each(['COMPLETED', 'STOPPED', 'FAILED', 'RUNNING'] as const)(
    'that was left %s more than 30 days ago goes with all its rows, and none of the others',
    async (status) => {
      await leave(29);
      await leave(31, { job: 'settle' });
      const before = await counts();
      await leave(31, { status });
      const made = await counts();
      expect(ITS_TABLES.filter((table) => (made[table] ?? 0) > (before[table] ?? 0))).toEqual(ITS_TABLES);
      expect(await purgeWhatIfs(database.db)).toBe(1);
      expect(await counts()).toEqual(before);
      expect(await purgeWhatIfs(database.db)).toBe(0);
    },
  );

  it('that somebody works on stays, however long ago it began', async () => {
    const runId = await leave(31);
    const beats = (silentSeconds: number) =>
      change(database.db, 'UPDATE job_execution SET heartbeat_at = UTC_TIMESTAMP(3) - INTERVAL ? SECOND', [
        silentSeconds,
      ]);
    await beats(5);
    const before = await counts();
    expect(await purgeWhatIfs(database.db)).toBe(0);
    expect(await counts()).toEqual(before);
    await beats(15);
    expect(await purgeWhatIfs(database.db)).toBe(1);
    expect(await isThere(runId)).toBe(false);
  });

  it('stays while its task has not ended, because the task continues it', async () => {
    const { db } = database;
    const question = { draftId: 1, draftVersion: 1, date: DAY, dates: 'ALWAYS', definition: {} } as const;
    const runId = await leave(31, { listFor: await askFor(db, POLICY_CHECK, '1', question) });
    expect(await purgeWhatIfs(db)).toBe(0);
    const claimed = await claimTask(db, [POLICY_CHECK], 'ffffffff-0000-0000-0000-000000000000', 10_000);
    if (claimed === undefined) throw new Error('the task could not be claimed');
    expect(await purgeWhatIfs(db)).toBe(0);
    expect(await isThere(runId)).toBe(true);
    await finishTask(db, claimed.fence, { status: 'CANCELLED' }, { stage: null, done: 0, total: null });
    expect(await purgeWhatIfs(db)).toBe(1);
    expect(await isThere(runId)).toBe(false);
  });

  it('stays when somebody puts it back to work while it is looked at', async () => {
    const { db } = database;
    const runId = await leave(31, { status: 'STOPPED' });
    let purging: Promise<number> | undefined;
    await inTransaction(db, async (tx) => {
      await touchRun(tx, runId);
      purging = purgeWhatIfs(db);
      await inStatement(db, '%FROM job_instance%FOR UPDATE%');
    });
    expect(await purging).toBe(0);
    expect(await isThere(runId)).toBe(true);
  });
});
