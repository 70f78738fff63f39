/** The rows of a file in the order of our columns: what both passes go through. */
import { MagamError } from '../../../kernel/errors.js';
import { type Column, type ColumnMapping, resolveColumns } from './columns.js';
import { readCsvRows } from './csv-file.js';
import type { RowPlace } from './verdicts.js';

export interface RowSource {
  readonly file: string;
  readonly encoding: string;
  readonly columns: readonly Column[];
  readonly mapping: ColumnMapping;
}

export interface FileRow extends RowPlace {
  /** In the order of our columns; undefined when the row has another number of fields than the header. */
  readonly values: readonly string[] | undefined;
  readonly fieldCount: number;
}

export interface RowObserver {
  readonly onChunk: (chunk: Buffer) => void;
  readonly onIgnoredColumns?: (columns: readonly string[]) => void;
}

/** Reads the header, then the rows in groups. Throws what `readCsvRows` and `resolveColumns` throw, and FILE_EMPTY. */
export async function* readFileRows(source: RowSource, observer: RowObserver): AsyncGenerator<FileRow[]> {
  let header: readonly string[] | undefined;
  let pick: (fields: readonly string[]) => string[] = () => [];
  let row = 0;
  for await (const group of readCsvRows(source.file, source.encoding, observer.onChunk)) {
    const rows: FileRow[] = [];
    for (const { line, fields } of group) {
      if (header === undefined) {
        const resolved = resolveColumns(fields, source.columns, source.mapping);
        header = fields;
        pick = resolved.pick;
        if (resolved.ignored.length > 0) observer.onIgnoredColumns?.(resolved.ignored);
        continue;
      }
      const values = fields.length === header.length ? pick(fields) : undefined;
      rows.push({ row, line, values, fieldCount: fields.length });
      row += 1;
    }
    if (rows.length > 0) yield rows;
  }
  if (header === undefined) throw new MagamError('FILE_EMPTY', undefined, { file: source.file });
}
