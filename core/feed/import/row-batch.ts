/** Rows on their way from the file to the feed. */
import type { FieldFault } from './row-faults.js';
import type { RowPlace } from './verdicts.js';

/** A row whose fields are in order: its place, its values in the order of our columns, its entry. */
export interface ReadRow<Entry> extends RowPlace {
  readonly values: readonly string[];
  readonly entry: Entry;
}

/** Rows to be written and the part of the file they come from: rows `from` to `to` (exclusive), less those left out. */
export interface RowBatch<Entry> {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly ReadRow<Entry>[];
}

/** Who is told of rows that another writer has overtaken since they were checked. */
export interface Races {
  /** The other writer stored the same entry. */
  unchanged(row: RowPlace): void;
  /** The row may no longer be stored. Throws when the whole file is to be refused for it. */
  refused(row: RowPlace, faults: readonly FieldFault[]): void;
}

/** A batch is written again after each race it meets; nobody loses this many in a row. */
export const RACES_MAX = 20;
