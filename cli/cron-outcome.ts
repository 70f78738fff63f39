/** The outcome of a command that `magam cron` has run. */
import { constants } from 'node:os';
import type { AlarmCause } from '../core/alarms/rules/alarm.js';
import { errors } from '../kernel/errors.js';

export interface Outcome {
  readonly words: readonly string[];
  readonly exitCode: number;
  /** The end of its output; empty if the output went elsewhere. */
  readonly output: string;
}

/** Exit codes of a command that has done its work: done, done with parked entries (which have an alarm of their own), and left to another process that works on it. */
const DONE: readonly number[] = [0, 3, 5];

export const succeeded = ({ exitCode }: Outcome): boolean => DONE.includes(exitCode);

/** A command on one line, whatever its arguments are: text after a line break must not look like a line of this log. */
export const lineOf = (words: readonly string[]): string => words.join(' ').replace(/\p{C}+/gu, ' ');

export function commandCause({ words, exitCode, output }: Outcome): AlarmCause {
  const command = lineOf(words);
  const failure = failureIn(output);
  return {
    kind: 'command-failed',
    subject: command,
    summary: `magam ${command} ended with exit code ${exitCode}${killedBy(exitCode)}${failure === '' ? '' : `: ${failure}`}.`,
  };
}

/** The signal that ended a command without asking it, such as SIGKILL when the machine has no memory left. */
function killedBy(exitCode: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return signal === undefined || exitCode === errors.RUN_STOPPED.exit ? '' : ` (${signal})`;
}

/** The last error that the output names, as text or as JSON; otherwise its last line. */
function failureIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('--- '));
  const text = lines.findLast((line) => /^([A-Z][A-Z_]{3,}|error): /.test(line));
  if (text !== undefined) return text.replace(/\.$/, '');
  const json = /"code": "([A-Z_]+)",\s*"message": ("(?:[^"\\]|\\.)*")/.exec(output);
  if (json !== null) return `${json[1]}: ${JSON.parse(json[2] ?? '""')}`.replace(/\.$/, '');
  return (lines.at(-1) ?? '').slice(0, 300).replace(/\.$/, '');
}
