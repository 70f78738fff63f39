/**
 * The second pass over refunds: one batch. The sales are locked, so that what earlier refunds took of them is known and stays
 * so until the commit; two imports that refund the same sale wait for each other.
 */

import type { Db, Tx } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { survivingOutage } from '../../../infra/survive-outage.js';
import { laterDate, lineKey, type RefundEntry, settlementDateOf } from '../rules/entry.js';
import { type NewRefund, newRefund } from '../rules/refund.js';
import { findRefunds, findSales, insertRefunds, lockSales, refundedUnits, type StoredSale } from '../stores/entry.js';
import { shareImports } from '../stores/feed-import.js';
import { refundFaults, refundIdentityFault } from './check-refunds.js';
import { type OpenImport, takenOver, writeBatch } from './import-record.js';
import { RACES_MAX, type Races, type ReadRow, type RowBatch } from './row-batch.js';
import type { FieldFault } from './row-faults.js';
import { refundRows } from './row-kind.js';

type RefundRow = ReadRow<RefundEntry>;

/** Stores a batch; rows that another writer has overtaken since the check go to `races`, the rest is written again. */
export async function writeRefunds(db: Db, open: OpenImport, batch: RowBatch, races: Races): Promise<void> {
  let rows = batch.rows.map(
    ({ row, line, bytes, from, to }): RefundRow => ({ row, line, ...refundRows.readRecord(bytes, from, to) }),
  );
  let rowsUnchanged = 0;
  let rowsRejected = 0;
  for (let attempt = 1; ; attempt += 1) {
    const { from, to } = batch;
    const keys = rows.map(({ entry }) => entry);
    const sales = await survivingOutage(open.patience, () => findSales(db, keys));
    const accepted = new Acceptance(open, rows, sales);
    try {
      const step = { from, to, dates: accepted.dates, rowsNew: rows.length, rowsUnchanged, rowsRejected };
      await writeBatch(db, open, step, async (tx) => insertRefunds(tx, open.importId, await accepted.decide(tx)));
      return;
    } catch (error) {
      if (!(error instanceof RefundsOvertaken || isDuplicateKey(error)) || attempt === RACES_MAX) throw error;
    }
    const repeated = await findRepeated(db, open, rows);
    for (const row of rows) {
      const repeat = repeated.get(row.row);
      const faults = repeat === 'unchanged' ? undefined : (repeat ?? accepted.refused.get(row.row));
      if (repeat === 'unchanged') races.unchanged(row);
      else if (faults !== undefined) races.refused(row, faults);
    }
    const overtaken = (row: RefundRow): boolean => repeated.has(row.row) || accepted.refused.has(row.row);
    rowsUnchanged += [...repeated.values()].filter((repeat) => repeat === 'unchanged').length;
    rowsRejected += rows.filter((row) => overtaken(row) && repeated.get(row.row) !== 'unchanged').length;
    rows = rows.filter((row) => !overtaken(row));
  }
}

/** Some rows of the batch may no longer be stored: the transaction is rolled back and the batch is checked again. */
class RefundsOvertaken extends Error {}

/** Rows whose refund id is now stored: the refund is the same, or it conflicts. */
async function findRepeated(
  db: Db,
  open: OpenImport,
  rows: readonly RefundRow[],
): Promise<Map<number, 'unchanged' | readonly FieldFault[]>> {
  const ids = rows.map(({ entry }) => entry.refundId);
  const stored = await survivingOutage(open.patience, () => findRefunds(db, ids));
  const repeated = new Map<number, 'unchanged' | readonly FieldFault[]>();
  for (const row of rows) {
    const known = stored.get(row.entry.refundId);
    if (known === undefined) continue;
    if (known.importId === open.importId) throw takenOver(open); // another process continues our work
    const fault = refundIdentityFault(row, known);
    repeated.set(row.row, fault === undefined ? 'unchanged' : [fault]);
  }
  return repeated;
}

/** One attempt to accept the rows of a batch. */
class Acceptance {
  readonly refused = new Map<number, readonly FieldFault[]>();
  private readonly settledOn: ReadonlyMap<number, string>;

  constructor(
    private readonly open: OpenImport,
    private readonly rows: readonly RefundRow[],
    private readonly sales: ReadonlyMap<string, StoredSale>,
  ) {
    this.settledOn = new Map(rows.map((row) => [row.row, this.settlementDate(row.entry)]));
  }

  /** The dates the rows are settled on, which the batch's transaction shares first. */
  get dates(): string[] {
    return [...new Set(this.settledOn.values())];
  }

  /** The rows to insert, decided under the locks of their sales. Throws `RefundsOvertaken` when one is refused. */
  async decide(tx: Tx): Promise<NewRefund[]> {
    this.refused.clear(); // a deadlock runs this again
    const locked = await lockSales(tx, [...this.sales.values()]);
    const taken = await refundedUnits(tx, [...locked.keys()]);
    const importIds = new Set<number>();
    for (const { importId } of locked.values()) if (importId !== null) importIds.add(importId);
    for (const units of taken.values()) for (const importId of units.importIds) importIds.add(importId);
    importIds.delete(this.open.importId);
    const statuses = await shareImports(tx, [...importIds]);
    const withdrawn = (importId: number): boolean => statuses.get(importId) === 'ABANDONING';

    const prior = new Map([...taken].map(([saleId, units]) => [saleId, units.quantity]));
    const accepted: NewRefund[] = [];
    for (const row of this.rows) {
      const known = this.sales.get(lineKey(row.entry));
      const sale = known === undefined ? undefined : locked.get(known.entryId);
      const present = sale?.importId != null && withdrawn(sale.importId) ? undefined : sale;
      const priorQuantity = sale === undefined ? 0 : (prior.get(sale.entryId) ?? 0);
      const faults = refundFaults(row, present, priorQuantity);
      if (sale !== undefined && taken.get(sale.entryId)?.importIds.some(withdrawn) === true) {
        faults.push({ column: 'line_id', code: 'IMPORT_UNFINISHED', value: row.entry.lineId });
      }
      if (present === undefined || faults.length > 0) {
        this.refused.set(row.row, faults);
        continue;
      }
      accepted.push(newRefund(present, row.entry, priorQuantity, this.settledOn.get(row.row) ?? row.entry.occurredOn));
      prior.set(present.entryId, priorQuantity + row.entry.quantity);
    }
    if (this.refused.size > 0) throw new RefundsOvertaken();
    return accepted;
  }

  /** Never before its sale is settled. */
  private settlementDate(entry: RefundEntry): string {
    const own = settlementDateOf(entry.occurredOn, this.open.lateOn);
    const ofSale = this.sales.get(lineKey(entry))?.settledOn ?? own;
    return laterDate(own, ofSale);
  }
}
