/** The rows of a file in the order of our columns: what both passes go through. */
import { MagamError } from '../../../kernel/errors.js';
import { type Column, type ColumnMapping, type ResolvedColumns, resolveColumns } from './columns.js';
import { readCsvRows } from './csv-file.js';
import { type UnreadableField, UnreadableFields } from './unreadable.js';
import type { RowPlace } from './verdicts.js';

export interface RowSource {
  readonly file: string;
  readonly encoding: string;
  readonly columns: readonly Column[];
  readonly mapping: ColumnMapping;
  /** Not every byte of the file is a character in the encoding: look at every field. */
  readonly lenient?: boolean;
}

export interface FileRow extends RowPlace {
  /** In the order of our columns; undefined when the row has another number of fields than the header. */
  readonly values: readonly string[] | undefined;
  readonly fieldCount: number;
}

export interface RowObserver {
  readonly onChunk: (chunk: Buffer) => void;
  readonly onIgnoredColumns?: (columns: readonly string[]) => void;
  /** A character that cannot be read stands in a column that is not used. */
  readonly onUnreadable?: (field: UnreadableField) => void;
}

/** Reads the header, then the rows in groups. Throws what `readCsvRows` and `resolveColumns` throw, and FILE_EMPTY. */
export async function* readFileRows(source: RowSource, observer: RowObserver): AsyncGenerator<FileRow[]> {
  let header: readonly string[] | undefined;
  let pick: (fields: readonly string[]) => string[] = () => [];
  let row = 0;
  const { file, encoding, lenient = false } = source;
  const unreadable = lenient
    ? new UnreadableFields(file, encoding, (field) => observer.onUnreadable?.(field))
    : undefined;
  for await (const group of readCsvRows(file, encoding, observer.onChunk, !lenient)) {
    const rows: FileRow[] = [];
    for (const { line, fields } of group) {
      if (header === undefined) {
        const resolved = resolveHeader(source, fields, line, unreadable);
        header = fields;
        unreadable?.setColumns(fields, resolved.ignoredAt, line);
        pick = resolved.pick;
        if (resolved.ignored.length > 0) observer.onIgnoredColumns?.(resolved.ignored);
        continue;
      }
      const whole = fields.length === header.length;
      if (whole) unreadable?.check(fields, line);
      const values = whole ? pick(fields) : undefined;
      rows.push({ row, line, values, fieldCount: fields.length });
      row += 1;
    }
    if (rows.length > 0) yield rows;
  }
  if (header === undefined) throw new MagamError('FILE_EMPTY', undefined, { file });
}

/** The columns of the file. One that is missing because the header cannot be read is told as that. */
function resolveHeader(
  { columns, mapping }: RowSource,
  header: readonly string[],
  line: number,
  unreadable: UnreadableFields | undefined,
): ResolvedColumns {
  try {
    return resolveColumns(header, columns, mapping);
  } catch (error) {
    unreadable?.requireReadable(header, line);
    throw error;
  }
}
