/**
 * A file in blocks of whole rows, which can be read independently. Rows end at a line break outside of quotes; neither a quote nor a
 * line break is ever part of another character in the encodings that are cut as they are. The others become UTF-8 first.
 */
import { createReadStream } from 'node:fs';
import { MagamError } from '../../../kernel/errors.js';
import { unreadableFile } from './csv-file.js';
import { ROW_CHARACTERS_MAX } from './csv-text.js';
import { textDecoder } from './text-decoder.js';

export const BLOCK_BYTES = 512 * 1024;
/** More bytes than any row has; a block that reaches them has a row that is refused. */
const ROW_BYTES_MAX = 4 * ROW_CHARACTERS_MAX;

const QUOTE = 0x22;
export const LINE_BREAK = 0x0a;

/** The encoding that the blocks of a file are in. */
export const blockEncoding = (encoding: string): string =>
  /^(?:utf-16|iso-2022)/.test(textDecoder(encoding, true).encoding) ? 'utf-8' : encoding;

export interface FileBlock {
  /** It has memory of its own, which may be handed to a thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether a byte-order mark may stand at its beginning. */
  readonly begins: boolean;
}

/**
 * Reads the blocks; `onChunk` sees the bytes as they are read. Throws FILE_UNREADABLE, and ENCODING_INVALID for bytes that are no character in an
 * encoding that must be decoded here (a lenient reading puts `UNREADABLE` in their place).
 */
export async function* readFileBlocks(
  file: string,
  encoding: string,
  lenient: boolean,
  onChunk: (chunk: Buffer) => void,
): AsyncGenerator<FileBlock> {
  const decoded = blockEncoding(encoding) !== encoding;
  let waiting: Buffer = Buffer.alloc(0);
  let begins = !decoded;
  for await (const chunk of decoded ? inUtf8(file, encoding, lenient, onChunk) : readChunks(file, onChunk)) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    const end = waiting.length > BLOCK_BYTES + ROW_BYTES_MAX ? waiting.length : endOfRows(waiting);
    if (end === 0) continue;
    yield { bytes: new Uint8Array(waiting.subarray(0, end)), begins };
    begins = false;
    waiting = waiting.subarray(end);
  }
  if (waiting.length > 0) yield { bytes: new Uint8Array(waiting), begins };
}

/** Where the last whole row ends; 0 when there is none. */
function endOfRows(bytes: Buffer): number {
  if (!bytes.includes(QUOTE)) return bytes.lastIndexOf(LINE_BREAK) + 1;
  let quoted = false;
  let end = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === LINE_BREAK && !quoted) end = at + 1;
  }
  return end;
}

async function* readChunks(file: string, onChunk: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: BLOCK_BYTES })) {
      onChunk(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw error instanceof MagamError ? error : unreadableFile(file, error);
  }
}

async function* inUtf8(
  file: string,
  encoding: string,
  lenient: boolean,
  onChunk: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  const decoder = textDecoder(encoding, !lenient);
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk));
    } catch {
      throw new MagamError('ENCODING_INVALID', undefined, { file, encoding: decoder.encoding });
    }
  };
  for await (const chunk of readChunks(file, onChunk)) yield decode(chunk);
  yield decode();
}
