/** Brings up each service: recognises the running one, or starts it on its earlier data. */

import { rmSync } from 'node:fs';
import { endProcesses, waitUntil } from '../processes.mjs';
import { ScriptError } from '../script.mjs';
import {
  ENGINE_NAMES,
  engineOfData,
  findDatabaseProcesses,
  isDatabaseProcess,
  launchDatabase,
  makeDatabaseFolder,
  newPassword,
  tailOf,
} from './database.mjs';
import { writeState } from './home.mjs';
import { install } from './install.mjs';
import { choosePort, databaseAnswers, redisAnswers } from './ports.mjs';
import { findDatabasePrograms, findRedisProgram } from './programs.mjs';
import { findRedisProcesses, isRedisProcess, launchRedis } from './redis.mjs';

/** @typedef {import('./home.mjs').Home} Home */
/** @typedef {import('./home.mjs').State} State */
/** @typedef {import('./home.mjs').Engine} Engine */
/** @typedef {(line: string) => void} Log */

/** A database that was killed replays its redo log, up to 1 GiB of it, before it answers. */
const START_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 60_000;
/** Another program may take the chosen port before the server does. */
const PORT_ATTEMPTS = 3;

/**
 * Whether the remembered database server runs and answers.
 * @param {Home} home
 * @param {State} state
 */
export async function databaseRuns(home, { database }) {
  if (typeof database?.pid !== 'number' || !isDatabaseProcess(home, database.pid)) return false;
  return databaseAnswers(database.port);
}

/**
 * Whether the remembered Redis server runs and answers to its password.
 * @param {Home} home
 * @param {State} state
 */
export async function redisRuns(home, { redis }) {
  if (typeof redis?.pid !== 'number' || !isRedisProcess(home, redis.pid, redis.port)) return false;
  return redisAnswers(redis.port, redis.password);
}

/**
 * Starts the database server; the caller holds the lock and knows that none answers.
 * @param {Home} home
 * @param {State} state
 * @param {{ engine: Engine | undefined, args: readonly string[] }} wanted
 * @param {Log} log
 */
export async function startDatabase(home, state, wanted, log) {
  await endAll(findDatabaseProcesses(home), (pid) => isDatabaseProcess(home, pid), 'database server');
  const program = chooseDatabaseProgram(home, wanted.engine, log);
  if (engineOfData(home) === undefined) {
    log(`Making a ${ENGINE_NAMES[program.engine]} data folder in ${home.databaseData} …`);
    makeDatabaseFolder(home, program);
  }
  const password = state.database?.password ?? newPassword();
  const rootPassword = state.database?.rootPassword ?? newPassword();
  await launch({
    label: `${ENGINE_NAMES[program.engine]} ${program.version}`,
    preferredPort: state.database?.port,
    logFile: home.databaseLog,
    isOurs: (pid) => isDatabaseProcess(home, pid),
    answers: databaseAnswers,
    log,
    spawnOn: (port) => {
      const { engine, version } = program;
      const database = { engine, version, port, pid: null, password, rootPassword };
      writeState(home, Object.assign(state, { database }));
      return launchDatabase(home, program, database, wanted.args);
    },
    remember: (pid) => {
      if (state.database !== undefined) state.database.pid = pid;
      writeState(home, state);
    },
  });
  rmSync(home.initFile, { force: true });
}

/**
 * Starts the Redis server; the caller holds the lock and knows that none answers.
 * @param {Home} home
 * @param {State} state
 * @param {Log} log
 */
export async function startRedis(home, state, log) {
  await endAll(findRedisProcesses(home), (pid) => isRedisProcess(home, pid, state.redis?.port ?? 0), 'Redis server');
  const program = findRedisProgram();
  if (program === undefined) throw new ScriptError('redis-server was found, but does not run.');
  const password = state.redis?.password ?? newPassword();
  await launch({
    label: `Redis ${program.version}`,
    preferredPort: state.redis?.port,
    logFile: home.redisLog,
    isOurs: (pid) => isRedisProcess(home, pid, state.redis?.port ?? 0),
    answers: (port) => redisAnswers(port, password),
    log,
    spawnOn: (port) => {
      const redis = { version: program.version, port, pid: null, password };
      writeState(home, Object.assign(state, { redis }));
      return launchRedis(home, program, redis);
    },
    remember: (pid) => {
      if (state.redis !== undefined) state.redis.pid = pid;
      writeState(home, state);
    },
  });
}

/**
 * Installs, or tells how to install, the programs that are needed and missing.
 * @param {{ database: boolean, redis: boolean }} needed
 * @param {Log} log
 */
export async function requirePrograms(needed, log) {
  const lacking = () => {
    /** @type {import('./install.mjs').ServiceName[]} */
    const names = [];
    if (needed.database && findDatabasePrograms().length === 0) names.push('database');
    if (needed.redis && findRedisProgram() === undefined) names.push('redis');
    return names;
  };
  const missing = lacking();
  if (missing.length === 0) return;
  await install(missing, log);
  const still = lacking();
  if (still.length > 0) throw new ScriptError(`Installed, but still not found: ${still.join(', ')}.`);
}

/**
 * The program for the existing data, or for the wanted engine, or the first one found.
 * @param {Home} home
 * @param {Engine | undefined} wanted
 * @param {Log} log
 */
function chooseDatabaseProgram(home, wanted, log) {
  const programs = findDatabasePrograms();
  const existing = engineOfData(home);
  const engine = wanted ?? existing;
  const program = engine === undefined ? programs[0] : programs.find((candidate) => candidate.engine === engine);
  const found = programs.map((candidate) => `${candidate.file} (${ENGINE_NAMES[candidate.engine]})`).join(', ');
  if (existing !== undefined && (engine !== existing || program === undefined)) {
    const only =
      engine === existing ? `only this is installed: ${found}` : `${ENGINE_NAMES[engine ?? existing]} is wanted`;
    throw new ScriptError(
      `The data in ${home.databaseData} was made by ${ENGINE_NAMES[existing]}, but ${only}.\n` +
        `Remove that data (MAGAM_HOME='${home.folder}' npm run services:stop -- --delete), or set MAGAM_HOME to another folder.`,
    );
  }
  if (program === undefined) {
    throw new ScriptError(
      `No ${ENGINE_NAMES[engine ?? 'mysql']} server on this machine (found: ${found || 'none'}). ` +
        'Install one, or set MAGAM_DATABASE_URL to one elsewhere.',
    );
  }
  log(`Using ${program.file} (${ENGINE_NAMES[program.engine]} ${program.version}).`);
  return program;
}

/**
 * @typedef {object} Launch
 * @property {string} label
 * @property {number | undefined} preferredPort
 * @property {string} logFile
 * @property {(pid: number) => boolean} isOurs
 * @property {(port: number) => Promise<boolean>} answers
 * @property {(port: number) => import('node:child_process').ChildProcess} spawnOn
 * @property {(pid: number) => void} remember
 * @property {Log} log
 */

/**
 * Starts a server on a free port, preferably its last one, and waits until it answers.
 * @param {Launch} launch
 */
async function launch({ label, preferredPort, logFile, isOurs, answers, spawnOn, remember, log }) {
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(preferredPort);
    const child = spawnOn(port);
    /** @type {Error | undefined} */
    let failure;
    child.once('error', (error) => {
      failure = error;
    });
    const pid = child.pid;
    if (pid !== undefined) remember(pid);
    const since = Date.now();
    const ended = () => pid === undefined || failure !== undefined || child.exitCode !== null || !isOurs(pid);
    let up = false;
    await waitUntil(async () => {
      up = !ended() && (await answers(port));
      return up || ended();
    }, START_LIMIT_MS);
    if (up && !ended()) {
      log(`${label} answers on 127.0.0.1:${port} after ${((Date.now() - since) / 1000).toFixed(1)} s.`);
      return;
    }
    if (!ended())
      throw new ScriptError(`${label} did not answer within ${START_LIMIT_MS / 1000} s:\n${tailOf(logFile)}`);
    const portWasTaken = (await choosePort(port)) !== port;
    if (!portWasTaken || attempt === PORT_ATTEMPTS) {
      throw new ScriptError(`${label} did not start${failure ? ` (${failure.message})` : ''}:\n${tailOf(logFile)}`);
    }
    log(`Port ${port} was taken meanwhile; trying another.`);
  }
}

/**
 * Ends the remaining processes of this home's server, or throws when they do not end.
 * @param {number[]} pids
 * @param {(pid: number) => boolean} isOurs
 * @param {string} label
 */
export async function endAll(pids, isOurs, label) {
  const left = await endProcesses(pids, isOurs, STOP_LIMIT_MS);
  if (left.length > 0) {
    throw new ScriptError(`The ${label} (pid ${left.join(', ')}) did not end within ${STOP_LIMIT_MS / 1000} s.`);
  }
}
