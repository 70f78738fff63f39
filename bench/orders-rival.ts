/**
 * The rivals of the order bench: the product's own routes, with everything before their handlers (access, limits, validation,
 * idempotency keys, log), and other handlers. A checkout that answers at once and stores nothing; the page of an order and the list of orders with a
 * query for each line and each order.
 */

import * as z from 'zod';
import type { ApiContext } from '../api/context.js';
import { readPage } from '../api/edge/cursor.js';
import { id } from '../api/edge/fields.js';
import { created, ok } from '../api/edge/reply.js';
import type { Route } from '../api/edge/route.js';
import { checkOut } from '../api/orders/checkouts.js';
import { orderPageBody, orderSummaryBody } from '../api/orders/order-fields.js';
import { listOrdersRoute, showOrder } from '../api/orders/read-orders.js';
import { ORDER_COLUMNS, type OrderRecord, orderReading, readOrderParties } from '../core/orders/stores/order.js';
import { readOrderEvents } from '../core/orders/stores/order-event.js';
import { LINE_COLUMNS, type OrderLineRecord, type OrderPage } from '../core/orders/stores/order-line.js';
import { type Db, select } from '../infra/database.js';
import { GroupCommit, type GroupOptions } from '../infra/group-commit.js';
import type { Member } from '../infra/group-work.js';

interface Asked {
  readonly items: readonly { readonly unitId: number; readonly quantity: number }[];
}

/** Groups of calls that do nothing and open no transaction. */
class Nothing extends GroupCommit<null, null> {
  constructor(db: Db) {
    super(db, { work: () => Promise.resolve([]) } satisfies GroupOptions<null, null>);
  }

  override async join(_groupKey: string, { answerOf }: Member<null, null>) {
    answerOf?.(null);
    return { outcome: 'done' as const, value: null };
  }
}

const AMOUNTS = {
  itemAmountMinor: 39_000,
  sellerDiscountMinor: 0,
  platformDiscountMinor: 0,
  shippingFeeMinor: 0,
  amountMinor: 39_000,
};

/** Answers as a checkout does. */
function checkOutNothing(context: ApiContext): Route {
  const nothing = new Nothing(context.db);
  return {
    ...checkOut(context),
    handle: (call) =>
      call.transactInGroup(nothing, '', null, () =>
        created('/v1/checkouts/1', {
          checkoutId: 1,
          reference: '00000000-0000-4000-8000-000000000000',
          currency: 'KRW',
          ...AMOUNTS,
          promotionId: null,
          payWithinSeconds: 900,
          orders: (call.body as Asked).items.map((_, at) => ({ orderId: 1 + at, sellerId: `S${at}`, ...AMOUNTS })),
        }),
      ),
  };
}

async function readOne<Row>(db: Db, sql: string, params: readonly unknown[]): Promise<Row> {
  const [row] = await select<Row>(db, sql, params);
  if (row === undefined) throw new Error('the row is there');
  return row;
}

/** One query after the other, each for one row. */
async function readPageLineByLine(db: Db, orderId: number): Promise<OrderPage> {
  const [order] = await select<OrderRecord>(
    db,
    `SELECT ${ORDER_COLUMNS} FROM market_order o WHERE o.order_id = ?`,
    [orderId],
    orderReading,
  );
  if (order === undefined) throw new Error('the order is there');
  const checkout = await readOne<Pick<OrderPage, 'reference' | 'receiver' | 'receiverKeyId'>>(
    db,
    'SELECT reference, receiver, receiver_key_id AS receiverKeyId FROM checkout WHERE checkout_id = ?',
    [order.checkoutId],
  );
  const lines = [];
  for (const lineNumber of await lineNumbersOf(db, orderId))
    lines.push(
      await readOne<OrderLineRecord>(
        db,
        `SELECT ${LINE_COLUMNS} FROM order_line l WHERE l.order_id = ? AND l.line_number = ?`,
        [orderId, lineNumber],
      ),
    );
  return { ...order, ...checkout, lines };
}

async function lineNumbersOf(db: Db, orderId: number): Promise<number[]> {
  const sql = 'SELECT line_number AS lineNumber FROM order_line WHERE order_id = ? ORDER BY line_number';
  return (await select<{ lineNumber: number }>(db, sql, [orderId])).map(({ lineNumber }) => lineNumber);
}

function showOrderLineByLine(context: ApiContext): Route {
  const { db, config } = context;
  return {
    ...showOrder(context),
    handle: async (call) => {
      const { orderId } = call.params as { orderId: number };
      await readOrderParties(db, orderId);
      const page = await readPageLineByLine(db, orderId);
      return ok(orderPageBody(page, await readOrderEvents(db, orderId), config.encryptionKeys), page.version);
    },
  };
}

/** The buyer's own orders, and then the lines of each. */
function listOrdersOneByOne(context: ApiContext): Route {
  const { db } = context;
  const sql = `SELECT ${ORDER_COLUMNS} FROM market_order o WHERE o.buyer_id = ? AND o.order_id < ? ORDER BY o.order_id DESC LIMIT ?`;
  return {
    ...listOrdersRoute(context),
    handle: async (call) => {
      const { accountId } = call.signedIn;
      const page = await readPage(call.query as { limit: number }, {
        name: 'orders',
        key: z.tuple([id]),
        read: (before, limit) =>
          select<OrderRecord>(db, sql, [accountId, before?.[0] ?? Number.MAX_SAFE_INTEGER, limit], orderReading),
        keyOf: ({ orderId }) => [orderId],
      });
      const items = [];
      for (const order of page.items) {
        const lines = `SELECT ${LINE_COLUMNS} FROM order_line l WHERE l.order_id = ? AND l.line_number <= 3 ORDER BY l.line_number`;
        const firstLines = (await select<OrderLineRecord>(db, lines, [order.orderId])).map((line) => ({
          lineNumber: line.lineNumber,
          productName: line.productName,
          optionName: line.optionName,
          quantity: line.quantity,
        }));
        items.push(orderSummaryBody({ ...order, firstLines }));
      }
      return ok({ ...page, items });
    },
  };
}

export const rivalRoutes = (context: ApiContext): Route[] => [
  checkOutNothing(context),
  showOrderLineByLine(context),
  listOrdersOneByOne(context),
];
