/** The private MySQL or MariaDB server: its data folder, its settings, its start. */

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { commandLine, findProcesses } from '../processes.mjs';
import { ScriptError } from '../script.mjs';
import { makeShortFolder, shortFolder, socketPath, writePrivate } from './home.mjs';
import { findMariadbInstaller } from './programs.mjs';

/** @typedef {import('./home.mjs').Home} Home */
/** @typedef {import('./home.mjs').DatabaseState} DatabaseState */
/** @typedef {import('./programs.mjs').DatabaseProgram} DatabaseProgram */

const MIB = 1024 * 1024;
export const ENGINE_NAMES = { mariadb: 'MariaDB', mysql: 'MySQL' };

/** Written into the data folder as the last step of making it; has the name of the engine. */
const MARKER = 'magam-engine';

/**
 * The engine of the data in the folder; undefined when there is no data, or making it was interrupted.
 * @param {Home} home
 */
export function engineOfData(home) {
  try {
    const engine = readFileSync(join(home.databaseData, MARKER), 'utf8').trim();
    return engine === 'mariadb' || engine === 'mysql' ? engine : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether this process is the database server (or the maker of the data folder) of this home.
 * @param {Home} home
 * @param {number} pid
 */
export function isDatabaseProcess(home, pid) {
  return isServerCommand(home, commandLine(pid));
}

/** @param {Home} home */
export function findDatabaseProcesses(home) {
  return findProcesses((command) => isServerCommand(home, command));
}

/**
 * @param {Home} home
 * @param {string} command
 */
function isServerCommand(home, command) {
  return [home.databaseData, dataAlias(home)].some((folder) => command.includes(`--datadir=${folder} `));
}

/** @param {Home} home */
function dataAlias(home) {
  return join(shortFolder(home), 'database');
}

/**
 * Makes the data folder. The files of an interrupted attempt are removed first.
 * @param {Home} home
 * @param {DatabaseProgram} program
 */
export function makeDatabaseFolder(home, program) {
  rmSync(home.databaseData, { recursive: true, force: true });
  mkdirSync(home.databaseData, { mode: 0o700 });
  const { file, args } = program.engine === 'mariadb' ? mariadbMaker(home, program) : mysqlMaker(home, program);
  const log = openSync(home.databaseLog, 'a', 0o600);
  try {
    const result = spawnSync(file, args, { stdio: ['ignore', log, log], cwd: home.folder });
    if (result.status !== 0) {
      throw new ScriptError(`${file} could not make the data folder:\n${tailOf(home.databaseLog)}`);
    }
  } finally {
    closeSync(log);
  }
  writeFileSync(join(home.databaseData, MARKER), `${program.engine}\n`);
}

/**
 * @param {Home} home
 * @param {DatabaseProgram} program
 */
function mariadbMaker(home, program) {
  const file = findMariadbInstaller(program.file);
  if (file === undefined) {
    throw new ScriptError(`${program.file} is there, but mariadb-install-db, which makes its system tables, is not.`);
  }
  // "normal": root gets an empty password that the first start replaces; "socket" would tie it to the system's root.
  const args = ['--no-defaults', `--datadir=${dataFolderFor(home)}`, '--auth-root-authentication-method=normal'];
  // --force: otherwise it refuses where the machine's own name does not resolve; nothing here uses names.
  return { file, args: [...args, '--skip-test-db', '--skip-name-resolve', '--force', ...asRoot()] };
}

/**
 * MariaDB's shell script does not quote the folder everywhere: one with a space gets an alias.
 * @param {Home} home
 */
function dataFolderFor(home) {
  if (/^[\w./-]+$/.test(home.databaseData)) return home.databaseData;
  makeShortFolder(home);
  rmSync(dataAlias(home), { force: true });
  symlinkSync(home.databaseData, dataAlias(home));
  return dataAlias(home);
}

/**
 * @param {Home} home
 * @param {DatabaseProgram} program
 */
function mysqlMaker(home, program) {
  const args = ['--no-defaults', '--initialize-insecure', `--datadir=${home.databaseData}`, '--secure-file-priv=NULL'];
  return { file: program.file, args: [...args, ...asRoot()] };
}

/** Servers refuse to run as root unless told; another account might be unable to reach the checkout. */
function asRoot() {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** A quarter of the memory that this process may use, at least 256 MiB and at most 4 GiB, in multiples of 128 MiB. */
function bufferPoolBytes() {
  const limit = process.constrainedMemory?.() ?? 0;
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const quarter = Math.floor(memory / 4 / (128 * MIB)) * 128 * MIB;
  return Math.min(Math.max(quarter, 256 * MIB), 4096 * MIB);
}

/**
 * The server's arguments. Durable at every commit; no binary log, which only replication needs; no system my.cnf.
 * @param {Home} home
 * @param {DatabaseProgram} program
 * @param {number} port
 */
function serverArgs(home, program, port) {
  const own =
    program.engine === 'mariadb'
      ? // Warning level 1: otherwise every check of the port by `services:status` is logged as an aborted connection.
        ['--innodb-log-file-size=1G', '--log-warnings=1']
      : ['--innodb-redo-log-capacity=1G', '--mysqlx=OFF', '--secure-file-priv=NULL'];
  return [
    '--no-defaults',
    `--datadir=${home.databaseData}`,
    `--tmpdir=${home.databaseTmp}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--socket=${socketPath(home)}`,
    `--pid-file=${join(home.folder, 'database.pid')}`,
    `--init-file=${home.initFile}`,
    `--innodb-buffer-pool-size=${bufferPoolBytes()}`,
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-doublewrite=ON',
    '--innodb-autoinc-lock-mode=2',
    '--skip-log-bin',
    '--transaction-isolation=READ-COMMITTED',
    '--character-set-server=utf8mb4',
    '--default-time-zone=+00:00',
    '--max-allowed-packet=64M',
    '--max-connections=200',
    '--local-infile=1',
    ...own,
    ...asRoot(),
  ];
}

/**
 * The server runs it at every start, one statement per line: the account and its password are set as in the state file,
 * even if that file was made again; root gets its password; no other account has access.
 * @param {DatabaseState} state
 */
function initSql(state) {
  const accounts = state.engine === 'mariadb' ? 'mysql.global_priv' : 'mysql.user';
  const lines = [
    `DELETE FROM ${accounts} WHERE User = '' OR (User = 'root' AND Host <> 'localhost')`,
    'FLUSH PRIVILEGES',
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${state.rootPassword}'`,
  ];
  for (const host of ['127.0.0.1', 'localhost']) {
    lines.push(
      `CREATE USER IF NOT EXISTS 'magam'@'${host}' IDENTIFIED BY '${state.password}'`,
      `ALTER USER 'magam'@'${host}' IDENTIFIED BY '${state.password}'`,
      `GRANT ALL PRIVILEGES ON *.* TO 'magam'@'${host}'`,
    );
  }
  lines.push('CREATE DATABASE IF NOT EXISTS magam CHARACTER SET utf8mb4');
  return `${lines.map((line) => `${line};`).join('\n')}\n`;
}

/** A password of 192 random bits that needs no quoting in SQL, in a URL or in a configuration file. */
export function newPassword() {
  return randomBytes(24).toString('hex');
}

/**
 * Starts the server so that it outlives this process; returns its id at once, before it answers.
 * @param {Home} home
 * @param {DatabaseProgram} program
 * @param {DatabaseState} state
 * @param {readonly string[]} [furtherArgs]
 */
export function launchDatabase(home, program, state, furtherArgs = []) {
  const socket = socketPath(home);
  // After a kill the old socket's lock file may have the id of an unrelated process; MySQL would not start then.
  for (const left of [socket, `${socket}.lock`]) rmSync(left, { force: true });
  mkdirSync(home.databaseTmp, { recursive: true, mode: 0o700 });
  writePrivate(home.initFile, initSql(state));
  const log = openSync(home.databaseLog, 'a', 0o600);
  const child = spawn(program.file, [...serverArgs(home, program, state.port), ...furtherArgs], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: home.databaseData,
  });
  closeSync(log);
  child.unref();
  return child;
}

/**
 * The last lines of a log, for the message about a server that did not start.
 * @param {string} file
 */
export function tailOf(file) {
  if (!existsSync(file)) return `(no log in ${file})`;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15);
  return `${lines.map((line) => `  ${line}`).join('\n')}\n(the whole log is in ${file})`;
}
