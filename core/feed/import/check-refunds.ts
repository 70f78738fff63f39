/** The first pass over refunds: identity, the sale they name, and how many of its units are left, in file order. */

import type { Db } from '../../../infra/database.js';
import { type OutagePatience, survivingOutage } from '../../../infra/survive-outage.js';
import { laterDate, lineKey, type RefundEntry } from '../rules/entry.js';
import { type RefundObjection, refundObjections } from '../rules/refund.js';
import { isShopId } from '../rules/shop-ids.js';
import {
  findRefunds,
  findSales,
  type RefundedUnits,
  refundedUnits,
  type StoredRefund,
  type StoredSale,
} from '../stores/entry.js';
import { type Column, REFUND_COLUMNS } from './columns.js';
import { type FeedRules, isUnfinished, settlementDate } from './feed-rules.js';
import type { PlacedRows } from './file-rows.js';
import { refundConflict } from './refund-row.js';
import type { ReadRow } from './row-batch.js';
import type { FieldFault } from './row-faults.js';
import { refundRows } from './row-kind.js';
import { Spool } from './spool.js';
import type { Understanding } from './understood.js';
import type { Verdicts } from './verdicts.js';

const BUCKETS = 128;
/** Rows looked up at a time. */
const GROUP_ROWS = 900;

export class RefundCheck {
  private readonly bySale = new Spool();

  constructor(
    private readonly db: Db,
    private readonly rules: FeedRules,
    private readonly verdicts: Verdicts,
    private readonly patience: OutagePatience,
    private readonly understanding: Understanding,
  ) {}

  /** Checks the rows of a block. */
  async add({ block, first }: PlacedRows): Promise<void> {
    const bytes = Buffer.from(block.records.buffer);
    const rows = Array.from(block.ends, (to, at): ReadRow<RefundEntry> => {
      const place = { row: first.row + (block.rowOf[at] ?? 0), line: first.line + (block.lineOf[at] ?? 0) };
      return { ...place, ...refundRows.readRecord(bytes, block.ends[at - 1] ?? 0, to) };
    });
    for (let from = 0; from < rows.length; from += GROUP_ROWS) await this.addGroup(rows.slice(from, from + GROUP_ROWS));
  }

  /** The identity is checked first, then the date and the sale. */
  private async addGroup(rows: readonly ReadRow<RefundEntry>[]): Promise<void> {
    const ids = rows.map(({ entry }) => entry.refundId);
    const known = await survivingOutage(this.patience, () => findRefunds(this.db, ids));
    const fresh = rows.filter((row) => {
      const stored = known.get(row.entry.refundId);
      if (stored === undefined || this.isOwn(stored)) return true;
      const fault = refundIdentityFault(row, stored);
      if (fault === undefined) this.verdicts.unchanged(row);
      else this.verdicts.reject(row, fault);
      return false;
    });
    const keys = rows.map(({ entry }) => entry);
    const sales = await survivingOutage(this.patience, () => findSales(this.db, keys));
    for (const key of keys) this.understanding.addRefund(key, sales.get(lineKey(key)));
    const saleIds = fresh.flatMap(({ entry: key }) => sales.get(lineKey(key))?.entryId ?? []);
    const refunded = await survivingOutage(this.patience, () =>
      refundedUnits(this.db, saleIds, this.rules.ownImportId),
    );
    for (const row of fresh) this.addNew(row, sales.get(lineKey(row.entry)), refunded);
  }

  /** Checks the rows of the file that refund the same sale, in file order; rejected ones take no units of it. */
  finish(): void {
    for (const bucket of this.bySale.buckets()) this.dropExceeding(this.bySale.read(bucket));
  }

  close(): void {
    this.bySale.close();
  }

  private isOwn(stored: StoredRefund): boolean {
    return this.rules.ownImportId !== null && stored.importId === this.rules.ownImportId;
  }

  private addNew(row: ReadRow<RefundEntry>, sale: StoredSale | undefined, refunded: Map<number, RefundedUnits>): void {
    const { entry, values } = row;
    const settledOn = settlementDate(this.rules, entry.occurredOn, 'refunded_on');
    const taken = sale === undefined ? 0 : (refunded.get(sale.entryId)?.quantity ?? 0);
    const faults = refundFaults({ entry, values }, sale, taken);
    if (typeof settledOn !== 'string') faults.push(settledOn);
    if (isShopId(entry.refundId)) faults.push({ column: 'refund_id', code: 'ID_RESERVED', value: entry.refundId });
    if (faults.length > 0 || sale === undefined || typeof settledOn !== 'string') {
      this.verdicts.reject(row, ...faults);
      return;
    }
    const counted = laterDate(settledOn, sale.settledOn);
    this.verdicts.accept(counted, counted !== entry.occurredOn);
    const left = sale.quantity - taken;
    const record = [row.row, row.line, sale.entryId, entry.quantity, left, values[3]];
    this.bySale.add(sale.entryId % BUCKETS, record.join('\t'));
  }

  private dropExceeding(records: readonly string[]): void {
    const leftOf = new Map<string, number>();
    const parsed = records.map((record) => record.split('\t'));
    parsed.sort((a, b) => Number(a[0]) - Number(b[0]));
    for (const [row, line, saleId = '', quantity, left, value = ''] of parsed) {
      if (this.verdicts.skips(Number(row))) continue;
      const available = leftOf.get(saleId) ?? Number(left);
      if (Number(quantity) <= available) leftOf.set(saleId, available - Number(quantity));
      else {
        leftOf.set(saleId, available);
        this.verdicts.reject(
          { row: Number(row), line: Number(line) },
          { column: 'quantity', code: 'REFUND_EXCEEDS_SALE', value },
        );
      }
    }
  }
}

/** How a row differs from the stored refund with its id; undefined when the two are the same. */
export function refundIdentityFault(
  { entry }: Pick<ReadRow<RefundEntry>, 'entry'>,
  known: StoredRefund,
): FieldFault | undefined {
  const differs = refundConflict(entry, known);
  if (differs !== undefined) return differs;
  return isUnfinished(known) ? { column: 'refund_id', code: 'IMPORT_UNFINISHED', value: entry.refundId } : undefined;
}

/** The column whose value an objection is about. */
const COLUMN_OF: Readonly<Record<RefundObjection, string>> = {
  ORIGINAL_MISSING: 'line_id',
  LINE_OF_SHOP: 'line_id',
  REFUND_BEFORE_SALE: 'refunded_on',
  REFUND_EXCEEDS_SALE: 'quantity',
};

/** Why a new refund of this sale is rejected, of which `taken` units are already refunded; undefined when it is accepted. */
export function refundFaults(
  { entry, values }: Pick<ReadRow<RefundEntry>, 'entry' | 'values'>,
  sale: StoredSale | undefined,
  taken: number,
): FieldFault[] {
  return refundObjections(entry, sale, taken, 'file').map((code) => {
    const column = COLUMN_OF[code];
    const value = column === 'line_id' ? `${entry.orderId} ${entry.lineId}` : valueIn(REFUND_COLUMNS, values, column);
    return { column, code, value };
  });
}

/** The file's value for one of our columns. */
const valueIn = (columns: readonly Column[], values: readonly string[], column: string): string =>
  values[columns.findIndex(({ name }) => name === column)] ?? '';
