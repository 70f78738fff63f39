/** The file of an import before it is read: whether it can be CSV at all, and its hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { MagamError } from '../../../kernel/errors.js';
import { textDecoder } from './text-decoder.js';

/** First bytes of files that people mistake for CSV. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['1f8b', 'gzip data: unpack it first'],
  ['504b0304', 'a zip archive or an Excel workbook: save it as CSV'],
  ['d0cf11e0', 'an old Excel workbook: save it as CSV'],
  ['25504446', 'a PDF document'],
  ['28b52ffd', 'zstd data: unpack it first'],
  ['425a68', 'bzip2 data: unpack it first'],
  ['fd377a58', 'xz data: unpack it first'],
];

/** Looks at the file and its first bytes. Throws FILE_UNREADABLE, FILE_EMPTY, FILE_BINARY or ENCODING_INVALID (UTF-16). */
export async function inspectCsvFile(file: string, encoding: string): Promise<void> {
  const handle = await open(file).catch((error: unknown) => {
    throw unreadableFile(file, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadableFile(file, 'it is not a regular file');
    if (stat.size === 0) throw new MagamError('FILE_EMPTY', undefined, { file });
    const head = Buffer.alloc(Math.min(8, stat.size));
    await handle.read(head, 0, head.length, 0);
    const signature = SIGNATURES.find(([bytes]) => head.toString('hex').startsWith(bytes));
    if (signature !== undefined) throw new MagamError('FILE_BINARY', undefined, { file, looksLike: signature[1] });
    const wide =
      head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : null;
    if (wide !== null && textDecoder(encoding, true).encoding !== wide) {
      throw new MagamError('ENCODING_INVALID', `The file is UTF-16; import it with --encoding ${wide}.`, {
        file,
        looksLike: wide,
      });
    }
  } finally {
    await handle.close();
  }
}

/** FILE_UNREADABLE with the reason. */
export const unreadableFile = (file: string, reason: unknown): MagamError => {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new MagamError('FILE_UNREADABLE', `${file} cannot be read: ${text}.`, { file });
};

/** SHA-256 of the whole file. Throws FILE_UNREADABLE. */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw unreadableFile(file, error);
  }
  return hash.digest('hex');
}
