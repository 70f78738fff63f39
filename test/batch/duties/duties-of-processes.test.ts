/** The duties of real processes: two runners, one that is killed, and a server where no runner is at work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { runnerDuties } from '../../../batch/duties/registry.js';
import { serverDuties } from '../../../batch/duties/upkeep.js';
import { change, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { FeedFolder } from '../../support/feed-files.js';
import { expectGracefulEnd, leadElsewhere, taskRunners } from '../../support/tasks.js';

const TOKEN = 'the-token-of-the-metrics';
const folder = new FeedFolder();
const startRunner = taskRunners();
let database: TestDatabase;
let api: ApiProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  folder.remove();
  await database.drop();
});
beforeEach(async () => {
  for (const table of ['duty', 'leader_lease', 'idempotency_key']) await change(database.db, `DELETE FROM ${table}`);
  await leadElsewhere(database.db);
  await oldKey();
});
afterEach(async () => {
  await api?.stop();
  api = undefined;
});

/** A key of the day before yesterday, which is to be forgotten. */
const oldKey = () =>
  change(
    database.db,
    `INSERT INTO idempotency_key (account_id, idempotency_key, request_hash, status, owner, lease_until, created_at)
     VALUES (1, 'old', REPEAT('0', 64), 'IN_FLIGHT', 'ffffffff-0000-0000-0000-000000000000', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL 2 DAY)`,
  );

const done = async (): Promise<string[]> => {
  const sql = 'SELECT name FROM duty WHERE succeeded_at IS NOT NULL ORDER BY name';
  return (await select<{ name: string }>(database.db, sql)).map(({ name }) => name);
};
const namesOf = (duties: readonly { readonly name: string }[]): string[] => duties.map(({ name }) => name).sort();
const keys = () => select(database.db, 'SELECT idempotency_key FROM idempotency_key');
/** The lease of a duty. */
const leaseOf = async (duty: string) =>
  (
    await select<{ owner: string; epoch: number; until: string }>(
      database.db,
      'SELECT owner, epoch, lease_until AS until FROM leader_lease WHERE name = ?',
      [`duty:${duty}`],
    )
  )[0];
/** The value of a metric for a duty. */
async function metric(name: string, duty: string): Promise<number> {
  const response = await api?.call('GET', '/metrics', { token: TOKEN });
  return Number(new RegExp(`^${name}\\{duty="${duty}"\\} (\\S+)$`, 'm').exec(response?.text ?? '')?.[1]);
}

it('a duty whose runner holds it is not done by another one, and by nobody twice', async () => {
  const gate = join(folder.path, 'gate');
  // A runner that gets no processor for a whole lease loses its duty, as it should. On a machine under load that takes longer than the short lease of the tests.
  const lease = { MAGAM_LEASE_MS: '6000' };
  const holder = startRunner(database.url, { ...lease, MAGAM_FAULT: `duty.before-record:wait:1:${gate}` });
  await holder.says('FAULT duty.before-record');
  const other = startRunner(database.url, lease);
  await other.says('runner started');
  await until(async () => (await done()).length === runnerDuties.length - 1, 'all duties but the held one');
  const others = await done();
  const held = namesOf(runnerDuties).find((name) => !others.includes(name)) ?? '';
  const before = await leaseOf(held);
  await until(async () => {
    const now = await leaseOf(held);
    return Date.parse(`${now?.until}Z`) > Date.parse(`${before?.until}Z`) + Number(lease.MAGAM_LEASE_MS);
  }, 'a lease later');
  expect(await leaseOf(held)).toMatchObject({ owner: before?.owner, epoch: before?.epoch });
  expect(await done()).toEqual(others);
  writeFileSync(gate, '');
  await until(async () => (await done()).includes(held), 'the held duty, too');
  expect(await leaseOf(held)).toMatchObject({ epoch: before?.epoch });
  await expectGracefulEnd(holder);
  await expectGracefulEnd(other);
});

it('a duty of a runner that is killed is done by another one when the lease has run out', async () => {
  const killed = startRunner(database.url, { MAGAM_FAULT: `duty.before-record:wait:1:${join(folder.path, 'never')}` });
  await killed.says('FAULT duty.before-record');
  const other = startRunner(database.url);
  await other.says('runner started');
  killed.send('SIGKILL');
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  await until(async () => (await done()).length === runnerDuties.length, 'every duty');
  expect(await done()).toEqual(namesOf(runnerDuties));
  expect(await keys()).toEqual([]);
  await expectGracefulEnd(other);
});

it('a server throws its own leftovers away where no runner is at work, and its metrics tell of it', async () => {
  api = await spawnApi(database.url, { MAGAM_METRICS_TOKEN: TOKEN });
  await until(async () => (await done()).length === serverDuties.length, 'the duties of a server');
  expect(await done()).toEqual(namesOf(serverDuties));
  expect(await keys()).toEqual([]);
  const [{ now } = { now: 0 }] = await select<{ now: number }>(database.db, 'SELECT UNIX_TIMESTAMP() AS now');
  const last = await metric('magam_duty_last_success_timestamp_seconds', 'purge-idempotency-keys');
  expect(Math.abs(last - now)).toBeLessThan(600);
  expect(await metric('magam_duty_rows_total', 'purge-idempotency-keys')).toBe(1);
  expect(await metric('magam_duty_failures_total', 'purge-idempotency-keys')).toBe(0);
  expect(await metric('magam_duty_overdue_seconds', 'purge-idempotency-keys')).toBe(0);
  expect(await api.stop()).toBe(0);
  api = undefined;
});

it('the metrics of a server tell what the runners have done and failed to do', async () => {
  const runner = startRunner(database.url, { MAGAM_FAULT: 'duty.begun:error' });
  await until(async () => (await done()).length >= runnerDuties.length - 1, 'all but one');
  const sql = 'SELECT name, TIMESTAMPDIFF(SECOND, failed_at, due_at) AS retry FROM duty WHERE failures = 1';
  await until(async () => (await select(database.db, sql)).length === 1, 'the failure');
  const [failed] = await select<{ name: string }>(database.db, sql);
  await expectGracefulEnd(runner);
  api = await spawnApi(database.url, { MAGAM_METRICS_TOKEN: TOKEN });
  expect(await metric('magam_duty_failures_total', failed?.name ?? '')).toBe(1);
  const fine = namesOf(runnerDuties).find((name) => name !== failed?.name && name !== 'purge-idempotency-keys') ?? '';
  expect(await metric('magam_duty_last_success_timestamp_seconds', fine)).toBeGreaterThan(1.7e9);
  expect(await metric('magam_duty_failures_total', fine)).toBe(0);
});
