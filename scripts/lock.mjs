/** A lock between processes on one machine: a file that names its holder, taken over when the holder has ended. */
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startedAt } from './processes.mjs';

const POLL_MS = 50;
/** A takeover takes microseconds; an older one was killed in the middle. */
const BREAK_STALE_MS = 10_000;

/**
 * Runs `work` while holding the lock; waits for as long as a living process holds it.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(holderPid: number) => void} [onWait] called once, when somebody else holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  const mine = `${process.pid} ${startedAt(process.pid)}`;
  const draft = `${file}.${process.pid}`;
  let told = false;
  for (;;) {
    // Written under another name and linked into place, so that nobody ever reads a lock without its holder.
    writeFileSync(draft, mine, { mode: 0o600 });
    try {
      linkSync(draft, file);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const holder = holderOf(file);
    if (holder !== undefined && isStale(holder)) {
      removeStale(file);
      continue;
    }
    if (holder !== undefined && !told) {
      told = true;
      onWait?.(Number.parseInt(holder, 10));
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (holderOf(file) === mine) rmSync(file, { force: true });
  }
}

/** @param {string} file */
function holderOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} holder */
function isStale(holder) {
  const [pid, started] = holder.split(' ');
  const id = Number(pid);
  return !(id > 0) || !isAlive(id) || (started !== undefined && started !== '' && started !== startedAt(id));
}

/**
 * Removes the lock of a dead holder. Only one process at a time may do so, and it checks again first: otherwise a
 * second process that saw the same dead holder would remove the lock that the first one has taken meanwhile.
 * @param {string} file
 */
function removeStale(file) {
  const guard = `${file}.break`;
  try {
    mkdirSync(guard);
  } catch {
    try {
      if (Date.now() - statSync(guard).mtimeMs > BREAK_STALE_MS) rmdirSync(guard);
    } catch {
      // Somebody else finished meanwhile.
    }
    return;
  }
  try {
    const holder = holderOf(file);
    if (holder !== undefined && isStale(holder)) rmSync(file, { force: true });
  } finally {
    rmdirSync(guard);
  }
}
