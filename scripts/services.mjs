#!/usr/bin/env node
/**
 * Private services of this checkout: one MySQL or MariaDB server and one Redis server on free ports of 127.0.0.1, with
 * random passwords and their data in the git-ignored folder `.magam` (or in `MAGAM_HOME`). They outlive the command.
 *
 *   node scripts/services.mjs start  [--json] [--missing]   prints MAGAM_DATABASE_URL=… and MAGAM_REDIS_URL=…
 *   node scripts/services.mjs status [--json]               exit code 1 unless both run
 *   node scripts/services.mjs stop   [--delete]             ends them; --delete removes their data too
 *
 * `npm test` has its own services, in memory where there is room (services/memory.mjs). They also outlive the command, and `stop` ends them with their data.
 *
 * `--missing` starts only what MAGAM_DATABASE_URL and MAGAM_REDIS_URL do not already name. Exit codes: 1 failed (also: a
 * program is missing), 2 wrong usage. Needs nothing but Node: it runs before `npm ci`.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { isProgram, run, ScriptError, say } from './script.mjs';
import { ENGINE_NAMES, findDatabaseProcesses, isDatabaseProcess } from './services/database.mjs';
import { openHome, readState, shortFolder, writeState } from './services/home.mjs';
import { makeMemoryFolder, memoryFolder, SMALL_SERVER } from './services/memory.mjs';
import { findRedisProcesses, isRedisProcess } from './services/redis.mjs';
import { databaseRuns, endAll, redisRuns, requirePrograms, startDatabase, startRedis } from './services/start.mjs';

/** @typedef {import('./services/home.mjs').Home} Home */
/** @typedef {import('./services/home.mjs').State} State */
/** @typedef {{ databaseUrl: string, redisUrl: string, started: boolean }} Services */

/**
 * The URLs of a MySQL and a Redis server: the given ones, and private ones for the others, which are started when they do not run.
 * @param {object} [options]
 * @param {string | undefined} [options.databaseUrl] given by the user: nothing is started for it
 * @param {string | undefined} [options.redisUrl] likewise
 * @param {import('./services/home.mjs').Engine | undefined} [options.engine] only this database engine
 * @param {string | undefined} [options.folder] in place of `.magam`
 * @param {readonly string[]} [options.databaseArgs] further arguments of the database server, if it is started
 * @param {(line: string) => void} [options.log]
 * @returns {Promise<Services>} `started`: whether this call started anything
 */
export async function startServices({ databaseUrl, redisUrl, engine, folder, databaseArgs = [], log = say } = {}) {
  if (databaseUrl && redisUrl) return { databaseUrl, redisUrl, started: false };
  const home = openHome(folder);
  /** @param {State} state */
  const down = async (state) => ({
    database: !databaseUrl && !(await databaseRuns(home, state)),
    redis: !redisUrl && !(await redisRuns(home, state)),
  });
  /**
   * @param {State} state
   * @param {boolean} started
   */
  const result = ({ database, redis }, started) => ({
    databaseUrl: databaseUrl || `mysql://magam:${database?.password}@127.0.0.1:${database?.port}/magam`,
    redisUrl: redisUrl || `redis://:${redis?.password}@127.0.0.1:${redis?.port}/0`,
    started,
  });

  const seen = readState(home);
  const quick = await down(seen);
  const engineFits = engine === undefined || databaseUrl || seen.database?.engine === engine;
  if (!quick.database && !quick.redis && engineFits) return result(seen, false);

  const work = async () => {
    const state = readState(home);
    const { database, redis } = await down(state);
    if (!database && engine !== undefined && !databaseUrl && state.database?.engine !== engine) {
      throw new ScriptError(
        `A ${ENGINE_NAMES[state.database?.engine ?? 'mariadb']} server runs in ${home.folder}, not ${ENGINE_NAMES[engine]}.`,
      );
    }
    // The packages that could be installed have MariaDB, which does not help a caller who asks for an engine by name.
    await requirePrograms({ database: database && engine === undefined, redis }, log);
    if (database) await startDatabase(home, state, { engine, args: databaseArgs }, log);
    if (redis) await startRedis(home, state, log);
    return result(state, database || redis);
  };
  return withLock(home.lockFile, work, (pid) =>
    log(`Waiting for process ${pid}, which is starting or stopping the services …`),
  );
}

/**
 * The URLs of the servers for tests: the given ones, and for the others private ones in memory, or those of the checkout where there is no room.
 * @param {object} [options]
 * @param {string | undefined} [options.databaseUrl] given by the user: nothing is started for it
 * @param {string | undefined} [options.redisUrl] likewise
 * @param {import('./services/home.mjs').Engine | undefined} [options.engine] in a folder of its own, because the data of two engines cannot share one
 * @returns {Promise<Services & { folder: string }>} `folder`: where they are, unless both are given
 */
export async function startTestServices({ databaseUrl, redisUrl, engine } = {}) {
  const home = openHome();
  const inMemory = makeMemoryFolder(home);
  const folder = join(inMemory ?? home.folder, engine ?? '');
  const databaseArgs = inMemory === undefined ? [] : SMALL_SERVER;
  return { ...(await startServices({ databaseUrl, redisUrl, engine, folder, databaseArgs })), folder };
}

/**
 * Which services run, with the facts that a person wants to know.
 * @param {string} [folder]
 */
export async function servicesStatus(folder) {
  const home = openHome(folder);
  const state = readState(home);
  const [database, redis] = await Promise.all([databaseRuns(home, state), redisRuns(home, state)]);
  return {
    folder: home.folder,
    database: { running: database, ...publicPart(state.database) },
    redis: { running: redis, ...publicPart(state.redis) },
  };
}

/**
 * Without the passwords.
 * @param {{ engine?: import('./services/home.mjs').Engine, version: string, port: number, pid: number | null } | undefined} state
 */
function publicPart(state) {
  if (state === undefined) return {};
  const { engine, version, port, pid } = state;
  return { ...(engine === undefined ? {} : { engine }), version, port, pid };
}

/**
 * Ends only the services of this checkout; their data stays unless it must be deleted. Throws when one
 * does not end.
 * @param {object} [options]
 * @param {boolean} [options.deleteData]
 * @param {string | undefined} [options.folder]
 * @param {(line: string) => void} [options.log]
 */
export async function stopServices({ deleteData = false, folder, log = say } = {}) {
  const home = openHome(folder);
  await withLock(home.lockFile, async () => {
    const state = readState(home);
    /** @param {number} pid */
    const isDatabase = (pid) => isDatabaseProcess(home, pid);
    /** @param {number} pid */
    const isRedis = (pid) => isRedisProcess(home, pid, state.redis?.port ?? 0);
    const databases = findDatabaseProcesses(home);
    const caches = new Set(findRedisProcesses(home));
    if (typeof state.redis?.pid === 'number' && isRedis(state.redis.pid)) caches.add(state.redis.pid);
    await Promise.all([endAll(databases, isDatabase, 'database server'), endAll([...caches], isRedis, 'Redis server')]);
    if (state.database !== undefined) state.database.pid = null;
    if (state.redis !== undefined) state.redis.pid = null;
    if (deleteData) deleteHome(home);
    else if (state.database !== undefined || state.redis !== undefined) writeState(home, state);
    log(databases.length + caches.size === 0 ? 'Nothing was running.' : 'Stopped.');
  });
  if (deleteData && readdirSync(home.folder).length === 0) rmdirSync(home.folder);
}

/**
 * Removes only the files that the launcher has made in the folder.
 * @param {Home} home
 */
function deleteHome(home) {
  const { folder, stateFile, initFile, databaseData, databaseTmp, databaseLog, redisData, redisConf, redisLog } = home;
  const others = ['database.pid', 'database.sock', 'database.sock.lock'].map((name) => join(folder, name));
  for (const path of [
    shortFolder(home),
    databaseData,
    databaseTmp,
    databaseLog,
    initFile,
    redisData,
    redisConf,
    redisLog,
    stateFile,
    ...others,
  ]) {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {{ running: boolean, engine?: import('./services/home.mjs').Engine, version?: string, port?: number, pid?: number | null }} service
 */
function statusLine(name, { running, engine, version, port, pid }) {
  if (!running) return `${name.padEnd(9)} stopped`;
  const product = engine === undefined ? 'Redis' : ENGINE_NAMES[engine];
  return `${name.padEnd(9)} running   ${product} ${version}, 127.0.0.1:${port}, pid ${pid}`;
}

const USAGE = `Usage: npm run services:start [-- --json] [-- --missing]
       npm run services:status [-- --json]
       npm run services:stop [-- --delete]
  start     starts the private database and Redis of this checkout, and prints their URLs
  --missing starts only what MAGAM_DATABASE_URL and MAGAM_REDIS_URL do not name
  status    says which of them run, and where their data are; exit code 1 unless both run
  stop      ends them and keeps their data for the next start; ends those of the tests, which are in memory, with their data
  --delete  ends them and deletes their data, too: every database in them is gone
  --json    prints one JSON document`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main([command = '', ...flags]) {
  if ([command, ...flags].some((word) => word === '--help' || word === '-h' || word === 'help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const known = { start: ['--json', '--missing'], status: ['--json'], stop: ['--delete'] }[command];
  const unknown = flags.find((flag) => !known?.includes(flag));
  if (known === undefined || unknown !== undefined) {
    say(USAGE);
    return 2;
  }
  const json = flags.includes('--json');
  if (command === 'start') {
    const { MAGAM_DATABASE_URL: databaseUrl, MAGAM_REDIS_URL: redisUrl } = process.env;
    const services = await startServices(flags.includes('--missing') ? { databaseUrl, redisUrl } : {});
    const lines = [`MAGAM_DATABASE_URL=${services.databaseUrl}`, `MAGAM_REDIS_URL=${services.redisUrl}`];
    process.stdout.write(`${json ? JSON.stringify(services) : lines.join('\n')}\n`);
    return 0;
  }
  if (command === 'stop') {
    const folderOfTests = memoryFolder(openHome());
    if (existsSync(folderOfTests)) {
      const log = () => say('Stopped those of the tests, and deleted their data.');
      await stopServices({ folder: folderOfTests, deleteData: true, log });
    }
    await stopServices({ deleteData: flags.includes('--delete') });
    return 0;
  }
  const status = await servicesStatus();
  const lines = [
    statusLine('database', status.database),
    statusLine('redis', status.redis),
    `${'data'.padEnd(9)} ${status.folder}`,
  ];
  process.stdout.write(`${json ? JSON.stringify(status) : lines.join('\n')}\n`);
  return status.database.running && status.redis.running ? 0 : 1;
}

if (isProgram(import.meta.url)) await run(() => main(process.argv.slice(2)));
