/** The chain in runners: every settled date is posted once, whichever runner is killed at whatever point. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { environment, killAll, type Magam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { type RunnerHere, runnersHere } from '../support/runner-here.js';
import { createDatabase, magamOf } from '../support/settling.js';
import { YESTERDAY } from '../support/today.js';

/** Yesterday is due at once. */
const DUE = { MAGAM_SETTLE_AT: '00:00', MAGAM_WORKERS: '1' };
const DAYS = ['2026-03-02', '2026-03-03', '2026-03-04'] as const;
const [FIRST, SECOND, THIRD] = DAYS;

const here = runnersHere();
let db: ScratchDatabase;
beforeEach(async () => {
  db = await createDatabase();
});
afterEach(async () => {
  await killAll();
  await here.end();
  await db.drop();
});

const feed = (date: string, sellers = 5) => seed(db, { lines: 60, sellers, date });
const settle = async (date: string) =>
  expect(await magamOf(db, ['settle', '--date', date, '--workers', '1'])).toMatchObject({ code: 0 });
const runner = (settings: Readonly<Record<string, string>>): Magam =>
  startMagam(['runner'], environment(db.url, { NODE_ENV: 'test', ...settings }));
/** Three runners, one of them in a process of its own. */
function threeRunners(): void {
  runner(DUE);
  here.start(db.url, DUE);
  here.start(db.url, DUE);
}
/** Its schedule settles nothing, not even the refunds that the feed has on later dates. */
async function idleRunner(): Promise<RunnerHere> {
  await db.magam(['calendar', 'schedule', '9999-12-31']);
  return here.start(db.url, DUE);
}
/** Of the first two jobs; the tests of the whole chain look at the others. */
const runs = () =>
  db.rows(
    `SELECT job, job_key AS date, status, generation FROM job_instance WHERE job IN ('settle', 'post') ORDER BY job_key, run_id`,
  );
const run = (job: string, date: string, status = 'COMPLETED', generation = '1') => ({ job, date, status, generation });
const posted = () => db.rows('SELECT settled_on AS date, generation FROM posted_generation ORDER BY posted_at, 1, 2');
const statusOf = (date: string) =>
  db.value(`SELECT status FROM job_instance WHERE job = 'post' AND job_key = ?`, [date]);
const done = (date: string) => until(async () => (await statusOf(date)) === 'COMPLETED', `${date} is posted`);

/** All of the settlements is in the ledger, nothing twice. */
async function expectLedger(): Promise<void> {
  expect(await magamOf(db, ['ledger', 'verify'])).toMatchObject({ code: 0 });
  const [sums] = await db.rows(
    `SELECT (SELECT SUM(net) FROM settlement) AS owed, (SELECT -SUM(b.amount_minor) FROM ledger_balance b
       JOIN ledger_account a USING (account_id) WHERE a.kind = 'SELLER_PAYABLE') AS credited`,
  );
  expect(sums?.credited).toBe(sums?.owed);
}

describe('a runner that is killed', () => {
  it.each([
    ['after the settlement is completed', 'run.finished', 'undefined'],
    ['when it has taken the request', 'request.taken:kill:2', 'RUNNING'],
    ['in the middle of the posting', 'posting.after-headers', 'RUNNING'],
    ['before the posting is committed', 'posting.before-commit', 'RUNNING'],
    ['after the posting is committed', 'run.finished:kill:2', 'COMPLETED'],
  ])('%s loses and doubles nothing: two others go on', async (_when, point, left) => {
    await feed(YESTERDAY);
    const killed = runner({ ...DUE, MAGAM_FAULT: point.includes(':') ? point : `${point}:kill` });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await statusOf(YESTERDAY)).toBe(left);
    expect(await posted()).toHaveLength(left === 'COMPLETED' ? 1 : 0);
    here.start(db.url, DUE);
    here.start(db.url, DUE);
    await done(YESTERDAY);
    expect(await posted()).toEqual([{ date: YESTERDAY, generation: '1' }]);
    expect(await runs()).toEqual([run('settle', YESTERDAY), run('post', YESTERDAY)]);
    await expectLedger();
  });
});

it('three runners settle and post several dates in their order, each once', async () => {
  const dates = [addDays(YESTERDAY, -1), YESTERDAY];
  for (const date of dates) await feed(date);
  threeRunners();
  for (const date of dates) await done(date);
  expect(await posted()).toEqual(dates.map((date) => ({ date, generation: '1' })));
  const asked = await db.rows(
    `SELECT i.job, i.job_key AS date, COUNT(*) AS n FROM job_execution e JOIN job_instance i USING (run_id)
     WHERE e.requested_by = 'schedule' AND i.job IN ('settle', 'post') GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  expect(asked).toEqual(['post', 'settle'].flatMap((job) => dates.map((date) => ({ job, date, n: '1' }))));
  await expectLedger();
});

it('three runners go from the settlement to the proposal, each step once, and a supplement goes through all of them again', async () => {
  await feed(YESTERDAY);
  const terms = join(mkdtempSync(join(tmpdir(), 'magam-chain-')), 'terms.json');
  const daily = { cycle: { type: 'daily' }, delay: { days: 1 }, holidayRule: 'as-is' };
  writeFileSync(terms, JSON.stringify({ terms: [{ seller: null, effectiveFrom: '2026-01-01', ...daily }] }));
  expect(await magamOf(db, ['terms', 'apply', terms])).toMatchObject({ code: 0 });
  await db.change(
    `ALTER TABLE settlement_line ADD CONSTRAINT poison CHECK (leg <> 0 OR entry_id <> ${await db.value('SELECT MIN(entry_id) FROM sale_entry')})`,
  );
  threeRunners();
  const all = () => db.rows('SELECT job, job_key AS date, status, generation FROM job_instance ORDER BY run_id');
  const proposed = run('propose-payouts', addDays(YESTERDAY, 1));
  const steps = [run('post', YESTERDAY), run('close-statements', YESTERDAY), proposed];
  const untilRuns = (expected: readonly object[]) =>
    until(async () => JSON.stringify(await all()) === JSON.stringify(expected), 'the payouts are proposed');
  await untilRuns([run('settle', YESTERDAY, 'COMPLETED_WITH_EXCEPTIONS'), ...steps]);
  const statements = await db.rows('SELECT closes_on AS date, COUNT(*) AS n FROM statement GROUP BY closes_on');
  expect(statements).toEqual([{ date: YESTERDAY, n: '5' }]);
  // No seller is registered, so nothing is paid.
  expect(await db.value('SELECT COUNT(*) FROM payout')).toBe('0');
  const asked = () => db.value(`SELECT COUNT(*) FROM job_execution WHERE requested_by = 'schedule'`);
  expect(await asked()).toBe('4');

  await db.change('ALTER TABLE settlement_line DROP CONSTRAINT poison');
  await settle(YESTERDAY);
  await until(async () => (await posted()).length === 2, 'the supplement is posted');
  const followed = `SELECT COUNT(*) FROM job_instance WHERE followed_generation = 2`;
  await until(async () => (await db.value(followed)) === '2', 'the closing has followed the supplement');
  expect(await db.value('SELECT COUNT(*) FROM statement')).toBe('5');
});

it('dates that were settled before the chain was there are posted in their order; those that were posted are not posted again', async () => {
  for (const date of DAYS) {
    await feed(date);
    await settle(date);
  }
  // As the duty of an older version left it: the second date is in the ledger, and there is no run of it.
  expect(await magamOf(db, ['ledger', 'post', '--date', SECOND])).toMatchObject({ code: 0 });
  await db.change(`DELETE e, i FROM job_instance i JOIN job_execution e USING (run_id) WHERE i.job = 'post'`);
  await idleRunner();
  await done(THIRD);
  expect((await posted()).map(({ date }) => date)).toEqual([SECOND, FIRST, THIRD]);
  expect(await runs()).toEqual(
    [...DAYS.map((date) => run('settle', date)), ...DAYS.map((date) => run('post', date))].sort(
      (a, b) => a.date.localeCompare(b.date) || b.job.localeCompare(a.job),
    ),
  );
  await expectLedger();
});

it('a date that is settled by hand is posted by a runner that lives, and so is its supplement', async () => {
  await feed(FIRST);
  await db.change(
    `ALTER TABLE settlement_line ADD CONSTRAINT poison CHECK (leg <> 0 OR entry_id <> ${await db.value('SELECT MIN(entry_id) FROM sale_entry')})`,
  );
  await idleRunner();
  expect(await magamOf(db, ['settle', '--date', FIRST, '--workers', '1'])).toMatchObject({ code: 3 });
  await done(FIRST);
  await db.change('ALTER TABLE settlement_line DROP CONSTRAINT poison');
  await settle(FIRST);
  await until(async () => (await posted()).length === 2, 'the supplement is posted');
  await until(
    async () => JSON.stringify((await runs())[1]) === JSON.stringify(run('post', FIRST, 'COMPLETED', '2')),
    'generation 2',
  );
  await expectLedger();
});

describe('a date that cannot be posted', () => {
  beforeEach(async () => {
    await feed(FIRST);
    await feed(SECOND, 1);
    await settle(FIRST);
    await settle(SECOND);
    await db.change(
      `INSERT INTO ledger_account (kind, owner, currency, opened_at, closed_at)
       SELECT 'SELLER_PAYABLE', seller_id, currency, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM settlement
       WHERE settled_on = ? AND seller_id NOT IN (SELECT seller_id FROM settlement WHERE settled_on = ?) LIMIT 1`,
      [FIRST, SECOND],
    );
  });

  it('is failed and named, holds up no other date, and is posted when its cause is mended', async () => {
    const running = await idleRunner();
    await done(SECOND);
    expect(await statusOf(FIRST)).toBe('FAILED');
    expect(running.said).toContainEqual(expect.stringContaining('posting to the ledger failed'));
    const listed = await magamOf(db, ['runs', '--job', 'all', '--json']);
    expect(listed.json()).toMatchObject({
      // The closing of the second date waits for the first.
      runs: [
        { job: 'post', date: SECOND, state: 'done' },
        { job: 'settle', date: SECOND, state: 'settled' },
        { job: 'post', date: FIRST, state: 'failed', lines: 0 },
        { job: 'settle', date: FIRST, state: 'settled' },
      ],
    });
    await db.change('UPDATE ledger_account SET closed_at = NULL');
    expect(await magamOf(db, ['ledger', 'post', '--date', FIRST])).toMatchObject({ code: 0 });
    expect(await statusOf(FIRST)).toBe('COMPLETED');
    expect(await posted()).toHaveLength(2);
  });
});

it('a posting that was stopped waits for a person, who is told, and resumes it', async () => {
  await feed(FIRST);
  await settle(FIRST);
  await db.change(
    `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES ('post', ?, 'STOPPED', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [FIRST],
  );
  const running = await idleRunner();
  await running.says('post was stopped for a date');
  expect(await posted()).toEqual([]);
  expect((await magamOf(db, ['runs'])).stderr).toContain(
    `the jobs after post of ${FIRST} wait for it: magam ledger post --date ${FIRST} resumes it`,
  );
  expect(await magamOf(db, ['ledger', 'post', '--date', FIRST])).toMatchObject({ code: 0 });
  expect(await runs()).toEqual([run('settle', FIRST), run('post', FIRST)]);
  await expectLedger();
});
