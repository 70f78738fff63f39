/**
 * The feed as a run reads it: keyset pages of one date, of all its entries (`feed`) or of its open exceptions (`exceptions`).
 *
 * FORCE INDEX and the ORDER BY over the whole key are there for MariaDB: asked for more than half of a date it chooses `ref` access on
 * the date otherwise (EXPLAIN shows it), which walks to the page from the start of the date. `bench:settle` counts the rows touched.
 */

import { type Cell, type Db, select, selectArrays } from '../../../infra/database.js';
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import type { ScopeFields } from '../../policies/rules/policy-book.js';
import type { OriginalLine, RefundRow, SaleRow } from '../rules/decide.js';
import { computedFiguresAt } from '../rules/figure-cells.js';
import { COMPUTED_FIGURES } from '../rules/figures.js';
import { computedColumns, joinEntry, joinSaleOfRefund, restOfEntry, tableOf } from './leg-tables.js';

export type EntrySource = 'feed' | 'exceptions';

/** A page's place: entries of `date` with ids in (after, through], at most `limit` of them. */
export interface EntryPage {
  readonly source: EntrySource;
  readonly date: string;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

/** The columns of a sale `s`; read by `toSaleRow`. */
export const saleColumns = (needs: ScopeFields): string =>
  `s.entry_id, s.order_id, s.line_id, s.seller_id, s.currency, s.ordered_on, s.quantity, s.item_amount, s.seller_discount,
   s.platform_discount, s.shipping_fee, ${needs.usesCategory ? 's.category' : "''"}, ${needs.usesProduct ? 's.product_id' : "''"}`;

export const SALE_CELLS = 13;
/** @param rest the sale's other columns, where they were read */
export const toSaleRow = (row: Cell[], at = 0, rest = ''): SaleRow => ({
  entryId: row[at] as number,
  orderId: row[at + 1] as string,
  lineId: row[at + 2] as string,
  sellerId: row[at + 3] as string,
  currency: row[at + 4] as string,
  orderedOn: row[at + 5] as string,
  quantity: row[at + 6] as number,
  itemAmount: row[at + 7] as number,
  sellerDiscount: row[at + 8] as number,
  platformDiscount: row[at + 9] as number,
  shippingFee: row[at + 10] as number,
  category: row[at + 11] as string,
  productId: row[at + 12] as string,
  rest,
});

/** The rows of a page: of the feed itself, or of the feed by way of the open exceptions; `columns` and `joins` see the entry by its alias. */
async function readEntries(db: Db, leg: Leg, page: EntryPage, columns: string, joins = ''): Promise<Cell[][]> {
  const { table, alias } = tableOf(leg);
  const sql =
    page.source === 'feed'
      ? `SELECT ${columns} FROM ${table} ${alias} FORCE INDEX (PRIMARY) ${joins}
         WHERE ${alias}.settled_on = ? AND ${alias}.entry_id > ? AND ${alias}.entry_id <= ?
         ORDER BY ${alias}.settled_on, ${alias}.entry_id LIMIT ?`
      : `SELECT ${columns} FROM settlement_exception x FORCE INDEX (PRIMARY) ${joinEntry(leg, 'x', 'STRAIGHT_JOIN')} ${joins}
         WHERE x.settled_on = ? AND x.leg = ${leg} AND x.entry_id > ? AND x.entry_id <= ? AND x.settled_generation IS NULL
         ORDER BY x.settled_on, x.leg, x.entry_id LIMIT ?`;
  return selectArrays(db, sql, [page.date, page.after, page.through, page.limit]);
}

/** The next sales by id. */
export async function readSales(db: Db, page: EntryPage, needs: ScopeFields): Promise<SaleRow[]> {
  return (await readEntries(db, SALE, page, `${saleColumns(needs)}, ${restOfEntry(SALE)}`)).map((row) =>
    toSaleRow(row, 0, row[SALE_CELLS] as string),
  );
}

/** The columns of the line of a refund's sale; read by `toOriginal`. */
export const originalColumns = (line: string): string => `${line}.policy_id, ${computedColumns(line)}`;
const ORIGINAL_CELLS = 1 + COMPUTED_FIGURES.length;

export const toOriginal = (row: Cell[], at = 0): OriginalLine => ({
  policyId: row[at] as number,
  ...computedFiguresAt(row, at + 1),
});

/** The columns of a refund `r`, of its sale's line `o` and of its sale `s`, with the joins of these; read by `toRefundRow`. */
export const REFUND_COLUMNS = `r.entry_id, r.refund_id, r.quantity, r.prior_quantity, r.original_on, ${restOfEntry(REFUND)}, ${originalColumns('o')},
  ${saleColumns({ usesCategory: true, usesProduct: true })}`;
export const REFUND_JOINS = `${joinSaleOfRefund('LEFT JOIN')}
  LEFT JOIN settlement_line o ON o.settled_on = r.original_on AND o.leg = ${SALE} AND o.entry_id = r.original_id`;
const [ORIGINAL_AT, SALE_AT] = [6, 6 + ORIGINAL_CELLS];

export const REFUND_CELLS = SALE_AT + SALE_CELLS;
export const toRefundRow = (row: Cell[], at = 0): RefundRow => ({
  entryId: row[at] as number,
  refundId: row[at + 1] as string,
  quantity: row[at + 2] as number,
  priorQuantity: row[at + 3] as number,
  originalOn: row[at + 4] as string,
  rest: row[at + 5] as string,
  original: row[at + ORIGINAL_AT] === null ? undefined : toOriginal(row, at + ORIGINAL_AT),
  sale: row[at + SALE_AT] === null ? undefined : toSaleRow(row, at + SALE_AT),
});

/** The next refunds by id, each with its sale and the sale's line. */
export async function readRefunds(db: Db, page: EntryPage): Promise<RefundRow[]> {
  return (await readEntries(db, REFUND, page, REFUND_COLUMNS, REFUND_JOINS)).map((row) => toRefundRow(row));
}

/** The number of entries of the leg to work on. */
export async function countEntries(db: Db, source: EntrySource, date: string, leg: Leg): Promise<number> {
  const [row] = await select<{ n: number | string }>(db, `SELECT COUNT(*) AS n FROM ${keysOf(source, leg)}`, [date]);
  return Number(row?.n ?? 0);
}

/** The id of the entry `offset` places after the first one beyond `after`; undefined past the end. */
export async function entryIdAt(
  db: Db,
  source: EntrySource,
  date: string,
  leg: Leg,
  after: number,
  offset: number,
): Promise<number | undefined> {
  const order = source === 'feed' ? 'settled_on, entry_id' : 'settled_on, leg, entry_id';
  const sql = `SELECT entry_id FROM ${keysOf(source, leg)} AND entry_id > ? ORDER BY ${order} LIMIT 1 OFFSET ?`;
  const [row] = await select<{ entry_id: number | string }>(db, sql, [date, after, offset]);
  return row === undefined ? undefined : Number(row.entry_id);
}

/** The ids of all entries of the leg, in order. */
export async function entryIds(db: Db, source: EntrySource, date: string, leg: Leg): Promise<number[]> {
  const order = source === 'feed' ? 'settled_on, entry_id' : 'settled_on, leg, entry_id';
  const rows = await selectArrays(db, `SELECT entry_id FROM ${keysOf(source, leg)} ORDER BY ${order}`, [date]);
  return rows.map(([id]) => Number(id));
}

function keysOf(source: EntrySource, leg: Leg): string {
  if (source === 'exceptions') {
    return `settlement_exception FORCE INDEX (PRIMARY) WHERE settled_on = ? AND leg = ${leg} AND settled_generation IS NULL`;
  }
  return `${tableOf(leg).table} FORCE INDEX (PRIMARY) WHERE settled_on = ?`;
}
