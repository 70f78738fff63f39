/** Runners carry out verifications: to the end, and when they are killed, stopped or told to give up in the middle. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Verification } from '../../batch/jobs/verify/verify-date.js';
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { ImportScene } from '../support/import-scene.js';
import { magamJson } from '../support/magam.js';
import { runnersHere } from '../support/runner-here.js';
import { createSettledDate, DAY, type SettledDate } from '../support/settled-date.js';
import { askFor, endOf, expectGracefulEnd, leadElsewhere, taskOf, taskRunners } from '../support/tasks.js';

const startRunner = taskRunners();
const others = runnersHere();

describe('a verification', () => {
  let settled: SettledDate;
  beforeAll(async () => {
    settled = await createSettledDate();
    await leadElsewhere(settled.database.db);
  });
  afterAll(() => settled.database.drop());
  const ask = (date = DAY) => askFor(settled.database.db, VERIFY, date, { date });

  it('says what the command says', async () => {
    const { url, db } = settled.database;
    others.start(url);
    const task = await endOf(db, VERIFY, await ask());
    const { document } = await magamJson<Verification>(url, ['verify', '--date', DAY]);
    expect(task).toMatchObject({ status: 'COMPLETED', error: null, claims: 1 });
    expect(task.result).toEqual({ ...document, seconds: expect.any(Number) });
    expect(document).toMatchObject({ ok: true, generations: 2 });
    expect(task).toMatchObject({ done: document.lines, total: document.lines });
  });

  it('of a date that is not closed fails with the code', async () => {
    const { url, db } = settled.database;
    others.start(url);
    const task = await endOf(db, VERIFY, await ask('2031-01-01'));
    expect(task).toMatchObject({ status: 'FAILED', error: { code: 'DATE_NOT_CLOSED' }, result: null });
  });

  it.each(['task.claimed', 'verify.started', 'verify.before-finish'])(
    'whose runner is killed at %s is carried out by another',
    async (point) => {
      const { url, db } = settled.database;
      const taskId = await ask();
      const killed = startRunner(url, { MAGAM_FAULT: `${point}:kill` });
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
      expect(await taskOf(db, VERIFY, taskId)).toMatchObject({ status: 'RUNNING', claims: 1 });
      others.start(url);
      expect(await endOf(db, VERIFY, taskId)).toMatchObject({ status: 'COMPLETED', claims: 2, result: { ok: true } });
    },
  );

  it('is given back at once when its runner is told to stop, though the work hangs', async () => {
    const { url, db } = settled.database;
    const scene = await ImportScene.open();
    const gate = join(scene.folder.path, 'gate');
    const taskId = await ask();
    const runner = startRunner(url, { MAGAM_FAULT: `verify.started:wait:1:${gate}` });
    await runner.says('FAULT verify.started');
    runner.send('SIGTERM');
    await until(async () => (await taskOf(db, VERIFY, taskId)).status === 'REQUESTED', 'given back');
    expect(await taskOf(db, VERIFY, taskId)).toMatchObject({ claims: 0 });
    others.start(url);
    expect(await endOf(db, VERIFY, taskId)).toMatchObject({ status: 'COMPLETED', claims: 1 });
    writeFileSync(gate, '');
    expect(await runner.ended).toMatchObject({ code: 0 });
    await scene.close();
  });

  it('that kills every runner is given up', async () => {
    const { url, db } = settled.database;
    const taskId = await ask();
    const settings = { MAGAM_FAULT: 'verify.started:kill', MAGAM_CLAIMS_MAX: '2' };
    for (let i = 0; i < 2; i += 1) expect(await startRunner(url, settings).ended).toMatchObject({ signal: 'SIGKILL' });
    others.start(url, { MAGAM_CLAIMS_MAX: '2' });
    expect(await endOf(db, VERIFY, taskId)).toMatchObject({ status: 'FAILED', error: { code: 'TASK_GIVEN_UP' } });
  });

  it('does not wait for a run, nor a run for it', async () => {
    const { url, db } = settled.database;
    const scene = await ImportScene.open();
    const gate = join(scene.folder.path, 'gate');
    const runner = startRunner(url, { MAGAM_FAULT: `chunk.before-commit:wait:1:${gate}` });
    const asked = await magamJson(url, ['settle', '--date', '2026-04-03', '--request']);
    expect(asked.code).toBe(0);
    await runner.says('FAULT chunk.before-commit');
    expect(await endOf(db, VERIFY, await ask())).toMatchObject({ status: 'COMPLETED', result: { ok: true } });
    writeFileSync(gate, '');
    await runner.says('"settled"');
    await expectGracefulEnd(runner);
    await scene.close();
  });
});
