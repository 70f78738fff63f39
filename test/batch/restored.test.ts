/** A database that is restored under a living runner: its threads do not settle by the policies that they remember from before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { openDatabase } from '../../infra/database.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { until } from '../../scripts/chaos/magam.mjs';
import type { ScratchDatabase } from '../../scripts/chaos/scratch-database.mjs';
import { type DatabaseCopy, takeCopy } from '../support/database-copy.js';
import { type RunnerHere, runnersHere } from '../support/runner-here.js';
import { createDatabase, documentOf, magamOf } from '../support/settling.js';
import { askFor, endOf } from '../support/tasks.js';

const [FIRST, SECOND] = ['2026-03-02', '2026-03-03'];
const folder = mkdtempSync(join(tmpdir(), 'magam-restored-'));
let db: ScratchDatabase;
let copy: DatabaseCopy;
beforeEach(async () => {
  db = await createDatabase();
  await run('calendar', 'schedule', '2999-12-31'); // the schedule does nothing until then
});
afterEach(async () => {
  await runners.end();
  await copy.drop();
  await db.drop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async <T>(...args: string[]): Promise<T> => {
  const ended = await magamOf(db, [...args, '--json']);
  expect(ended).toMatchObject({ code: 0 });
  return documentOf<T>(ended);
};

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const policyOf = (rate: string, version: number): object => ({
  code: 'standard',
  version,
  scope: {},
  currency: 'KRW',
  effectiveFrom: version === 1 ? '2026-01-01' : '2026-02-01',
  commission: { components: [{ type: 'percent', rate }] },
});

const policies = (rate: string): string => {
  return file(`policies-${rate}.json`, JSON.stringify({ policies: [policyOf(rate, 1)] }));
};

const lines = (...dates: string[]): string => {
  const head = 'order_id,line_id,seller_id,quantity,unit_price,shipping_fee,currency,ordered_on,confirmed_on';
  return file(
    'lines.csv',
    [head, ...dates.map((date) => `o-${date},1,S1,1,10000,0,KRW,2026-03-01,${date}`), ''].join('\n'),
  );
};

const runners = runnersHere();
/** A runner with one thread, so that it is the same that settles again. */
const startRunner = (): RunnerHere => runners.start(db.url, { MAGAM_SETTLE_AT: '00:00' });

async function settleByRunner(date: string): Promise<void> {
  await run('settle', '--date', date, '--request', '--workers', '1', '--grid-size', '1');
  const done = `SELECT COUNT(*) FROM job_instance WHERE job = 'settle' AND job_key = ? AND status LIKE 'COMPLETED%'`;
  await until(async () => (await db.value(done, [date])) === '1', `${date} is settled`);
}

const feeOf = (date: string) => db.value('SELECT SUM(fee) FROM settlement_line WHERE settled_on = ?', [date]);

describe('policies', () => {
  it('are those of the restored database, though revisions, policies and runs have the numbers of those before', async () => {
    await run('import', 'lines', lines(FIRST, SECOND));
    copy = await takeCopy(db);
    await run('policies', 'apply', policies('10'));
    startRunner();
    await settleByRunner(FIRST);
    expect(await feeOf(FIRST)).toBe('1000');

    await copy.restore();
    await run('policies', 'apply', policies('20'));
    expect(await db.value('SELECT revision FROM policy_book')).toBe('1');
    for (const date of [FIRST, SECOND]) {
      await settleByRunner(date);
      expect(await feeOf(date)).toBe('2000');
      expect(await violations(db, date)).toEqual([]);
      await run('verify', '--date', date);
    }
  });
});

describe('a what-if', () => {
  const whatIf = async (rate: string) => {
    const tasks = openDatabase(db.url);
    try {
      const definition = { policies: [policyOf(rate, 2)] };
      const asked = { draftId: 1, draftVersion: 1, date: FIRST, dates: 'ALWAYS' as const, definition };
      const task = await endOf(tasks, POLICY_CHECK, await askFor(tasks, POLICY_CHECK, '1', asked));
      const { totals } = task.result as { totals: { after: { fee: string } }[] };
      const runId = await db.value(`SELECT MAX(run_id) FROM job_instance WHERE job <> 'settle'`);
      return { taskId: task.taskId, runId, fee: totals[0]?.after.fee };
    } finally {
      await tasks.destroy();
    }
  };

  it('is about the draft of the restored database, though task and run have the ids of those before', async () => {
    await run('import', 'lines', lines(FIRST));
    await run('policies', 'apply', policies('10'));
    await run('settle', '--date', FIRST);
    // What follows the settlement takes ids of runs, too, so it comes before the copy.
    startRunner();
    const followed = `SELECT COUNT(*) FROM job_instance WHERE job = 'propose-payouts' AND status = 'COMPLETED'`;
    await until(async () => (await db.value(followed)) === '1', 'the payouts are proposed');
    await runners.end();
    copy = await takeCopy(db);
    startRunner();
    const before = await whatIf('30');
    expect(before.fee).toBe('3000');
    await copy.restore();
    expect(await whatIf('40')).toEqual({ ...before, fee: '4000' });
  });
});
