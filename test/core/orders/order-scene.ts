/** Sellers with units in stock, a buyer, and a feed whose dates are open: what an order needs, made in the database. */

import { insertProduct } from '../../../core/catalogue/stores/product.js';
import { offerProduct } from '../../../core/catalogue/stores/sellable-unit.js';
import { prepareShopDates, shareShopDates } from '../../../core/feed/shop-entries.js';
import { cancelOrder, type PartsToGo } from '../../../core/orders/cancel-order.js';
import { confirmOrder } from '../../../core/orders/confirm-order.js';
import type { ReturnMoney } from '../../../core/orders/money-back.js';
import { type Actor, advanceOrder } from '../../../core/orders/order-step.js';
import { payCheckout } from '../../../core/orders/pay-checkout.js';
import { type Placed, placeOrders } from '../../../core/orders/place-orders.js';
import { type CheckoutAsk, type Placement, prepareCheckout } from '../../../core/orders/prepare-checkout.js';
import { returnOrder } from '../../../core/orders/return-order.js';
import { receiveStock } from '../../../core/stock/receive-stock.js';
import { readConfig } from '../../../infra/config.js';
import { type Db, insertReturningId, inTransaction, select, type Tx } from '../../../infra/database.js';
import type { Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';

/** For orders that no provider was paid for. */
const moneyAtOnce: ReturnMoney = async () => 'at-once';

export const config = readConfig({ NODE_ENV: 'test' });
export const BUYER = 7;
export const buyer: Actor = { cause: 'buyer', requestedBy: 'account 7' };
export const seller: Actor = { cause: 'seller', requestedBy: 'account 8' };
export const operator: Actor = { cause: 'operator', requestedBy: 'account 9' };
export const receiver = {
  name: '김하늘',
  phone: '010-1234-5678',
  postalCode: '04524',
  address: '세종대로 110',
  note: '',
};

let products = 0;

/** A product without options, in stock. @returns its unit */
export async function makeUnit(
  db: Db,
  sellerId: string,
  fields: Partial<{ priceMinor: number; salePriceMinor: number | null; stock: number; currency: string }> = {},
): Promise<number> {
  const { priceMinor = 10_000, salePriceMinor = null, stock = 10, currency = 'KRW' } = fields;
  products += 1;
  return inTransaction(db, async (tx) => {
    const product = {
      sellerId,
      externalId: `P${products}`,
      categoryId: await leaf(tx),
      name: `상품 ${products}`,
      description: '',
      status: 'ACTIVE' as const,
      currency,
      priceMinor,
      salePriceMinor,
    };
    const productId = decided(await insertProduct(tx, product));
    await offerProduct(tx, { productId, sellerId });
    const [unit] = await select<{ unitId: number }>(
      tx,
      'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ?',
      [productId],
    );
    const unitId = unit?.unitId ?? 0;
    if (stock > 0) decided(await receiveStock(tx, { unitId, quantity: stock, reason: 'first', requestedBy: 'test' }));
    return unitId;
  });
}

async function leaf(tx: Tx): Promise<number> {
  const [found] = await select<{ categoryId: number }>(tx, 'SELECT category_id AS categoryId FROM category LIMIT 1');
  return (
    found?.categoryId ??
    insertReturningId(
      tx,
      `INSERT INTO category (parent_id, level, name, version, created_at) VALUES (0, 1, 'shoes', 1, UTC_TIMESTAMP(3))`,
      [],
    )
  );
}

export type Items = readonly { readonly unitId: number; readonly quantity: number }[];

export const prepare = (db: Db, items: Items | null, more: Partial<CheckoutAsk> = {}): Promise<Placement | Refusal> =>
  prepareCheckout(db, config, {
    buyerId: BUYER,
    items,
    unitIds: null,
    promotionCode: null,
    expectedAmountMinor: null,
    receiver,
    ...more,
  });

/** Checks out as the route does. */
export async function checkOut(db: Db, items: Items | null, more: Partial<CheckoutAsk> = {}): Promise<Placed> {
  const placement = decided(await prepare(db, items, more));
  return inTransaction(db, async (tx) => decided((await placeOrders(tx, [placement]))[0] ?? never()));
}

const never = (): never => {
  throw new Error('a checkout has an outcome');
};

export const pay = (db: Db, checkoutId: number): Promise<Refusal | undefined> =>
  inTransaction(db, (tx) => payCheckout(tx, checkoutId, operator));

export const cancel = (db: Db, orderId: number, more: Partial<PartsToGo> = {}, by = buyer) =>
  inTransaction(db, (tx) =>
    cancelOrder(tx, orderId, by, { parts: null, reason: '', returnMoney: moneyAtOnce, ...more }),
  );

export const confirm = async (db: Db, orderId: number, by = buyer): Promise<Refusal | undefined> => {
  const dates = await prepareShopDates(db, config);
  return inTransaction(db, async (tx) => confirmOrder(tx, await shareShopDates(tx, dates), orderId, by));
};

export const giveBack = async (
  db: Db,
  orderId: number,
  more: Partial<PartsToGo & { readonly restock: boolean }> = {},
  by = seller,
) => {
  const dates = await prepareShopDates(db, config);
  return inTransaction(db, async (tx) =>
    returnOrder(tx, await shareShopDates(tx, dates), orderId, by, {
      parts: null,
      reason: '',
      restock: true,
      returnMoney: moneyAtOnce,
      ...more,
    }),
  );
};

/** Takes a paid order to DELIVERED. */
export async function deliver(db: Db, orderId: number): Promise<void> {
  for (const step of ['PREPARE', 'SHIP', 'DELIVER'] as const)
    decided(await inTransaction(db, (tx) => advanceOrder(tx, orderId, step, seller)));
}

/** Stock of a unit: available, held, sold. */
export const stockOf = async (db: Db, unitId: number): Promise<number[]> => {
  const sql = 'SELECT available, held, sold FROM stock WHERE unit_id = ?';
  const [row] = await select<Record<string, number>>(db, sql, [unitId]);
  return Object.values(row ?? {}).map(Number);
};

export const statusOf = async (db: Db, orderId: number): Promise<string | undefined> =>
  (await select<{ status: string }>(db, 'SELECT status FROM market_order WHERE order_id = ?', [orderId]))[0]?.status;

export const rowsOf = async (db: Db, table: string): Promise<number> =>
  Number((await select<{ n: number }>(db, `SELECT COUNT(*) AS n FROM ${table}`))[0]?.n);

/** Puts the end of the time to pay of a checkout into the past, in both rows that know it. */
export async function letExpire(db: Db, checkoutId: number): Promise<void> {
  const past = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND';
  await db.raw(`UPDATE checkout SET expires_at = ${past} WHERE checkout_id = ?`, [checkoutId]);
  await db.raw(`UPDATE stock_reservation SET expires_at = ${past} WHERE holder_id = ?`, [checkoutId]);
}

/** The first of them. */
export const first = <T>(values: readonly T[]): T => {
  const [value] = values;
  if (value === undefined) throw new Error('there is none');
  return value;
};
