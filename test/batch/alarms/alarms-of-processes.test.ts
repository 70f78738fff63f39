/** Alarms of real processes: three runners and two servers at once, one runner that is killed while it tells, and a server where no runner is alive. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { VERIFY } from '../../../core/settlement/rules/verify-task.js';
import { change, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { alarmsOf, emptyAlarms } from '../../support/alarms.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { magam } from '../../support/magam.js';
import { letDue } from '../../support/outbox.js';
import { type Outside, startOutside } from '../../support/outside.js';
import { createSettledDate, DAY, type SettledDate } from '../../support/settled-date.js';
import { askFor, endOf, expectGracefulEnd, leadElsewhere, taskRunners } from '../../support/tasks.js';
import { wholeRunnersHere } from '../../support/whole-runner.js';

const startRunner = taskRunners();
const here = wholeRunnersHere();
let settled: SettledDate;
let webhook: Outside;
const servers: ApiProcess[] = [];

beforeAll(async () => {
  settled = await createSettledDate();
});
afterAll(() => settled.database.drop());
beforeEach(async () => {
  await emptyAlarms(settled.database.db);
  await leadElsewhere(settled.database.db);
  await settlementIs('COMPLETED');
  webhook = await startOutside();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await webhook.close();
});

const settings = (more: Readonly<Record<string, string>> = {}) => ({
  MAGAM_ALARM_WEBHOOK_URL: webhook.url,
  MAGAM_ALARM_DATE_MINUTES: '0',
  ...more,
});
const server = async (more: Readonly<Record<string, string>> = {}): Promise<void> => {
  servers.push(await spawnApi(settled.database.url, settings(more)));
};
/** What was told, as kind, subject and status. */
const told = (): string[] =>
  webhook.received.map(({ body: { alarm } }) => `${alarm.kind} ${alarm.subject} ${alarm.status}`);
const settlementIs = (status: string) =>
  change(settled.database.db, 'UPDATE job_instance SET status = ? WHERE job_key = ?', [status, DAY]);
const dueAgain = () =>
  change(settled.database.db, `UPDATE duty SET due_at = UTC_TIMESTAMP(3) WHERE name = 'watch-alarms'`);

it('three runners and two servers tell of an alarm once, and of its end once', async () => {
  const runner = startRunner(settled.database.url, settings());
  const others = [1, 2].map(() => here.start(settled.database.url, settings()));
  for (const each of [runner, ...others]) await each.says('runner started');
  await Promise.all([server(), server()]);
  await settlementIs('FAILED');
  await until(async () => {
    await dueAgain();
    return told().length > 0;
  }, 'the alarm');
  await settlementIs('COMPLETED');
  await until(async () => {
    await dueAgain();
    return told().length > 1;
  }, 'its end');
  const looks = async () => {
    const sql = `SELECT rows_done AS done, CAST(succeeded_at AS CHAR) AS at FROM duty WHERE name = 'watch-alarms'`;
    return (await select<{ at: string }>(settled.database.db, sql))[0]?.at;
  };
  for (let n = 0, last = await looks(); n < 3; n += 1) {
    await dueAgain();
    await until(async () => (await looks()) !== last, 'another look');
    last = await looks();
  }
  expect(told()).toEqual([`run-failed ${DAY} OPEN`, `run-failed ${DAY} RESOLVED`]);
  await expectGracefulEnd(runner);
});

it('a process that is killed after it has told tells again under the same id, and nothing is lost', async () => {
  await settlementIs('FAILED');
  // The first delivery is that to Slack, which is not configured.
  const killed = startRunner(settled.database.url, settings({ MAGAM_FAULT: 'outbox.delivered:kill:2' }));
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(told()).toEqual([`run-failed ${DAY} OPEN`]);
  await letDue(settled.database.db);
  here.start(settled.database.url, settings());
  await until(async () => {
    await dueAgain();
    return webhook.received.length > 1;
  }, 'the repetition');
  const ids = webhook.received.map(({ body }) => body.id);
  expect(new Set(ids).size).toBe(1);
  await settlementIs('COMPLETED');
});

it('a server tells that no runner is alive, and that one is again', async () => {
  await server({ MAGAM_ALARM_RUNNER_MINUTES: '1' });
  const db = settled.database.db;
  await until(async () => {
    await change(db, `UPDATE duty SET due_at = UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE WHERE name = 'runner-alive'`);
    await dueAgain();
    return told().length > 0;
  }, 'the alarm');
  expect(told()).toEqual(['no-runner runner OPEN']);
  here.start(settled.database.url, settings());
  await until(async () => {
    await dueAgain();
    return told().length > 1;
  }, 'its end');
  expect(told()).toEqual(['no-runner runner OPEN', 'no-runner runner RESOLVED']);
});

it('a verification that finds a difference is an alarm, over HTTP and at the command line, until one finds none', async () => {
  const { db, url } = settled.database;
  const [line] = await select<{ entryId: number; net: number }>(
    db,
    'SELECT entry_id AS entryId, net FROM settlement_line WHERE settled_on = ? AND leg = 0 ORDER BY entry_id LIMIT 1',
    [DAY],
  );
  const setNet = (net: number) =>
    change(db, 'UPDATE settlement_line SET net = ? WHERE settled_on = ? AND leg = 0 AND entry_id = ?', [
      net,
      DAY,
      line?.entryId,
    ]);
  here.start(url, settings());
  const verifyByTask = async (): Promise<void> => {
    await endOf(db, VERIFY, await askFor(db, VERIFY, DAY, { date: DAY }));
  };
  await setNet((line?.net ?? 0) + 1);
  await verifyByTask();
  expect(await alarmsOf(db)).toEqual([`verification-difference ${DAY} OPEN`]);
  expect((await magam(url, ['verify', '--date', DAY])).code).toBe(4);
  await setNet(line?.net ?? 0);
  expect((await magam(url, ['verify', '--from', DAY, '--to', DAY])).code).toBe(0);
  expect(await alarmsOf(db)).toEqual([`verification-difference ${DAY} RESOLVED`]);
  await setNet((line?.net ?? 0) + 1);
  expect((await magam(url, ['verify', '--from', DAY, '--to', DAY])).code).toBe(4);
  await setNet(line?.net ?? 0);
  await verifyByTask();
  expect(await alarmsOf(db)).toEqual([
    `verification-difference ${DAY} RESOLVED`,
    `verification-difference ${DAY} RESOLVED`,
  ]);
});
