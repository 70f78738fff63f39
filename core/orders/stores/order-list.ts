/** The first lines of listed orders. */
import { type Db, select } from '../../../infra/database.js';

/** How many lines of an order a list shows. */
const FIRST_LINES = 3;

export interface FirstLine {
  readonly orderId: number;
  readonly lineNumber: number;
  readonly productName: string;
  readonly optionName: string | null;
  readonly quantity: number;
}

/** The first lines of these orders, for a list: ranges of the primary key, however many lines an order has. */
export async function readFirstLines(db: Db, orderIds: readonly number[]): Promise<FirstLine[]> {
  if (orderIds.length === 0) return [];
  return select<FirstLine>(
    db,
    `SELECT order_id AS orderId, line_number AS lineNumber, product_name AS productName, option_name AS optionName, quantity
     FROM order_line FORCE INDEX (PRIMARY) WHERE order_id IN (?) AND line_number <= ${FIRST_LINES} ORDER BY order_id, line_number`,
    [orderIds],
  );
}
