/** Settled lines and settlements page by page. Only generations that have a certificate are read, and a page reads only its rows. */

import { type Db, select } from '../../../infra/database.js';
import { LEGS, type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import type { LineSelection, SettlementSelection } from './export-stream.js';
import { figureColumns, joinEntryAndSale, tableOf } from './leg-tables.js';
import { sumColumns } from './partition-total.js';

/** A row as the driver gives it; the names are those of the columns. */
export type SettledRow = Readonly<Record<string, string | number>>;

/** The end of a page of lines: the clustered key of a line. */
export interface LinePosition {
  readonly date: string;
  readonly leg: number;
  readonly entryId: number;
}

function lineColumns(leg: Leg): string {
  const { alias, refundId } = tableOf(leg);
  return `l.settled_on, l.leg, l.entry_id, l.generation, s.order_id, s.line_id, ${refundId} AS refund_id, l.seller_id, ${alias}.currency,
   ${alias}.quantity, ${figureColumns(alias, 'l')}, l.policy_id`;
}

/**
 * The statement of a page of one leg of a date; its parameters are date, entry id to start after, last generation, the seller if one
 * is given, and the limit. With a seller the secondary index is read, which ends in the clustered key.
 */
export const linePageStatement = (leg: Leg, bySeller: boolean): string =>
  `SELECT ${lineColumns(leg)}
   FROM settlement_line l FORCE INDEX (${bySeller ? 'settlement_line_seller' : 'PRIMARY'}) ${joinEntryAndSale(leg, 'STRAIGHT_JOIN')}
   WHERE l.settled_on = ? AND l.leg = ${leg} AND l.entry_id > ? AND l.generation <= ? ${bySeller ? 'AND l.seller_id = ?' : ''}
   ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`;

/** Lines of a date by leg and entry id, up to a generation. */
export async function readLinePage(
  db: Db,
  { date, sellerId }: Omit<LineSelection, 'orderId'>,
  generation: number,
  after: LinePosition | undefined,
  limit: number,
): Promise<SettledRow[]> {
  const rows: SettledRow[] = [];
  for (const leg of LEGS) {
    if (after !== undefined && after.leg > leg) continue;
    const from = after?.leg === leg ? after.entryId : 0;
    const seller = sellerId === null ? [] : [sellerId];
    const sql = linePageStatement(leg, sellerId !== null);
    rows.push(...(await select<SettledRow>(db, sql, [date, from, generation, ...seller, limit - rows.length])));
    if (rows.length >= limit) break;
  }
  return rows;
}

/** Lines of an order by date, leg and entry id; all of the order's lines are read and sorted, of which there are few. */
export async function readOrderLines(
  db: Db,
  orderId: string,
  selection: { readonly date: string | null; readonly sellerId: string | null },
  after: LinePosition | undefined,
  limit: number,
): Promise<SettledRow[]> {
  const certified =
    'STRAIGHT_JOIN settlement_certificate c ON c.settled_on = l.settled_on AND c.generation = l.generation';
  const conditions = [
    's.order_id = ?',
    ...(selection.date === null ? [] : ['l.settled_on = ?']),
    ...(selection.sellerId === null ? [] : ['l.seller_id = ?']),
    ...(after === undefined
      ? []
      : ['(l.settled_on > ? OR (l.settled_on = ? AND (l.leg > ? OR (l.leg = ? AND l.entry_id > ?))))']),
  ].join(' AND ');
  const params = [
    orderId,
    ...[selection.date, selection.sellerId].filter((value) => value !== null),
    ...(after === undefined ? [] : [after.date, after.date, after.leg, after.leg, after.entryId]),
  ];
  return select<SettledRow>(
    db,
    `SELECT ${lineColumns(SALE)} FROM sale_entry s
       STRAIGHT_JOIN settlement_line l ON l.settled_on = s.settled_on AND l.leg = 0 AND l.entry_id = s.entry_id ${certified}
     WHERE ${conditions}
     UNION ALL
     SELECT ${lineColumns(REFUND)} FROM sale_entry s
       STRAIGHT_JOIN refund_entry r ON r.original_id = s.entry_id AND r.original_on = s.settled_on
       STRAIGHT_JOIN settlement_line l ON l.settled_on = r.settled_on AND l.leg = 1 AND l.entry_id = r.entry_id ${certified}
     WHERE ${conditions}
     ORDER BY settled_on, leg, entry_id LIMIT ?`,
    [...params, ...params, limit],
  );
}

/** The end of a page of settlements: the key of a settlement. */
export interface SettlementPosition {
  readonly date: string;
  readonly sellerId: string;
  readonly currency: string;
}

/**
 * The statement of a page of settlements with its parameters. MariaDB reads only the page; MySQL 9 sorts the range where it is one
 * seller's (its index ends with the date), which is a row a day and currency.
 */
export function settlementPageStatement(
  { from, to, sellerId, currency }: SettlementSelection,
  after: SettlementPosition | undefined,
  limit: number,
): { sql: string; params: unknown[] } {
  const conditions = ['t.settled_on BETWEEN ? AND ?'];
  // The first date bounds the range, because both servers read BETWEEN better than an OR of keys.
  const params: unknown[] = [after?.date ?? from, to];
  const add = (condition: string, ...values: unknown[]): void => {
    conditions.push(condition);
    params.push(...values);
  };
  if (sellerId !== null) add('t.seller_id = ?', sellerId);
  if (currency !== null) add('t.currency = ?', currency);
  if (after !== undefined) {
    const { date, sellerId: seller, currency: code } = after;
    add(
      '(t.settled_on > ? OR (t.settled_on = ? AND t.seller_id > ?) OR (t.settled_on = ? AND t.seller_id = ? AND t.currency > ?))',
      ...[date, date, seller, date, seller, code],
    );
  }
  const sums = ['sales', 'refunds', ...sumColumns];
  return {
    sql: `SELECT t.settled_on, t.seller_id, t.currency, MAX(t.generation) AS generation, ${sums.map((sum) => `SUM(t.${sum}) AS ${sum}`).join(', ')}
      FROM settlement t FORCE INDEX (${sellerId === null ? 'PRIMARY' : 'settlement_seller'})
      WHERE ${conditions.join(' AND ')}
      GROUP BY t.settled_on, t.seller_id, t.currency ORDER BY t.settled_on, t.seller_id, t.currency LIMIT ?`,
    params: [...params, limit],
  };
}

/**
 * Settlements by date, seller and currency, all generations added up. They are written in the transaction of their certificate, so
 * all visible ones are certified.
 */
export async function readSettlementPage(
  db: Db,
  selection: SettlementSelection,
  after: SettlementPosition | undefined,
  limit: number,
): Promise<SettledRow[]> {
  const { sql, params } = settlementPageStatement(selection, after, limit);
  return select<SettledRow>(db, sql, params);
}
