/** Orders as lists show them: one statement. */
import { type Db, fromJson, select } from '../../../infra/database.js';
import type { OrderStatus } from '../rules/order-state.js';
import { ORDER_COLUMNS, type OrderRecord, orderReading } from './order.js';

/** How many lines of an order a list shows. */
const FIRST_LINES = 3;

export interface FirstLine {
  readonly lineNumber: number;
  readonly productName: string;
  readonly optionName: string | null;
  readonly quantity: number;
}

export interface ListedOrder extends OrderRecord {
  readonly firstLines: readonly FirstLine[];
}

export interface OrderFilter {
  readonly buyerId?: number | undefined;
  readonly sellerId?: string | undefined;
  readonly status?: OrderStatus | undefined;
  /** The last row of the previous page. */
  readonly before?: number | undefined;
}

/** The first lines of an order, unsorted, as text, because the driver would parse JSON itself. A range of the primary key, however many lines the order has. */
const LINES_OF_ORDER = `CAST((SELECT JSON_ARRAYAGG(JSON_OBJECT('lineNumber', l.line_number, 'productName', l.product_name, 'optionName', l.option_name,
    'quantity', l.quantity)) FROM order_line l FORCE INDEX (PRIMARY) WHERE l.order_id = o.order_id AND l.line_number <= ${FIRST_LINES}) AS CHAR)`;

/** Orders newest first, with their first lines: a range of one key, and a range of lines for each. */
export async function listOrders(db: Db, filter: OrderFilter, limit: number): Promise<ListedOrder[]> {
  const { buyerId, sellerId, status, before } = filter;
  const conditions = (
    [
      ['o.buyer_id = ?', buyerId],
      ['o.seller_id = ?', sellerId],
      ['o.status = ?', status],
      ['o.order_id < ?', before],
    ] as const
  ).filter(([, value]) => value !== undefined);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  return select<ListedOrder>(
    db,
    `SELECT ${ORDER_COLUMNS}, ${LINES_OF_ORDER} AS firstLines FROM market_order o FORCE INDEX (${keyOf(filter)}) ${where}
     ORDER BY o.order_id DESC LIMIT ?`,
    [...conditions.map(([, value]) => value), limit],
    { ...orderReading, firstLines: linesOf },
  );
}

/** Sorted by line, with the fields in a fixed order, because MySQL sorts the fields of an object. */
const linesOf = (text: string): FirstLine[] =>
  (fromJson(text) as FirstLine[])
    .map(({ lineNumber, productName, optionName, quantity }) => ({ lineNumber, productName, optionName, quantity }))
    .sort((a, b) => a.lineNumber - b.lineNumber);

function keyOf({ buyerId, sellerId, status }: OrderFilter): string {
  const owner = buyerId !== undefined ? '_buyer' : sellerId !== undefined ? '_seller' : '';
  if (owner === '' && status === undefined) return 'PRIMARY';
  return `market_order${owner}${status === undefined ? '' : '_status'}`;
}
