/**
 * The folder of the services that tests work with: in memory, because a database in it takes half of the CPU time that one on a disk does, and none of
 * the waiting. The settings of the servers stay the same but for their size. What the tests leave there is nobody's: a stop deletes it.
 */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { makeOwnFolder, shortFolder } from './home.mjs';

/** What Linux keeps in memory. */
const MEMORY = '/dev/shm';
const GIB = 1024 ** 3;
/** Four workers of jest and the servers themselves use about one. */
const ROOM_BYTES = 4 * GIB;

/** Later arguments win over those of every private server. Each engine takes its own name for the redo log and passes over the other. */
export const SMALL_SERVER = [
  '--innodb-buffer-pool-size=512M',
  '--loose-innodb-log-file-size=256M',
  '--loose-innodb-redo-log-capacity=256M',
];

/**
 * Where the services of the tests of this home are, whether or not there are any.
 * @param {import('./home.mjs').Home} home
 */
export function memoryFolder(home) {
  return join(MEMORY, basename(shortFolder(home)));
}

/**
 * Makes the folder, unless it is there; undefined where nothing can be kept in memory, or not enough.
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
