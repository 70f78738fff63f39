/** The answers of the database and of Redis, and how their clocks differ from that of this process. */
import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { readOpenAlarms } from '../../core/alarms/stores/alarm.js';
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { requireCurrentSchema } from '../../infra/migrate.js';
import { clockNotice, readPlatformTime } from '../../infra/platform-time.js';
import { inspectRedis } from '../../infra/redis-report.js';
import {
  missingForMigration,
  missingPrivileges,
  readServerReport,
  type ServerReport,
} from '../../infra/stores/server-report.js';
import { MagamError } from '../../kernel/errors.js';
import { migrationsFolder } from '../context.js';
import { type Finding, failureText, fault, looked, ok, warning } from './finding.js';
import { checkDisk } from './program.js';

/** What to do about the database, by the code of the error. */
const DATABASE_ACTIONS: Readonly<Record<string, string>> = {
  DATABASE_UNAVAILABLE:
    'Start the database server, or correct host and port in MAGAM_DATABASE_URL; check the firewalls in between.',
  DATABASE_ACCESS_DENIED:
    'Correct user and password in MAGAM_DATABASE_URL, or grant the account its database (docs/operations.md#first-set-up).',
  SCHEMA_OUTDATED: 'Run magam migrate.',
  SCHEMA_TOO_NEW: 'Install the newer version of the program that migrated this database.',
  TIME_ZONE_DIFFERS: 'Set MAGAM_TIME_ZONE to the zone of the database, or leave it out.',
  CLOCK_DIFFERS: 'Correct both clocks; NTP keeps them correct.',
};

/** Everything about the database that can be found out although parts of it are wrong. */
export async function checkDatabase(db: Db, config: Config): Promise<Finding[]> {
  let report: ServerReport;
  try {
    report = await readServerReport(db);
  } catch (error) {
    return [failure('database', error)];
  }
  const schema = await checkSchema(db);
  const findings = [...checkServer(report), ...(await checkFolder(report)), schema];
  if (schema.state === 'fault') return [...findings, ...(await looked('privileges', () => checkMigration(db)))];
  return [
    ...findings,
    ...(await looked('privileges', () => checkPrivileges(db))),
    await checkClock(db, config),
    ...(await looked('alarms', () => checkAlarms(db))),
  ];
}

function failure(check: string, error: unknown): Finding {
  const known = asMagamError(error);
  const code = known instanceof MagamError ? known.code : '';
  return fault(check, failureText(error), DATABASE_ACTIONS[code] ?? 'Look at the log of the database server.');
}

const MIB = 1024 ** 2;

export function checkServer(report: ServerReport): Finding[] {
  const { version, mariadb, isolation, sqlMode, timeZone, readOnly, flushAtCommit, maxPacketBytes } = report;
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const old = mariadb ? major < 10 || (major === 10 && minor < 11) : major < 9;
  const name = `${mariadb ? 'MariaDB' : 'MySQL'} ${version}`;
  const sessionKept =
    isolation === 'READ-COMMITTED' && sqlMode.includes('STRICT_TRANS_TABLES') && timeZone === '+00:00';
  const session = `${isolation}, time zone ${timeZone}, ${sqlMode.includes('STRICT_TRANS_TABLES') ? 'strict' : 'not strict'}`;
  return [
    old
      ? warning(
          'database',
          `${name} is older than the versions with which Magam is tested.`,
          'Use MariaDB 10.11 or newer, or MySQL 9.',
        )
      : ok('database', name),
    ...(readOnly
      ? [
          fault(
            'read only',
            'The server does not accept writes.',
            'Connect to the primary, or end the read-only state.',
          ),
        ]
      : []),
    sessionKept
      ? ok('isolation', session)
      : fault(
          'isolation',
          session,
          'Sessions do not keep the settings of the program: let the proxy in between pool sessions, not transactions.',
        ),
    flushAtCommit === 1 && maxPacketBytes >= 16 * MIB
      ? ok(
          'database settings',
          `innodb_flush_log_at_trx_commit ${flushAtCommit}, max_allowed_packet ${maxPacketBytes / MIB} MiB`,
        )
      : warning(
          'database settings',
          `innodb_flush_log_at_trx_commit ${flushAtCommit}, max_allowed_packet ${Math.floor(maxPacketBytes / MIB)} MiB`,
          'Set innodb_flush_log_at_trx_commit to 1 and max_allowed_packet to 64M (docs/operations.md#database-settings).',
        ),
  ];
}

/** The disk of the data, if the server is on this machine and its folder can be read. */
async function checkFolder({ host, dataFolder }: ServerReport): Promise<Finding[]> {
  const unknown = (why: string): Finding[] => [ok('database disk', `cannot be checked from here: ${why}`)];
  if (host !== hostname()) return unknown(`the server is ${host}`);
  try {
    await access(dataFolder);
  } catch {
    return unknown(`${dataFolder} cannot be read by this account`);
  }
  return looked('database disk', () => checkDisk('database disk', dataFolder));
}

async function checkSchema(db: Db): Promise<Finding> {
  try {
    await requireCurrentSchema(db, migrationsFolder);
    return ok('schema', 'The schema is that of this program.');
  } catch (error) {
    return failure('schema', error);
  }
}

async function checkPrivileges(db: Db): Promise<Finding[]> {
  const missing = await missingPrivileges(db);
  if (missing.length === 0) return [ok('privileges', 'SELECT, INSERT, UPDATE and DELETE'), await checkMigration(db)];
  const action = `GRANT ${missing.join(', ')} on the database to the account; an auditor's account needs SELECT alone.`;
  return [fault('privileges', `The account lacks ${missing.join(', ')}.`, action)];
}

async function checkMigration(db: Db): Promise<Finding> {
  const missing = await missingForMigration(db);
  return missing.length === 0
    ? ok('privileges for migrate', 'The account can migrate.')
    : warning(
        'privileges for migrate',
        `The grants of the account do not name ${missing.join(', ')}.`,
        'Grant them, or migrate with another account.',
      );
}

async function checkClock(db: Db, config: Config): Promise<Finding> {
  try {
    const time = await readPlatformTime(db, config.timeZoneGiven ? config.timeZone : null, config.timeZone);
    const notice = clockNotice(time);
    const found = `It is ${time.date} ${time.time} in ${time.timeZone}; this process and the database agree.`;
    return notice === undefined ? ok('clock', found) : warning('clock', notice, DATABASE_ACTIONS.CLOCK_DIFFERS ?? '');
  } catch (error) {
    return failure('clock', error);
  }
}

async function checkAlarms(db: Db): Promise<Finding> {
  const open = await readOpenAlarms(db);
  return open.length === 0
    ? ok('alarms', 'None is open.')
    : warning(
        'alarms',
        `${open.length} ${open.length === 1 ? 'is' : 'are'} open, the first: ${open[0]?.summary}`,
        'magam alarms lists them and says what to do.',
      );
}

const CLOCK_MS = 2_000;

/** The Redis servers: one, or one for the caches, which may drop entries, and one for the hints, which may not. */
export async function checkRedis(url: string, queueUrl: string | null): Promise<Finding[]> {
  if (queueUrl === null) return checkOneRedis('redis', url, 'MAGAM_REDIS_URL', true);
  const [caches, queue] = await Promise.all([
    checkOneRedis('redis', url, 'MAGAM_REDIS_URL', false),
    checkOneRedis('queue redis', queueUrl, 'MAGAM_QUEUE_REDIS_URL', true),
  ]);
  return [...caches, ...queue];
}

/** Whether it answers, and whether it may drop entries that have to stay. */
async function checkOneRedis(check: string, url: string, setting: string, holdsHints: boolean): Promise<Finding[]> {
  try {
    const { version, evictionPolicy, clockAheadMs } = await inspectRedis(url);
    const clock = `${Math.abs(clockAheadMs) / 1_000} s ${clockAheadMs > 0 ? 'behind' : 'ahead of'} this process`;
    return [
      evictionPolicy === 'noeviction' || !holdsHints
        ? ok(check, `Redis ${version}, ${evictionPolicy}`)
        : warning(
            check,
            `Redis ${version} with maxmemory-policy ${evictionPolicy}: hints may be lost, so work may begin later.`,
            'Set maxmemory-policy to noeviction, or name another Redis in MAGAM_QUEUE_REDIS_URL (docs/operations.md#redis).',
          ),
      Math.abs(clockAheadMs) > CLOCK_MS
        ? warning(
            `${check} clock`,
            `The clock of Redis is ${clock}.`,
            'Correct the clock of its machine; NTP keeps it correct.',
          )
        : ok(`${check} clock`, 'This process and Redis agree.'),
    ];
  } catch (error) {
    const text = errorText(error);
    const denied = /WRONGPASS|NOAUTH|NOPERM|invalid password|AUTH/i.test(text);
    const action = denied
      ? `Correct user and password in ${setting}.`
      : `Start Redis, or correct host and port in ${setting}. Until then pages are slower and mails are sent later; nothing is lost.`;
    return [fault(check, `Redis does not answer: ${text}`, action)];
  }
}
