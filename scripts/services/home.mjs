/** The folder of this checkout's private services, and their stored state. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, ScriptError } from '../script.mjs';

/** The kernel takes 107 bytes for the path of a socket; MySQL puts a `.lock` beside it. */
const SOCKET_PATH_MAX = 100;

/** @typedef {'mariadb' | 'mysql'} Engine */

/**
 * The stored state of the database server; `pid` is null while it is stopped. Ports and passwords outlive a stop, so
 * that an exported URL stays valid.
 * @typedef {{ engine: Engine, version: string, port: number, pid: number | null, password: string, rootPassword: string }} DatabaseState
 */

/** @typedef {{ version: string, port: number, pid: number | null, password: string }} RedisState */

/** @typedef {{ database?: DatabaseState, redis?: RedisState }} State */

/**
 * @typedef {object} Home
 * @property {string} folder
 * @property {string} stateFile
 * @property {string} lockFile
 * @property {string} databaseData
 * @property {string} databaseTmp temporary tables, apart from those of other servers: each clears at its start what it finds
 * @property {string} databaseLog
 * @property {string} initFile SQL with passwords that the server runs while starting
 * @property {string} redisData
 * @property {string} redisConf
 * @property {string} redisLog
 */

/**
 * The folder's parts; creates the folder (0700). `MAGAM_HOME` takes the place of `.magam` in the checkout.
 * @param {string} [folder]
 * @returns {Home}
 */
export function openHome(folder = process.env.MAGAM_HOME || join(root, '.magam')) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const real = realpathSync(folder);
  return {
    folder: real,
    stateFile: join(real, 'services.json'),
    lockFile: join(real, 'services.lock'),
    databaseData: join(real, 'database'),
    databaseTmp: join(real, 'database-tmp'),
    databaseLog: join(real, 'database.log'),
    initFile: join(real, 'database-init.sql'),
    redisData: join(real, 'redis'),
    redisConf: join(real, 'redis.conf'),
    redisLog: join(real, 'redis.log'),
  };
}

/**
 * A folder with a short name without spaces, for programs that cannot use the home folder's name: in the system's temporary
 * folder, of this home only.
 * @param {Home} home
 */
export function shortFolder(home) {
  return join(tmpdir(), `magam-${createHash('sha256').update(home.folder).digest('hex').slice(0, 16)}`);
}

/**
 * Creates the short folder; only this user can use it.
 * @param {Home} home
 */
export function makeShortFolder(home) {
  return makeOwnFolder(shortFolder(home));
}

/**
 * Creates a folder in a place where other users may create folders, too; only this user can use it.
 * @param {string} folder
 */
export function makeOwnFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new ScriptError(`${folder} belongs to somebody else; remove it, or set MAGAM_HOME to another path.`);
  }
  return folder;
}

/**
 * The database's socket: in the home folder, or in the short one where that path would be too long.
 * @param {Home} home
 */
export function socketPath(home) {
  const near = join(home.folder, 'database.sock');
  return Buffer.byteLength(near) <= SOCKET_PATH_MAX ? near : join(makeShortFolder(home), 'database.sock');
}

/**
 * The stored state; empty when the file is absent or unreadable (everything in it can be made again).
 * @param {Home} home
 * @returns {State}
 */
export function readState(home) {
  try {
    const state = JSON.parse(readFileSync(home.stateFile, 'utf8'));
    return typeof state === 'object' && state !== null ? state : {};
  } catch {
    return {};
  }
}

/**
 * @param {Home} home
 * @param {State} state
 */
export function writeState(home, state) {
  writePrivate(home.stateFile, `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * Writes a file that only this user can read, whole or not at all.
 * @param {string} file
 * @param {string} text
 */
export function writePrivate(file, text) {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
