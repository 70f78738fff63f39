/** `magam doctor` with everything in order, and with each thing wrong that can be made wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2/promise';
import type { Finding } from '../../cli/doctor/finding.js';
import { buildFinding, checkNode, diskFinding } from '../../cli/doctor/program.js';
import { checkServer } from '../../cli/doctor/services.js';
import { raiseAlarm } from '../../core/alarms/change-alarms.js';
import { change } from '../../infra/database.js';
import { readServerReport, type ServerReport } from '../../infra/stores/server-report.js';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { openHome, readState, socketPath } from '../../scripts/services/home.mjs';
import { startServices, stopServices } from '../../scripts/services.mjs';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let database: TestDatabase;
let redis: TestRedis;
/** It may drop any key when its memory is full. */
let forgetful: TestRedis;
beforeAll(async () => {
  [database, redis, forgetful] = await Promise.all([createTestDatabase(), startRedis(), startRedis()]);
  const client = new Redis(forgetful.url);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  client.disconnect();
});
afterAll(async () => {
  await Promise.all([redis.stop(), forgetful.stop()]);
  await database.drop();
});

interface Report {
  readonly ok: boolean;
  readonly checks: readonly Finding[];
}

async function doctor(settings: Readonly<Record<string, string | undefined>> = {}, url = database.url) {
  const { code, json } = await magam(url, ['doctor', '--json'], { MAGAM_REDIS_URL: redis.url, ...settings });
  const report = json<Report>();
  expect(report.ok).toBe(code === 0);
  for (const { state, action } of report.checks) expect(action === null).toBe(state === 'ok');
  const of = (name: string): Finding | undefined => report.checks.find(({ check }) => check === name);
  const faults = report.checks.filter(({ state }) => state === 'fault').map(({ check }) => check);
  return { code, of, faults };
}

describe('in order', () => {
  it('each check is told, and the exit code is 0', async () => {
    const { code, of, faults } = await doctor();
    expect({ code, faults }).toEqual({ code: 0, faults: [] });
    for (const name of [
      'node',
      'build',
      'settings',
      'database',
      'isolation',
      'schema',
      'privileges',
      'privileges for migrate',
      'clock',
      'redis',
      'redis clock',
      'alarms',
    ])
      expect([name, of(name)?.state]).toEqual([name, 'ok']);
    expect(of('database')?.found).toMatch(/^(MariaDB|MySQL) \d/);
    expect(of('clock')?.found).toContain('agree');
  });

  it('for people it says what to do, and counts', async () => {
    const { stdout } = await magam(database.url, ['doctor'], { MAGAM_REDIS_URL: redis.url });
    expect(stdout).toMatch(/^warning {2}keys: .* everybody knows\.\n {9}What to do: Set MAGAM_TOKEN_KEY/m);
    expect(stdout).toMatch(/^0 at fault, \d+ to look at, \d+ in order\.$/m);
  });
});

describe('a process', () => {
  it('of its own looks at its build', async () => {
    const env = environment(database.url, { MAGAM_REDIS_URL: redis.url });
    const { checks } = (await startMagam(['doctor', '--json'], env).ended).json<Report>();
    const found = Object.fromEntries(checks.map(({ check, state }) => [check, state]));
    expect(found).toMatchObject({ build: 'ok', clock: 'ok', 'redis clock': 'ok' });
  });

  it.each([
    [10, 'warning'],
    [-10, 'warning'],
    [100, 'fault'],
  ])('sees that its clock is %d s fast', async (seconds, state) => {
    const { of } = await doctor({ MAGAM_FAULT: `clock:${seconds}` });
    expect([of('build')?.state, of('clock')?.state, of('redis clock')?.state]).toEqual(['ok', state, 'warning']);
  });
});

describe('the services', () => {
  it('a database that is away, and a Redis that is away', async () => {
    const { code, of, faults } = await doctor({ MAGAM_REDIS_URL: 'redis://127.0.0.1:1/0' }, 'mysql://x@127.0.0.1:1/x');
    expect({ code, faults }).toEqual({ code: 1, faults: ['database', 'redis'] });
    expect(of('database')).toMatchObject({
      found: expect.stringContaining('DATABASE_UNAVAILABLE'),
      action: expect.stringContaining('MAGAM_DATABASE_URL'),
    });
    expect(of('redis')?.found).toContain('ECONNREFUSED');
  });

  it('wrong credentials of both, without their passwords', async () => {
    const wrong = new URL(database.url);
    wrong.password = 'guessed-word';
    const guarded = new URL(process.env.MAGAM_REDIS_URL ?? '');
    guarded.password = 'guessed-word';
    const { code, of } = await doctor({ MAGAM_REDIS_URL: guarded.href }, wrong.href);
    expect(code).toBe(1);
    expect(of('database')?.found).toContain('DATABASE_ACCESS_DENIED');
    expect(of('redis')?.action).toContain('password');
    expect(JSON.stringify([of('database'), of('redis')])).not.toContain('guessed-word');
  });

  it('no schema, an old one and one that is too new', async () => {
    const empty = await createEmptyDatabase();
    try {
      expect((await doctor({}, empty.url)).of('schema')).toMatchObject({
        state: 'fault',
        action: 'Run magam migrate.',
      });
    } finally {
      await empty.drop();
    }
    await change(database.db, `UPDATE schema_migration SET name = '9999_later.sql' WHERE name = '0350_alarm.sql'`);
    try {
      expect((await doctor()).of('schema')?.found).toContain('SCHEMA_TOO_NEW');
      await change(database.db, `DELETE FROM schema_migration WHERE name = '9999_later.sql'`);
      expect((await doctor()).of('schema')?.found).toContain('SCHEMA_OUTDATED');
    } finally {
      await change(database.db, `DELETE FROM schema_migration WHERE name = '9999_later.sql'`);
      await change(
        database.db,
        `INSERT INTO schema_migration (name, batch, migration_time) VALUES ('0350_alarm.sql', 1, UTC_TIMESTAMP())`,
      );
    }
  });

  it('a zone that differs', async () => {
    await doctor(); // a zone is stored
    expect((await doctor({ MAGAM_TIME_ZONE: 'America/Sao_Paulo' })).of('clock')).toMatchObject({
      state: 'fault',
      found: expect.stringContaining('TIME_ZONE_DIFFERS'),
    });
  });

  it('a Redis that may forget, and open alarms, are warnings', async () => {
    await raiseAlarm(database.db, { kind: 'command-failed', subject: 'x', summary: 'It failed.' });
    const { code, of } = await doctor({ MAGAM_REDIS_URL: forgetful.url });
    expect(code).toBe(0);
    expect(of('redis')).toMatchObject({ state: 'warning', action: expect.stringContaining('MAGAM_QUEUE_REDIS_URL') });
    expect(of('alarms')).toMatchObject({ state: 'warning', found: '1 is open, the first: It failed.' });
    await change(database.db, 'DELETE FROM alarm');
  });

  it('of two Redis servers only the one for hints must keep everything', async () => {
    const two = { MAGAM_REDIS_URL: forgetful.url, MAGAM_QUEUE_REDIS_URL: redis.url };
    const { of } = await doctor(two);
    expect([of('redis')?.state, of('queue redis')?.state, of('queue redis clock')?.state]).toEqual(['ok', 'ok', 'ok']);
    const turned = await doctor({ MAGAM_REDIS_URL: redis.url, MAGAM_QUEUE_REDIS_URL: forgetful.url });
    expect([turned.of('redis')?.state, turned.of('queue redis')?.state]).toEqual(['ok', 'warning']);
    const away = await doctor({ ...two, MAGAM_QUEUE_REDIS_URL: 'redis://127.0.0.1:1/0' });
    expect(away.faults).toEqual(['queue redis']);
    expect(away.of('queue redis')?.action).toContain('MAGAM_QUEUE_REDIS_URL');
  });
});

describe('a server of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-doctor-'));
  let own: TestDatabase;
  let root: Connection;
  beforeAll(async () => {
    const { databaseUrl } = await startServices({ folder, redisUrl: 'redis://127.0.0.1:1/0', log: () => undefined });
    own = await createTestDatabase(databaseUrl);
    const home = openHome(folder);
    const password = readState(home).database?.rootPassword ?? '';
    root = await createConnection({ socketPath: socketPath(home), user: 'root', password });
  });
  afterAll(async () => {
    await root.end();
    await own.drop();
    await stopServices({ folder, deleteData: true, log: () => undefined });
    rmSync(folder, { recursive: true, force: true });
  });

  it('an account that may only read, and one that may write and not migrate', async () => {
    const url = new URL(own.url);
    const name = url.pathname.slice(1);
    await root.query(`CREATE USER auditor@'127.0.0.1' IDENTIFIED BY 'auditor'`);
    await root.query(`GRANT SELECT ON ${name}.* TO auditor@'127.0.0.1'`);
    [url.username, url.password] = ['auditor', 'auditor'];
    const verified = await magam(url.href, ['stock', 'verify']);
    expect([verified.code, verified.stderr]).toEqual([
      0,
      expect.stringContaining('Not recorded in the audit log: the database does not accept writes from this account.'),
    ]);
    const reader = await doctor({}, url.href);
    expect(reader.faults).toEqual(['privileges']);
    expect(reader.of('privileges')?.found).toBe('The account lacks INSERT, UPDATE, DELETE.');
    // The name with escaped wildcards.
    const exactly = `\`${name.replaceAll('_', '\\_')}\`.*`;
    await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${exactly} TO auditor@'127.0.0.1'`);
    const writer = await doctor({}, url.href);
    expect(writer.faults).toEqual([]);
    expect(writer.of('privileges for migrate')).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('CREATE, ALTER, DROP, INDEX'),
    });
    await root.query(`GRANT CREATE, ALTER, DROP, INDEX ON ${exactly} TO auditor@'127.0.0.1'`);
    expect((await doctor({}, url.href)).of('privileges for migrate')?.state).toBe('ok');
  });

  it('one that does not accept writes', async () => {
    await root.query('SET GLOBAL read_only = ON');
    try {
      expect((await doctor({}, own.url)).of('read only')).toMatchObject({ state: 'fault' });
    } finally {
      await root.query('SET GLOBAL read_only = OFF');
    }
  });
});

describe('the settings', () => {
  it('each that is wrong is told, and so is what cannot be looked at then', async () => {
    const { code, of, faults } = await doctor({ MAGAM_WORKERS: 'many', MAGAM_PORT: '-1' });
    expect(code).toBe(1);
    expect(faults).toEqual(['settings', 'settings', 'services']);
    expect(of('settings')?.found).toContain('MAGAM_');
  });

  it('a name that is no setting is a warning', async () => {
    const { code, of } = await doctor({ MAGAM_SETLE_AT: '04:00' });
    expect(code).toBe(0);
    expect([of('settings')?.state]).toEqual(['ok']);
    const { stdout } = await magam(database.url, ['doctor'], { MAGAM_REDIS_URL: redis.url, MAGAM_SETLE_AT: '04:00' });
    expect(stdout).toContain('MAGAM_SETLE_AT is set, but there is no such setting.');
  });

  it('keys that everybody knows are a fault in production, and a warning elsewhere', async () => {
    expect((await doctor()).of('keys')?.state).toBe('warning');
    const production = { NODE_ENV: 'production' };
    expect((await doctor(production)).of('keys')).toMatchObject({
      state: 'fault',
      found: expect.stringContaining('MAGAM_TOKEN_KEY and MAGAM_ENCRYPTION_KEY have'),
    });
    const keys = { MAGAM_TOKEN_KEY: 'a'.repeat(40), MAGAM_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };
    expect((await doctor({ ...production, ...keys })).of('keys')?.state).toBe('ok');
  });

  it('where alarms are told', async () => {
    expect((await doctor()).of('alarm channels')?.state).toBe('warning');
    const mail = {
      MAGAM_MAIL_URL: 'smtp://127.0.0.1:1',
      MAGAM_MAIL_FROM: 'magam@x.example',
      MAGAM_ALARM_MAIL_TO: 'a@x.example, b@x.example',
    };
    expect((await doctor(mail)).of('alarm channels')?.found).toBe('mail to a@x.example, mail to b@x.example');
  });
});

describe('what a machine of a test cannot be', () => {
  it.each([
    ['18.20.0', 'fault'],
    ['20.18.9', 'fault'],
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
  ])('Node %s', (version, state) => expect(checkNode(version).state).toBe(state));

  it.each([
    ['', 'ok', 'as new as its sources'],
    ['build', 'fault', 'older than its sources'],
    ['packages', 'fault', 'older than package-lock.json'],
  ])('a checkout in which %j is missing', (missing, state, found) =>
    expect(buildFinding(missing)).toMatchObject({ state, found: expect.stringContaining(found) }),
  );

  const GIB = 1024 ** 3;
  it.each([
    [0.5, 100, 'fault'],
    [5, 100, 'warning'],
    [30, 1_000, 'ok'],
    [50, 100, 'ok'],
  ])('%d GiB free of %d', (free, all, state) =>
    expect(diskFinding('disk', '/data', free * GIB, all * GIB).state).toBe(state),
  );

  it.each<[Partial<ServerReport>, string, string]>([
    [{ version: '10.6.1-MariaDB', mariadb: true }, 'database', 'warning'],
    [{ version: '8.0.36', mariadb: false }, 'database', 'warning'],
    [{ version: '11.4.2-MariaDB', mariadb: true }, 'database', 'ok'],
    [{ version: '9.1.0', mariadb: false }, 'database', 'ok'],
    [{ isolation: 'REPEATABLE-READ' }, 'isolation', 'fault'],
    [{ sqlMode: '' }, 'isolation', 'fault'],
    [{ timeZone: 'SYSTEM' }, 'isolation', 'fault'],
    [{ flushAtCommit: 2 }, 'database settings', 'warning'],
    [{ maxPacketBytes: 1_048_576 }, 'database settings', 'warning'],
  ])('a server with %j', async (given, check, state) => {
    const report = { ...(await readServerReport(database.db)), ...given };
    expect(checkServer(report).find((finding) => finding.check === check)?.state).toBe(state);
  });

  it('a server that does not accept writes', async () => {
    const report = { ...(await readServerReport(database.db)), readOnly: true };
    expect(checkServer(report).filter(({ state }) => state === 'fault')).toMatchObject([
      { found: 'The server does not accept writes.' },
    ]);
  });
});
