/** A range of dates, several of them at once: which work is done ahead, which waits, and that the result equals one date after the other. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requestDueDate } from '../../batch/jobs/settle/schedule.js';
import { readConfig } from '../../infra/config.js';
import { openDatabase } from '../../infra/database.js';
import { environment, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { BackFill, DATES, dateAt, FIRST, LAST, TWO_THREADS } from '../support/back-fill.js';
import { draftedPolicy } from '../support/draft-scene.js';
import { salesCsv } from '../support/feed-files.js';
import { documentOf, type FailureDocument, type SettleDocument } from '../support/settling.js';

let fill: BackFill;
beforeAll(async () => {
  fill = await BackFill.create();
});
afterAll(() => fill.drop());
beforeEach(() => fill.reset());

const failure = ({ stdout }: { stdout: string }) => documentOf<FailureDocument>({ stdout }).error;

/** A range that was killed while several dates were in flight. */
async function killedInFlight(fault = 'run.before-finish-commit:kill:2', args: readonly string[] = []): Promise<void> {
  expect(await fill.settle({ MAGAM_FAULT: fault }, args)).toMatchObject({ signal: 'SIGKILL' });
}

describe('while a date is finished', () => {
  it('the sales of the next two are settled, their refunds and their certificates wait, later doors stay open', async () => {
    const held = await fill.heldAtFirstFinish('ahead');
    expect(await fill.closing()).toEqual(DATES.slice(0, 3));
    for (const date of DATES.slice(1, 3)) {
      expect(await fill.lines(date, 0)).toBeGreaterThan(250);
      expect(await fill.lines(date, 1)).toBe(0);
    }
    expect(await fill.stateOf(dateAt(3))).toEqual({ door: 'OPEN', run: '' });
    held.open();
    const ended = await held.ended;
    expect(ended).toMatchObject({ code: 3 });
    const { runs } = documentOf<{ runs: SettleDocument[] }>(ended);
    expect(runs.map(({ date, status }) => [date, status])).toEqual(
      DATES.map((date) => [date, 'COMPLETED_WITH_EXCEPTIONS']),
    );
    await fill.expectClean();
  });

  it('the next one cannot be settled by itself, tried, or given to a runner', async () => {
    const held = await fill.heldAtFirstFinish('alone');
    for (const args of [[], ['--dry-run']]) {
      const refused = await fill.run(['settle', '--date', dateAt(1), ...args, '--json']);
      expect(refused.code).toBe(1);
      expect(failure(refused)).toMatchObject({ code: 'EARLIER_DATE_OPEN', details: { earlier: [FIRST] } });
    }
    held.open();
    expect(await held.ended).toMatchObject({ code: 3 });
    await fill.expectClean();
  });

  it('others may settle the same range, or be told that somebody does', async () => {
    const held = await fill.heldAtFirstFinish('others');
    const refused = await fill.settle({}, ['--no-wait']);
    expect(refused).toMatchObject({ code: 5 });
    expect(failure(refused).code).toBe('RUN_HELD');
    const others = [fill.start({}, TWO_THREADS), fill.start({}, TWO_THREADS)];
    held.open();
    for (const one of [held, ...others]) expect(await one.ended).toMatchObject({ code: 3 });
    await fill.expectClean();
  });

  it('nothing is closed before it, though nothing waits: the finish alone holds the order', async () => {
    const gate = `${fill.files.path}/order`;
    const held = fill.start({ MAGAM_FAULT: `off:turn,run.worked:wait:1:${gate}` });
    await held.says('FAULT run.worked');
    const failed = () => fill.db.value(`SELECT COUNT(*) FROM job_execution WHERE error_code = 'EARLIER_DATE_OPEN'`);
    await until(async () => Number(await failed()) > 0, 'a later date is refused');
    expect(await fill.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
    held.send('SIGKILL');
    expect(await held.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  /** A policy that can be stored while dates are in flight, and what the range comes to if it is stored before its second date is begun. */
  async function laterPolicy() {
    const revision = await fill.db.value('SELECT revision FROM policy_book');
    const last = await fill.db.value('SELECT MAX(policy_id) FROM fee_policy');
    const policy = draftedPolicy('dear', { seller: 'seller-000002' }, {});
    const file = fill.files.write(JSON.stringify({ policies: [policy] }), 'policy.json');
    const apply = async () =>
      expect(await fill.run(['policies', 'apply', file])).toMatchObject({ code: 0, stderr: '' });
    const forget = async (): Promise<void> => {
      await fill.db.change('DELETE FROM fee_policy WHERE policy_id > ?', [last]);
      await fill.db.change('UPDATE policy_book SET revision = ?', [revision]);
      await fill.db.change(`ALTER TABLE fee_policy AUTO_INCREMENT = ${Number(last) + 1}`);
      await fill.reset();
    };
    const expected = await fill.oneAfterAnother(apply);
    await forget();
    return { apply, forget, expected };
  }

  it('a policy that is stored holds for the dates after it, also where they were planned', async () => {
    const { apply, forget, expected } = await laterPolicy();
    const held = await fill.heldAtFirstFinish('policy');
    await apply();
    held.open();
    const ended = await held.ended;
    expect(ended).toMatchObject({ code: 3 });
    const [, second] = documentOf<{ runs: SettleDocument[] }>(ended).runs;
    expect(second?.notices).toEqual([expect.stringContaining('planned anew')]);
    expect(await fill.outcome()).toEqual(expected);
    await forget();
  });

  it('another process on a date with a new plan continues with the new plan, and does nothing under the old one', async () => {
    const { apply, forget, expected } = await laterPolicy();
    const gate = (name: string): string => `${fill.files.path}/${name}`;
    const last = ['--to', dateAt(2)]; // the fourth plan is the one that is made again
    const waits = `run.worked:wait:1:${gate('first')},run.planned:wait:4:${gate('planned')}`;
    const first = fill.start({ MAGAM_FAULT: waits }, last);
    await first.says('FAULT run.worked');
    const other = fill.start(
      { MAGAM_FAULT: `run.worked:wait:1:${gate('finish')},run.looked:wait:2:${gate('looked')}` },
      last,
    );
    await other.says('FAULT run.looked');
    await apply();
    fill.files.write('', 'first');
    await first.says('FAULT run.planned');
    fill.files.write('', 'looked');
    fill.files.write('', 'finish');
    const ended = await other.ended;
    fill.files.write('', 'planned');
    expect(ended).toMatchObject({ code: 3 });
    expect(await first.ended).toMatchObject({ code: 3 });
    expect(documentOf<{ runs: SettleDocument[] }>(ended).runs[1]?.notices).toEqual([
      expect.stringContaining('planned anew'),
    ]);
    const executions = `SELECT e.status FROM job_execution e JOIN job_instance j ON j.run_id = e.run_id WHERE j.job = 'settle' AND j.job_key = ?`;
    const two = Array(2).fill({ status: 'COMPLETED_WITH_EXCEPTIONS' });
    expect(await fill.db.rows(executions, [dateAt(1)])).toEqual(two);
    expect(await fill.settle()).toMatchObject({ code: 3 });
    expect(await fill.outcome()).toEqual(expected);
    await forget();
  });
});

describe('when it is killed with several dates in flight', () => {
  it.each([
    ['in a chunk', 'chunk.after-commit:kill:5', TWO_THREADS],
    ['in mid-transaction', 'chunk.in-transaction:kill:9', TWO_THREADS],
    ['when a date was opened ahead', 'run.opened:kill:2'],
    ['when a date was planned ahead', 'run.before-plan-commit:kill:3'],
    ['before the first date is closed', 'run.before-finish-commit:kill:1'],
    ['when the first date is closed', 'run.finished:kill:1'],
    ['when the turn of the second comes', 'run.turn:kill:1'],
    ['before a later one is closed', 'run.before-finish-commit:kill:4'],
  ])('%s, the same command finishes it', async (_when, fault, args: readonly string[] = []) => {
    await killedInFlight(fault, args);
    await fill.finish();
  });

  it('its dates are finished one by one, in their order', async () => {
    await killedInFlight();
    const begun = await fill.closing();
    expect(begun.length).toBeGreaterThan(1);
    const [open, next] = begun;
    const refused = await fill.settleDate(next as string);
    expect(failure(refused)).toMatchObject({ code: 'EARLIER_DATE_OPEN', details: { earlier: [open] } });
    for (const date of DATES) expect(await fill.settleDate(date)).toMatchObject({ code: 3 });
    await fill.expectClean();
  });

  it('a runner finishes those that were begun', async () => {
    // All three are planned: a date that is not would be planned by the runner, with another grid and so another certificate.
    const held = await fill.heldAtFirstFinish('killed');
    held.send('SIGKILL');
    await held.ended;
    expect(await fill.closing()).toEqual(DATES.slice(0, 3));
    await fill.run(['calendar', 'schedule', '2999-12-31']); // the schedule does nothing until then
    const runner = startMagam(['runner'], environment(fill.db.url));
    await until(async () => (await fill.closing()).length === 0, 'the runner closes them');
    runner.send('SIGTERM');
    expect(await runner.ended).toMatchObject({ code: 0 });
    await fill.run(['calendar', 'schedule', 'first-entry']);
    await fill.finish();
  });

  it('one that was begun ahead can be given up and is settled again', async () => {
    await killedInFlight();
    await fill.forgetTheDead();
    const [, next] = await fill.closing();
    const runId = await fill.db.value(`SELECT run_id FROM job_instance WHERE job = 'settle' AND job_key = ?`, [next]);
    expect(await fill.run(['runs', 'discard', runId])).toMatchObject({ code: 0 });
    expect(await fill.lines(next as string, 0)).toBe(0);
    await fill.finish();
  });
});

describe('when a date is not closed', () => {
  /** What the schedule asks for now. */
  const due = async () => {
    const db = openDatabase(fill.db.url);
    const parameters = { gridSize: 3, workers: 2, chunkRows: 75, requestedBy: 'schedule' };
    return requestDueDate({ db, config: readConfig({}) }, async () => true, parameters).finally(() => db.destroy());
  };

  it('because too much would be parked, those begun ahead fail with it, and all of them are resumed', async () => {
    const held = fill.start({ MAGAM_FAULT: `chunk.after-commit:wait:4:${fill.files.path}/parked` }, [
      '--exceptions-max',
      '0',
    ]);
    await until(async () => (await fill.closing()).length === 3, 'two dates are begun ahead');
    fill.files.write('', 'parked');
    const ended = await held.ended;
    expect(ended.code).toBe(1);
    expect(failure(ended)).toMatchObject({ code: 'EXCEPTIONS_EXCEEDED', details: { date: FIRST } });
    for (const date of DATES.slice(0, 3)) expect(await fill.stateOf(date)).toEqual({ door: 'CLOSING', run: 'FAILED' });
    expect(await fill.db.rows('SELECT error_code FROM job_execution ORDER BY run_id')).toEqual([
      { error_code: 'EXCEPTIONS_EXCEEDED' },
      { error_code: 'EARLIER_DATE_OPEN' },
      { error_code: 'EARLIER_DATE_OPEN' },
    ]);
    expect(await fill.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
    expect(await fill.settleDate(FIRST)).toMatchObject({ code: 3 });
    expect(await due()).toEqual({ asked: DATES[1] }); // at once, because the cause of its failure is over
    await fill.finish();
  });

  it('because it was stopped, nothing is closed behind it', async () => {
    const held = fill.start({ MAGAM_FAULT: `chunk.after-commit:wait:4:${fill.files.path}/stopped` });
    await until(async () => (await fill.closing()).length === 3, 'two dates are begun ahead');
    const runId = await fill.db.value(`SELECT run_id FROM job_instance WHERE job = 'settle' AND job_key = ?`, [FIRST]);
    expect(await fill.run(['runs', 'stop', runId])).toMatchObject({ code: 0 });
    fill.files.write('', 'stopped');
    const ended = await held.ended;
    expect(ended.code).toBe(130);
    expect(documentOf<{ runs: SettleDocument[] }>(ended).runs).toMatchObject([{ date: FIRST, status: 'STOPPED' }]);
    expect(await fill.stateOf(FIRST)).toEqual({ door: 'CLOSING', run: 'STOPPED' });
    for (const date of DATES.slice(1, 3)) expect(await fill.stateOf(date)).toEqual({ door: 'CLOSING', run: 'FAILED' });
    await fill.finish();
  });

  it('because the command was interrupted, all that it worked on is stopped', async () => {
    const held = fill.start({ MAGAM_FAULT: `chunk.after-commit:wait:4:${fill.files.path}/interrupted` });
    await until(async () => (await fill.closing()).length === 3, 'two dates are begun ahead');
    held.send('SIGINT');
    fill.files.write('', 'interrupted');
    expect(await held.ended).toMatchObject({ code: 130 });
    for (const date of DATES.slice(0, 3)) expect(await fill.stateOf(date)).toEqual({ door: 'CLOSING', run: 'STOPPED' });
    await fill.finish();
  });
});

describe('a date that cannot be begun ahead', () => {
  it('because an import may still write to it, is refused in its turn, when the dates before it are closed', async () => {
    const file = fill.files.write(salesCsv({ order_id: 'UNDER-WAY', ordered_on: LAST, confirmed_on: LAST }));
    const importing = startMagam(
      ['import', 'lines', file],
      environment(fill.db.url, { MAGAM_FAULT: 'import.after-commit:kill:1' }),
    );
    expect(await importing.ended).toMatchObject({ signal: 'SIGKILL' });
    const ended = await fill.settle();
    expect(ended.code).toBe(1);
    expect(failure(ended).code).toBe('IMPORT_IN_PROGRESS');
    expect(await fill.stateOf(dateAt(3))).toMatchObject({ door: 'CLOSED' });
    expect(await fill.stateOf(LAST)).toMatchObject({ door: 'OPEN', run: '' });
  });
});
