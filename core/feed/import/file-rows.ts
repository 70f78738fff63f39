/** The rows of a file, block by block: the header and the first block are read here, the other blocks in threads. */
import { MagamError } from '../../../kernel/errors.js';
import { type BlockFailure, type BlockLayout, BlockReader, type BlockRows, orFailure, textOf } from './block-reader.js';
import { BlockThreads } from './block-threads.js';
import { resolveColumns } from './columns.js';
import { CsvMalformed, LONE_RETURNS, lineBreaksIn, readCsvText } from './csv-text.js';
import { blockEncoding, type FileBlock, LINE_BREAK, readFileBlocks } from './file-blocks.js';
import type { Repeat } from './repeated-keys.js';
import { kindOfRows } from './row-kind.js';
import { UnreadableFields } from './unreadable.js';
import type { RowPlace } from './verdicts.js';

export interface RowSource extends Omit<BlockLayout, 'header' | 'lenient'> {
  readonly file: string;
  /** Some bytes of the file are no character in the encoding, so every field is checked. */
  readonly lenient?: boolean;
  /** How long a thread may take for a block. */
  readonly deadlineMs: number;
}

/** A block and its place in the file: the number of its first row (from 0, the header not counted) and its line (from 1). */
export interface PlacedRows {
  readonly block: BlockRows;
  readonly first: RowPlace;
}

export class FileRows {
  /** Columns of the file that are not used and have a name; known with the first block. */
  ignoredColumns: readonly string[] = [];
  /** Whether the last line that was read has one. */
  endsInLineBreak = true;
  private reader: BlockReader | undefined;
  private threads: BlockThreads | undefined;
  private row = 0;
  private line = 1;

  /** @param onChunk sees the bytes of the file as they are read */
  constructor(
    private readonly source: RowSource,
    private readonly onChunk: (chunk: Buffer) => void,
  ) {}

  /**
   * The blocks in the order of the file; some are read ahead. Throws FILE_EMPTY, COLUMN_DUPLICATE, COLUMN_MISSING, CSV_MALFORMED, ENCODING_INVALID
   * or FILE_BINARY with the line, FILE_UNREADABLE, WORKER_DIED.
   */
  async *blocks(): AsyncGenerator<PlacedRows> {
    const { file, encoding, lenient = false } = this.source;
    const ahead: Promise<BlockRows | BlockFailure>[] = [];
    for await (const block of readFileBlocks(file, encoding, lenient, this.onChunk)) {
      this.endsInLineBreak = block.bytes.at(-1) === LINE_BREAK;
      if (this.threads === undefined) {
        const first = this.readFirst(block);
        if (first !== undefined) yield this.placed(first);
        continue;
      }
      const reading = this.threads.read(block);
      reading.catch(() => undefined); // read when its turn comes
      if (ahead.push(reading) > this.threads.size + 1) yield this.placed(await (ahead.shift() as typeof reading));
    }
    if (this.threads === undefined) throw new MagamError('FILE_EMPTY', undefined, { file });
    for (const reading of ahead) yield this.placed(await reading);
  }

  /** The rows that have the key of an earlier one, among the noted keys of a bucket. Throws WORKER_DIED. */
  findRepeats = async (records: string): Promise<readonly Repeat[]> => this.threads?.findRepeats(records) ?? [];

  async close(): Promise<void> {
    await this.threads?.close();
  }

  private placed(read: BlockRows | BlockFailure): PlacedRows {
    if ('failure' in read) throw blockError(read, this.source, this.line);
    const first = { row: this.row, line: this.line };
    this.row += read.rows;
    this.line += read.lines;
    return { block: read, first };
  }

  /** Finds the header, and reads the rest of its block; undefined for a block of blank lines. */
  private readFirst(block: FileBlock): BlockRows | BlockFailure | undefined {
    const { file: _, deadlineMs, ...source } = this.source;
    const layout = { ...source, encoding: blockEncoding(source.encoding), lenient: source.lenient ?? false };
    return orFailure(() => {
      const text = textOf(block.bytes, layout, block.begins);
      if (/^[^\n]*\r(?!\n)/.test(text)) throw new CsvMalformed(0, LONE_RETURNS);
      let header: readonly string[] | undefined;
      let headerLine = 0;
      readCsvText(text, (fields, line) => {
        if (header === undefined) [header, headerLine] = [fields, line];
      });
      if (header === undefined) {
        this.line += lineBreaksIn(text);
        return undefined;
      }
      this.resolve(header, headerLine);
      this.reader = new BlockReader({ ...layout, header });
      this.threads = new BlockThreads(this.reader.layout, deadlineMs);
      return this.reader.readText(text, headerLine);
    });
  }

  /** Looks at the header. When a column is missing because the header cannot be read, the error says so. */
  private resolve(header: readonly string[], line: number): void {
    const { kind, mapping, lenient = false } = this.source;
    try {
      this.ignoredColumns = resolveColumns(header, kindOfRows(kind).columns, mapping).ignored;
    } catch (error) {
      if (lenient) new UnreadableFields(header, new Set()).check(header, line);
      throw error;
    }
  }
}

/** The error of a block that begins on the line `firstLine`. */
export function blockError(
  failure: BlockFailure,
  { file, encoding }: Pick<RowSource, 'file' | 'encoding'>,
  firstLine: number,
): MagamError {
  if (failure.failure === 'binary')
    return new MagamError('FILE_BINARY', undefined, {
      file,
      nearLine: firstLine + failure.line,
      looksLike: 'binary data',
    });
  if (failure.failure === 'encoding')
    return new MagamError('ENCODING_INVALID', undefined, { file, encoding, nearLine: firstLine });
  const line = firstLine + failure.line;
  if (failure.failure === 'malformed') {
    const { reason } = failure;
    const message = `The file is not CSV after RFC 4180: row at line ${line}: ${reason}.`;
    return new MagamError('CSV_MALFORMED', message, { line, reason });
  }
  const { column, value } = failure;
  const message = `A character on line ${line}, column ${column}, cannot be read in ${encoding}; name the right encoding.`;
  return new MagamError('ENCODING_INVALID', message, { file, encoding, line, column, value });
}
