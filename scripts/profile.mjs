#!/usr/bin/env node
/**
 * Runs a magam command under a profiler and leaves the report in the git-ignored folder `.magam/profile`; prints its path.
 *
 *   npm run profile -- [--tool doctor|flame|bubbleprof|cpu-prof] settle --date 2026-06-30
 *
 * doctor (the default), flame and bubbleprof are those of clinic, which is installed on first use from `tools/profile`: its
 * hundreds of packages are not part of the product. They profile the main thread; `cpu-prof` is Node's own profiler, which
 * writes one `.cpuprofile` a thread (to be opened in the browser's developer tools) and needs no package.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError, say } from './script.mjs';
import { ensureBuilt } from './setup.mjs';

const CLINIC_TOOLS = ['doctor', 'flame', 'bubbleprof'];
const TOOLS = [...CLINIC_TOOLS, 'cpu-prof'];
const profiler = join(root, 'tools/profile');

/** @param {string} path */
const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs clinic unless the version of the lock file is installed. */
function ensureClinic() {
  if (changedAt(join(profiler, 'node_modules/.package-lock.json')) >= changedAt(join(profiler, 'package-lock.json')))
    return;
  say('Installing clinic in tools/profile (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: profiler, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    throw new ScriptError('Clinic could not be installed (see above); --tool cpu-prof needs no package.');
  }
}

/**
 * The profiler's command line.
 * @param {string} tool
 * @param {string} folder
 * @param {string[]} command
 */
function profiled(tool, folder, command) {
  const program = [join(root, 'bin/magam.mjs'), ...command];
  if (tool === 'cpu-prof') return ['--cpu-prof', `--cpu-prof-dir=${folder}`, ...program];
  const clinic = join(profiler, 'node_modules/clinic/bin.js');
  return [clinic, tool, '--open=false', `--dest=${folder}`, '--', process.execPath, ...program];
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const chosen = args[0] === '--tool';
  const tool = chosen ? (args[1] ?? '') : 'doctor';
  const command = chosen ? args.slice(2) : args;
  if (!TOOLS.includes(tool) || command.length === 0) {
    say(
      `Usage: npm run profile -- [--tool ${TOOLS.join('|')}] COMMAND …    (a magam command, such as settle --date yesterday)`,
    );
    return 2;
  }
  await ensureBuilt();
  if (CLINIC_TOOLS.includes(tool)) ensureClinic();
  const folder = join(root, '.magam/profile', `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${tool}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const child = spawn(process.execPath, profiled(tool, folder, command), {
    cwd: root,
    stdio: 'inherit',
    // Without a terminal clinic would ask for consent to telemetry, get no answer and exit with 0 and no report.
    env: { ...process.env, NO_INSIGHT: '1' },
  });
  const [exitCode] = await once(child, 'close');
  const reports = readdirSync(folder).filter((name) => name.endsWith('.html') || name.endsWith('.cpuprofile'));
  if (reports.length === 0) throw new ScriptError(`${tool} left no report in ${folder} (exit code ${exitCode}).`);
  for (const name of reports) process.stdout.write(`${join(folder, name)}\n`);
  return exitCode ?? 1;
}

await run(() => main(process.argv.slice(2)));
