/** Finds, waits for and ends processes that another command may have started. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const hasProc = existsSync('/proc/self/cmdline');

/**
 * The state letter and start time of a process from /proc/PID/stat; undefined when there is none.
 * The name in parentheses may itself hold spaces and parentheses, so fields are counted after the last one.
 * @param {number} pid
 * @returns {{ state: string, startedAt: string } | undefined}
 */
function procStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * Whether a process with this id exists and still runs (a zombie that nobody reaped does not).
 * @param {number} pid
 */
export function isAlive(pid) {
  if (hasProc) {
    const stat = procStat(pid);
    return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * A text that tells this process from a later one with the same id ('' where the system does not tell).
 * @param {number} pid
 */
export function startedAt(pid) {
  return hasProc ? (procStat(pid)?.startedAt ?? '') : '';
}

/**
 * The command line, words separated and ended by one space; '' when there is no such process.
 * @param {number} pid
 */
export function commandLine(pid) {
  try {
    if (hasProc) {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
      return text === '' ? '' : `${text} `;
    }
    return `${execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()} `;
  } catch {
    return '';
  }
}

/**
 * The ids of all processes whose command line passes the test.
 * @param {(commandLine: string) => boolean} matches
 * @returns {number[]}
 */
export function findProcesses(matches) {
  const pids = hasProc
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    : execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8' }).split('\n');
  return pids.map(Number).filter((pid) => pid > 0 && pid !== process.pid && matches(commandLine(pid)));
}

/**
 * Polls until the probe holds; false when the time is over.
 * @param {() => boolean | Promise<boolean>} probe
 * @param {number} limitMs
 * @param {number} [everyMs]
 */
export async function waitUntil(probe, limitMs, everyMs = 50) {
  const end = Date.now() + limitMs;
  while (!(await probe())) {
    if (Date.now() >= end) return false;
    await sleep(everyMs);
  }
  return true;
}

/**
 * Asks processes to end (SIGTERM) and waits for it; returns those that are still there when the time is over.
 * @param {number[]} pids
 * @param {(pid: number) => boolean} isOurs called again for every check, so that a reused id is not touched
 * @param {number} limitMs
 */
export async function endProcesses(pids, isOurs, limitMs) {
  for (const pid of pids) {
    try {
      if (isOurs(pid)) process.kill(pid, 'SIGTERM');
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
  }
  const remaining = () => pids.filter((pid) => isOurs(pid));
  await waitUntil(() => remaining().length === 0, limitMs);
  return remaining();
}
