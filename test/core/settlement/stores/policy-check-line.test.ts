/** The lines that a policy check has kept. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { purgePolicyChecks } from '../../../../core/settlement/purge-policy-checks.js';
import { POLICY_CHECK } from '../../../../core/settlement/rules/policy-check-task.js';
import { insertCheckLines, readCheckLines } from '../../../../core/settlement/stores/policy-check-line.js';
import { change, inTransaction } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { askFor } from '../../../support/tasks.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('are read by key, and purged with time', async () => {
  const { db } = database;
  const draft = { draftId: 1, draftVersion: 1, date: '2026-03-02', dates: 'ALWAYS', definition: {} } as const;
  const taskId = await askFor(db, POLICY_CHECK, '1', draft);
  const lines = [1, 2, 3, 4].map((lineNo) => ({
    lineNo,
    sellerId: lineNo % 2 === 0 ? 'even' : 'odd',
    content: { lineNo },
  }));
  await inTransaction(db, (tx) => insertCheckLines(tx, taskId, lines));
  expect(await readCheckLines(db, taskId, { afterNo: 1, limit: 2 })).toEqual(lines.slice(1, 3));
  expect(await readCheckLines(db, taskId, { afterNo: 0, limit: 9, sellerId: 'odd' })).toEqual([lines[0], lines[2]]);
  await change(db, 'UPDATE background_task SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 29 DAY');
  expect(await purgePolicyChecks(db)).toBe(0);
  await change(db, 'UPDATE background_task SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY');
  expect(await purgePolicyChecks(db)).toBe(1);
  expect(await readCheckLines(db, taskId, { afterNo: 0, limit: 9 })).toEqual([]);
});
