/** The second pass over order lines: one batch. */

import { type Db, isDuplicateKey } from '../../../infra/database.js';
import { type SaleEntry, settlementDateOf } from '../rules/entry.js';
import { findSales, insertSales, lineKey } from '../stores/entry.js';
import { saleIdentityFault } from './check-sales.js';
import { type OpenImport, survivingOutages, takenOver, writeBatch } from './import-record.js';
import { RACES_MAX, type Races, type ReadRow, type RowBatch } from './row-batch.js';

/**
 * Stores a batch. A key that another writer took since the check is looked at: the same entry is unchanged, another one is a
 * race that `races` decides; the rest is written again.
 */
export async function writeSales(db: Db, open: OpenImport, batch: RowBatch<SaleEntry>, races: Races): Promise<void> {
  let { rows } = batch;
  let rowsUnchanged = 0;
  let rowsRejected = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const sales = rows.map(({ entry }) => ({ settledOn: settlementDateOf(entry.occurredOn, open.lateOn), entry }));
      const dates = [...new Set(sales.map((sale) => sale.settledOn))];
      const step = { from: batch.from, to: batch.to, dates, rowsNew: rows.length, rowsUnchanged, rowsRejected };
      await writeBatch(db, open, step, (tx) => insertSales(tx, open.importId, sales));
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

async function resolveRaces(
  db: Db,
  open: OpenImport,
  rows: readonly ReadRow<SaleEntry>[],
  races: Races,
): Promise<{ left: ReadRow<SaleEntry>[]; unchanged: number; rejected: number }> {
  const keys = rows.map(({ entry }) => entry);
  const stored = await survivingOutages(() => findSales(db, keys));
  const found = { left: [] as ReadRow<SaleEntry>[], unchanged: 0, rejected: 0 };
  for (const row of rows) {
    const known = stored.get(lineKey(row.entry));
    if (known === undefined) {
      found.left.push(row);
      continue;
    }
    if (known.importId === open.importId) throw takenOver(open); // somebody goes on with our work
    const fault = saleIdentityFault(row, known);
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
