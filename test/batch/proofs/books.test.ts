/** A run certifies exactly the lines that it wrote, once: lines changed during a run, a supplement that another process has already made. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { openSupplement } from '../../../batch/jobs/settle/open-run.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import { findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import { openDatabase } from '../../../infra/database.js';
import { DATE, documentOf, type FailureDocument, Settling } from '../../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

it('lines that somebody changed under the run are found when they are read back: the hash alone', async () => {
  await feed.settle({ MAGAM_FAULT: 'chunk.before-commit:kill:3' });
  const [partition] = await feed.db.rows(
    `SELECT p.cursor_id FROM run_partition p JOIN run_partition_pass q USING (partition_id, pass)
     WHERE p.pass = 0 AND p.seq > 0 AND p.cursor_id < q.hi ORDER BY p.seq DESC LIMIT 1`,
  );
  const line = 'settled_on = ? AND leg = 0 AND entry_id = ?';
  const key = [DATE, partition?.cursor_id];
  expect(await feed.db.change(`UPDATE settlement_line SET fee = fee + 1 WHERE ${line}`, key)).toBe(1);
  const ended = await feed.settle({ MAGAM_FAULT: 'off:control-totals' });
  expect(documentOf<FailureDocument>(ended).error).toMatchObject({
    code: 'PARTITION_FAILED',
    details: { partitions: [{ code: 'LINES_CHANGED' }] },
  });
  await feed.db.change(`UPDATE settlement_line SET fee = fee - 1 WHERE ${line}`, key);
  await feed.finish();
});

it('a supplement that somebody else has made meanwhile is not made again: the generation alone', async () => {
  await feed.finish();
  const db = openDatabase(feed.db.url);
  try {
    const seen = (await findSettlementRun(db, DATE)) as Run;
    expect(await openSupplement(db, seen)).toMatchObject({ generation: 2, status: 'RUNNING' });
    await feed.db.change(`UPDATE job_instance SET status = 'COMPLETED'`);
    expect(await openSupplement(db, seen)).toMatchObject({ generation: 2, status: 'COMPLETED' });
  } finally {
    await db.destroy();
  }
});
