/**
 * What verification asks the database about a date: sums and flaws over all its entries and lines in one pass, the first
 * entry that has a flaw, and the settled entries page by page for the replay.
 */

import { type Cell, type Db, select, selectArrays, streamArrays } from '../../../infra/database.js';
import { type Leg, legName, REFUND, SALE } from '../../feed/rules/leg.js';
import type { ScopeFields } from '../../policies/rules/policy-book.js';
import type { OriginalLine, RefundRow, SaleRow } from '../rules/decide.js';
import { entryFiguresAt } from '../rules/figure-cells.js';
import { ENTRY_FIGURES, type EntryFigure, FIGURES } from '../rules/figures.js';
import type { Totals } from '../rules/line-totals.js';
import {
  ORIGINAL_CELLS,
  originalColumns,
  REFUND_COLUMNS,
  REFUND_JOINS,
  saleColumns,
  toOriginal,
  toRefundRow,
  toSaleRow,
} from './entry-page.js';
import { entryColumns, joinEntry } from './leg-tables.js';
import { sumColumns, totalsOfRow } from './partition-total.js';

/** What can be wrong with an entry or with what a run made of it. */
export const FLAWS = ['unsettled', 'lineAndException', 'saleAmount', 'refundAmount', 'seller', 'identity'] as const;
export type Flaw = (typeof FLAWS)[number];

/** A condition over an entry e, its line l, its exception x (and the sale o of a refund), with both sides for people. */
interface Condition {
  readonly leg: Leg;
  readonly flaw: Flaw;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
}

const exact = (column: string): string => `CAST(${column} AS DECIMAL(30,0))`;
/** Units so far and units before, as signed integers: unsigned ones would make a negative difference an error. */
const [SO_FAR, BEFORE, SOLD] = [
  'CAST(e.prior_quantity + e.quantity AS SIGNED)',
  'CAST(e.prior_quantity AS SIGNED)',
  'CAST(o.quantity AS SIGNED)',
];
/** Δ(x): floor(x × units so far / units sold) − floor(x × units before / units sold), by exact decimals. */
const share = (x: string): string => `(((${x}) * ${SO_FAR}) DIV ${SOLD} - ((${x}) * ${BEFORE}) DIV ${SOLD})`;
const ITEM_SHARE = share(exact('o.item_amount'));
const PRICE_SHARE = share(`${exact('o.item_amount')} - o.seller_discount`);
const PAID_SHARE = share(`${exact('o.item_amount')} - o.seller_discount - o.platform_discount`);
const reversed = [
  `-${ITEM_SHARE}`,
  `${PRICE_SHARE} - ${ITEM_SHARE}`,
  `${PAID_SHARE} - ${PRICE_SHARE}`,
  `IF(${SO_FAR} = ${SOLD}, -o.shipping_fee, 0)`,
];
const amounts = ['e.item_amount', 'e.seller_discount', 'e.platform_discount', 'e.shipping_fee'];

function conditionsOf(leg: Leg, exclusivePolicyIds: readonly number[]): Condition[] {
  const seller = leg === SALE ? 'e.seller_id' : 'o.seller_id';
  // An empty list is no SQL; no policy has the id 0.
  const vat = `IF(l.policy_id IN (${exclusivePolicyIds.length === 0 ? 0 : exclusivePolicyIds.join(',')}), l.fee_vat, 0)`;
  const paid = `${exact('l.buyer_paid')} + e.platform_discount`;
  const owned = `${exact('l.net')} + l.fee + ${vat} + l.pg_fee + l.pg_fee_vat`;
  const amount: Condition =
    leg === SALE
      ? {
          leg,
          flaw: 'saleAmount',
          where: `${exact('e.quantity')} * e.unit_price <> e.item_amount`,
          expected: `${exact('e.quantity')} * e.unit_price`,
          actual: 'e.item_amount',
        }
      : {
          leg,
          flaw: 'refundAmount',
          where: `NOT (${amounts.map((column, i) => `${column} <=> ${reversed[i]}`).join(' AND ')}
            AND e.currency <=> o.currency AND e.original_on <= e.settled_on)`,
          expected: `CONCAT_WS(' ', ${reversed.join(', ')}, o.currency)`,
          actual: `CONCAT_WS(' ', ${amounts.join(', ')}, e.currency)`,
        };
  return [
    {
      leg,
      flaw: 'unsettled',
      where: 'l.entry_id IS NULL AND (x.entry_id IS NULL OR x.settled_generation IS NOT NULL)',
      expected: `'one line or one exception'`,
      actual: `'neither'`,
    },
    {
      leg,
      flaw: 'lineAndException',
      where: 'l.entry_id IS NOT NULL AND x.entry_id IS NOT NULL AND NOT (x.settled_generation <=> l.generation)',
      expected: `'one line or one exception'`,
      actual: `'both'`,
    },
    amount,
    {
      leg,
      flaw: 'seller',
      where: `NOT (l.seller_id <=> ${seller}) AND l.entry_id IS NOT NULL`,
      expected: seller,
      actual: 'l.seller_id',
    },
    { leg, flaw: 'identity', where: `${paid} <> ${owned}`, expected: paid, actual: owned },
  ];
}

/** The entries of one leg of a date, each with what became of it. */
const entriesOf = (leg: Leg): string =>
  leg === SALE
    ? `FROM sale_entry e FORCE INDEX (PRIMARY)
       LEFT JOIN settlement_line l ON l.settled_on = e.settled_on AND l.leg = 0 AND l.entry_id = e.entry_id
       LEFT JOIN settlement_exception x ON x.settled_on = e.settled_on AND x.leg = 0 AND x.entry_id = e.entry_id
       WHERE e.settled_on = ?`
    : `FROM refund_entry e FORCE INDEX (PRIMARY)
       LEFT JOIN sale_entry o ON o.settled_on = e.original_on AND o.entry_id = e.original_id
       LEFT JOIN settlement_line l ON l.settled_on = e.settled_on AND l.leg = 1 AND l.entry_id = e.entry_id
       LEFT JOIN settlement_exception x ON x.settled_on = e.settled_on AND x.leg = 1 AND x.entry_id = e.entry_id
       WHERE e.settled_on = ?`;

/** Entries of one seller, currency and generation (null: without a line), or the stored settlement of these. */
export interface SellerGroup {
  readonly kind: 'entries' | 'settlement';
  readonly sellerId: string;
  readonly currency: string;
  readonly generation: number | null;
  readonly entries: number;
  readonly flaws: Readonly<Record<Flaw, number>>;
  /** Of the lines; without meaning where there are none. */
  readonly totals: Totals;
}

/**
 * Everything that one pass over the date's entries and lines can tell, per seller, currency and generation, each group followed by
 * its stored settlement. One pass, because joining a million lines with their entries is what takes the time (4 s; each pass
 * with fewer sums took 2 to 3 s). Memory is flat: groups come as they are read.
 */
export async function* streamSellerGroups(
  db: Db,
  date: string,
  exclusivePolicyIds: readonly number[],
): AsyncGenerator<SellerGroup> {
  const names = ['kind', 'seller_id', 'currency', 'generation', 'entries', ...FLAWS, 'sales', 'refunds', ...sumColumns];
  const legGroup = (leg: Leg): string => {
    const conditions = conditionsOf(leg, exclusivePolicyIds);
    const flaws = FLAWS.map((flaw) => {
      const condition = conditions.find((one) => one.flaw === flaw);
      return condition === undefined ? '0' : `SUM(IF(${condition.where}, 1, 0))`;
    });
    const seller = leg === SALE ? 'e.seller_id' : 'o.seller_id';
    const counts = leg === SALE ? ['COUNT(l.entry_id)', '0'] : ['0', 'COUNT(l.entry_id)'];
    const figures = FIGURES.map(({ column, from }) => `SUM(${from === 'entry' ? 'e' : 'l'}.${column})`);
    const values = ['0', seller, 'e.currency', 'l.generation', 'COUNT(*)', ...flaws, ...counts, ...figures];
    return `SELECT ${values.map((value, i) => `${value} AS ${names[i]}`).join(', ')}
      ${entriesOf(leg)} GROUP BY ${seller}, e.currency, l.generation`;
  };
  const settlement = `SELECT 1, seller_id, currency, generation, ${['entries', ...FLAWS].map(() => '0').join(', ')}, sales, refunds,
      ${sumColumns.join(', ')} FROM settlement WHERE settled_on = ?`;
  const sums = names.slice(4).map((name) => `SUM(${name})`);
  const sql = `SELECT kind, seller_id, currency, generation, ${sums.join(', ')}
    FROM (${legGroup(SALE)} UNION ALL ${legGroup(REFUND)} UNION ALL ${settlement}) AS parts
    GROUP BY seller_id, currency, generation, kind ORDER BY seller_id, currency, generation, kind`;
  for await (const batch of streamArrays(db, sql, [date, date, date])) {
    for (const row of batch) {
      const named = Object.fromEntries(names.map((name, i) => [name, row[i] ?? 0])) as Record<string, string | number>;
      yield {
        kind: Number(row[0]) === 0 ? 'entries' : 'settlement',
        sellerId: String(row[1]),
        currency: String(row[2]),
        generation: row[3] === null ? null : Number(row[3]),
        entries: Number(row[4]),
        flaws: Object.fromEntries(FLAWS.map((flaw) => [flaw, Number(named[flaw])])) as Record<Flaw, number>,
        totals: totalsOfRow(named),
      };
    }
  }
}

/** An entry by the names that people know it by, with what was expected of it and what is stored. */
export interface NamedFlaw {
  readonly line: string;
  readonly expected: string;
  readonly actual: string;
}

type FlawRow = Record<
  'order_id' | 'line_id' | 'refund_id' | 'entry_id' | 'expected' | 'actual',
  string | number | null
>;

const named = (leg: Leg, row: FlawRow): NamedFlaw => ({
  line: `${legName(leg)} order ${row.order_id} line ${row.line_id}${leg === REFUND ? ` refund ${row.refund_id}` : ''} (entry ${row.entry_id})`,
  expected: String(row.expected),
  actual: String(row.actual),
});

/** The first entry of the date that has the flaw, sales first. */
export async function findFlaw(
  db: Db,
  date: string,
  flaw: Flaw,
  exclusivePolicyIds: readonly number[],
): Promise<NamedFlaw | undefined> {
  for (const leg of [SALE, REFUND] as const) {
    const condition = conditionsOf(leg, exclusivePolicyIds).find((one) => one.flaw === flaw);
    if (condition === undefined) continue;
    const ids = leg === SALE ? `e.order_id, e.line_id, '' AS refund_id` : 'o.order_id, o.line_id, e.refund_id';
    const sql = `SELECT ${ids}, e.entry_id, ${condition.expected} AS expected, ${condition.actual} AS actual
      ${entriesOf(leg)} AND ${condition.where} ORDER BY e.settled_on, e.entry_id LIMIT 1`;
    const [row] = await select<FlawRow>(db, sql, [date]);
    if (row !== undefined) return named(leg, row);
  }
  return undefined;
}

/** How many lines the date has, and the first that no entry of the feed belongs to. */
export async function findStrayLine(
  db: Db,
  date: string,
  entriesWithLine: number,
): Promise<{ lines: number; first: string | null }> {
  const [counted] = await select<{ n: number | string }>(
    db,
    'SELECT COUNT(*) AS n FROM settlement_line WHERE settled_on = ?',
    [date],
  );
  const lines = Number(counted?.n ?? 0);
  if (lines === entriesWithLine) return { lines, first: null };
  const [row] = await select<{ leg: number; entry_id: string; seller_id: string }>(
    db,
    `SELECT l.leg, l.entry_id, l.seller_id FROM settlement_line l
     LEFT JOIN sale_entry s ON l.leg = 0 AND s.settled_on = l.settled_on AND s.entry_id = l.entry_id
     LEFT JOIN refund_entry r ON l.leg = 1 AND r.settled_on = l.settled_on AND r.entry_id = l.entry_id
     WHERE l.settled_on = ? AND s.entry_id IS NULL AND r.entry_id IS NULL ORDER BY l.settled_on, l.leg, l.entry_id LIMIT 1`,
    [date],
  );
  if (row === undefined) return { lines, first: null };
  return { lines, first: `leg ${row.leg}, entry ${row.entry_id}, seller ${row.seller_id}` };
}

/** The first refund of the date whose units do not follow those refunded before, or exceed what its sale has. */
export async function findExcessRefund(db: Db, date: string): Promise<NamedFlaw | undefined> {
  const [row] = await select<FlawRow>(
    db,
    `SELECT MIN(o.order_id) AS order_id, MIN(o.line_id) AS line_id, MIN(e.refund_id) AS refund_id, e.entry_id,
       CONCAT('at most ', MIN(o.quantity), ' units, ', SUM(IF(q.prior_quantity < e.prior_quantity, q.quantity, 0)), ' before') AS expected,
       CONCAT(SUM(q.quantity), ' units, ', MIN(e.prior_quantity), ' before') AS actual
     FROM refund_entry e FORCE INDEX (PRIMARY)
     JOIN sale_entry o ON o.settled_on = e.original_on AND o.entry_id = e.original_id
     JOIN refund_entry q FORCE INDEX (refund_entry_original) ON q.original_id = e.original_id
     WHERE e.settled_on = ?
     GROUP BY e.entry_id
     HAVING SUM(q.quantity) > MIN(o.quantity) OR SUM(IF(q.prior_quantity < e.prior_quantity, q.quantity, 0)) <> MIN(e.prior_quantity)
     ORDER BY e.entry_id LIMIT 1`,
    [date],
  );
  return row && named(REFUND, row);
}

/** Entries that were parked when the generation was certified: a supplement that is not certified yet may have settled some. */
export async function countExceptionsAt(db: Db, date: string, generation: number): Promise<number> {
  const [row] = await select<{ n: number | string }>(
    db,
    `SELECT COUNT(*) AS n FROM settlement_exception
     WHERE settled_on = ? AND (settled_generation IS NULL OR settled_generation > ?)`,
    [date, generation],
  );
  return Number(row?.n ?? 0);
}

/** The part of a line that a run computed. */
export interface StoredResult extends OriginalLine {
  readonly sellerId: string;
}

/** The amounts of an entry as they count: those of a refund are negative when reversed. */
export type EntryAmounts = Readonly<Record<EntryFigure, number>>;

/** A settled entry: what the run read of it and what it wrote. */
export interface SettledEntry {
  readonly entryId: number;
  /** Empty for a sale. */
  readonly refundId: string;
  readonly quantity: number;
  readonly amounts: EntryAmounts;
  readonly stored: StoredResult;
  /** The sale, or the one that is refunded; undefined when that is gone. */
  readonly sale: SaleRow | undefined;
  readonly refund: RefundRow | undefined;
}

/** Settled entries of one generation with ids in (after, through], at most `limit`. */
export interface SettledPage {
  readonly date: string;
  readonly generation: number;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

const RESULT = `l.seller_id, ${originalColumns('l')}`;
const RESULT_CELLS = 1 + ORIGINAL_CELLS;
const toResult = (row: Cell[]): StoredResult => ({ sellerId: row[0] as string, ...toOriginal(row, 1) });
const PAGE = `WHERE l.settled_on = ? AND l.leg = ? AND l.entry_id > ? AND l.entry_id <= ? AND l.generation = ?
  ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`;
const pageParams = (page: SettledPage, leg: Leg) => [
  page.date,
  leg,
  page.after,
  page.through,
  page.generation,
  page.limit,
];

/** The next settled sales by id. */
export async function readSettledSales(db: Db, page: SettledPage, needs: ScopeFields): Promise<SettledEntry[]> {
  const rows = await selectArrays(
    db,
    `SELECT ${RESULT}, ${saleColumns(needs)} FROM settlement_line l FORCE INDEX (PRIMARY)
     ${joinEntry(SALE, 'l', 'STRAIGHT_JOIN')} ${PAGE}`,
    pageParams(page, SALE),
  );
  return rows.map((row) => {
    const sale = toSaleRow(row, RESULT_CELLS);
    const { entryId, quantity } = sale;
    return { entryId, refundId: '', quantity, amounts: sale, stored: toResult(row), sale, refund: undefined };
  });
}

/** The next settled refunds by id. */
export async function readSettledRefunds(db: Db, page: SettledPage): Promise<SettledEntry[]> {
  const rows = await selectArrays(
    db,
    `SELECT ${RESULT}, ${entryColumns('r')}, ${REFUND_COLUMNS}
     FROM settlement_line l FORCE INDEX (PRIMARY)
     ${joinEntry(REFUND, 'l', 'STRAIGHT_JOIN')} ${REFUND_JOINS} ${PAGE}`,
    pageParams(page, REFUND),
  );
  return rows.map((row) => {
    const refund = toRefundRow(row, RESULT_CELLS + ENTRY_FIGURES.length);
    const { entryId, refundId, quantity, sale } = refund;
    return {
      entryId,
      refundId,
      quantity,
      amounts: entryFiguresAt(row, RESULT_CELLS),
      stored: toResult(row),
      sale,
      refund,
    };
  });
}
