/** Finds the server programs on this machine. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Places where distributions and Homebrew put servers without adding them to everybody's PATH. */
const EXTRA_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/usr/libexec',
  '/usr/local/libexec',
  '/usr/local/mysql/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/opt/homebrew/opt/mysql/bin',
  '/opt/homebrew/opt/redis/bin',
  '/usr/local/opt/mariadb/bin',
  '/usr/local/opt/mysql/bin',
  '/usr/local/opt/redis/bin',
];

/**
 * @typedef {object} DatabaseProgram
 * @property {string} file
 * @property {import('./home.mjs').Engine} engine
 * @property {string} version
 */

/** @typedef {{ file: string, version: string }} RedisProgram */

/** The folders that are searched; `MAGAM_PROGRAM_PATH` replaces them all. */
function searchFolders() {
  const only = process.env.MAGAM_PROGRAM_PATH;
  const folders =
    only === undefined ? [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_FOLDERS] : only.split(delimiter);
  return folders.filter((folder) => folder !== '');
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * All programs of these names, in the order of the search, each real file once.
 * @param {string[]} names
 * @param {string[]} [folders]
 */
export function findPrograms(names, folders = searchFolders()) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of names) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (!isProgram(file)) continue;
      const real = realpathSync(file);
      if (!found.has(real)) found.set(real, file);
    }
  }
  return [...found.values()];
}

/** @param {string} file */
function versionText(file) {
  try {
    return execFileSync(file, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** All database servers of this machine: MariaDB's own name comes first, which no MySQL has. */
export function findDatabasePrograms() {
  /** @type {DatabaseProgram[]} */
  const programs = [];
  for (const file of findPrograms(['mariadbd', 'mysqld'])) {
    const text = versionText(file);
    const version = /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1];
    if (version !== undefined) programs.push({ file, version, engine: /MariaDB/i.test(text) ? 'mariadb' : 'mysql' });
  }
  return programs;
}

/** @returns {RedisProgram | undefined} */
export function findRedisProgram() {
  for (const file of findPrograms(['redis-server', 'valkey-server'])) {
    const version = /\bv=(\d+\.\d+\.\d+)/.exec(versionText(file))?.[1];
    if (version !== undefined) return { file, version };
  }
  return undefined;
}

/**
 * The script that makes MariaDB's system tables: on the search path, or beside the server.
 * @param {string} server
 */
export function findMariadbInstaller(server) {
  const names = ['mariadb-install-db', 'mysql_install_db'];
  const base = dirname(dirname(realpathSync(server)));
  return findPrograms(names)[0] ?? findPrograms(names, [join(base, 'bin'), join(base, 'scripts')])[0];
}
