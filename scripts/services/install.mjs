/** Handles a missing server program: installs it (Debian and Ubuntu, as root) or tells how. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ScriptError } from '../script.mjs';
import { findPrograms } from './programs.mjs';

/** @typedef {'database' | 'redis'} ServiceName */

const DEBIAN_PACKAGES = { database: 'mariadb-server', redis: 'redis-server' };
const PROGRAMS = { database: 'mysqld or mariadbd', redis: 'redis-server or valkey-server' };
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Installs the missing programs, or throws with exact instructions where that is not possible or not wanted. On a terminal it asks first.
 * @param {ServiceName[]} missing
 * @param {(line: string) => void} log
 */
export async function install(missing, log) {
  const apt = findPrograms(['apt-get'])[0];
  const isRoot = process.getuid?.() === 0;
  if (apt === undefined || !isRoot || !isDebian() || process.env.MAGAM_NO_INSTALL === '1') {
    throw new ScriptError(instructions(missing));
  }
  const packages = missing.map((name) => DEBIAN_PACKAGES[name]);
  log(`Not found on this machine: ${missing.map((name) => PROGRAMS[name]).join(', ')}.`);
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.stdin.isTTY && process.stderr.isTTY) {
    log(`They can be installed now:\n  ${command}`);
    if (!(await isWanted('Install them? [y/N] '))) throw new ScriptError(instructions(missing));
  } else log(`Installing (MAGAM_NO_INSTALL=1 prevents this):\n  ${command}`);
  const installed = withoutSystemServices(() => {
    // A single unreachable source fails the update; only the success of the installation matters.
    runApt(apt, ['update', '-q']);
    return runApt(apt, ['install', '-y', '-q', '--no-install-recommends', ...packages]);
  });
  if (!installed) throw new ScriptError(`apt-get failed (see above).\n${instructions(missing)}`);
}

/**
 * A person's answer on the terminal. Anything except yes counts as no, and so does the end of the input.
 * @param {string} question
 */
async function isWanted(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  /** @type {Promise<string>} */
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([terminal.question(question), closed])).trim());
  } finally {
    terminal.close();
  }
}

/**
 * Whether apt succeeded. Its output goes to standard error, because standard output belongs to the URLs.
 * @param {string} apt
 * @param {string[]} args
 */
function runApt(apt, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(apt, args, { stdio: ['ignore', 2, 2], env }).status === 0;
}

/**
 * Runs `work` while Debian's packages may not start system services, because only the programs are wanted. The
 * policy file of another program is left as it is.
 * @param {() => boolean} work
 */
function withoutSystemServices(work) {
  if (existsSync(POLICY_FILE)) return work();
  const remove = () => rmSync(POLICY_FILE, { force: true });
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  process.once('exit', remove);
  try {
    return work();
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * @param {ServiceName[]} missing
 * @returns {string}
 */
function instructions(missing) {
  const packages = missing.map((name) => DEBIAN_PACKAGES[name]).join(' ');
  const fedora = missing.map((name) => ({ database: 'mariadb-server', redis: 'valkey' })[name]).join(' ');
  const brew = missing.map((name) => ({ database: 'mariadb', redis: 'redis' })[name]).join(' ');
  return [
    `Not found on this machine: ${missing.map((name) => PROGRAMS[name]).join(', ')}.`,
    'Any one of these provides what is missing; then type the command again.',
    '',
    '  Debian, Ubuntu:',
    `    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`,
    '  Fedora, RHEL:',
    `    sudo dnf install -y ${fedora}`,
    '  macOS:',
    `    brew install ${brew}`,
    '  Docker, in this folder:',
    '    docker compose up -d --wait',
    '    export MAGAM_DATABASE_URL=mysql://root:magam@127.0.0.1:3306/magam',
    '    export MAGAM_REDIS_URL=redis://127.0.0.1:6379/0',
    '  Servers of your own: export the same two variables with their addresses.',
  ].join('\n');
}
