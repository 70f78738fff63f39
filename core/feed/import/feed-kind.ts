/** The two kinds of files: order lines and refunds. */

import type { Db } from '../../../infra/database.js';
import type { RefundEntry, SaleEntry } from '../rules/entry.js';
import { RefundCheck } from './check-refunds.js';
import { SaleCheck } from './check-sales.js';
import { type Column, REFUND_COLUMNS, SALE_COLUMNS } from './columns.js';
import type { FeedRules } from './feed-rules.js';
import type { DateReader } from './field-reader.js';
import type { OpenImport } from './import-record.js';
import { readRefundRow, refundKeyOf } from './refund-row.js';
import type { Races, ReadRow, RowBatch } from './row-batch.js';
import type { FieldFault } from './row-faults.js';
import { readSaleRow, saleKeyOf } from './sale-row.js';
import type { Understanding } from './understood.js';
import type { Verdicts } from './verdicts.js';
import { writeRefunds } from './write-refunds.js';
import { writeSales } from './write-sales.js';

export interface FeedKind<Entry> {
  readonly columns: readonly Column[];
  /** The column that a fault of the key is noted under. */
  readonly keyColumn: string;
  /** Rows written per transaction. */
  readonly batchRows: number;
  /** The key of a row by its values, or undefined when it cannot be read. */
  keyOf(values: readonly string[]): string | undefined;
  read(
    values: readonly string[],
    dateOf: DateReader,
  ): { readonly entry: Entry } | { readonly faults: readonly FieldFault[] };
  check(db: Db, rules: FeedRules, verdicts: Verdicts, understanding: Understanding): RowCheck<Entry>;
  /** Writes a batch; `refuse` is told of rows that another writer has made wrong since they were checked, and may throw. */
  write(db: Db, open: OpenImport, batch: RowBatch<Entry>, races: Races): Promise<void>;
}

/** The first pass of one kind: groups of rows in file order, then what only the whole file can tell. */
export interface RowCheck<Entry> {
  add(rows: readonly ReadRow<Entry>[]): Promise<void>;
  finish?(): void;
  close?(): void;
}

export const saleKind: FeedKind<SaleEntry> = {
  columns: SALE_COLUMNS,
  keyColumn: 'line_id',
  batchRows: 4_000,
  keyOf: saleKeyOf,
  read: readSaleRow,
  check: (...given) => new SaleCheck(...given),
  write: writeSales,
};

export const refundKind: FeedKind<RefundEntry> = {
  columns: REFUND_COLUMNS,
  keyColumn: 'refund_id',
  batchRows: 900,
  keyOf: refundKeyOf,
  read: readRefundRow,
  check: (...given) => new RefundCheck(...given),
  write: writeRefunds,
};
