/** The state of a run changes with every commit of its work, so that equal states mean equal results. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { claimPartitions, moveFence, readPartitions } from '../../../../core/jobs/stores/partition.js';
import { insertPlan } from '../../../../core/jobs/stores/plan.js';
import { ensureRun, moveRun, openNextGeneration, readRunState } from '../../../../core/jobs/stores/run.js';
import { inTransaction, type Tx } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const state = (): Promise<string> => readRunState(database.db, 'count', 'a');
const EXECUTION = 1;

it('a run that is opened, planned, worked chunk by chunk, completed and opened again', async () => {
  const { db } = database;
  const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(db, work);
  const states = [await state()];
  expect(states).toEqual(['']);

  const run = await inTx((tx) => ensureRun(tx, 'count', 'a', 'RUNNING'));
  states.push(await state());
  const ranges = [[{ lo: 0, hi: 100, entries: 100 }], [{ lo: 100, hi: 200, entries: 100 }]];
  await inTx((tx) =>
    insertPlan(tx, run.runId, { generation: 1, gridSize: 2, parameters: null, plannedBy: EXECUTION }, ranges),
  );
  states.push(await state());
  for (const partition of await readPartitions(db, run.runId, 1)) {
    const [fence] = (await inTx((tx) => claimPartitions(tx, [partition], 'worker', EXECUTION, 60_000))) ?? [];
    if (fence === undefined) throw new Error('nobody else claims');
    for (const seq of [0, 1]) {
      const chunk = { pass: 0, seq, cursorId: 10 * (seq + 1), done: 10, exceptions: 0, checkpoint: null } as const;
      expect(await inTx((tx) => moveFence(tx, fence, { ...chunk, sequel: 'go-on' }))).toBe(true);
      states.push(await state());
    }
  }
  await inTx((tx) => moveRun(tx, run.runId, ['RUNNING'], 'COMPLETED'));
  states.push(await state());
  await inTx((tx) => openNextGeneration(tx, { ...run, status: 'COMPLETED' }));
  states.push(await state());

  expect(states).toHaveLength(9);
  expect(new Set(states).size).toBe(states.length);
  expect(await state()).toBe(states.at(-1)); // and nothing changes it but work
});
