/** The sums of payments and orders for a range of checkouts, which `magam payments verify` compares. Each statement reads along a key. */
import { type Db, databaseTime, isTrue, select } from '../../../infra/database.js';

/** Checkouts above `from`, up to and including `to`; without `to` all above `from`. */
export interface CheckoutRange {
  readonly from: number;
  readonly to?: number;
}

export interface PaymentSum {
  readonly checkoutId: number;
  readonly currency: string;
  readonly chargedMinor: number;
  readonly backMinor: number;
  readonly returningMinor: number;
}

/** Money that is on its way back for orders. */
export interface ReturningSum {
  readonly checkoutId: number;
  readonly currency: string;
  readonly returningMinor: number;
}

export interface OrderSum extends ReturningSum {
  /** Business date on which the checkout was made. */
  readonly orderedOn: string;
  /** The amounts of its paid orders, less the units that left them. */
  readonly soldMinor: number;
  /** It was marked as paid by hand. */
  readonly byHand: boolean;
}

const inRange = (column: string, { from, to }: CheckoutRange): { readonly sql: string; readonly params: number[] } =>
  to === undefined
    ? { sql: `${column} > ?`, params: [from] }
    : { sql: `${column} > ? AND ${column} <= ?`, params: [from, to] };

/** The ids of the next checkouts. */
export async function readNextCheckouts(db: Db, from: number, rowsMax: number): Promise<number[]> {
  const sql =
    'SELECT checkout_id AS checkoutId FROM checkout FORCE INDEX (PRIMARY) WHERE checkout_id > ? ORDER BY checkout_id LIMIT ?';
  return (await select<{ checkoutId: number }>(db, sql, [from, rowsMax])).map(({ checkoutId }) => checkoutId);
}

/** The first checkout with this id or a higher one, and whether it was made before a moment (ISO 8601); undefined: there is none. */
export async function readCheckoutFrom(
  db: Db,
  checkoutId: number,
  moment: string,
): Promise<{ readonly checkoutId: number; readonly before: boolean } | undefined> {
  const sql = `SELECT checkout_id AS checkoutId, created_at < ? AS earlier FROM checkout FORCE INDEX (PRIMARY)
     WHERE checkout_id >= ? ORDER BY checkout_id LIMIT 1`;
  const [row] = await select<{ checkoutId: number; earlier: boolean }>(db, sql, [databaseTime(moment), checkoutId], {
    earlier: isTrue,
  });
  return row && { checkoutId: row.checkoutId, before: row.earlier };
}

/** The highest id of a checkout; 0 where there is none. */
export async function readLastCheckout(db: Db): Promise<number> {
  const [row] = await select<{ last: number | null }>(db, 'SELECT MAX(checkout_id) AS last FROM checkout');
  return row?.last ?? 0;
}

/** The amounts that providers have charged and given back for each checkout. */
export function sumPayments(db: Db, range: CheckoutRange): Promise<PaymentSum[]> {
  const { sql, params } = inRange('checkout_id', range);
  return select<PaymentSum>(
    db,
    `SELECT checkout_id AS checkoutId, COALESCE(charged_currency, currency) AS currency, SUM(charged_minor) AS chargedMinor,
       SUM(cancelled_minor + cancelled_elsewhere_minor) AS backMinor, SUM(cancelling_minor) AS returningMinor
     FROM payment FORCE INDEX (payment_checkout) WHERE ${sql} AND charged_minor IS NOT NULL AND provider <> 'NONE'
     GROUP BY checkout_id, COALESCE(charged_currency, currency)`,
    params,
    { chargedMinor: Number, backMinor: Number, returningMinor: Number },
  );
}

/** The amounts that the cancellations of each checkout's payments still have to give back for orders. */
export function sumPendingCancels(db: Db, range: CheckoutRange): Promise<ReturningSum[]> {
  const { sql, params } = inRange('p.checkout_id', range);
  return select<ReturningSum>(
    db,
    `SELECT p.checkout_id AS checkoutId, COALESCE(p.charged_currency, p.currency) AS currency, SUM(c.amount_minor) AS returningMinor
     FROM payment p FORCE INDEX (payment_checkout) STRAIGHT_JOIN payment_cancel c FORCE INDEX (payment_cancel_payment) ON c.payment_id = p.payment_id
     WHERE ${sql} AND p.charged_minor IS NOT NULL AND c.status = 'PENDING' AND c.order_id IS NOT NULL
     GROUP BY p.checkout_id, COALESCE(p.charged_currency, p.currency)`,
    params,
    { returningMinor: Number },
  );
}

/** The amounts of the orders of each checkout. */
export function sumOrders(db: Db, range: CheckoutRange): Promise<OrderSum[]> {
  const { sql, params } = inRange('o.checkout_id', range);
  return select<OrderSum>(
    db,
    `SELECT o.checkout_id AS checkoutId, o.currency, MIN(o.ordered_on) AS orderedOn, SUM(o.returning_minor) AS returningMinor,
       SUM(IF(o.status IN ('PENDING_PAYMENT', 'EXPIRED'), 0, o.amount_minor - o.gone_minor)) AS soldMinor,
       MAX(EXISTS (SELECT 1 FROM order_event e FORCE INDEX (order_event_order)
         WHERE e.order_id = o.order_id AND e.step = 'PAY' AND e.caused_by = 'operator')) AS byHand
     FROM market_order o FORCE INDEX (market_order_seller_of) WHERE ${sql} GROUP BY o.checkout_id, o.currency`,
    params,
    { returningMinor: Number, soldMinor: Number, byHand: isTrue },
  );
}
