/** The second pass over order lines: one batch. */

import type { Db } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { survivingOutage } from '../../../infra/survive-outage.js';
import { lineKey, settlementDateOf } from '../rules/entry.js';
import { findSales, insertSaleRecords } from '../stores/entry.js';
import { recordDate, type SaleRecord } from '../stores/sale-sql.js';
import { saleIdentityFault } from './check-sales.js';
import { type OpenImport, takenOver, writeBatch } from './import-record.js';
import { RACES_MAX, type Races, type RowBatch, type Turn } from './row-batch.js';
import { saleRows } from './row-kind.js';
import type { StoredRow } from './row-store.js';

/**
 * Stores a batch. A key that another writer took since the check is compared: the same entry is unchanged, another one is a
 * race that `races` decides; the rest is written again.
 */
export async function writeSales(
  db: Db,
  open: OpenImport,
  batch: RowBatch,
  races: Races,
  { after, writer }: Turn,
): Promise<void> {
  let { rows } = batch;
  let rowsUnchanged = 0;
  let rowsRejected = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { records, dates } = recordsOf(rows, open.lateOn);
      const step = { from: batch.from, to: batch.to, dates, rowsNew: rows.length, rowsUnchanged, rowsRejected };
      await writeBatch(db, open, step, (tx) => insertSaleRecords(tx, open.importId, records, writer), after);
      return;
    } catch (error) {
      if (!isDuplicateKey(error) || attempt === RACES_MAX) throw error;
    }
    const overtaken = await resolveRaces(db, open, rows, races);
    rowsUnchanged += overtaken.unchanged;
    rowsRejected += overtaken.rejected;
    rows = overtaken.left;
  }
}

/** The rows with the dates they are settled on, and those dates. */
function recordsOf(rows: readonly StoredRow[], lateOn: string | null): { records: SaleRecord[]; dates: string[] } {
  const settledOn = new Map<string, string>();
  const records = rows.map(({ bytes, from, to }): SaleRecord => {
    const occurredOn = recordDate(bytes, to);
    let date = settledOn.get(occurredOn);
    if (date === undefined) {
      date = settlementDateOf(occurredOn, lateOn);
      settledOn.set(occurredOn, date);
    }
    return { bytes, from, to, settledOn: date };
  });
  return { records, dates: [...new Set(settledOn.values())] };
}

async function resolveRaces(
  db: Db,
  open: OpenImport,
  rows: readonly StoredRow[],
  races: Races,
): Promise<{ left: StoredRow[]; unchanged: number; rejected: number }> {
  const entries = rows.map(({ bytes, from, to }) => saleRows.readRecord(bytes, from, to).entry);
  const stored = await survivingOutage(open.patience, () => findSales(db, entries));
  const found = { left: [] as StoredRow[], unchanged: 0, rejected: 0 };
  for (const [index, entry] of entries.entries()) {
    const row = rows[index] as StoredRow;
    const known = stored.get(lineKey(entry));
    if (known === undefined) {
      found.left.push(row);
      continue;
    }
    if (known.importId === open.importId) throw takenOver(open); // another process continues our work
    const fault = saleIdentityFault(entry, known);
    if (fault === undefined) {
      races.unchanged(row);
      found.unchanged += 1;
    } else {
      races.refused(row, [fault]);
      found.rejected += 1;
    }
  }
  return found;
}
