/** Rows on their way from the file to the feed. */
import type { RowWriter } from '../../../infra/stores/row-writer.js';
import type { FieldFault } from './row-faults.js';
import type { Readable } from './row-kind.js';
import type { StoredRow } from './row-store.js';
import type { RowPlace } from './verdicts.js';

/** A row whose fields are in order, and its place. */
export interface ReadRow<Entry> extends RowPlace, Readable<Entry> {}

/** Rows to be written and the part of the file they come from: rows `from` to `to` (exclusive), less those left out. */
export interface RowBatch {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly StoredRow[];
}

/** How a batch is written. */
export interface Turn {
  /** If given, the batch is committed when this has ended. */
  readonly after: Promise<void> | undefined;
  readonly writer: RowWriter;
}

/** Handles rows that another writer has overtaken since they were checked. */
export interface Races {
  /** The other writer stored the same entry. */
  unchanged(row: RowPlace): void;
  /** The row may no longer be stored. Throws when the whole file must be refused because of it. */
  refused(row: RowPlace, faults: readonly FieldFault[]): void;
}

/** A batch is written again after each race; this many lost races in a row do not happen. */
export const RACES_MAX = 20;
