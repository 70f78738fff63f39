/**
 * What every command needs, in one place: the configuration, the database (the given one, or the private one of this
 * checkout) and a signal that SIGINT and SIGTERM abort.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type Config, readConfig } from '../infra/config.js';
import { type Db, openDatabase, silenceWithin } from '../infra/database.js';
import { armFaults } from '../infra/faults.js';
import { migrate, requireCurrentSchema } from '../infra/migrate.js';
import { clockNotice, type PlatformTime, readAnyPlatformTime, readPlatformTime } from '../infra/platform-time.js';
import { addDays, isBusinessDate } from '../kernel/business-date.js';
import { currencyExponent } from '../kernel/currency.js';
import { errors, MagamError } from '../kernel/errors.js';
import { note } from './output.js';

/** The root of the package: this is `cli/context.ts`, or a file in a folder of `dist`. */
const root = new URL(/\/dist\/[^/]+\/[^/]*$/.test(import.meta.url) ? '../../' : '../', import.meta.url);
export const migrationsFolder = new URL('sql/', root);
export const packageFile = new URL('package.json', root);
/** The arguments with which a process of this program is started. */
export const programFile = fileURLToPath(new URL('bin/magam.mjs', root));
/** A script of `scripts/`, which runs without being built. */
export const scriptFile = (name: string): string => fileURLToPath(new URL(`scripts/${name}`, root));

export interface CommandContext {
  readonly config: Config;
  /** Today's business date when the command began: the database's clock in the platform's zone. */
  readonly today: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** The Redis of the hint queue; the same unless MAGAM_QUEUE_REDIS_URL names another. */
  readonly queueRedisUrl: string;
  readonly db: Db;
  readonly json: boolean;
  /** Aborted by SIGINT or SIGTERM: finish the present work and stop. */
  readonly signal: AbortSignal;
}

/** Whether `--json` was given before or after the subcommand. */
export const wantsJson = (command: Command): boolean => command.optsWithGlobals().json === true;

/** Where the services are. A service without a URL is started privately for this checkout, and a notice says so. */
export async function serviceUrls(
  config: Config,
): Promise<{ databaseUrl: string; redisUrl: string; embedded: boolean }> {
  const { databaseUrl, redisUrl } = config;
  if (databaseUrl !== null && redisUrl !== null) return { databaseUrl, redisUrl, embedded: false };
  if (databaseUrl === null)
    note('No MAGAM_DATABASE_URL is set: using the private database of this checkout (npm run services:status).');
  return { ...(await startPrivateServices()), embedded: databaseUrl === null };
}

/** Starts the services that the two URL variables do not name; the launcher writes its messages to standard error. */
async function startPrivateServices(): Promise<{ databaseUrl: string; redisUrl: string }> {
  const child = spawn(process.execPath, [scriptFile('services.mjs'), 'start', '--json', '--missing'], {
    stdio: ['inherit', 'pipe', 'inherit'], // it may ask a question on a terminal
  });
  const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (exitCode !== 0) throw new MagamError('SERVICES_UNAVAILABLE');
  return JSON.parse(stdout) as { databaseUrl: string; redisUrl: string };
}

/**
 * Runs a command's work with a database whose schema is current, and closes what was opened. With `leased` the server ends the transactions of a frozen command before its leases
 * end; with `silenceSeconds` it ends them after that many seconds. `connectionWaitSeconds` is as in `openDatabase`. A process whose zone or clock differs from the database's is
 * refused (TIME_ZONE_DIFFERS, CLOCK_DIFFERS), except with `anyTime`, for commands that show or correct them.
 */
export async function withDatabase(
  command: Command,
  work: (context: CommandContext) => Promise<void>,
  options: {
    poolMax?: (config: Config) => number;
    leased?: boolean;
    silenceSeconds?: number;
    connectionWaitSeconds?: number;
    anyTime?: boolean;
  } = {},
): Promise<void> {
  const given = readConfig();
  armFaults(given.fault);
  const { databaseUrl, redisUrl, embedded } = await serviceUrls(given);
  const abort = new AbortController();
  let overdue: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(errors.RUN_STOPPED.exit); // asked twice: it ends at once, which is as safe as a kill
    abort.abort();
    // It ends even if something delays it, such as a database that does not answer; that is as safe as a kill.
    overdue = setTimeout(() => process.exit(errors.RUN_STOPPED.exit), given.stopMs).unref();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const silence = options.leased === true ? silenceWithin(given.leaseMs) : options.silenceSeconds;
  const db = openDatabase(databaseUrl, {
    poolMax: options.poolMax?.(given) ?? 4,
    answerSeconds: given.answerMs / 1_000,
    ...(silence === undefined ? {} : { silenceSeconds: silence }),
    ...(options.connectionWaitSeconds === undefined ? {} : { connectionWaitSeconds: options.connectionWaitSeconds }),
  });
  try {
    await readySchema(db, databaseUrl, embedded);
    const { timeZone, date: today } = await platformTime(db, given, options.anyTime === true);
    const config = Object.freeze({ ...given, timeZone });
    const queueRedisUrl = config.queueRedisUrl ?? redisUrl;
    await work({
      config,
      today,
      databaseUrl,
      redisUrl,
      queueRedisUrl,
      db,
      json: wantsJson(command),
      signal: abort.signal,
    });
  } finally {
    await db.destroy();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    clearTimeout(overdue);
  }
}

/** The zone and the time that the command works with; a notice says when clocks differ. */
async function platformTime(db: Db, { timeZone, timeZoneGiven }: Config, any: boolean): Promise<PlatformTime> {
  if (any) return readAnyPlatformTime(db, timeZone);
  const time = await readPlatformTime(db, timeZoneGiven ? timeZone : null, timeZone);
  const notice = clockNotice(time);
  if (notice !== undefined) note(notice);
  return time;
}

/** The private database is migrated automatically; a given database only when somebody asks for it. */
async function readySchema(db: Db, databaseUrl: string, embedded: boolean): Promise<void> {
  try {
    await requireCurrentSchema(db, migrationsFolder);
  } catch (error) {
    if (!embedded || !(error instanceof MagamError && error.code === 'SCHEMA_OUTDATED')) throw error;
    await migrate(databaseUrl, migrationsFolder);
  }
}

/** Reads `--date`: a date, `today` or `yesterday`. Throws `DATE_INVALID` (exit 2). */
export function readDate(text: string, today: string): string {
  if (text === 'today') return today;
  if (text === 'yesterday') return addDays(today, -1);
  if (isBusinessDate(text)) return text;
  throw new MagamError('DATE_INVALID', `${JSON.stringify(text)} is not a date: YYYY-MM-DD, today or yesterday.`, {
    date: text,
  });
}

/** The currency of an option, in capitals. Throws `CURRENCY_UNKNOWN`, so that a misspelt one does not look like one without data. */
export function readCurrency(code: string): string {
  if (currencyExponent(code) !== undefined) return code;
  throw new MagamError('CURRENCY_UNKNOWN', `${JSON.stringify(code)} is not a currency of ISO 4217.`, {
    currency: code,
  });
}

/** The text of `--reason`, trimmed; anything else is wrong usage. */
export function readReason(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > 0 && trimmed.length <= 255 && !/\p{Cc}|\p{Surrogate}/u.test(trimmed)) return trimmed;
  throw new MagamError('USAGE', '--reason takes 1 to 255 characters, none of them a control character.');
}

/** The whole number of an option; anything else is wrong usage. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
    throw new MagamError(
      'USAGE',
      `${option} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`,
      { option, value: text },
    );
  };
}
