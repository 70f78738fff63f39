/** The first pass over order lines: what is new, what is there already, what is refused. */
import type { Db } from '../../../infra/database.js';
import type { SaleEntry } from '../rules/entry.js';
import { findSales, lineKey, type StoredSale } from '../stores/entry.js';
import type { Column } from './columns.js';
import { type FeedRules, isUnfinished, settlementDate } from './feed-rules.js';
import { survivingOutages } from './import-record.js';
import type { ReadRow } from './row-batch.js';
import type { FieldFault } from './row-faults.js';
import { saleConflict } from './sale-row.js';
import type { Understanding } from './understood.js';
import type { Verdicts } from './verdicts.js';

export class SaleCheck {
  constructor(
    private readonly db: Db,
    private readonly rules: FeedRules,
    private readonly verdicts: Verdicts,
    private readonly understanding: Understanding,
  ) {}

  /** Looks at some rows: identity first, then the date. */
  async add(rows: readonly ReadRow<SaleEntry>[]): Promise<void> {
    const keys = rows.map(({ entry }) => entry);
    const stored = await survivingOutages(() => findSales(this.db, keys));
    for (const row of rows) {
      this.understanding.addSale(row.entry);
      const known = stored.get(lineKey(row.entry));
      const own = known?.importId === this.rules.ownImportId && this.rules.ownImportId !== null;
      if (known === undefined || own) this.addNew(row);
      else this.compare(row, known);
    }
  }

  private compare(row: ReadRow<SaleEntry>, known: StoredSale): void {
    const fault = saleIdentityFault(row, known);
    if (fault === undefined) this.verdicts.unchanged(row);
    else this.verdicts.reject(row, fault);
  }

  private addNew({ row, line, entry }: ReadRow<SaleEntry>): void {
    const settledOn = settlementDate(this.rules, entry.occurredOn, 'confirmed_on');
    if (typeof settledOn !== 'string') {
      this.verdicts.reject({ row, line }, settledOn);
      return;
    }
    this.verdicts.accept(settledOn, settledOn !== entry.occurredOn);
  }
}

/** What stands against taking a row for the stored entry of its key; undefined when the two are the same. */
export function saleIdentityFault(
  { entry }: Pick<ReadRow<SaleEntry>, 'entry'>,
  known: StoredSale,
): FieldFault | undefined {
  const differs = saleConflict(entry, known);
  if (differs !== undefined) return differs;
  return isUnfinished(known) ? { column: 'line_id', code: 'IMPORT_UNFINISHED', value: entry.lineId } : undefined;
}

/** What the file says in one of our columns. */
export const valueIn = (columns: readonly Column[], values: readonly string[], column: string): string =>
  values[columns.findIndex(({ name }) => name === column)] ?? '';
