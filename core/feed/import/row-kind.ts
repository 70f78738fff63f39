/** What the kind of a file says about its rows, without a database: how a row is read, and how it is kept until it is stored. */
import type { RefundEntry, SaleEntry } from '../rules/entry.js';
import { RECORD_BYTES_MAX, readRecord, writeRecord } from '../stores/sale-sql.js';
import { type Column, REFUND_COLUMNS, SALE_COLUMNS } from './columns.js';
import type { DateReader } from './field-reader.js';
import { readRefundRow, refundKeyOf } from './refund-row.js';
import type { FieldFault } from './row-faults.js';
import { readSaleRow, saleKeyOf } from './sale-row.js';

/** A row whose fields are in order: its values in the order of our columns, where they are kept, and its entry. */
export interface Readable<Entry> {
  readonly values: readonly string[];
  readonly entry: Entry;
}

export interface RowKind<Entry> {
  readonly columns: readonly Column[];
  /** The column that a fault of the key is noted under. */
  readonly keyColumn: string;
  /** The key of a row by its values, or undefined when it cannot be read. */
  keyOf(values: readonly string[]): string | undefined;
  read(
    values: readonly string[],
    dateOf: DateReader,
  ): { readonly entry: Entry } | { readonly faults: readonly FieldFault[] };
  /** No record is longer. */
  readonly recordBytesMax: number;
  /** Writes the record of a row; returns where it ends. */
  writeRecord(bytes: Buffer, at: number, row: Readable<Entry>): number;
  readRecord(bytes: Buffer, from: number, to: number): Readable<Entry>;
}

/** A sale is kept as the text of its INSERT. Its values are not needed again. */
export const saleRows: RowKind<SaleEntry> = {
  columns: SALE_COLUMNS,
  keyColumn: 'line_id',
  keyOf: saleKeyOf,
  read: readSaleRow,
  recordBytesMax: RECORD_BYTES_MAX,
  writeRecord: (bytes, at, { entry }) => writeRecord(bytes, at, entry),
  readRecord: (bytes, from, to) => ({ values: [], entry: readRecord(bytes, from, to) }),
};

/** A refund is checked again when its sale is known, and faults then show its values. */
export const refundRows: RowKind<RefundEntry> = {
  columns: REFUND_COLUMNS,
  keyColumn: 'refund_id',
  keyOf: refundKeyOf,
  read: readRefundRow,
  recordBytesMax: 8_000, // a reason of 255 characters, each written as two escapes of six bytes, twice
  writeRecord: (bytes, at, row) => at + bytes.write(JSON.stringify([row.values, row.entry]), at, 'utf8'),
  readRecord(bytes, from, to) {
    const [values, entry] = JSON.parse(bytes.toString('utf8', from, to)) as [string[], RefundEntry];
    return { values, entry };
  },
};

export const kindOfRows = (kind: 'lines' | 'refunds'): Pick<RowKind<never>, 'columns'> =>
  kind === 'lines' ? saleRows : refundRows;
