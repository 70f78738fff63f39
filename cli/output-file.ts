/** Writes an export to a file, or to standard output. */
import { open, rename, rm } from 'node:fs/promises';
import { MagamError } from '../kernel/errors.js';
import { write } from './output.js';

/**
 * Runs `work` with an output to write to. The file gets its name only when it is complete, so a failure leaves an earlier file unchanged. Throws `USAGE` for a file that cannot be
 * written, and for bytes that would go to a terminal.
 */
export async function writingTo(
  file: string | undefined,
  format: string,
  work: (sink: (chunk: string | Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  if (file === undefined) {
    if (format !== 'csv' && process.stdout.isTTY === true)
      throw new MagamError('USAGE', `A file of the format ${format} is not for a terminal: name one with --out.`, {
        option: '--out',
      });
    return work(write);
  }
  const part = `${file}.${process.pid}.part`;
  const handle = await open(part, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new MagamError('USAGE', `${file} cannot be written: ${error.message}.`, { option: '--out', file });
  });
  try {
    await work((chunk) => handle.appendFile(chunk));
    await handle.close();
    await rename(part, file);
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
}
