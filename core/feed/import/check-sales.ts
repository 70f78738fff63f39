/** The first pass over order lines: which are new, which are already stored, which are refused. */
import type { Db } from '../../../infra/database.js';
import { type OutagePatience, survivingOutage } from '../../../infra/survive-outage.js';
import { lineKey, type SaleEntry } from '../rules/entry.js';
import { findSalesIn, type StoredSale } from '../stores/entry.js';
import { isRecordOfShop, readRecord } from '../stores/sale-sql.js';
import { type FeedRules, isUnfinished, settlementDate } from './feed-rules.js';
import type { PlacedRows } from './file-rows.js';
import type { FieldFault } from './row-faults.js';
import { saleConflict } from './sale-row.js';
import type { RowPlace, Verdicts } from './verdicts.js';

export class SaleCheck {
  constructor(
    private readonly db: Db,
    private readonly rules: FeedRules,
    private readonly verdicts: Verdicts,
    private readonly patience: OutagePatience,
  ) {}

  /** Checks the rows of a block: identity first, then the date. Where none of them is stored yet, no entry objects are made. */
  async add({ block, first }: PlacedRows): Promise<void> {
    const { dates, dateOf, ends, rowOf, lineOf } = block;
    const bytes = Buffer.from(block.records.buffer);
    const settledOn = dates.map((date) => settlementDate(this.rules, date, 'confirmed_on'));
    for (const { from, to, lookUp } of block.lookUps) {
      const stored = await survivingOutage(this.patience, () => findSalesIn(this.db, lookUp));
      for (let at = from; at < to; at += 1) {
        const place = { row: first.row + (rowOf[at] ?? 0), line: first.line + (lineOf[at] ?? 0) };
        const entry = stored.size === 0 ? undefined : readRecord(bytes, ends[at - 1] ?? 0, ends[at] ?? 0);
        const known = entry === undefined ? undefined : stored.get(lineKey(entry));
        const own = known?.importId === this.rules.ownImportId && this.rules.ownImportId !== null;
        const date = dateOf[at] ?? 0;
        if (entry !== undefined && known !== undefined && !own) this.compare(place, entry, known);
        else if (isRecordOfShop(bytes, ends[at - 1] ?? 0))
          this.refuseReserved(place, readRecord(bytes, ends[at - 1] ?? 0, ends[at] ?? 0), settledOn[date]);
        else this.addNew(place, dates[date], settledOn[date]);
      }
    }
  }

  private compare(place: RowPlace, entry: SaleEntry, known: StoredSale): void {
    const fault = saleIdentityFault(entry, known);
    if (fault === undefined) this.verdicts.unchanged(place);
    else this.verdicts.reject(place, fault);
  }

  private refuseReserved(place: RowPlace, { orderId }: SaleEntry, settledOn: string | FieldFault | undefined): void {
    const reserved: FieldFault = { column: 'order_id', code: 'ID_RESERVED', value: orderId };
    if (typeof settledOn === 'object') this.verdicts.reject(place, reserved, settledOn);
    else this.verdicts.reject(place, reserved);
  }

  private addNew(place: RowPlace, occurredOn: string | undefined, settledOn: string | FieldFault | undefined): void {
    if (typeof settledOn === 'string') this.verdicts.accept(settledOn, settledOn !== occurredOn);
    else if (settledOn !== undefined) this.verdicts.reject(place, settledOn);
  }
}

/** How an entry differs from the stored one with its key; undefined when the two are the same. */
export function saleIdentityFault(entry: SaleEntry, known: StoredSale): FieldFault | undefined {
  const differs = saleConflict(entry, known);
  if (differs !== undefined) return differs;
  return isUnfinished(known) ? { column: 'line_id', code: 'IMPORT_UNFINISHED', value: entry.lineId } : undefined;
}
