/** Settled lines and settlements as they are exported. Only generations that have a certificate are read. */
import type { Cell, Db } from '../database.js';
import { select, streamArrays } from '../database.js';
import { type DateStatus, readDateStatus } from './calendar.js';

export interface SettledDate {
  /** Undefined: nothing was ever said about the date. */
  readonly status: DateStatus | undefined;
  /** The last certified generation; 0 while there is none. */
  readonly generation: number;
}

/** How far a date is settled. */
export async function readSettledDate(db: Db, date: string): Promise<SettledDate> {
  const [row] = await select<{ generation: number | null }>(
    db,
    'SELECT MAX(generation) AS generation FROM settlement_certificate WHERE settled_on = ?',
    [date],
  );
  return { status: await readDateStatus(db, date), generation: row?.generation ?? 0 };
}

/**
 * The lines of a date up to a generation, in batches of arrays:
 * order, line, leg, refund, seller, currency, quantity, item amount, seller discount, platform discount, shipping fee, buyer paid,
 * fee base, fee, fee VAT, PG fee, PG fee VAT, net, policy id. Ordered by the first four, byte by byte.
 *
 * The server sorts, on disk when it must (a million lines: the first came after 3.5 s on MariaDB 10.11 and 5 s on MySQL 9, all after
 * 5 s and 7 s). The unique key that has this order is spread over all dates, so it cannot serve a day.
 */
export function streamLines(db: Db, date: string, generation: number, seller: string | null): AsyncGenerator<Cell[][]> {
  const bySeller = seller === null ? '' : 'AND l.seller_id = ?';
  const params = [date, generation, ...(seller === null ? [] : [seller])];
  return streamArrays(
    db,
    `SELECT s.order_id AS order_id, s.line_id AS line_id, 'sale' AS leg, '' AS refund_id,
       l.seller_id, s.currency, s.quantity, s.item_amount, s.seller_discount, s.platform_discount, s.shipping_fee,
       l.buyer_paid, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net, l.policy_id
     FROM settlement_line l JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id
     WHERE l.settled_on = ? AND l.leg = 0 AND l.generation <= ? ${bySeller}
     UNION ALL
     SELECT s.order_id, s.line_id, 'refund', r.refund_id,
       l.seller_id, r.currency, r.quantity, r.item_amount, r.seller_discount, r.platform_discount, r.shipping_fee,
       l.buyer_paid, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net, l.policy_id
     FROM settlement_line l JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
       JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
     WHERE l.settled_on = ? AND l.leg = 1 AND l.generation <= ? ${bySeller}
     ORDER BY order_id, line_id, leg, refund_id`,
    [...params, ...params],
  );
}

/**
 * The settlements of a date, all generations up to one added up, in batches of arrays: seller, currency, sales, refunds, item
 * amount, seller discount, platform discount, shipping fee, fee, fee VAT, PG fee, PG fee VAT, net. Ordered by the first two.
 */
export function streamSettlements(db: Db, date: string, generation: number): AsyncGenerator<Cell[][]> {
  return streamArrays(
    db,
    `SELECT seller_id, currency, SUM(sales), SUM(refunds), SUM(item_amount), SUM(seller_discount), SUM(platform_discount),
       SUM(shipping_fee), SUM(fee), SUM(fee_vat), SUM(pg_fee), SUM(pg_fee_vat), SUM(net)
     FROM settlement WHERE settled_on = ? AND generation <= ?
     GROUP BY seller_id, currency ORDER BY seller_id, currency`,
    [date, generation],
  );
}
