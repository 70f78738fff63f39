#!/usr/bin/env node
/**
 * Makes a checkout ready to run: dependencies (`npm ci`) and the compiled program (`npm run build`), each only when it
 * is missing or older than its sources. `node scripts/setup.mjs`; all its output is on standard error. With `--missing` it makes nothing: it prints `packages` or `build`
 * where one of them is missing or outdated, for `magam doctor`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { isProgram, root, run, ScriptError, say } from './script.mjs';

const SOURCE_FOLDERS = ['kernel', 'infra', 'core', 'batch', 'api', 'cli', 'sandbox', 'bench'];
const BUILD_INPUTS = [
  'tsconfig.json',
  'scripts/build.mjs',
  'scripts/compile.mjs',
  'scripts/bundle.mjs',
  'scripts/code-cache.mjs',
  'package-lock.json',
];
/** The record that scripts/build.mjs writes. */
const BUILT = 'dist/.built';
/** npm's own record of the installed packages. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * When a file of the checkout was last changed, in ms; -Infinity when it does not exist.
 * @param {string} path
 */
function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

/**
 * The newest change in a folder of sources. Folders count too: their time changes when a file is added or removed.
 * @param {string} folder
 * @returns {number}
 */
function newestIn(folder) {
  let newest = changedAt(folder);
  if (newest === Number.NEGATIVE_INFINITY) return newest;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path));
    else if (entry.name.endsWith('.ts')) newest = Math.max(newest, changedAt(path));
  }
  return newest;
}

/** Whether the installed packages are older than the lock file. */
const needsInstall = () => changedAt(INSTALLED) < changedAt('package-lock.json');

/** Whether the program is older than its sources. */
const needsBuild = () =>
  changedAt(BUILT) < Math.max(...SOURCE_FOLDERS.map(newestIn), ...BUILD_INPUTS.map((file) => changedAt(file)));

/** Refuses a Node that is too old, by the range of package.json (always of the form `>=x.y`). */
function requireNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [major, minor] = wanted.split('.').map(Number);
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    throw new ScriptError(
      `Magam needs Node ${wanted} or newer; this is ${process.versions.node}. See https://nodejs.org/`,
    );
  }
}

/**
 * Runs npm with all its output on standard error; with `quiet`, only when it fails.
 * @param {string[]} args
 * @param {boolean} quiet
 */
function npm(args, quiet) {
  // The npm that runs this script, if any, because the one on the PATH may be another, or a wrapper.
  const own = process.env.npm_execpath;
  const [file, before] = own?.endsWith('npm-cli.js') ? [process.execPath, [own]] : ['npm', []];
  const result = spawnSync(file, [...before, ...args], {
    cwd: root,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2],
  });
  if (result.status === 0) return;
  if (quiet) process.stderr.write(Buffer.concat([result.stdout ?? Buffer.alloc(0), result.stderr ?? Buffer.alloc(0)]));
  throw new ScriptError(
    `\`npm ${args.join(' ')}\` failed${result.error ? `: ${result.error.message}` : ' (see above)'}.`,
  );
}

/**
 * Installs and builds missing or outdated parts; returns at once when there are none. Two runs at once do not collide.
 * @param {object} [options]
 * @param {boolean} [options.quiet] print nothing unless something fails
 */
export async function ensureBuilt({ quiet = false } = {}) {
  requireNode();
  if (!needsInstall() && !needsBuild()) return;
  const log = quiet ? () => {} : say;
  mkdirSync(join(root, '.magam'), { recursive: true, mode: 0o700 });
  const work = async () => {
    if (needsInstall()) {
      log('Installing dependencies (npm ci) …');
      npm(['ci', '--include=dev', '--no-audit', '--no-fund'], quiet);
    }
    if (needsBuild()) {
      log('Building (npm run build) …');
      // Without the stamp it is unknown whether the outputs are complete; the compiler's own record would make it skip some.
      if (changedAt(BUILT) === Number.NEGATIVE_INFINITY) rmSync(join(root, 'dist'), { recursive: true, force: true });
      npm(['run', '--silent', 'build'], quiet);
    }
  };
  await withLock(join(root, '.magam/setup.lock'), work, (pid) =>
    log(`Waiting for process ${pid}, which is building …`),
  );
}

/** What `ensureBuilt` would make first. */
const missing = () => (needsInstall() ? 'packages\n' : needsBuild() ? 'build\n' : '');

if (isProgram(import.meta.url)) {
  await run(async () => {
    if (process.argv.includes('--missing')) process.stdout.write(missing());
    else await ensureBuilt({ quiet: process.argv.includes('--quiet') });
    return 0;
  });
}
