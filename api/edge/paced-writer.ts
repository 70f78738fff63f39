/** Writing a long answer no faster than it is read. */
import type { Writable } from 'node:stream';

/**
 * A function that writes text and resolves when there may be more; it rejects when the signal aborts. One listener serves the whole
 * answer: the compression in between passes listeners of `drain` on, but not their removal.
 */
export function pacedWriter(out: Writable, signal: AbortSignal): (text: string) => Promise<void> {
  let wake = (): void => undefined;
  out.on('drain', () => wake());
  return async (text) => {
    signal.throwIfAborted();
    if (out.write(text)) return;
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
