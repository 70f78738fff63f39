/** `magam cron -- COMMAND`: runs a command for cron. The command never runs twice at once, has a log, and raises an alarm when it fails; its exit code is kept. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { tellAlarm } from '../core/alarms/change-alarms.js';
import { type Config, readConfig } from '../infra/config.js';
import { asMagamError, errorText } from '../infra/database-errors.js';
import { errors, MagamError } from '../kernel/errors.js';
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
    .showHelpAfterError('(the command stands after --, as in: magam cron -- settle --date yesterday)')
    .action((words: string[], { log }: { log?: string }, command: Command) => runForCron(words, log, command));
}

async function runForCron(words: readonly string[], log: string | undefined, command: Command): Promise<void> {
  if (words[0] === 'cron' || words[0] === 'alarms')
    throw new MagamError('USAGE', `magam cron does not run magam ${words[0]}, which reports by itself what is wrong.`);
  const config = readConfig();
  const outcome = await run(config, words, log).catch(async (error: unknown) => {
    const known = asMagamError(error);
    if (known instanceof MagamError && known.code === 'FILE_UNWRITABLE')
      await tellIfPossible(
        config,
        { words, exitCode: errors.FILE_UNWRITABLE.exit, output: `${known.code}: ${known.message}` },
        command,
      );
    throw error;
  });
  process.exitCode = outcome.exitCode;
  await tellIfPossible(config, outcome, command);
}

/** The exit code is the command's, whatever becomes of its alarm. */
async function tellIfPossible(config: Config, outcome: Outcome, command: Command): Promise<void> {
  try {
    await tell(config, outcome, command);
  } catch (error) {
    note(`The alarms could not be checked: ${errorText(error)}`);
  }
}

/** Runs the command to its end. Throws COMMAND_RUNNING while it runs already, FILE_UNWRITABLE when it cannot begin its log; the command is not started then. */
async function run(config: Config, words: readonly string[], log: string | undefined): Promise<Outcome> {
  const out = log === undefined ? undefined : openLog(log);
  try {
    const say = (text: string): void => {
      if (out !== undefined) writeSync(out, `--- ${new Date().toISOString()} magam ${lineOf(words)}: ${text}\n`);
    };
    const sayAfterwards = (text: string): void => {
      try {
        say(text);
      } catch (error) {
        note(`The log ${log} cannot be written: ${errorText(error)}`); // it was writable when the command began
      }
    };
    try {
      say('begins');
    } catch (error) {
      throw unwritable(log ?? '', error);
    }
    const from = out === undefined ? 0 : fstatSync(out).size;
    const exitCode = await exitOf(start(config, words, out));
    if (exitCode === LOCKED) {
      sayAfterwards('is still running, and was not started again');
      throw new MagamError('COMMAND_RUNNING', undefined, { command: words.join(' ') });
    }
    sayAfterwards(`exit code ${exitCode}`);
    return { words, exitCode, output: out === undefined ? '' : tailOf(out, from) };
  } finally {
    if (out !== undefined) closeSync(out);
  }
}

const unwritable = (file: string, error: unknown): MagamError =>
  new MagamError('FILE_UNWRITABLE', `The log ${file} cannot be written: ${errorText(error)}`, { file });

function openLog(file: string): number {
  try {
    return openSync(file, 'a+', 0o640);
  } catch (error) {
    throw unwritable(file, error);
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

/** The end of what was written since then. It reads the file that was opened, which may have another name or none by now. */
function tailOf(out: number, from: number): string {
  const { size } = fstatSync(out);
  const begin = Math.max(from, size - TAIL_BYTES);
  const bytes = Buffer.alloc(Math.max(0, size - begin));
  readSync(out, bytes, 0, bytes.length, begin);
  return bytes.toString('utf8');
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
