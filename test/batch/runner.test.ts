/** The runner as a daemon: its schedule, requests, takeovers, several of them, with Redis and without. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { environment, type Magam, runMagam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { runnersHere } from '../support/runner-here.js';
import { createDatabase, GRID, magamOf } from '../support/settling.js';
import { YESTERDAY as yesterday } from '../support/today.js';

/** Yesterday is due at once. */
const due = { MAGAM_SETTLE_AT: '00:00', MAGAM_WORKERS: '1', MAGAM_CHUNK_SIZE: '100' };
/** Yesterday is not due before the last minute of the day. */
const idle = { ...due, MAGAM_SETTLE_AT: '23:59' };

/** Runners of this process, where another one carries on or works beside. */
const here = runnersHere();
let db: ScratchDatabase;
let runners: Magam[] = [];
beforeEach(async () => {
  db = await createDatabase();
});
const seedDate = (date: string) => seed(db, { lines: 400, sellers: 20, date });
afterEach(async () => {
  for (const runner of runners) runner.send('SIGKILL');
  await Promise.all(runners.map(({ ended }) => ended));
  runners = [];
  await here.end();
  await db.drop();
});

function startRunner(settings: Record<string, string>): Magam {
  const runner = startMagam(['runner'], environment(db.url, settings));
  runners.push(runner);
  return runner;
}

const closed = (date: string) =>
  until(
    async () => (await db.value('SELECT status FROM business_date WHERE business_on = ?', [date])) === 'CLOSED',
    `${date} is closed`,
  );

async function expectSettled(settled: readonly string[]): Promise<void> {
  for (const date of settled) expect(await violations(db, date)).toEqual([]);
}

/** SIGTERM ends a runner with 0. */
async function expectGracefulEnd(): Promise<void> {
  for (const runner of runners) runner.send('SIGTERM');
  for (const { ended } of runners) {
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('runner stopped');
  }
}

describe('the schedule', () => {
  const dates = [addDays(yesterday, -2), addDays(yesterday, -1), yesterday];
  beforeEach(() => seedDate(dates[0] ?? ''));

  it('settles yesterday and catches up on missed days, in order, with several runners: one run a date', async () => {
    startRunner(due);
    for (let i = 0; i < 2; i += 1) here.start(db.url, due);
    await closed(yesterday);
    await until(async () => (await db.value('SELECT COUNT(*) FROM settlement_certificate')) === '3', 'certificates');
    await expectSettled(dates);
    const order = await db.rows('SELECT settled_on FROM settlement_certificate ORDER BY certified_at, settled_on');
    expect(order.map(({ settled_on }) => settled_on)).toEqual(dates);
    const asked = await db.rows(
      `SELECT i.job_key, COUNT(*) AS n FROM job_execution e JOIN job_instance i USING (run_id) WHERE i.job = 'settle' AND e.requested_by = 'schedule'
       GROUP BY i.job_key ORDER BY 1`,
    );
    expect(asked).toEqual(dates.map((date) => ({ job_key: date, n: '1' })));
    await expectGracefulEnd();
  });

  it('passes to another runner when the one that leads is killed', async () => {
    const leader = () => db.rows("SELECT owner FROM leader_lease WHERE name = 'settle-schedule'");
    const killed = startRunner({ ...due, MAGAM_FAULT: 'request.taken:kill' });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    const [before] = await leader();
    here.start(db.url, due);
    await closed(yesterday);
    const [after] = await leader();
    expect(after?.owner).not.toBe(before?.owner);
    await until(async () => (await db.value('SELECT COUNT(*) FROM settlement_certificate')) === '3', 'certificates');
    await expectSettled(dates);
  });
});

describe('a schedule that waits for a run that was stopped', () => {
  it('says so, in the log and beside the runs, until the run is resumed', async () => {
    await seedDate(yesterday);
    const gate = join(tmpdir(), `magam-stopped-${process.pid}`);
    const fault = { MAGAM_FAULT: `chunk.before-commit:wait:1:${gate}`, MAGAM_CHUNK_SIZE: '100' };
    const stopped = startMagam(['settle', '--date', yesterday, '--workers', '1'], environment(db.url, fault));
    await stopped.says('FAULT chunk.before-commit');
    stopped.send('SIGTERM');
    writeFileSync(gate, '');
    expect(await stopped.ended).toMatchObject({ code: 130 });
    rmSync(gate);
    const runner = here.start(db.url, due);
    await runner.says('the schedule waits for a run that was stopped');
    const shown = await magamOf(db, ['runs'], due);
    expect(shown.stderr).toContain(`of ${yesterday}, which was stopped: magam settle --date ${yesterday} resumes it`);
    expect(await magamOf(db, ['settle', '--date', yesterday], due)).toMatchObject({ code: 0 });
    expect((await magamOf(db, ['runs'], due)).stderr).not.toContain('The schedule waits');
  });
});

describe('requests', () => {
  beforeEach(() => seedDate(yesterday));

  const request = (date: string) => magamOf(db, ['settle', '--date', date, '--request', ...GRID, '--json'], due);
  const executions = () =>
    db.rows(
      `SELECT e.status, e.exit_code, e.error_code FROM job_execution e JOIN job_instance i USING (run_id) WHERE i.job = 'settle' AND i.job_key >= ? ORDER BY execution_id`,
      [yesterday],
    );

  it('are carried out by exactly one runner each, and joined by the others', async () => {
    startRunner(idle);
    here.start(db.url, idle);
    const { stdout, code } = await request(yesterday);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ requests: [{ date: yesterday }] });
    await closed(yesterday);
    await until(
      async () =>
        (await db.value(
          `SELECT COUNT(*) FROM job_execution JOIN job_instance i USING (run_id) WHERE i.job = 'settle' AND job_execution.status = 'RUNNING'`,
        )) === '0',
      'end',
    );
    expect((await executions())[0]).toMatchObject({ status: 'COMPLETED', exit_code: '0' });
    await expectSettled([yesterday]);
    await expectGracefulEnd();
  });

  it('of a range are taken in order, however many runners there are', async () => {
    startRunner(idle);
    for (let i = 0; i < 2; i += 1) here.start(db.url, idle);
    const range = [
      'settle',
      '--from',
      addDays(yesterday, -7),
      '--to',
      yesterday,
      '--request',
      '--allow-empty',
      ...GRID,
    ];
    expect(await magamOf(db, range, due)).toMatchObject({ code: 0 });
    const open = `SELECT COUNT(*) FROM job_execution JOIN job_instance i USING (run_id) WHERE i.job = 'settle' AND job_execution.status <> 'COMPLETED'`;
    await until(async () => (await db.value(open)) === '0', 'all are carried out');
    await expectSettled(Array.from({ length: 8 }, (_, days) => addDays(yesterday, -days)));
    await expectGracefulEnd();
  });

  it('that are refused leave a run that can be requested again', async () => {
    const before = addDays(yesterday, -1);
    await magamOf(db, ['calendar', 'schedule', '2999-12-31']); // the schedule does nothing until then
    await request(yesterday);
    await seedDate(before); // entries that came after the request
    here.start(db.url, idle);
    await until(async () => (await executions())[0]?.status === 'FAILED', 'refusal');
    expect(await executions()).toEqual([{ status: 'FAILED', exit_code: '1', error_code: 'EARLIER_DATE_OPEN' }]);
    expect(await db.value(`SELECT status FROM job_instance WHERE job = 'settle' AND job_key = ?`, [yesterday])).toBe(
      'FAILED',
    );
    await request(before);
    await closed(before);
    await request(yesterday);
    await closed(yesterday);
    await here.end();
    await expectSettled([before, yesterday]);
  });

  it('whose runner dies at once are not forgotten', async () => {
    const killed = startRunner({ ...idle, MAGAM_FAULT: 'request.taken:kill' });
    await request(yesterday);
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    here.start(db.url, idle);
    await closed(yesterday);
    await until(
      async () =>
        (await db.value('SELECT COUNT(*) FROM settlement_certificate WHERE settled_on = ?', [yesterday])) === '1',
      'certificate',
    );
    await expectSettled([yesterday]);
  });

  it('are withdrawn by magam runs stop while nobody has taken them', async () => {
    await request(yesterday);
    const runId = await db.value(`SELECT run_id FROM job_instance WHERE job = 'settle'`);
    expect(await magamOf(db, ['runs', 'stop', runId])).toMatchObject({ code: 0 });
    expect(await executions()).toEqual([{ status: 'STOPPED', exit_code: '130', error_code: null }]);
    expect(await magamOf(db, ['settle', '--date', yesterday])).toMatchObject({ code: 0 });
    await expectSettled([yesterday]);
  });
});

describe('a run whose process was killed', () => {
  beforeEach(() => seedDate(yesterday));

  async function kill(fault: string): Promise<void> {
    const killed = await runMagam(
      ['settle', '--date', yesterday, ...GRID, '--workers', '1'],
      environment(db.url, { ...due, MAGAM_FAULT: fault }),
    );
    expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  }

  it.each(['run.opened:kill', 'run.before-finish-commit:kill'])('at %s is finished by a runner', async (fault) => {
    await kill(fault);
    here.start(db.url, idle);
    await closed(yesterday);
    await here.end();
    await expectSettled([yesterday]);
  });

  it('in the middle of its chunks is finished by a runner, Redis being away', async () => {
    await kill('chunk.before-commit:kill:3');
    const runner = startRunner(idle);
    await runner.says('Redis away');
    await closed(yesterday);
    await expectGracefulEnd();
    await expectSettled([yesterday]);
  });
});

describe('Redis', () => {
  beforeEach(() => seedDate(yesterday));

  it('wakes the runner when it is there', async () => {
    const redis = { MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? '' };
    const runner = startRunner({ ...idle, ...redis });
    await runner.says('runner started');
    const asked = await magamOf(db, ['settle', '--date', yesterday, '--request'], { ...due, ...redis });
    expect(asked).toMatchObject({ code: 0 });
    await closed(yesterday);
    runner.send('SIGTERM');
    const { code, stderr } = await runner.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('Redis away');
    await expectSettled([yesterday]);
  });
});
