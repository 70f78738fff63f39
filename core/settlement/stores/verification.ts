/**
 * The reads of a verification of a date: its entries with their lines and exceptions, page by page, and the checks that only a query over
 * the whole date can make.
 */

import { type Cell, type Db, select, selectArrays, streamArrays } from '../../../infra/database.js';
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import type { ScopeFields } from '../../policies/rules/policy-book.js';
import type { ExaminedEntry, NamedFlaw, StoredException, StoredLine } from '../rules/entry-flaws.js';
import { entryFiguresAt, figuresOf } from '../rules/figure-cells.js';
import { COMPUTED_FIGURES, ENTRY_FIGURES, eachFigure } from '../rules/figures.js';
import type { SellerGroup } from '../rules/seller-sums.js';
import {
  originalColumns,
  REFUND_CELLS,
  REFUND_COLUMNS,
  REFUND_JOINS,
  SALE_CELLS,
  saleColumns,
  toOriginal,
  toRefundRow,
  toSaleRow,
} from './entry-page.js';
import { entryColumns, joinEntry, restOfEntry, tableOf } from './leg-tables.js';
import { sumColumns, totalsOfRow } from './partition-total.js';

/** A page's place: entries of one leg of the date with ids in (after, through]; with a generation, only those that have a line of it. */
export interface ExaminedRange {
  readonly date: string;
  readonly leg: Leg;
  readonly after: number;
  readonly through: number;
  readonly generation: number | null;
}

/** The lines and exceptions of an entry that is not in the feed of its date. */
export type StrayKind = 'line' | 'exception';
export interface Stray {
  readonly kind: StrayKind;
  readonly entryId: number;
  /** For a line. */
  readonly sellerId?: string;
}

export interface ExaminedPage {
  readonly entries: readonly ExaminedEntry[];
  /** Lines and exceptions of the page without an entry. */
  readonly strays: readonly Stray[];
  /** The page holds everything through this id. */
  readonly through: number;
}

/**
 * The next entries of a range with their lines and exceptions, at most `limit` of each.
 *
 * Entries and lines are read by two scans of their primary keys and joined here: a million sales took 2.0 s of the server's CPU and 1.7 s of
 * ours. A join by the server took 2.6 s and 1.4 s, with the exceptions in the join 3.2 s and 1.5 s (MariaDB 10.11). This way also finds the lines that
 * have no entry, which would take another pass otherwise.
 */
export async function readExaminedPage(
  db: Db,
  range: ExaminedRange,
  needs: ScopeFields,
  limit: number,
): Promise<ExaminedPage> {
  const { after } = range;
  const rows = await readEntryCells(db, range, needs, limit);
  const whole = rows.length < limit ? range.through : (rows.at(-1) as Cell[])[0];
  const within = { ...range, through: whole as number };
  const lines = await readLines(db, within, limit);
  const exceptions = range.generation === null ? await readExceptions(db, within, limit) : [];
  // Where there are more lines or exceptions than entries, the page ends where the first list was cut off.
  const ends = [lines, exceptions].map((all) => (all.length < limit ? within.through : (all.at(-1)?.entryId ?? after)));
  const through = Math.min(within.through, ...ends);
  return { ...joined(range, through, rows, lines, exceptions), through };
}

function joined(
  { date, leg }: ExaminedRange,
  through: number,
  rows: readonly Cell[][],
  lines: readonly StoredLine[],
  exceptions: readonly StoredException[],
): Pick<ExaminedPage, 'entries' | 'strays'> {
  const entries: ExaminedEntry[] = [];
  const strays: Stray[] = [];
  const toEntry = leg === SALE ? saleEntry : refundEntry;
  let [atLine, atException] = [0, 0];
  const passStrays = (before: number): void => {
    for (let line = lines[atLine]; line !== undefined && line.entryId < before; line = lines[++atLine])
      strays.push({ kind: 'line', entryId: line.entryId, sellerId: line.sellerId });
    for (let it = exceptions[atException]; it !== undefined && it.entryId < before; it = exceptions[++atException])
      strays.push({ kind: 'exception', entryId: it.entryId });
  };
  for (const row of rows) {
    const entryId = row[0] as number;
    if (entryId > through) break;
    passStrays(entryId);
    const line = lines[atLine]?.entryId === entryId ? lines[atLine++] : undefined;
    const exception = exceptions[atException]?.entryId === entryId ? exceptions[atException++] : undefined;
    entries.push(toEntry(date, row, line, exception));
  }
  passStrays(through + 1);
  return { entries, strays };
}

/** The cells of an entry, its id first, for `saleEntry` and `refundEntry`. */
function readEntryCells(
  db: Db,
  { date, leg, after, through, generation }: ExaminedRange,
  needs: ScopeFields,
  limit: number,
): Promise<Cell[][]> {
  const { table, alias } = tableOf(leg);
  const columns =
    leg === SALE
      ? `${saleColumns(needs)}, ${restOfEntry(SALE)}, s.unit_price`
      : `${REFUND_COLUMNS}, ${entryColumns('r')}, r.currency`;
  const joins = leg === SALE ? '' : REFUND_JOINS;
  const sql =
    generation === null
      ? `SELECT ${columns} FROM ${table} ${alias} FORCE INDEX (PRIMARY) ${joins}
         WHERE ${alias}.settled_on = ? AND ${alias}.entry_id > ? AND ${alias}.entry_id <= ?
         ORDER BY ${alias}.settled_on, ${alias}.entry_id LIMIT ?`
      : `SELECT ${columns} FROM settlement_line l FORCE INDEX (PRIMARY) ${joinEntry(leg, 'l', 'STRAIGHT_JOIN')} ${joins}
         WHERE l.settled_on = ? AND l.leg = ${leg} AND l.entry_id > ? AND l.entry_id <= ? AND l.generation = ${generation}
         ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`;
  return selectArrays(db, sql, [date, after, through, limit]);
}

const NO_LINE = eachFigure(COMPUTED_FIGURES, () => 0);
type Decode = (
  settledOn: string,
  row: Cell[],
  line: StoredLine | undefined,
  exception: StoredException | undefined,
) => ExaminedEntry;

const saleEntry: Decode = (settledOn, row, line, exception) => {
  const sale = toSaleRow(row, 0, row[SALE_CELLS] as string);
  const { entryId, currency, quantity } = sale;
  const unitPrice = row[SALE_CELLS + 1] as number;
  return {
    settledOn,
    leg: SALE,
    entryId,
    currency,
    quantity,
    figures: figuresOf(sale, line ?? NO_LINE),
    unitPrice,
    sale,
    refund: undefined,
    line,
    exception,
  };
};

const refundEntry: Decode = (settledOn, row, line, exception) => {
  const refund = toRefundRow(row);
  const { entryId, quantity, sale } = refund;
  const currency = row[REFUND_CELLS + ENTRY_FIGURES.length] as string;
  return {
    settledOn,
    leg: REFUND,
    entryId,
    currency,
    quantity,
    figures: figuresOf(entryFiguresAt(row, REFUND_CELLS), line ?? NO_LINE),
    unitPrice: 0,
    sale,
    refund,
    line,
    exception,
  };
};

async function readLines(
  db: Db,
  { date, leg, after, through, generation }: ExaminedRange,
  limit: number,
): Promise<StoredLine[]> {
  const rows = await selectArrays(
    db,
    `SELECT l.entry_id, l.generation, l.seller_id, ${originalColumns('l')} FROM settlement_line l FORCE INDEX (PRIMARY)
     WHERE l.settled_on = ? AND l.leg = ? AND l.entry_id > ? AND l.entry_id <= ?
       ${generation === null ? '' : `AND l.generation = ${generation}`}
     ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`,
    [date, leg, after, through, limit],
  );
  return rows.map((row) => ({
    entryId: row[0] as number,
    generation: row[1] as number,
    sellerId: row[2] as string,
    ...toOriginal(row, 3),
  }));
}

const readExceptions = (
  db: Db,
  { date, leg, after, through }: ExaminedRange,
  limit: number,
): Promise<StoredException[]> =>
  select<StoredException>(
    db,
    `SELECT entry_id AS entryId, settled_generation AS settledGeneration FROM settlement_exception FORCE INDEX (PRIMARY)
     WHERE settled_on = ? AND leg = ? AND entry_id > ? AND entry_id <= ? ORDER BY settled_on, leg, entry_id LIMIT ?`,
    [date, leg, after, through, limit],
  );

/** The stored settlements of a date, batch by batch. */
export async function* streamSettlements(db: Db, date: string): AsyncGenerator<SellerGroup> {
  const names = ['sales', 'refunds', ...sumColumns];
  const sql = `SELECT seller_id, currency, generation, ${names.join(', ')} FROM settlement WHERE settled_on = ?`;
  for await (const batch of streamArrays(db, sql, [date])) {
    for (const [sellerId, currency, generation, ...sums] of batch) {
      const row = Object.fromEntries(names.map((name, i) => [name, sums[i] as string | number]));
      yield {
        sellerId: sellerId as string,
        currency: currency as string,
        generation: generation as number,
        totals: totalsOfRow(row),
      };
    }
  }
}

/** Rows of a date that no page reads, because the product never gives their leg or id. */
export interface UnreadableRows {
  readonly rows: number;
  /** The first of them in words, null where there are none. */
  readonly first: string | null;
}

/** Ids begin at 1 and stay within the safe integers. */
const NO_ID = `(entry_id = 0 OR entry_id > ${Number.MAX_SAFE_INTEGER})`;

/** The entries, lines and exceptions of a date that no page reads. */
export async function findUnreadable(
  db: Db,
  date: string,
): Promise<Record<'entries' | 'lines' | 'exceptions', UnreadableRows>> {
  const [sales, refunds, lines, exceptions] = await Promise.all([
    countRows(db, 'sale_entry', `'sale, entry ', entry_id`, `settled_on = ? AND ${NO_ID}`, date),
    countRows(db, 'refund_entry', `'refund, entry ', entry_id`, `settled_on = ? AND ${NO_ID}`, date),
    countRows(db, 'settlement_line', `'leg ', leg, ', entry ', entry_id, ', seller ', seller_id`, OF_LEGS, date),
    countRows(db, 'settlement_exception', `'leg ', leg, ', entry ', entry_id`, OF_LEGS, date),
  ]);
  return { entries: { rows: sales.rows + refunds.rows, first: sales.first ?? refunds.first }, lines, exceptions };
}

/** Written leg by leg, so that the primary key finds them. */
const OF_LEGS = `settled_on = ? AND ((leg = ${SALE} AND ${NO_ID}) OR (leg = ${REFUND} AND ${NO_ID}) OR leg > ${REFUND})`;

async function countRows(db: Db, table: string, words: string, where: string, date: string): Promise<UnreadableRows> {
  const [row] = await select<{ n: number | string; first: string | null }>(
    db,
    `SELECT COUNT(*) AS n, MIN(CONCAT(${words})) AS first FROM ${table} FORCE INDEX (PRIMARY) WHERE ${where}`,
    [date],
  );
  return { rows: Number(row?.n ?? 0), first: row?.first ?? null };
}

type RefundFlawRow = Record<
  'order_id' | 'line_id' | 'refund_id' | 'entry_id' | 'expected' | 'actual',
  string | number | null
>;

/** The first refund of the date whose units do not follow those refunded before, or exceed what its sale has. */
export async function findExcessRefund(db: Db, date: string): Promise<NamedFlaw | undefined> {
  const [row] = await select<RefundFlawRow>(
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
  return (
    row && {
      line: `refund order ${row.order_id} line ${row.line_id} refund ${row.refund_id} (entry ${row.entry_id})`,
      expected: String(row.expected),
      actual: String(row.actual),
    }
  );
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
