/** Settled lines and settlements as they are exported. Only generations that have a certificate are read. */
import type { Cell, Db } from '../../../infra/database.js';
import { select, streamArrays } from '../../../infra/database.js';
import { type DateStatus, readDateStatus } from '../../feed/stores/calendar.js';

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

/** Which lines of a date; null: all. */
export interface LineSelection {
  readonly date: string;
  readonly sellerId: string | null;
  readonly orderId: string | null;
}

/** Which settlements; null: all. */
export interface SettlementSelection {
  /** The first and the last date. */
  readonly from: string;
  readonly to: string;
  readonly sellerId: string | null;
  readonly currency: string | null;
}

/**
 * The lines of a date up to a generation, in batches of arrays:
 * order, line, leg, refund, seller, currency, quantity, item amount, seller discount, platform discount, shipping fee, buyer paid,
 * fee base, fee, fee VAT, PG fee, PG fee VAT, net, policy id. Ordered by the first four, byte by byte.
 *
 * The server sorts, on disk when it must (a million lines: the first came after 3.5 s on MariaDB 10.11 and 5 s on MySQL 9, all after
 * 5 s and 7 s). The unique key that has this order is spread over all dates, so it cannot serve a day.
 */
export function streamLines(
  db: Db,
  { date, sellerId, orderId }: LineSelection,
  generation: number,
): AsyncGenerator<Cell[][]> {
  const selected = `${sellerId === null ? '' : 'AND l.seller_id = ?'} ${orderId === null ? '' : 'AND s.order_id = ?'}`;
  const params = [date, generation, ...[sellerId, orderId].filter((id) => id !== null)];
  return streamArrays(
    db,
    `SELECT s.order_id AS order_id, s.line_id AS line_id, 'sale' AS leg, '' AS refund_id,
       l.seller_id, s.currency, s.quantity, s.item_amount, s.seller_discount, s.platform_discount, s.shipping_fee,
       l.buyer_paid, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net, l.policy_id
     FROM settlement_line l JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id
     WHERE l.settled_on = ? AND l.leg = 0 AND l.generation <= ? ${selected}
     UNION ALL
     SELECT s.order_id, s.line_id, 'refund', r.refund_id,
       l.seller_id, r.currency, r.quantity, r.item_amount, r.seller_discount, r.platform_discount, r.shipping_fee,
       l.buyer_paid, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net, l.policy_id
     FROM settlement_line l JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
       JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
     WHERE l.settled_on = ? AND l.leg = 1 AND l.generation <= ? ${selected}
     ORDER BY order_id, line_id, leg, refund_id`,
    [...params, ...params],
  );
}

/**
 * Settlements, all generations of a date added up, in batches of arrays: seller, currency, sales, refunds, item amount, seller
 * discount, platform discount, shipping fee, fee, fee VAT, PG fee, PG fee VAT, net, date. Ordered by date, seller and currency.
 */
export function streamSettlements(db: Db, selection: SettlementSelection): AsyncGenerator<Cell[][]> {
  const { from, to, sellerId, currency } = selection;
  const selected = `${sellerId === null ? '' : 'AND t.seller_id = ?'} ${currency === null ? '' : 'AND t.currency = ?'}`;
  return streamArrays(
    db,
    `SELECT t.seller_id, t.currency, SUM(t.sales), SUM(t.refunds), SUM(t.item_amount), SUM(t.seller_discount), SUM(t.platform_discount),
       SUM(t.shipping_fee), SUM(t.fee), SUM(t.fee_vat), SUM(t.pg_fee), SUM(t.pg_fee_vat), SUM(t.net), t.settled_on
     FROM settlement t JOIN settlement_certificate c ON c.settled_on = t.settled_on AND c.generation = t.generation
     WHERE t.settled_on BETWEEN ? AND ? ${selected}
     GROUP BY t.settled_on, t.seller_id, t.currency ORDER BY t.settled_on, t.seller_id, t.currency`,
    [from, to, ...[sellerId, currency].filter((value) => value !== null)],
  );
}
