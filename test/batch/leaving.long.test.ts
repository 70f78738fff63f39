/** A process that leaves a run moves it only when no living process works on it; and an execution sends heartbeats in every stage. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../scripts/chaos/magam.mjs';
import { DATE, documentOf, type FailureDocument, Settling } from '../support/settling.js';

let feed: Settling;
const folder = mkdtempSync(join(tmpdir(), 'magam-leaving-'));
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => feed.reset());

let gates = 0;
const newGate = (): string => join(folder, `gate-${++gates}`);
const runStatus = () => feed.db.value('SELECT status FROM job_instance');
const executions = (status: string) =>
  feed.db.value('SELECT COUNT(*) FROM job_execution WHERE status = ?', [status]).then(Number);

describe('a helper that is told to stop', () => {
  it('leaves the run to the one that it has helped', async () => {
    const [gate, other] = [newGate(), newGate()];
    const first = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:2:${gate}`, MAGAM_LEASE_MS: '20000' });
    await first.says('FAULT chunk.before-commit');
    const helper = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:1:${other}`, MAGAM_LEASE_MS: '20000' });
    await helper.says('FAULT chunk.before-commit');
    helper.send('SIGINT');
    writeFileSync(other, '');
    const left = await helper.ended;
    expect(left).toMatchObject({ code: 130 });
    expect(documentOf(left)).toMatchObject({
      status: 'STOPPED',
      notices: ['Others work on the run and go on with it.'],
    });
    expect(await runStatus()).toBe('RUNNING');
    writeFileSync(gate, '');
    expect(await first.ended).toMatchObject({ code: 0 });
    await feed.expectClean();
  });

  it('stops the run when it is the last, also when all are told to stop at once', async () => {
    const gate = newGate();
    const held = { MAGAM_FAULT: `chunk.before-commit:wait:1:${gate}`, MAGAM_LEASE_MS: '20000' };
    const both = [feed.startSettle(held), feed.startSettle(held)];
    for (const one of both) await one.says('FAULT chunk.before-commit');
    for (const one of both) one.send('SIGINT');
    writeFileSync(gate, '');
    for (const one of both) expect(await one.ended).toMatchObject({ code: 130 });
    expect(await runStatus()).toBe('STOPPED');
    await feed.finish();
  });
});

describe('in a database that was restored', () => {
  it.each([
    ['an execution', 130, `UPDATE job_execution SET pid = pid + 1`],
    ['a run', 1, `UPDATE job_instance SET job_key = '2026-01-01'`],
  ])('nothing is done to %s that has the number of its own', async (_whose, code, change) => {
    const gate = newGate();
    const held = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:1:${gate}`, MAGAM_LEASE_MS: '20000' });
    await held.says('FAULT chunk.before-commit');
    await feed.db.change(change);
    if (code === 130) held.send('SIGINT');
    writeFileSync(gate, '');
    expect(await held.ended).toMatchObject({ code });
    expect(await executions('RUNNING')).toBe(1);
    expect(await runStatus()).toBe('RUNNING');
  });
});

describe('an execution that was given up for dead', () => {
  it('does not stop a run that others have continued', async () => {
    const gate = newGate();
    const working = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:2:${gate}`, MAGAM_LEASE_MS: '20000' });
    await working.says('FAULT chunk.before-commit');
    await feed.db.change(`UPDATE job_execution SET status = 'ABANDONED'`);
    working.send('SIGINT');
    writeFileSync(gate, '');
    expect(await working.ended).toMatchObject({ code: 130 });
    expect(await runStatus()).toBe('RUNNING');
    await feed.finish();
  });
});

describe('a worker that is told to stop before it has done anything', () => {
  it('has not failed to make progress', async () => {
    const gate = newGate();
    const fault = `partition.start:wait:1:${gate}`;
    const settings = { MAGAM_FAULT: fault, MAGAM_CLAIMS_MAX: '1', MAGAM_LEASE_MS: '20000' };
    const stopped = feed.startSettle(settings, ['--workers', '2']);
    await stopped.says('FAULT partition.start');
    stopped.send('SIGTERM');
    await until(() => Promise.resolve(stopped.output.stderr.split('FAULT partition.start').length > 2), 'both wait');
    writeFileSync(gate, '');
    expect(await stopped.ended).toMatchObject({ code: 130 });
    expect((await feed.claims()).STOPPED).toBeGreaterThan(0);
    await feed.finish({ MAGAM_CLAIMS_MAX: '1' });
  });
});

describe('a helper that fails', () => {
  it('does not fail the run on which others work', async () => {
    const gate = newGate();
    const first = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:2:${gate}`, MAGAM_LEASE_MS: '20000' });
    await first.says('FAULT chunk.before-commit');
    const failing = await feed.settle({ MAGAM_FAULT: 'claim.pass-done:error' });
    expect(failing).toMatchObject({ code: 1 });
    expect(await runStatus()).toBe('RUNNING');
    expect(await executions('FAILED')).toBe(1);
    writeFileSync(gate, '');
    expect(await first.ended).toMatchObject({ code: 0 });
    await feed.expectClean();
  });
});

describe('an execution that was frozen when all was done', () => {
  it('reports what it has done, over new connections', async () => {
    const first = feed.startSettle({ MAGAM_FAULT: 'run.finished:stop', MAGAM_LEASE_MS: '1000' });
    await first.says('FAULT run.finished');
    const silence = 'SELECT TIMESTAMPDIFF(SECOND, heartbeat_at, UTC_TIMESTAMP(3)) FROM job_execution';
    await until(
      async () => Number(await feed.db.value(silence)) >= 3,
      'the server has ended its sessions, after a second',
    );
    const ended = await first.wake();
    expect(ended).toMatchObject({ code: 0 });
    expect(await executions('COMPLETED')).toBe(1);
    await feed.expectClean();
  });
});

describe('an execution that is long in its finish', () => {
  it('is known to live, and a caller that does not want to wait learns so', async () => {
    const gate = newGate();
    const first = feed.startSettle({ MAGAM_FAULT: `run.before-finish-commit:wait:1:${gate}`, MAGAM_LEASE_MS: '1000' });
    await first.says('FAULT run.before-finish-commit');
    const age = `SELECT TIMESTAMPDIFF(MICROSECOND, started_at, heartbeat_at) / 1000 FROM job_execution`;
    const inFinish = Number(await feed.db.value(age));
    await until(async () => Number(await feed.db.value(age)) > inFinish + 3_000, 'it beats for three leases');
    const refused = await feed.settle({}, ['--no-wait']);
    expect(refused).toMatchObject({ code: 5 });
    expect(documentOf<FailureDocument>(refused).error).toMatchObject({ code: 'RUN_HELD', details: { date: DATE } });
    writeFileSync(gate, '');
    expect(await first.ended).toMatchObject({ code: 0 });
    await feed.expectClean();
  });
});
