/**
 * Processes that can be watched, struck and waited for, mainly `magam`. The caller ends them with `killAll`; the tests do so at the end
 * of every file, whatever happened in it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../script.mjs';

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 * @property {boolean} overdue it did not end in time and was therefore killed
 * @property {<T = Record<string, unknown>>() => T} json standard output as the one JSON document it is under --json
 */

/**
 * @typedef {object} Magam
 * @property {number} pid
 * @property {Promise<Ended>} ended
 * @property {{ readonly stdout: string, readonly stderr: string }} output its output so far
 * @property {(text: string | RegExp) => Promise<void>} says waits for a text in its output; fails when the process ends without it
 * @property {(signal: NodeJS.Signals) => void} send
 * @property {() => Promise<Ended>} wake continues a stopped process, as often as it stops, until it ends
 */

const LIMIT_MS = 100_000;
/** The longest pause between two looks at something that is waited for. */
const PAUSE_MAX_MS = 100;

/** They run until they are told to stop. */
const DAEMONS = ['api', 'runner'];

/** Short leases, so that a takeover is a matter of a second or two. */
export const SHORT_LEASE_MS = '1500';
/** Nobody listens there. */
export const REDIS_AWAY = 'redis://127.0.0.1:1/0';

/**
 * The environment of a command: it inherits only the variables named here. Redis is away unless it is given.
 * @param {string} databaseUrl
 * @param {Readonly<Record<string, string | undefined>>} [settings]
 */
export function environment(databaseUrl, settings = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MAGAM_|NODE_|npm_|FORCE_COLOR|CI$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    NO_COLOR: '1',
    MAGAM_DATABASE_URL: databaseUrl,
    MAGAM_REDIS_URL: REDIS_AWAY,
    MAGAM_LEASE_MS: SHORT_LEASE_MS,
    ...settings,
  };
}

/** @type {Map<import('node:child_process').ChildProcess, Promise<Ended>>} */
const running = new Map();

/** Kills every process that was started here and still runs, and waits for its end. This also kills a stopped process. */
export async function killAll() {
  for (const child of running.keys()) child.kill('SIGKILL');
  await Promise.all(running.values());
}

/** The processes that were started here and have not ended. */
export const runningPids = () => [...running.keys()].map(({ pid }) => pid);

/**
 * Starts `magam` with these arguments.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {{ program?: string | undefined, limitMs?: number }} [options] another program than that of this checkout; killed after `limitMs`
 * @returns {Magam}
 */
export const startMagam = (args, env, { program = join(root, 'bin/magam.mjs'), limitMs = LIMIT_MS } = {}) =>
  startProcess(process.execPath, [program, ...args], {
    env,
    limitMs: DAEMONS.includes(args[0] ?? '') ? undefined : limitMs,
  });

/**
 * Starts any program, with `input` as its standard input.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: string, limitMs?: number | undefined }} [options] killed after `limitMs`
 * @returns {Magam}
 */
export function startProcess(file, args, { env, cwd, input = '', limitMs } = {}) {
  const child = spawn(file, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined).end(input); // it may end without having read it
  const output = { stdout: '', stderr: '', overdue: false };
  let over = false;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (part) => {
    output.stdout += part;
    changed();
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    output.stderr += part;
    changed();
  });
  const limit =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          output.overdue = true;
          child.kill('SIGKILL');
        }, limitMs);
  /** @type {Promise<Ended>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      over = true;
      changed();
      resolve({ code, signal, ...output, json: () => JSON.parse(output.stdout) });
    });
  });
  running.set(child, ended);

  /** @param {string | RegExp} text */
  const says = (text) =>
    new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      const look = () => {
        const has = (/** @type {string} */ stream) =>
          typeof text === 'string' ? stream.includes(text) : text.test(stream);
        const said = has(output.stderr) || has(output.stdout);
        if (!said && !over) return;
        listeners.delete(look);
        if (said) resolve();
        else
          reject(
            new Error(
              `${[file, ...args].join(' ')} ended with ${child.exitCode ?? child.signalCode} without saying ${text}:\n${output.stderr}${output.stdout}`,
            ),
          );
      };
      listeners.add(look);
      look();
    });

  // When every thread strikes a stop by itself, the process is stopped once for each of them.
  const wake = async () => {
    const waking = setInterval(() => child.kill('SIGCONT'), 50);
    return ended.finally(() => clearInterval(waking));
  };

  return { pid: child.pid ?? 0, ended, says, wake, output, send: (signal) => void child.kill(signal) };
}

/**
 * Runs `magam` to its end.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export const runMagam = (args, env) => startMagam(args, env).ended;

/**
 * Polls until the probe returns a truthy value, and returns that; fails when it takes too long. The longer it has waited, the longer it pauses, because
 * a probe is mostly a query, and many who wait at once would keep a core busy.
 * @template T
 * @param {() => T | Promise<T>} probe
 * @param {string} [what] for the message of the failure
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(probe, what = 'it did not happen') {
  for (const begin = performance.now(); ; ) {
    const found = await probe();
    if (found) return found;
    const waited = performance.now() - begin;
    if (waited > LIMIT_MS) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MAX_MS, 10 + waited / 10)));
  }
}
