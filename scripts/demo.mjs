#!/usr/bin/env node
/**
 * `npm run demo`: from a clean clone to a settled, closed and verified day of a synthetic marketplace, with a report.
 *
 *   npm run demo -- [--lines N] [--sellers N] [--date YYYY-MM-DD] [--workers N] [--database NAME]
 *
 * Works in a database of its own, by default `magam_demo`, on the server that MAGAM_DATABASE_URL names or on the private one of this
 * checkout. The database is made anew each time, unless it has an unfinished demo with the same numbers, which is then finished. The
 * report goes to standard output, everything else to standard error. Exit codes: 0 done, 1 or the failing command's own
 * when a step fails, 2 wrong usage, 130 interrupted (the same command continues).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandFailed, magamCommand } from './demo/command.mjs';
import { markFinished, openDemoDatabase } from './demo/database.mjs';
import { printReport } from './demo/report.mjs';
import { withLock } from './lock.mjs';
import { isProgram, root, run, say } from './script.mjs';
import { startServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

/** @typedef {{ lines: number, sellers: number, date: string, workers: number | undefined, database: string }} DemoOptions */

const GRID_SIZE = 10;
/** The same for everybody, so that figures can be compared; no hint depends on today's date. */
const DATE = '2026-06-30';

const USAGE = `Usage: npm run demo -- [--lines N] [--sellers N] [--date YYYY-MM-DD] [--workers N] [--database NAME]
  --lines    sales to seed and settle, 1 to 100,000,000 (default 1,000,000)
  --sellers  1 to 1,000,000 (default 1,000)
  --date     1971-01-01 to 9999-12-01 (default ${DATE})
  --workers  worker threads of settle, 1 to 64 (default: the number of cores)
  --database the database to drop and make anew: a name that begins with magam_demo (default magam_demo)`;

/** Wrong usage: exit code 2. */
class UsageError extends Error {}

/**
 * @param {string} option
 * @param {string} text
 * @param {number} max
 */
function wholeNumber(option, text, max) {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1 && value <= max) return value;
  throw new UsageError(`--${option} takes a whole number from 1 to ${max}, not ${JSON.stringify(text)}.`);
}

/** @param {string} text */
function seedableDate(text) {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
  if (exists && text >= '1971-01-01' && text <= '9999-12-01') return text;
  throw new UsageError(`--date takes a date from 1971-01-01 to 9999-12-01, not ${JSON.stringify(text)}.`);
}

/**
 * The prefix keeps a typing error from dropping another database.
 * @param {string} name
 */
function demoDatabase(name) {
  if (/^magam_demo[a-z0-9_]{0,50}$/.test(name)) return name;
  throw new UsageError(
    `--database takes a name that begins with magam_demo, of a-z, 0-9 and _, not ${JSON.stringify(name)}.`,
  );
}

/**
 * @param {string[]} args
 * @returns {DemoOptions | 'help'}
 */
function readOptions(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const options = {
    lines: text,
    sellers: text,
    date: text,
    workers: text,
    database: text,
    help: { type: /** @type {const} */ ('boolean') },
  };
  const { values } = (() => {
    try {
      return parseArgs({ args, options, strict: true, allowPositionals: false });
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  })();
  if (values.help) return 'help';
  return {
    lines: wholeNumber('lines', values.lines ?? '1000000', 100_000_000),
    sellers: wholeNumber('sellers', values.sellers ?? '1000', 1_000_000),
    date: seedableDate(values.date ?? DATE),
    workers: values.workers === undefined ? undefined : wholeNumber('workers', values.workers, 64),
    database: demoDatabase(values.database ?? 'magam_demo'),
  };
}

/** @param {number} since an instant of `performance.now()` */
const secondsSince = (since) => (performance.now() - since) / 1_000;

/**
 * Seeds, settles and verifies; continues where an unfinished demo stopped.
 * @param {DemoOptions} options
 */
async function demo({ lines, sellers, date, workers, database }) {
  const begun = performance.now();
  await ensureBuilt();
  const { MAGAM_DATABASE_URL, MAGAM_REDIS_URL } = process.env;
  const services = await startServices({ databaseUrl: MAGAM_DATABASE_URL, redisUrl: MAGAM_REDIS_URL });
  const url = new URL(services.databaseUrl);
  url.pathname = `/${database}`;
  const magam = magamCommand({ databaseUrl: url.href, redisUrl: services.redisUrl });
  const parameters = `${lines} lines, ${sellers} sellers, ${date}`;
  const resumed = await openDemoDatabase(url.href, parameters, () => magam('migrate'));
  if (resumed) say(`The database ${database} has an unfinished demo with the same numbers, which is continued.`);
  const setUpSeconds = secondsSince(begun);

  say(`Seeding ${date}: ${lines.toLocaleString('en-US')} sales of ${sellers.toLocaleString('en-US')} sellers …`);
  const seed = await magam('seed', '--lines', `${lines}`, '--sellers', `${sellers}`, '--date', date);
  say(`Settling ${date} …`);
  const threads = workers === undefined ? [] : ['--workers', `${workers}`];
  const settle = await magam('settle', '--date', date, '--grid-size', `${GRID_SIZE}`, ...threads);
  say(`Verifying ${date} …`);
  const verify = await magam('verify', '--date', date).catch(async (error) => {
    // A difference does not go away when it is checked again, so the next demo starts over.
    if (error instanceof CommandFailed && error.exitCode === 4) await markFinished(url.href);
    throw error;
  });
  const settlements = await magam('settlements', '--date', date);
  await printReport({ date, sellers, databaseUrl: url.href, resumed, setUpSeconds, seed, settle, verify, settlements });
  await markFinished(url.href);
  tellWhatIsLeft(database, !MAGAM_DATABASE_URL, !MAGAM_REDIS_URL);
  return 0;
}

/**
 * Tells which servers keep running, and how to end them.
 * @param {string} database
 * @param {boolean} ownDatabase the private database server of this checkout was used
 * @param {boolean} ownRedis likewise
 */
function tellWhatIsLeft(database, ownDatabase, ownRedis) {
  const servers = [...(ownDatabase ? ['database server'] : []), ...(ownRedis ? ['Redis'] : [])];
  say(`The database ${database} stays as it is, so that you can look at it.`);
  if (servers.length === 0) return;
  const [what, them] = servers.length === 1 ? ['goes on running', 'it'] : ['go on running', 'them'];
  say(`The private ${servers.join(' and ')} of this checkout ${what}: npm run services:stop ends ${them},`);
  say('and npm run services:stop -- --delete deletes all data in them, too.');
}

/** @param {string[]} args */
async function main(args) {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    mkdirSync(join(root, '.magam'), { recursive: true, mode: 0o700 });
    const wait = (/** @type {number} */ pid) => say(`Waiting for the demo that process ${pid} runs …`);
    return await withLock(join(root, `.magam/${options.database}.lock`), () => demo(options), wait);
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${error.message}\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof CommandFailed)) throw error;
    say(error.message);
    if (error.exitCode === 130) say('The same command continues from here.');
    return error.exitCode;
  }
}

if (isProgram(import.meta.url)) await run(() => main(process.argv.slice(2)));
