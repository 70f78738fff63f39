/** What the event feed tells of uploads: when their task has ended, and once. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { numberEvents } from '../../core/event-feed/number-events.js';
import { readEvents } from '../../core/event-feed/stores/feed-event.js';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import { requestUndo } from '../../core/tasks/stores/background-task.js';
import { change, type Db, inTransaction } from '../../infra/database.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { salesCsv } from '../support/feed-files.js';
import { runnersHere } from '../support/runner-here.js';
import { askForImport, endOf, leadElsewhere, taskRunners } from '../support/tasks.js';

const startRunner = taskRunners();
const others = runnersHere();
let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  await leadElsewhere(db);
});
afterAll(() => database?.drop());
beforeEach(() => change(db, 'DELETE FROM feed_event'));

async function events(): Promise<[string, unknown][]> {
  await numberEvents(db);
  return (await readEvents(db, { sellerId: null, types: [] }, 0, 100)).map(({ type, data }) => [type, data]);
}

it('reports imported, refused and withdrawn files, and no dry run', async () => {
  others.start(database.url);
  const file = salesCsv({}, { line_id: '2' });
  const dry = await askForImport(db, 'lines', file, { dryRun: true });
  await endOf(db, IMPORT, dry);
  const good = await askForImport(db, 'lines', file);
  await endOf(db, IMPORT, good);
  const bad = await askForImport(db, 'lines', salesCsv({ order_id: 'bad', quantity: 'x' }));
  await endOf(db, IMPORT, bad);
  const about = { kind: 'lines', source: 'orders.csv' };
  const completed = [
    'import.completed',
    { importId: good, feedImportId: 1, ...about, imported: 2, unchanged: 0, rejected: 0 },
  ];
  const failed = ['import.failed', { importId: bad, ...about, code: 'IMPORT_REJECTED', message: expect.any(String) }];
  expect(await events()).toEqual([completed, failed]);
  await inTransaction(db, async (tx) => {
    await change(
      tx,
      `UPDATE feed_import SET status = 'ABANDONING', active_fingerprint = fingerprint, lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND`,
    );
    await requestUndo(tx, good, 'test');
  });
  await until(async () => (await events()).length === 3, 'it is withdrawn');
  expect(await events()).toEqual([completed, failed, ['import.withdrawn', { feedImportId: 1, ...about }]]);
});

it('tells of an import once when its runner is killed before its end is noted', async () => {
  const first = startRunner(database.url, { MAGAM_FAULT: 'import-task.imported:kill', MAGAM_LEASE_MS: '1000' });
  const taskId = await askForImport(db, 'lines', salesCsv({ order_id: 'K' }));
  await first.ended;
  expect(await events()).toEqual([]);
  others.start(database.url, { MAGAM_LEASE_MS: '1000' });
  await endOf(db, IMPORT, taskId);
  expect(await events()).toMatchObject([['import.completed', { importId: taskId, imported: 1 }]]);
});
