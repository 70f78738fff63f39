/**
 * Where the lines of a log go. A disk that is full or a pipe that nobody reads costs lines, but neither stops the process nor fills its memory. (The writer of pino itself, sonic-boom
 * 4, tries again for ever when it is to write its last lines at the end of a process and the disk is full: such a server neither served nor ended.)
 */
import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Lines are collected up to this size before they are written (bytes), and for no longer than this (ms). */
const GATHERED_BYTES = 16_384;
const GATHERED_MS = 100;
/** Lines beyond this size are left out while the ones before them cannot be written (characters). */
const HELD_MAX = 16 * 1024 ** 2;
/** A pipe whose reader is behind is tried again after so long (ms); at the end of the process for so long at most. */
const AGAIN_MS = 50;
const LAST_WORDS_MS = 1_000;

const isBehind = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN';

/** Writes each line before it goes on. */
export const lineByLine = (fd: number): DestinationStream => ({ write: (line) => writeAtOnce(fd, Buffer.from(line)) });

/**
 * Writes in the background, because writing a single line costs more than making it. Collected lines are also written when the process ends by itself, by `process.exit` or by an
 * exception; some may come twice then.
 */
export function inBackground(fd: number): DestinationStream {
  let held = '';
  let writing = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const goOn = (error: Error | null, bytes: number): void => {
    const behind = error !== null && isBehind(error);
    if (error === null) writing = writing.subarray(bytes);
    else if (!behind) writing = Buffer.alloc(0);
    if (behind) setTimeout(writeOn, AGAIN_MS).unref();
    else if (writing.length > 0) writeOn();
    else if (held.length >= GATHERED_BYTES) begin();
  };
  const writeOn = (): void => write(fd, writing, 0, writing.length, null, goOn);
  const begin = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (writing.length > 0 || held === '') return;
    writing = Buffer.from(held);
    held = '';
    writeOn();
  };
  process.on('exit', () => writeAtOnce(fd, Buffer.concat([writing, Buffer.from(held)])));
  return {
    write(line) {
      if (held.length < HELD_MAX) held += line;
      if (held.length >= GATHERED_BYTES) begin();
      else timer ??= setTimeout(begin, GATHERED_MS).unref();
    },
  };
}

/** Gives up when the text cannot be written, at the latest after a second. */
function writeAtOnce(fd: number, text: Uint8Array): void {
  const untilMs = performance.now() + LAST_WORDS_MS;
  for (let rest = text; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isBehind(error) || performance.now() > untilMs) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}
