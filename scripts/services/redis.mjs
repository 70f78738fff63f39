/** The private Redis (or Valkey) server: its configuration and its start. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { commandLine, findProcesses } from '../processes.mjs';
import { writePrivate } from './home.mjs';

/** @typedef {import('./home.mjs').Home} Home */
/** @typedef {import('./home.mjs').RedisState} RedisState */
/** @typedef {import('./programs.mjs').RedisProgram} RedisProgram */

/**
 * Whether this stored process is (still) the Redis server of this home. Servers since 6.2 keep their command line
 * when configured to; older ones replace it by their address.
 * @param {Home} home
 * @param {number} pid
 * @param {number} port
 */
export function isRedisProcess(home, pid, port) {
  const command = commandLine(pid);
  return isServerCommand(home, command) || (isServer(command) && command.includes(`-server 127.0.0.1:${port} `));
}

/** @param {Home} home */
export function findRedisProcesses(home) {
  return findProcesses((command) => isServerCommand(home, command));
}

/** @param {string} command */
function isServer(command) {
  return /^(\S*\/)?(redis|valkey)-server /.test(command);
}

/**
 * @param {Home} home
 * @param {string} command
 */
function isServerCommand(home, command) {
  return isServer(command) && command.includes(` ${home.redisConf} `);
}

/**
 * A word of the configuration file; a path may hold spaces and quotes.
 * @param {string} text
 */
function quoted(text) {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * @param {Home} home
 * @param {RedisProgram} program
 * @param {RedisState} state
 */
function configuration(home, program, state) {
  const [major = 0, minor = 0] = program.version.split('.').map(Number);
  const keepsTitle = major > 6 || (major === 6 && minor >= 2);
  return [
    'bind 127.0.0.1',
    `port ${state.port}`,
    'protected-mode yes',
    `requirepass ${state.password}`,
    `dir ${quoted(home.redisData)}`,
    'daemonize no',
    'appendonly yes',
    'save ""',
    // Keys of a queue are not a cache, so a full memory must be an error and never a silent loss.
    'maxmemory-policy noeviction',
    ...(keepsTitle ? ['set-proc-title no'] : []),
    '',
  ].join('\n');
}

/**
 * Starts the server so that it outlives this process; returns at once, before it answers.
 * @param {Home} home
 * @param {RedisProgram} program
 * @param {RedisState} state
 */
export function launchRedis(home, program, state) {
  mkdirSync(home.redisData, { recursive: true, mode: 0o700 });
  writePrivate(home.redisConf, configuration(home, program, state));
  const log = openSync(home.redisLog, 'a', 0o600);
  const child = spawn(program.file, [home.redisConf], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: home.redisData,
  });
  closeSync(log);
  child.unref();
  return child;
}
