/**
 * What a run reads of the feed: keyset pages of one date, of all its entries (`feed`) or of its open
 * exceptions (`exceptions`), and the control totals that the database computes from the feed alone.
 *
 * FORCE INDEX and the ORDER BY over the whole key are there for MariaDB: asked for more than half of a date it chooses `ref` access on
 * the date otherwise (EXPLAIN shows it), which walks to the page from the start of the date. `bench:settle` counts the rows touched.
 */

import { type Cell, type Db, select, selectArrays } from '../../../infra/database.js';
import { type Leg, SALE } from '../../feed/rules/leg.js';
import type { ScopeFields } from '../../policies/rules/policy-book.js';
import type { OriginalLine, RefundRow, SaleRow } from '../rules/decide.js';

export type EntrySource = 'feed' | 'exceptions';

/** A page's place: entries of `date` with ids in (after, through], at most `limit` of them. */
export interface EntryPage {
  readonly source: EntrySource;
  readonly date: string;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

export const saleColumns = (needs: ScopeFields): string =>
  `s.entry_id, s.order_id, s.line_id, s.seller_id, s.currency, s.ordered_on, s.quantity, s.item_amount, s.seller_discount,
   s.platform_discount, s.shipping_fee, ${needs.usesCategory ? 's.category' : "''"}, ${needs.usesProduct ? 's.product_id' : "''"}`;

export const toSaleRow = (row: Cell[], at = 0): SaleRow => ({
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
});

/** The next sales by id. */
export async function readSales(db: Db, page: EntryPage, needs: ScopeFields): Promise<SaleRow[]> {
  const columns = saleColumns(needs);
  const range = [page.date, page.after, page.through, page.limit];
  const sql =
    page.source === 'feed'
      ? `SELECT ${columns} FROM sale_entry s FORCE INDEX (PRIMARY)
         WHERE s.settled_on = ? AND s.entry_id > ? AND s.entry_id <= ? ORDER BY s.settled_on, s.entry_id LIMIT ?`
      : `SELECT ${columns} FROM settlement_exception x FORCE INDEX (PRIMARY)
         STRAIGHT_JOIN sale_entry s ON s.settled_on = x.settled_on AND s.entry_id = x.entry_id
         WHERE x.settled_on = ? AND x.leg = 0 AND x.entry_id > ? AND x.entry_id <= ? AND x.settled_generation IS NULL
         ORDER BY x.settled_on, x.leg, x.entry_id LIMIT ?`;
  return (await selectArrays(db, sql, range)).map((row) => toSaleRow(row));
}

/** The next refunds by id, each with its sale and the sale's line. */
export async function readRefunds(db: Db, page: EntryPage): Promise<RefundRow[]> {
  const columns = `r.entry_id, r.refund_id, r.quantity, r.prior_quantity, r.original_on,
    l.policy_id, l.buyer_paid, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net,
    ${saleColumns({ usesCategory: true, usesProduct: true })}`;
  const joins = `LEFT JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
    LEFT JOIN settlement_line l ON l.settled_on = r.original_on AND l.leg = 0 AND l.entry_id = r.original_id`;
  const sql =
    page.source === 'feed'
      ? `SELECT ${columns} FROM refund_entry r FORCE INDEX (PRIMARY) ${joins}
         WHERE r.settled_on = ? AND r.entry_id > ? AND r.entry_id <= ? ORDER BY r.settled_on, r.entry_id LIMIT ?`
      : `SELECT ${columns} FROM settlement_exception x FORCE INDEX (PRIMARY)
         STRAIGHT_JOIN refund_entry r ON r.settled_on = x.settled_on AND r.entry_id = x.entry_id ${joins}
         WHERE x.settled_on = ? AND x.leg = 1 AND x.entry_id > ? AND x.entry_id <= ? AND x.settled_generation IS NULL
         ORDER BY x.settled_on, x.leg, x.entry_id LIMIT ?`;
  const rows = await selectArrays(db, sql, [page.date, page.after, page.through, page.limit]);
  return rows.map((row) => ({
    entryId: row[0] as number,
    refundId: row[1] as string,
    quantity: row[2] as number,
    priorQuantity: row[3] as number,
    originalOn: row[4] as string,
    original: row[5] === null ? undefined : toOriginal(row, 5),
    sale: row[13] === null ? undefined : toSaleRow(row, 13),
  }));
}

export const toOriginal = (row: Cell[], at: number): OriginalLine => ({
  policyId: row[at] as number,
  buyerPaid: row[at + 1] as number,
  feeBase: row[at + 2] as number,
  fee: row[at + 3] as number,
  feeVat: row[at + 4] as number,
  pgFee: row[at + 5] as number,
  pgFeeVat: row[at + 6] as number,
  net: row[at + 7] as number,
});

/** How many entries of the leg there are to work. */
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

function keysOf(source: EntrySource, leg: Leg): string {
  if (source === 'exceptions') {
    return `settlement_exception FORCE INDEX (PRIMARY) WHERE settled_on = ? AND leg = ${leg} AND settled_generation IS NULL`;
  }
  return `${leg === SALE ? 'sale_entry' : 'refund_entry'} FORCE INDEX (PRIMARY) WHERE settled_on = ?`;
}

/** Sums of one leg and currency as the database has them. */
export interface FeedSums {
  readonly entries: number;
  readonly itemAmount: bigint;
  readonly sellerDiscount: bigint;
  readonly platformDiscount: bigint;
  readonly shippingFee: bigint;
}

type SumsRow = Record<'currency' | 'n' | 'a' | 'ds' | 'dp' | 's', string>;

/** Ids above this one do not exist: the last range of a leg is open. */
const NO_ID_ABOVE = '18446744073709551615';

/**
 * The control totals of one leg: the sums that the feed has for the entries that a generation settled. For the first generation
 * these are all entries of the date less the exceptions, for a supplement those that it settled.
 * @param cuts ids at which the date is cut into ranges that are summed at the same time, where `db` has the connections
 */
export async function controlTotals(
  db: Db,
  date: string,
  leg: Leg,
  generation: number,
  cuts: readonly number[] = [],
): Promise<Map<string, FeedSums>> {
  const table = leg === SALE ? 'sale_entry' : 'refund_entry';
  const sums =
    'COUNT(*) AS n, SUM(e.item_amount) AS a, SUM(e.seller_discount) AS ds, SUM(e.platform_discount) AS dp, SUM(e.shipping_fee) AS s';
  const ofExceptions = `SELECT e.currency, ${sums} FROM settlement_exception x JOIN ${table} e ON e.settled_on = x.settled_on AND e.entry_id = x.entry_id
    WHERE x.settled_on = ? AND x.leg = ${leg}`;
  if (generation > 1) {
    return toSums(
      await select<SumsRow>(db, `${ofExceptions} AND x.settled_generation = ? GROUP BY e.currency`, [date, generation]),
    );
  }
  const ofRange = `SELECT e.currency, ${sums} FROM ${table} e FORCE INDEX (PRIMARY)
    WHERE e.settled_on = ? AND e.entry_id > ? AND e.entry_id <= ? GROUP BY e.currency`;
  const [excepted = [], ...parts] = await Promise.all([
    select<SumsRow>(db, `${ofExceptions} GROUP BY e.currency`, [date]),
    ...[0, ...cuts].map((after, i) => select<SumsRow>(db, ofRange, [date, after, cuts[i] ?? NO_ID_ABOVE])),
  ]);
  const left = new Map<string, FeedSums>();
  for (const part of parts)
    for (const [currency, more] of toSums(part)) left.set(currency, add(left.get(currency), more, 1));
  for (const [currency, less] of toSums(excepted)) left.set(currency, add(left.get(currency), less, -1));
  for (const [currency, { entries }] of left) if (entries === 0) left.delete(currency);
  return left;
}

const toSums = (rows: readonly SumsRow[]): Map<string, FeedSums> =>
  new Map(
    rows.map(({ currency, n, a, ds, dp, s }) => [
      currency,
      {
        entries: Number(n),
        itemAmount: BigInt(a),
        sellerDiscount: BigInt(ds),
        platformDiscount: BigInt(dp),
        shippingFee: BigInt(s),
      },
    ]),
  );

const none: FeedSums = { entries: 0, itemAmount: 0n, sellerDiscount: 0n, platformDiscount: 0n, shippingFee: 0n };
const add = (to: FeedSums = none, more: FeedSums, sign: 1 | -1): FeedSums => ({
  entries: to.entries + sign * more.entries,
  itemAmount: to.itemAmount + BigInt(sign) * more.itemAmount,
  sellerDiscount: to.sellerDiscount + BigInt(sign) * more.sellerDiscount,
  platformDiscount: to.platformDiscount + BigInt(sign) * more.platformDiscount,
  shippingFee: to.shippingFee + BigInt(sign) * more.shippingFee,
});
