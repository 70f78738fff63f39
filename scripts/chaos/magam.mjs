/** The `magam` command as a real process that can be watched, struck and waited for. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../script.mjs';

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 * @property {boolean} overdue it did not end in time and was killed for that
 */

/**
 * @typedef {object} Magam
 * @property {number} pid
 * @property {Promise<Ended>} ended
 * @property {(text: string | RegExp) => Promise<void>} says waits for a text on standard error; fails when the process ends without it
 * @property {(signal: NodeJS.Signals) => void} send
 * @property {() => Promise<Ended>} wake continues a stopped process, as often as it stops, until it ends
 */

const LIMIT_MS = 100_000;

/** Short leases, so that a takeover is a matter of a second or two. */
const SHORT_LEASES = { MAGAM_LEASE_MS: '1500' };

/**
 * The environment of a command: nothing of ours is inherited but what is named here. Redis is away unless it is given.
 * @param {string} databaseUrl
 * @param {Readonly<Record<string, string | undefined>>} [settings]
 */
export function environment(databaseUrl, settings = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MAGAM_|NODE_|npm_|FORCE_COLOR|CI$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    NO_COLOR: '1',
    MAGAM_DATABASE_URL: databaseUrl,
    MAGAM_REDIS_URL: 'redis://127.0.0.1:1/0',
    ...SHORT_LEASES,
    ...settings,
  };
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Kills what is still running and waits until it is gone. A stopped process dies of it too. */
export async function killAll() {
  const gone = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(gone);
}

/**
 * Starts `magam` with these arguments.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Magam}
 */
export function startMagam(args, env) {
  const child = spawn(process.execPath, [join(root, 'bin/magam.mjs'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = { stdout: '', stderr: '', overdue: false };
  let over = false;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (part) => {
    output.stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    output.stderr += part;
    changed();
  });
  const limit = setTimeout(() => {
    output.overdue = true;
    child.kill('SIGKILL');
  }, LIMIT_MS);
  /** @type {Promise<Ended>} */
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      over = true;
      changed();
      resolve({ code, signal, ...output });
    });
  });

  /** @param {string | RegExp} text */
  const says = (text) =>
    new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      const look = () => {
        const said = typeof text === 'string' ? output.stderr.includes(text) : text.test(output.stderr);
        if (!said && !over) return;
        listeners.delete(look);
        if (said) resolve();
        else
          reject(new Error(`magam ${args.join(' ')} ended without saying ${text}:\n${output.stderr}${output.stdout}`));
      };
      listeners.add(look);
      look();
    });

  // A stop that every thread strikes for itself stops the process once for each of them.
  const wake = async () => {
    const waking = setInterval(() => child.kill('SIGCONT'), 50);
    return ended.finally(() => clearInterval(waking));
  };

  return { pid: child.pid ?? 0, ended, says, wake, send: (signal) => void child.kill(signal) };
}

/**
 * Runs `magam` to its end.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export const runMagam = (args, env) => startMagam(args, env).ended;

/**
 * Polls until the probe gives something truthy, and returns that; fails when it takes too long.
 * @template T
 * @param {() => T | Promise<T>} probe
 * @param {string} what
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(probe, what) {
  for (const end = Date.now() + LIMIT_MS; ; ) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
