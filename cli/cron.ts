/** `magam cron -- COMMAND`: runs a command for cron. The command never runs twice at once, has a log, and raises an alarm when it fails; its exit code is kept. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { tellAlarm } from '../core/alarms/change-alarms.js';
import { type Config, readConfig } from '../infra/config.js';
import { errorText } from '../infra/database-errors.js';
import { MagamError } from '../kernel/errors.js';
import { lookForAlarms } from './alarm-sender.js';
import { programFile, withDatabase } from './context.js';
import { commandCause, lineOf, type Outcome, succeeded } from './cron-outcome.js';
import { fileName, privateFolder, raiseDirectly, resolveDirectly } from './direct-alarm.js';
import { note } from './output.js';

/** The exit code of flock when another process has the lock; no command of Magam uses it. */
const LOCKED = 200;
/** The end of the log that is searched for the error (bytes). */
const TAIL_BYTES = 4_000;

export function cronCommand(cron: Command): void {
  cron
    .argument('<command...>', 'after --: a command of magam with its options')
    .option('--log <file>', 'append what the command prints to this file (default: standard output and standard error)')
    .action((words: string[], { log }: { log?: string }, command: Command) => runForCron(words, log, command));
}

async function runForCron(words: readonly string[], log: string | undefined, command: Command): Promise<void> {
  if (words[0] === 'cron' || words[0] === 'alarms')
    throw new MagamError('USAGE', `magam cron does not run magam ${words[0]}, which reports by itself what is wrong.`);
  const config = readConfig();
  const outcome = await run(config, words, log);
  process.exitCode = outcome.exitCode;
  try {
    await tell(config, outcome, command);
  } catch (error) {
    note(`The alarms could not be checked: ${errorText(error)}`); // the exit code is the command's
  }
}

/** Runs the command to its end. Throws COMMAND_RUNNING while it runs already, FILE_UNWRITABLE. */
async function run(config: Config, words: readonly string[], log: string | undefined): Promise<Outcome> {
  const out = log === undefined ? undefined : openLog(log);
  try {
    const say = (text: string): void => {
      if (out !== undefined) writeSync(out, `--- ${new Date().toISOString()} magam ${lineOf(words)}: ${text}\n`);
    };
    say('begins');
    const from = out === undefined ? 0 : fstatSync(out).size;
    const exitCode = await exitOf(start(config, words, out));
    if (exitCode === LOCKED) {
      say('is still running, and was not started again');
      throw new MagamError('COMMAND_RUNNING', undefined, { command: words.join(' ') });
    }
    say(`exit code ${exitCode}`);
    return { words, exitCode, output: log === undefined ? '' : tailOf(log, from) };
  } finally {
    if (out !== undefined) closeSync(out);
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, 'a', 0o640);
  } catch (error) {
    throw new MagamError('FILE_UNWRITABLE', `The log ${file} cannot be written: ${errorText(error)}`, { file });
  }
}

/** The kernel holds the lock for the command's process and frees it when that ends, however it ends. The output goes straight to the log: it outlives this process. */
function start(config: Config, words: readonly string[], out: number | undefined): ChildProcess {
  const program = [process.execPath, programFile, ...words];
  const lock = join(privateFolder(), `${fileName(config, words.join(' '))}.lock`);
  const flock = ['flock', '--nonblock', '--no-fork', '--conflict-exit-code', String(LOCKED), lock];
  if (!hasFlock()) note('This machine has no flock (util-linux), so the same command may run twice at once.');
  const [file = '', ...args] = hasFlock() ? [...flock, ...program] : program;
  return spawn(file, args, { stdio: ['ignore', out ?? 'inherit', out ?? 'inherit'] });
}

const hasFlock = (): boolean =>
  spawnSync('flock', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

/** Its exit code, or 128 plus the number of the signal that ended it. Signals to this process are passed on to it. */
async function exitOf(child: ChildProcess): Promise<number> {
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGTERM', pass).off('SIGINT', pass);
  }
}

function tailOf(file: string, from: number): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const begin = Math.max(from, size - TAIL_BYTES);
    const bytes = Buffer.alloc(Math.max(0, size - begin));
    readSync(handle, bytes, 0, bytes.length, begin);
    return bytes.toString('utf8');
  } finally {
    closeSync(handle);
  }
}

/** Raises or ends the alarm of the command, and checks all other alarms, so that their messages are sent even without a server or a runner. */
async function tell(config: Config, outcome: Outcome, command: Command): Promise<void> {
  const cause = commandCause(outcome);
  try {
    await withDatabase(
      command,
      async (context) => {
        await tellAlarm(context.db, cause, !succeeded(outcome));
        await lookForAlarms(context);
      },
      { anyTime: true },
    );
  } catch (error) {
    note(`The alarms in the database could not be checked: ${errorText(error)}`);
    if (!succeeded(outcome)) await raiseDirectly(config, cause);
    return;
  }
  await resolveDirectly(config, cause);
}
