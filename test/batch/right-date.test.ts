/** Which dates are over: by the clock of the database in the stored zone, whatever the process's own clock is; and which dates are closed without entries. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { momentIn } from '../../infra/time-zone.js';
import { addDays } from '../../kernel/business-date.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { environment, killAll, type Magam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { type RunnerHere, runnersHere } from '../support/runner-here.js';
import { createDatabase, documentOf, type FailureDocument, magamOf, type SettleDocument } from '../support/settling.js';
import { TODAY, YESTERDAY } from '../support/today.js';

const DAYS_100 = 100 * 86_400;
const DUE = { MAGAM_SETTLE_AT: '00:00', MAGAM_WORKERS: '1' };
const DATE = '2026-03-02';

let db: ScratchDatabase;
beforeEach(async () => {
  db = await createDatabase();
});
afterEach(async () => {
  await killAll();
  await runners.end();
  await db.drop();
});

const run = (args: readonly string[], settings: Readonly<Record<string, string>> = {}) =>
  magamOf(db, [...args, '--json'], settings);
const settle = (date: string, ...args: string[]) => run(['settle', '--date', date, '--workers', '1', ...args]);
const feed = (date: string) => seed(db, { lines: 50, sellers: 5, date });
/** A runner as a process of its own. */
const runner = (settings: Readonly<Record<string, string>>): Magam =>
  startMagam(['runner'], environment(db.url, { ...DUE, ...settings }));
const runners = runnersHere();
/** One of this process. */
const runnerHere = (settings: Readonly<Record<string, string>> = {}): RunnerHere =>
  runners.start(db.url, { ...DUE, ...settings });
const statusOf = (date: string) => db.value('SELECT status FROM business_date WHERE business_on = ?', [date]);
const shutThrough = () => db.value('SELECT shut_through FROM settlement_calendar');
const closed = (date: string) => until(async () => (await statusOf(date)) === 'CLOSED', `${date} is closed`);
const scheduled = () =>
  db.rows(
    `SELECT i.job_key AS date FROM job_execution e JOIN job_instance i USING (run_id) WHERE e.requested_by = 'schedule' AND i.job = 'settle' ORDER BY execution_id`,
  );
/** The leader has looked for what is due at least twice: its lease was prolonged after it was taken. */
async function scheduleLooked(): Promise<void> {
  const lease = () => db.value('SELECT MAX(lease_until) FROM leader_lease');
  await until(async () => (await lease()) !== 'null', 'a runner leads');
  const first = await lease();
  await until(async () => (await lease()) > first, 'the leader looks again');
}

async function expectRefused(ended: ReturnType<typeof run>, code: string, exit = 1): Promise<string> {
  const { code: got, stdout } = await ended;
  const { error } = JSON.parse(stdout) as FailureDocument;
  expect([error.code, got]).toEqual([code, exit]);
  return error.message;
}

describe('a date that is not over', () => {
  it('is refused with what would be closed; today is closed where that is allowed, and a later date never', async () => {
    await feed(TODAY);
    const message = await expectRefused(settle(TODAY), 'DATE_NOT_OVER');
    expect(message).toContain(`would close it for good, and with it every date through ${YESTERDAY}`);
    await expectRefused(settle(TODAY, '--dry-run'), 'DATE_NOT_OVER');
    await expectRefused(settle(TODAY, '--request'), 'DATE_NOT_OVER');
    await expectRefused(settle(addDays(TODAY, 1), '--allow-unfinished-day', '--allow-empty'), 'DATE_NOT_OVER');
    await expectRefused(run(['settle', '--from', YESTERDAY, '--to', TODAY, '--allow-empty']), 'DATE_NOT_OVER');
    expect(await shutThrough()).toBe('null');
    const dryRun = await settle(TODAY, '--dry-run', '--allow-unfinished-day');
    expect(documentOf(dryRun)).toMatchObject({ lines: 50, notices: [expect.stringContaining('is not over yet')] });
    const ended = await settle(TODAY, '--allow-unfinished-day');
    expect(ended).toMatchObject({ code: 0 });
    expect(documentOf<SettleDocument>(ended).notices).toEqual([
      `${TODAY} is not over yet in Asia/Seoul; a closed date takes no more entries.`,
      `Closed along with ${TODAY}, without entries: every date through ${YESTERDAY}.`,
    ]);
    expect(await violations(db, TODAY)).toEqual([]);
  });

  it('is one by the clock of the database, however fast that of the process is', async () => {
    const fast = { MAGAM_FAULT: `clock:${DAYS_100}` };
    await feed(TODAY);
    await expectRefused(run(['settle', '--date', TODAY], { MAGAM_FAULT: 'clock:50' }), 'DATE_NOT_OVER');
    const message = await expectRefused(run(['settle', '--date', TODAY], fast), 'CLOCK_DIFFERS');
    expect(message).toContain(`is ${DAYS_100} s ahead of that of the database`);
    const ended = await runner(fast).ended;
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('CLOCK_DIFFERS') });
    expect(await db.value('SELECT COUNT(*) FROM job_instance')).toBe('0');
  });
});

describe('clocks', () => {
  it.each([5, -5])('that differ by %s s are reported, and nothing else changes', async (seconds) => {
    await feed(DATE);
    const fault = { MAGAM_FAULT: `clock:${seconds}` };
    const ended = await run(['settle', '--date', DATE], fault);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/The clock of this process is [45]\.?\d? s (ahead of|behind) that of the database\./);
    const daemon = runner(fault);
    await daemon.says(/"clockAheadMs":-?\d{4}\D.*The clock of this process/);
    daemon.send('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });
  });

  it('that differ by no more than a second are not worth a word', async () => {
    expect((await run(['runs'], { MAGAM_FAULT: 'clock:1' })).stderr).toBe('');
  });

  it('can be looked at where they differ by any time', async () => {
    const { code, stdout } = await run(['calendar'], { MAGAM_FAULT: 'clock:-3600' });
    expect(code).toBe(0);
    const { clockAheadMs } = JSON.parse(stdout) as { clockAheadMs: number };
    expect(Math.abs(clockAheadMs + 3_600_000)).toBeLessThan(60_000);
  });
});

describe('the zone', () => {
  const zoneOf = () => db.value('SELECT time_zone FROM installation');

  it('is stored by the first process, and one with another is refused with what to do', async () => {
    expect(await zoneOf()).toBe('null');
    const sao = { MAGAM_TIME_ZONE: 'America/Sao_Paulo' };
    expect(await run(['runs'], sao)).toMatchObject({ code: 0 });
    expect(await zoneOf()).toBe('America/Sao_Paulo');
    const seoul = { MAGAM_TIME_ZONE: 'Asia/Seoul' };
    const message = await expectRefused(run(['runs'], seoul), 'TIME_ZONE_DIFFERS', 2);
    expect(message).toContain('Set MAGAM_TIME_ZONE=America/Sao_Paulo or leave it out');
    for (const daemon of ['runner', 'api']) {
      const ended = await startMagam([daemon], environment(db.url, { ...seoul, MAGAM_PORT: '0' })).ended;
      expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('TIME_ZONE_DIFFERS') });
    }
  });

  it('of a process that was not told is the stored one', async () => {
    await run(['runs'], { MAGAM_TIME_ZONE: 'Pacific/Kiritimati' });
    const here = momentIn('Pacific/Kiritimati', Date.now()).date;
    expect(await expectRefused(settle(here), 'DATE_NOT_OVER')).toContain('Pacific/Kiritimati');
    await run(['runs'], { MAGAM_TIME_ZONE: 'pacific/kiritimati' });
    expect(await zoneOf()).toBe('Pacific/Kiritimati');
  });

  it('is changed on purpose by a command, which is recorded; who still works in the old one does nothing more', async () => {
    const old = runnerHere({ MAGAM_TIME_ZONE: 'Asia/Seoul' });
    await scheduleLooked();
    const changed = await run(['calendar', 'zone', 'UTC'], { MAGAM_TIME_ZONE: 'UTC' });
    expect(changed).toMatchObject({ code: 0, stderr: expect.stringContaining('MAGAM_TIME_ZONE=UTC') });
    expect(JSON.parse(changed.stdout)).toMatchObject({ timeZone: 'UTC', date: momentIn('UTC', Date.now()).date });
    await old.says('MAGAM_TIME_ZONE is Asia/Seoul, and the dates of this database are days in UTC');
    const [audited] = await db.rows('SELECT action, before_json, after_json FROM audit_log');
    expect(audited).toEqual({
      action: 'calendar.zone',
      before_json: '{"timeZone":"Asia/Seoul"}',
      after_json: '{"timeZone":"UTC"}',
    });
    expect(await run(['runs'], { MAGAM_TIME_ZONE: 'UTC' })).toMatchObject({ code: 0 });
    await expectRefused(run(['calendar', 'zone', 'Mars/Olympus']), 'USAGE', 2);
  });

  it('is not changed under an unfinished import', async () => {
    await db.change(
      `INSERT INTO feed_import (import_id, kind, source, fingerprint, status, owner, lease_until, host, requested_by, created_at, updated_at)
       VALUES (999, 'lines', 'f.csv', 'f', 'RUNNING', 'o', UTC_TIMESTAMP(3), 'h', 'u', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    );
    await db.change('INSERT INTO feed_import_date (import_id, business_on) VALUES (999, ?)', [DATE]);
    await expectRefused(run(['calendar', 'zone', 'UTC']), 'IMPORT_IN_PROGRESS');
    expect(await zoneOf()).toBe('Asia/Seoul');
  });
});

describe('the schedule', () => {
  it('closes nothing of an empty database', async () => {
    runnerHere();
    await scheduleLooked();
    expect([await shutThrough(), await scheduled()]).toEqual(['null', []]);
  });

  it('begins with the first entry, and leaves the dates without entries after the last one open', async () => {
    runnerHere();
    await feed(DATE);
    const filled = await db.rows(
      `SELECT d.business_on AS date FROM business_date d WHERE EXISTS (SELECT 1 FROM sale_entry s WHERE s.settled_on = d.business_on)
         OR EXISTS (SELECT 1 FROM refund_entry r WHERE r.settled_on = d.business_on) ORDER BY 1`,
    );
    const last = String(filled.at(-1)?.date);
    await closed(last);
    await scheduleLooked();
    expect(await scheduled()).toEqual(filled);
    expect(await shutThrough()).toBe(last);
  });

  it('begins with the date that a person gave, and from there on closes dates without entries, too', async () => {
    const given = await run(['calendar', 'schedule', addDays(YESTERDAY, 1)]);
    expect(JSON.parse(given.stdout)).toMatchObject({ scheduleFrom: TODAY });
    await feed(DATE);
    runnerHere();
    await scheduleLooked();
    expect(await scheduled()).toEqual([]);
    await db.change('DELETE FROM refund_entry');
    await db.change('DELETE FROM sale_entry');
    expect(await run(['calendar', 'schedule', 'yesterday'])).toMatchObject({ code: 0 });
    await closed(YESTERDAY);
    expect(await scheduled()).toEqual([{ date: YESTERDAY }]);
    expect(await db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('1');
    const [audited] = await db.rows(`SELECT action, after_json FROM audit_log ORDER BY audit_id DESC LIMIT 1`);
    expect(audited).toEqual({ action: 'calendar.schedule', after_json: `{"scheduleFrom":"${YESTERDAY}"}` });
  });

  it('goes by the first entry again when it is told to', async () => {
    await run(['calendar', 'schedule', DATE]);
    const { stdout } = await run(['calendar', 'schedule', 'first-entry']);
    expect(JSON.parse(stdout)).toMatchObject({ scheduleFrom: null, shutThrough: null });
    runnerHere();
    await scheduleLooked();
    expect(await shutThrough()).toBe('null');
    await expectRefused(run(['calendar', 'schedule', '2026-02-30']), 'DATE_INVALID', 2);
  });
});

describe('a request for a runner', () => {
  const asked = () => db.value('SELECT COUNT(*) FROM job_execution');

  it('is refused as the run itself would be, and a range leaves nothing behind', async () => {
    const next = addDays(DATE, 1);
    for (const date of [DATE, next]) await feed(date);
    await expectRefused(settle(next, '--request'), 'EARLIER_DATE_OPEN');
    await expectRefused(settle(DATE, '--request', '--dry-run'), 'USAGE', 2);
    // As if the import of the date were not finished yet.
    await db.change(`UPDATE feed_import SET status = 'RUNNING'`);
    await db.change('INSERT INTO feed_import_date (import_id, business_on) SELECT MAX(import_id), ? FROM feed_import', [
      next,
    ]);
    const range = ['settle', '--from', DATE, '--to', next, '--request', '--json'];
    await expectRefused(run(range), 'IMPORT_IN_PROGRESS');
    expect(await asked()).toBe('0');
    await db.change(`UPDATE feed_import SET status = 'COMPLETED'`);
    expect(await run(range)).toMatchObject({ code: 0 });
    expect(await asked()).toBe('2');
  });
});

describe('what was allowed with a request', () => {
  it('also applies to the process that continues when the runner that took it dies at once', async () => {
    const killed = runner({ MAGAM_FAULT: 'request.taken:kill' });
    expect(await settle(DATE, '--request', '--allow-empty')).toMatchObject({ code: 0 });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    runnerHere();
    await closed(DATE);
    await until(async () => (await db.value('SELECT COUNT(*) FROM settlement_certificate')) === '1', 'certificate');
    expect(await violations(db, DATE)).toEqual([]);
  });
});
