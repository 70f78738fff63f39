/** Text files that people write. */
import { readFile } from 'node:fs/promises';
import { MagamError } from '../kernel/errors.js';

/** The text of a file. Throws FILE_UNREADABLE, also for what is not UTF-8. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8 text' : String((error as Error).message);
    throw new MagamError('FILE_UNREADABLE', `${file} cannot be read: ${reason}.`, { file });
  }
}
