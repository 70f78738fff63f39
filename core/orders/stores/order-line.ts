/** Lines of orders. The ordered units never change; the counts of units that left do. */
import { change, type Db, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import type { OrderedLine } from '../rules/line-part.js';
import { ORDER_COLUMNS, type OrderRecord } from './order.js';

export interface OrderLineRecord extends OrderedLine {
  readonly orderId: number;
  readonly unitId: number;
  readonly productId: number;
  readonly productExternalId: string;
  readonly productName: string;
  readonly optionName: string | null;
  readonly sku: string | null;
  /** As fee policies name it. */
  readonly category: string;
  readonly unitPrice: number;
}

export type NewOrderLine = Omit<OrderLineRecord, 'cancelledQuantity' | 'returnedQuantity'>;

/** The columns of a line `l`, except for its order and its amounts. */
const COLUMNS = `l.line_number AS lineNumber, l.unit_id AS unitId, l.product_id AS productId,
  l.product_external_id AS productExternalId, l.product_name AS productName, l.option_name AS optionName, l.sku, l.category, l.quantity,
  l.unit_price AS unitPrice, l.cancelled_quantity AS cancelledQuantity, l.returned_quantity AS returnedQuantity`;

/** The columns of a line `l`. */
export const LINE_COLUMNS = `l.order_id AS orderId, ${COLUMNS}, l.item_amount AS itemAmount, l.seller_discount AS sellerDiscount,
  l.platform_discount AS platformDiscount, l.shipping_fee AS shippingFee`;

export async function insertOrderLines(tx: Tx, lines: readonly NewOrderLine[]): Promise<void> {
  const row = `(${Array.from({ length: 15 }, () => '?').join(', ')})`;
  await change(
    tx,
    `INSERT INTO order_line (order_id, line_number, unit_id, product_id, product_external_id, product_name, option_name, sku, category,
       quantity, unit_price, item_amount, seller_discount, platform_discount, shipping_fee) VALUES ${lines.map(() => row).join(', ')}`,
    lines.flatMap((line) => [
      line.orderId,
      line.lineNumber,
      line.unitId,
      line.productId,
      line.productExternalId,
      line.productName,
      line.optionName,
      line.sku,
      line.category,
      line.quantity,
      line.unitPrice,
      line.itemAmount,
      line.sellerDiscount,
      line.platformDiscount,
      line.shippingFee,
    ]),
  );
}

/** The lines of these orders, by order and number. The lock of an order covers its lines. */
export async function readOrderLines(db: Db, orderIds: readonly number[]): Promise<OrderLineRecord[]> {
  if (orderIds.length === 0) return [];
  return select<OrderLineRecord>(
    db,
    `SELECT ${LINE_COLUMNS} FROM order_line l WHERE l.order_id IN (?) ORDER BY l.order_id, l.line_number`,
    [orderIds],
  );
}

/** An order with its lines and the receiver from its checkout. */
export interface OrderPage extends OrderRecord {
  readonly reference: string;
  readonly receiver: string;
  readonly receiverKeyId: string;
  readonly lines: readonly OrderLineRecord[];
}

/** An order beside one of its lines; the line's amounts have names of their own. */
interface PageRow extends Omit<OrderPage, 'lines'>, Omit<OrderLineRecord, keyof OrderRecord> {
  readonly lineItemAmount: number;
  readonly lineSellerDiscount: number;
  readonly linePlatformDiscount: number;
  readonly lineShippingFee: number;
}
const pageReading: Reading<PageRow> = { createdAt: isoTime, updatedAt: isoTime, deliveredAt: isoTime };

/** Everything that the page of an order shows except its history: one statement. */
export async function readOrderPage(db: Db, orderId: number): Promise<OrderPage | undefined> {
  const rows = await select<PageRow>(
    db,
    `SELECT ${ORDER_COLUMNS}, c.reference, c.receiver, c.receiver_key_id AS receiverKeyId, ${COLUMNS},
       l.item_amount AS lineItemAmount, l.seller_discount AS lineSellerDiscount, l.platform_discount AS linePlatformDiscount,
       l.shipping_fee AS lineShippingFee
     FROM market_order o JOIN checkout c ON c.checkout_id = o.checkout_id JOIN order_line l ON l.order_id = o.order_id
     WHERE o.order_id = ? ORDER BY l.line_number`,
    [orderId],
    pageReading,
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const lines = rows.map(
    ({ lineItemAmount, lineSellerDiscount, linePlatformDiscount, lineShippingFee, ...row }): OrderLineRecord => ({
      ...row,
      itemAmount: lineItemAmount,
      sellerDiscount: lineSellerDiscount,
      platformDiscount: linePlatformDiscount,
      shippingFee: lineShippingFee,
    }),
  );
  return { ...first, lines };
}

/** Counts units that have left a line. A constraint of the table refuses more than there are. */
export async function takeUnits(
  tx: Tx,
  kind: 'CANCEL' | 'RETURN',
  {
    orderId,
    lineNumber,
    quantity,
  }: { readonly orderId: number; readonly lineNumber: number; readonly quantity: number },
): Promise<void> {
  const column = kind === 'CANCEL' ? 'cancelled_quantity' : 'returned_quantity';
  await change(tx, `UPDATE order_line SET ${column} = ${column} + ? WHERE order_id = ? AND line_number = ?`, [
    quantity,
    orderId,
    lineNumber,
  ]);
}
