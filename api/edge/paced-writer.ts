/** Writing a long answer no faster than it is read. */
import type { Writable } from 'node:stream';

/**
 * A function that writes text or bytes and resolves when there may be more; it rejects when the signal aborts. One listener serves the whole answer, because the compression in
 * between passes on listeners of `drain`, but not their removal.
 */
export function pacedWriter(out: Writable, signal: AbortSignal): (chunk: string | Uint8Array) => Promise<void> {
  let wake = (): void => undefined;
  out.on('drain', () => wake());
  return async (chunk) => {
    signal.throwIfAborted();
    if (out.write(chunk)) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      wake = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
  };
}
