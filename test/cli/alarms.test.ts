/** `magam alarms` and `magam alarms check`: what is listed, what is sent, and the exit codes that cron sees. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { raiseAlarm, resolveAlarm } from '../../core/alarms/change-alarms.js';
import { readOpenAlarms } from '../../core/alarms/stores/alarm.js';
import { change } from '../../infra/database.js';
import { listAudit } from '../../infra/stores/audit-log.js';
import { emptyAlarms } from '../support/alarms.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';
import { type Outside, startOutside, text } from '../support/outside.js';

const scratch = mkdtempSync(join(tmpdir(), 'magam-alarms-'));
let database: TestDatabase;
let webhook: Outside;
beforeAll(async () => {
  process.env.TMPDIR = scratch; // what is told directly is kept there
  database = await createTestDatabase();
});
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await database.drop();
});
beforeEach(async () => {
  await emptyAlarms(database.db);
  webhook = await startOutside();
});
afterEach(() => webhook.close());

const run = (words: readonly string[], url = database.url, settings: Readonly<Record<string, string>> = {}) =>
  magam(url, ['alarms', ...words], { MAGAM_ALARM_WEBHOOK_URL: webhook.url, ...settings });
const check = (url: string) => run(['check'], url, { MAGAM_ALARM_RUNNER_MINUTES: '0' });
const told = (): string[] => webhook.received.map(({ body: { alarm } }) => `${alarm.kind} ${alarm.status}`);
/** How often a command tries to tell an alarm directly. */
const TRIES = 3;
const NO_TO_EACH_TRY = Array.from({ length: TRIES }, () => text(500, 'no'));
const AWAY = 'mysql://nobody@127.0.0.1:1/none';

it('lists open alarms with what to do, and with --all the past ones', async () => {
  expect((await run([])).stdout).toBe('No alarms.\n');
  for (const subject of ['one', 'two'])
    await raiseAlarm(database.db, { kind: 'dead-letters', subject, summary: `${subject} is full.` });
  const [first] = await readOpenAlarms(database.db);
  await resolveAlarm(database.db, first?.alarmId ?? 0);
  const { code, stdout } = await run([]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/dead-letters +two/);
  expect(stdout).not.toContain('one');
  expect(stdout).toContain('two is full.\n  What to do: Look at them with GET /v1/dead-letters?consumer=two');
  expect((await run(['--all'])).stdout).toMatch(/two .* open *\n.* one .*Z/);
  expect((await run(['--all', '--json'])).json<{ alarms: object[] }>().alarms).toMatchObject([
    { subject: 'two', status: 'OPEN', action: expect.any(String), resolvedAt: null },
    { subject: 'one', status: 'RESOLVED', resolvedAt: expect.stringMatching(/Z$/) },
  ]);
});

it('check opens, sends and ends alarms, and exits with 1 while there are any', async () => {
  expect(await run(['check'])).toMatchObject({ code: 0, stdout: 'No alarms.\n' });
  await change(
    database.db,
    `UPDATE duty SET due_at = UTC_TIMESTAMP(3) - INTERVAL 10 MINUTE WHERE name = 'runner-alive'`,
  );
  for (let n = 0; n < 2; n += 1) {
    const { code, stdout, stderr } = await run(['check']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/no-runner +runner/);
    expect(stderr).toContain('ALARMS_OPEN');
  }
  expect(told()).toEqual(['no-runner OPEN']);
  await change(database.db, `UPDATE duty SET due_at = UTC_TIMESTAMP(3) WHERE name = 'runner-alive'`);
  expect(await run(['check', '--json'])).toMatchObject({ code: 0 });
  expect(told()).toEqual(['no-runner OPEN', 'no-runner RESOLVED']);
});

it('check tells directly that it cannot look, once, and later that it can again', async () => {
  const other = await createEmptyDatabase();
  try {
    for (let n = 0; n < 2; n += 1) {
      const { code, stderr } = await check(other.url);
      expect(code).toBe(1);
      expect(stderr).toContain('SCHEMA_OUTDATED');
    }
    expect(told()).toEqual(['command-failed OPEN']);
    expect(await magam(other.url, ['migrate'])).toMatchObject({ code: 0 });
    expect(await check(database.url)).toMatchObject({ code: 0 }); // another database is another matter
    webhook.answer(...NO_TO_EACH_TRY, text(200, 'ok')); // nobody hears of the end before the second call
    for (let n = 0; n < 3; n += 1) expect(await check(other.url)).toMatchObject({ code: 0 });
    expect(told()).toEqual(['command-failed OPEN', ...Array(TRIES + 1).fill('command-failed RESOLVED')]);
    const [first, ...ends] = webhook.received.map(({ body }) => body);
    for (const { alarm } of ends)
      expect(alarm).toEqual({ ...first.alarm, status: 'RESOLVED', resolvedAt: ends[0].alarm.resolvedAt });
    expect(new Set(ends.map(({ id }) => id))).toEqual(new Set([`${first.id}.over`]));
  } finally {
    await other.drop();
  }
});

it('check tells directly again where it was not heard, under the same id', async () => {
  webhook.answer(...NO_TO_EACH_TRY, text(200, 'ok'));
  for (let n = 0; n < 3; n += 1) expect(await check(AWAY)).toMatchObject({ code: 1 });
  const ids = webhook.received.map(({ body }) => body.id);
  expect(ids).toEqual(Array(TRIES + 1).fill(ids[0]));
  expect(webhook.received[0]?.body.alarm.summary).toContain('DATABASE_UNAVAILABLE');
});

it('check says when a message cannot be sent, and goes on', async () => {
  webhook.answer(text(500, 'no'));
  await raiseAlarm(database.db, { kind: 'command-failed', subject: 'x', summary: 'It failed.' });
  const { code, stdout, stderr } = await run(['check']);
  expect(code).toBe(1);
  expect(stdout).toContain('It failed.');
  expect(stderr).toContain('the webhook for alarms answered 500');
});

it('end ends the alarm of a command, says so everywhere, and ends no other', async () => {
  await raiseAlarm(database.db, { kind: 'command-failed', subject: 'nonsense', summary: 'It failed.' });
  const [failed] = (await readOpenAlarms(database.db)).map(({ alarmId }) => String(alarmId));
  const ended = await run(['end', failed ?? '']);
  expect(ended).toMatchObject({ code: 0, stdout: `Alarm ${failed} is over: It failed.\n` });
  expect(told()).toContain('command-failed RESOLVED');
  const [entry] = await listAudit(database.db, { action: 'alarm.end' }, 10);
  expect(entry).toMatchObject({ subjectType: 'alarm', subjectId: failed, actorUserName: expect.any(String) });
  for (const [id, code] of [
    [failed, 'ALARM_NOT_FOUND'],
    ['4000000000', 'ALARM_NOT_FOUND'],
  ])
    expect(await run(['end', id ?? ''])).toMatchObject({ code: 1, stderr: expect.stringContaining(code ?? '') });
  await raiseAlarm(database.db, { kind: 'parked-entries', subject: '2026-01-01', summary: 'Parked.' });
  const parked = (await readOpenAlarms(database.db)).find(({ kind }) => kind === 'parked-entries');
  expect(await run(['end', String(parked?.alarmId)])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ALARM_ENDS_BY_ITSELF'),
  });
  expect(await run(['end', 'x'])).toMatchObject({ code: 2 });
});
