/**
 * The command line against a test's database, within the test's own process: the words, the output and the exit code of `magam`, without the
 * cost of a process for each call, and one call after the other. Where the process itself is the matter (signals, faults, two at once), start a real
 * one: scripts/chaos/magam.mjs.
 */
import { afterAll } from '@jest/globals';
import { runCommandLine } from '../../cli/command-line.js';
import type { Ended } from '../../scripts/chaos/magam.mjs';
import { closeThreads, keepThreads } from './kept-threads.js';

keepThreads();
afterAll(closeThreads);

/** An undefined one is not set. */
type Settings = Readonly<Record<string, string | undefined>>;

/** Environment and output belong to the whole process: one call at a time. */
let before: Promise<unknown> = Promise.resolve();

/** Runs `magam` with these arguments to its end. @param terminal whether its output is one */
export function magam(
  databaseUrl: string,
  args: readonly string[],
  settings: Settings = {},
  terminal = false,
): Promise<Ended> {
  const environment = {
    NO_COLOR: '1',
    MAGAM_WORKERS: '1', // the start of a second thread costs more than it does of the little work of a test
    MAGAM_DATABASE_URL: databaseUrl,
    MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0',
    ...settings,
  };
  const set = Object.entries(environment).filter(([, value]) => value !== undefined);
  const outcome = before.then(() => captured(Object.fromEntries(set), terminal, () => runCommandLine(args)));
  before = outcome.catch(() => undefined);
  return outcome;
}

/** The same with `--json`, whose one document is parsed. */
export async function magamJson<T>(
  databaseUrl: string,
  args: readonly string[],
): Promise<{ code: number | null; document: T }> {
  const outcome = await magam(databaseUrl, [...args, '--json']);
  return { code: outcome.code, document: outcome.json<T>() };
}

async function captured(environment: Settings, terminal: boolean, work: () => Promise<number>): Promise<Ended> {
  const { env, stdout, stderr, exitCode } = process;
  const written = { stdout: '', stderr: '' };
  const restore = [stdout, stderr].map((stream) => {
    const { write, isTTY } = stream;
    const name = stream === stdout ? 'stdout' : 'stderr';
    stream.write = (text: string | Uint8Array) => {
      // Bytes, such as those of a workbook, come as a character each.
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
      return true;
    };
    stream.isTTY = terminal;
    return () => Object.assign(stream, { write, isTTY });
  });
  const others = Object.entries(env).filter(([name]) => !/^(MAGAM_|NODE_|FORCE_COLOR|CI$)/.test(name));
  process.env = { ...Object.fromEntries(others), ...environment };
  try {
    const code = await work();
    return { code, signal: null, ...written, overdue: false, json: <T>() => JSON.parse(written.stdout) as T };
  } finally {
    for (const undo of restore) undo();
    process.env = env;
    process.exitCode = exitCode;
  }
}
