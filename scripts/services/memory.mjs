/**
 * The folder of the services for tests: in memory, because a database there takes half of the CPU time of one on a disk, and none of
 * the waiting. The settings of the servers stay the same except for their size. Nobody needs the data afterwards, so a stop deletes it.
 */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { makeOwnFolder, shortFolder } from './home.mjs';

/** The folder that Linux keeps in memory. */
const MEMORY = '/dev/shm';
const GIB = 1024 ** 3;
/** Four workers of jest and the servers themselves use about one. */
const ROOM_BYTES = 4 * GIB;

/** Later arguments override those of every private server. Each engine takes its own name for the redo log and ignores the other. */
export const SMALL_SERVER = [
  '--innodb-buffer-pool-size=512M',
  '--loose-innodb-log-file-size=256M',
  '--loose-innodb-redo-log-capacity=256M',
];

/**
 * The folder of this home's services for tests, whether or not it exists.
 * @param {import('./home.mjs').Home} home
 */
export function memoryFolder(home) {
  return join(MEMORY, basename(shortFolder(home)));
}

/**
 * Makes the folder unless it exists; undefined where there is no folder in memory, or not enough room.
 * @param {import('./home.mjs').Home} home
 */
export function makeMemoryFolder(home) {
  const folder = memoryFolder(home);
  return existsSync(folder) || hasRoom() ? makeOwnFolder(folder) : undefined;
}

function hasRoom() {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    const limit = process.constrainedMemory?.() ?? 0;
    return Math.min(bavail * bsize, freemem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) >= ROOM_BYTES;
  } catch {
    return false;
  }
}
