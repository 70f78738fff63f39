/** The two kinds of files: order lines and refunds. */

import type { Db } from '../../../infra/database.js';
import type { OutagePatience } from '../../../infra/survive-outage.js';
import type { RefundEntry, SaleEntry } from '../rules/entry.js';
import { RefundCheck } from './check-refunds.js';
import { SaleCheck } from './check-sales.js';
import type { FeedRules } from './feed-rules.js';
import type { PlacedRows } from './file-rows.js';
import type { OpenImport } from './import-record.js';
import type { Races, RowBatch, Turn } from './row-batch.js';
import { type RowKind, refundRows, saleRows } from './row-kind.js';
import type { Understanding } from './understood.js';
import type { Verdicts } from './verdicts.js';
import { writeRefunds } from './write-refunds.js';
import { writeSales } from './write-sales.js';

export interface FeedKind<Entry> {
  readonly rows: RowKind<Entry>;
  /** Rows written per transaction. */
  readonly batchRows: number;
  /** Whether a batch may be sent to the server while the previous one is being stored. */
  readonly inTurn: boolean;
  check(db: Db, rules: FeedRules, verdicts: Verdicts, patience: OutagePatience, understanding: Understanding): RowCheck;
  /** Writes a batch; `races` learns of rows that another writer has made wrong since they were checked, and may throw. */
  write(db: Db, open: OpenImport, batch: RowBatch, races: Races, turn: Turn): Promise<void>;
}

/** The first pass of one kind: block by block in file order, then what only the whole file can tell. */
export interface RowCheck {
  add(rows: PlacedRows): Promise<void>;
  finish?(): void;
  close?(): void;
}

export const saleKind: FeedKind<SaleEntry> = {
  rows: saleRows,
  batchRows: 4_000,
  inTurn: true,
  check: (db, rules, verdicts, patience) => new SaleCheck(db, rules, verdicts, patience),
  write: writeSales,
};

/** Batches of refunds wait for each other: two of them may refund the same sale, in the order of the file. */
export const refundKind: FeedKind<RefundEntry> = {
  rows: refundRows,
  batchRows: 900,
  inTurn: false,
  check: (...given) => new RefundCheck(...given),
  write: writeRefunds,
};
