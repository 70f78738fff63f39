/**
 * A CSV file as a stream of rows: RFC 4180 quoting, LF or CRLF, with or without a byte-order mark, in any encoding that the
 * platform can decode. Memory is that of a few chunks, however long the file.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvError, type Parser, parse } from 'csv-parse';
import { MagamError } from '../../../kernel/errors.js';
import { textDecoder } from './text-decoder.js';

/** A row and the line of the file it begins on, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

const CHUNK_BYTES = 256 * 1024;
/** No row is longer: a quote that is never closed would otherwise read the whole file into memory. */
const ROW_CHARACTERS_MAX = 1_000_000;

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
export async function inspectCsvFile(
  file: string,
  encoding: string,
): Promise<{ bytes: number; endsInLineBreak: boolean }> {
  const handle = await open(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(file, 'it is not a regular file');
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
    const tail = Buffer.alloc(1);
    await handle.read(tail, 0, 1, stat.size - 1);
    return { bytes: stat.size, endsInLineBreak: tail[0] === 0x0a || tail[0] === 0 };
  } finally {
    await handle.close();
  }
}

const unreadable = (file: string, reason: unknown): MagamError => {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new MagamError('FILE_UNREADABLE', `${file} cannot be read: ${text}.`, { file });
};

/** Counts lines and collects the rows that the parser completes. */
class RowCollector {
  rows: CsvRow[] = [];
  /** The line on which the row begins that is being parsed. */
  line = 1;

  add(fields: readonly string[]): void {
    const blank = fields.length === 1 && fields[0] === '';
    if (!blank) this.rows.push({ line: this.line, fields });
    this.line += 1;
    for (const field of fields) {
      for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) this.line += 1;
    }
  }

  take(): CsvRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

/**
 * Reads the rows in groups, the header first; blank lines are skipped. `onChunk` sees the bytes as they are read. Bytes that are no character
 * in the encoding end a strict reading; a lenient one puts `UNREADABLE` in their place.
 * Throws CSV_MALFORMED, ENCODING_INVALID or FILE_BINARY with the line, and FILE_UNREADABLE.
 */
export async function* readCsvRows(
  file: string,
  encoding: string,
  onChunk: (chunk: Buffer) => void,
  strict = true,
): AsyncGenerator<CsvRow[]> {
  const decoder = textDecoder(encoding, strict);
  const collector = new RowCollector();
  const parser = collectingParser(collector);
  parser.on('error', () => undefined); // `errored` has it, at once
  const decode = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk);
    } catch {
      throw new MagamError('ENCODING_INVALID', undefined, {
        file,
        encoding: decoder.encoding,
        nearLine: collector.line,
      });
    }
  };
  const feed = (text: string): CsvRow[] => {
    if (text.includes('\0'))
      throw new MagamError('FILE_BINARY', undefined, { file, nearLine: collector.line, looksLike: 'binary data' });
    if (text !== '') parser.write(text);
    if (parser.errored !== null) throw malformed(parser.errored, collector.line);
    return collector.take();
  };
  for await (const chunk of readChunks(file)) {
    onChunk(chunk);
    const rows = feed(decode(chunk));
    if (rows.length > 0) yield rows;
  }
  const rest = feed(decode());
  await new Promise<void>((resolve) =>
    parser
      .once('error', () => resolve())
      .once('end', resolve)
      .resume()
      .end(),
  );
  if (parser.errored !== null) throw malformed(parser.errored, collector.line);
  yield [...rest, ...collector.take()];
}

function collectingParser(collector: RowCollector): Parser {
  return parse({
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: ROW_CHARACTERS_MAX,
    // Rows are taken from here, as they are parsed; the parser's own object stream costs as much as the parsing.
    on_record: (fields: string[]) => {
      collector.add(fields);
      return null;
    },
  });
}

async function* readChunks(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    throw error instanceof MagamError ? error : unreadable(file, error);
  }
}

function malformed(error: Error, line: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const reasons: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote that is opened here is never closed, or the file was cut off',
    CSV_MAX_RECORD_SIZE: `a row is longer than ${ROW_CHARACTERS_MAX} characters: is a quote not closed?`,
    INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
    CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote; a quote inside a quoted field is written twice',
  };
  const reason = reasons[error.code] ?? error.message;
  return new MagamError('CSV_MALFORMED', `The file is not CSV after RFC 4180: row at line ${line}: ${reason}.`, {
    line,
    reason,
  });
}
