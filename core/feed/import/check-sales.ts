/** The first pass over order lines: what is new, what is there already, what is refused. */
import { hash } from 'node:crypto';
import type { Db } from '../../../infra/database.js';
import type { SaleEntry } from '../rules/entry.js';
import { findSales, lineKey, type StoredSale } from '../stores/entry.js';
import { type Column, SALE_COLUMNS } from './columns.js';
import { type FeedRules, isUnfinished, settlementDate } from './feed-rules.js';
import { survivingOutages } from './import-record.js';
import type { ReadRow } from './row-batch.js';
import type { FieldFault } from './row-faults.js';
import { saleDifference, saleValues } from './sale-row.js';
import { bucketOf, Spool } from './spool.js';
import type { Verdicts } from './verdicts.js';

const BUCKETS = 128;

export class SaleCheck {
  private readonly accepted = new Spool();

  constructor(
    private readonly db: Db,
    private readonly rules: FeedRules,
    private readonly verdicts: Verdicts,
  ) {}

  /** Looks at some rows: identity first, then the date. */
  async add(rows: readonly ReadRow<SaleEntry>[]): Promise<void> {
    const keys = rows.map(({ entry }) => entry);
    const stored = await survivingOutages(() => findSales(this.db, keys));
    for (const row of rows) {
      const known = stored.get(lineKey(row.entry));
      const own = known?.importId === this.rules.ownImportId && this.rules.ownImportId !== null;
      if (known === undefined || own) this.addNew(row);
      else this.compare(row, known);
    }
  }

  /** Looks at rows of the file that have the same key: the first one counts. */
  finish(): void {
    for (const bucket of this.accepted.buckets()) {
      const first = new Map<string, string>();
      for (const record of this.accepted.read(bucket)) {
        const [orderId = '', lineId = '', row, line, digest = ''] = record.split('\t');
        const key = lineKey({ orderId, lineId });
        const place = { row: Number(row), line: Number(line) };
        const known = first.get(key);
        if (known === undefined) first.set(key, digest);
        else if (known === digest) this.verdicts.unchanged(place);
        else this.verdicts.reject(place, { column: 'line_id', code: 'ENTRY_CONFLICT', value: lineId });
      }
    }
  }

  close(): void {
    this.accepted.close();
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
    const key = lineKey(entry);
    this.accepted.add(bucketOf(key, BUCKETS), `${key}\t${row}\t${line}\t${digestOf(saleValues(entry))}`);
  }
}

/** What stands against taking a row for the stored entry of its key; undefined when the two are the same. */
export function saleIdentityFault(
  { entry, values }: Pick<ReadRow<SaleEntry>, 'entry' | 'values'>,
  known: StoredSale,
): FieldFault | undefined {
  const column = saleDifference(entry, known);
  if (column !== undefined) return { column, code: 'ENTRY_CONFLICT', value: valueIn(SALE_COLUMNS, values, column) };
  return isUnfinished(known) ? { column: 'line_id', code: 'IMPORT_UNFINISHED', value: entry.lineId } : undefined;
}

/** What the file says in one of our columns. */
export const valueIn = (columns: readonly Column[], values: readonly string[], column: string): string =>
  values[columns.findIndex(({ name }) => name === column)] ?? '';

/** A digest by which equal values are recognised; 128 bits make a false match unthinkable. */
export const digestOf = (values: string): string => hash('sha256', values, 'base64url').slice(0, 22);
