/** The `magam` command as a child process: its JSON document, and how long it took. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from '../script.mjs';

/**
 * The answer of a command.
 * @typedef {object} Answer
 * @property {any} document its one JSON document; the fields are those of docs/settlement-rules.md
 * @property {number} seconds of wall time, the start of the process included
 */

/** A command that did not exit with 0. */
export class CommandFailed extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   * @param {string | undefined} code of the error registry
   */
  constructor(message, exitCode, code) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** A writer of the same seed checks its lease, so a second try soon finds it finished or dead. */
const BUSY_WAIT_MS = 1_000;

/**
 * The command on one database. Its progress goes to standard error. From here on SIGINT and SIGTERM no longer end
 * this process: they are passed on to the command, which finishes its work in hand, and no further command is started.
 * @param {{ databaseUrl: string, redisUrl: string }} services
 */
export function magamCommand({ databaseUrl, redisUrl }) {
  const env = { ...process.env, MAGAM_DATABASE_URL: databaseUrl, MAGAM_REDIS_URL: redisUrl };
  let interrupted = false;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let running;
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    interrupted = true;
    running?.kill(signal);
  };
  process.on('SIGINT', passOn).on('SIGTERM', passOn);

  /**
   * @param {string[]} args
   * @returns {Promise<Answer>}
   */
  async function runOnce(args) {
    if (interrupted) throw new CommandFailed('Interrupted.', 130, undefined);
    const started = performance.now();
    const child = spawn(process.execPath, [join(root, 'bin/magam.mjs'), ...args, '--json'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running = child;
    const [stdout, [exitCode, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    const document = parse(stdout);
    if (exitCode === 0) return { document, seconds: (performance.now() - started) / 1_000 };
    throw failure(args, exitCode, signal, document);
  }

  /**
   * Runs a command to its end. A command of a killed demo may still be seeding; then this waits for it.
   * @type {(...args: string[]) => Promise<Answer>}
   */
  return async (...args) => {
    for (let told = false; ; told = true) {
      try {
        return await runOnce(args);
      } catch (error) {
        if (!(error instanceof CommandFailed && error.code === 'IMPORT_RUNNING')) throw error;
        if (!told) say('An earlier demo is still writing this feed; waiting for it …');
        await sleep(BUSY_WAIT_MS);
      }
    }
  };
}

/** @param {string} stdout */
function parse(stdout) {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

/**
 * @param {string[]} args
 * @param {number | null} exitCode
 * @param {string | null} signal
 * @param {any} document
 */
function failure(args, exitCode, signal, document) {
  const command = `magam ${args.join(' ')}`;
  const error = document?.error;
  const stopped = exitCode === 130 || signal === 'SIGINT' || signal === 'SIGTERM';
  if (error !== undefined)
    return new CommandFailed(
      `\`${command}\`: ${error.code}: ${error.message}`,
      stopped ? 130 : (exitCode ?? 1),
      error.code,
    );
  if (stopped) return new CommandFailed(`\`${command}\` was stopped.`, 130, undefined);
  if (exitCode === 4) {
    const differing = document?.checks?.filter((/** @type {{ ok: boolean }} */ check) => !check.ok) ?? [];
    return new CommandFailed(`\`${command}\` found differences: ${JSON.stringify(differing)}`, 4, undefined);
  }
  return new CommandFailed(`\`${command}\` ended with ${signal ?? `exit code ${exitCode}`}.`, exitCode ?? 1, undefined);
}
