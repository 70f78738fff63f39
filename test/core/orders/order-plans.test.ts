/** Every statement about carts, checkouts, orders, refunds, shipping terms and promotions goes along a key, on the database under test: no scan, no sorting. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as carts from '../../../core/orders/stores/cart.js';
import * as checkouts from '../../../core/orders/stores/checkout.js';
import * as orders from '../../../core/orders/stores/order.js';
import { readOrderEvents } from '../../../core/orders/stores/order-event.js';
import { readOrderLines, readOrderPage, takeUnits } from '../../../core/orders/stores/order-line.js';
import { listOrders } from '../../../core/orders/stores/order-list.js';
import { listOrderRefunds } from '../../../core/orders/stores/order-refund.js';
import * as terms from '../../../core/orders/stores/shipping-term.js';
import * as promotions from '../../../core/promotions/stores/promotion.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../support/plans.js';

const ROWS = 20_000;
const AT = '2026-01-01 00:00:00';
const STATUSES = ['PENDING_PAYMENT', 'PAID', 'DELIVERED', 'CONFIRMED'] as const;

/** Checkouts, orders, refunds and promotions 1 to 20,000; an order has two lines and two events, a buyer a hundred orders, a seller twenty. */
async function fill(db: Db): Promise<void> {
  const rows = (each: (n: number) => unknown[]): unknown[][] => rowsOf(ROWS, each);
  const both = (each: (n: number, part: number) => unknown[]): unknown[][] =>
    [1, 2].flatMap((part) => rows((n) => each(n, part)));
  const status = (n: number): string => STATUSES[n % STATUSES.length] ?? 'PAID';
  const tables: Readonly<Record<string, readonly [columns: string, rows: unknown[][]]>> = {
    account: [
      'email, password_hash, password_one_time, display_name, role, status, created_at, updated_at',
      rows((n) => [`a${n}@x.example`, 'x', 0, 'x', 'buyer', 'ACTIVE', AT, AT]),
    ],
    cart_item: ['account_id, unit_id, quantity, added_at', both((n, part) => [n, part, 1, AT])],
    checkout: [
      'reference, buyer_id, currency, amount_minor, due_minor, status, receiver, receiver_key_id, created_at, expires_at',
      rows((n) => [
        `c${n}`,
        n % 200,
        'KRW',
        1,
        1,
        n % 2 === 0 ? 'PENDING_PAYMENT' : 'PAID',
        'x',
        'x',
        AT,
        n % 40 === 0 ? AT : '2999-01-01',
      ]),
    ],
    market_order: [
      `checkout_id, buyer_id, seller_id, currency, status, item_amount, seller_discount, platform_discount, shipping_fee, amount_minor, ordered_on,
       created_at, updated_at, delivered_at`,
      rows((n) => [
        n,
        n % 200,
        `S${n % 1_000}`,
        'KRW',
        status(n),
        1,
        0,
        0,
        0,
        1,
        '2026-01-01',
        AT,
        AT,
        n % 400 === 2 ? AT : '2999-01-01',
      ]),
    ],
    order_line: [
      `order_id, line_number, unit_id, product_id, product_external_id, product_name, category, quantity, unit_price, item_amount, seller_discount,
       platform_discount, shipping_fee`,
      both((n, part) => [n, part, n, n, 'P', 'x', 'x', 5, 1, 5, 0, 0, 0]),
    ],
    order_event: [
      'order_id, step, to_status, caused_by, requested_by, reason, created_at',
      both((n) => [n, 'PAY', 'PAID', 'system', 'x', '', AT]),
    ],
    order_refund: [
      'order_id, kind, paid, amount_minor, reason, requested_by, created_at',
      rows((n) => [n % 2_000, 'CANCEL', 1, 1, '', 'x', AT]),
    ],
    order_refund_line: [
      'refund_id, line_number, quantity, item_amount, seller_discount, platform_discount, shipping_fee',
      both((n, part) => [n, part, 1, 1, 0, 0, 0]),
    ],
    shipping_term: ['seller_id, currency, fee_minor, updated_at', rows((n) => [`S${n}`, 'KRW', 1, AT])],
    promotion: [
      'code, name, kind, amount_minor, minimum_minor, currency, starts_at, ends_at, version, created_at, updated_at',
      rows((n) => [
        n % 4 === 0 ? null : `C${n}`,
        'x',
        'AMOUNT',
        1,
        0,
        n % 10 === 0 ? 'USD' : 'KRW',
        AT,
        n % 100 === 0 ? null : AT,
        1,
        AT,
        AT,
      ]),
    ],
  };
  for (const [table, [columns, values]] of Object.entries(tables)) {
    await insertMany(db, `INSERT INTO ${table} (${columns}) VALUES ?`, values);
    await db.raw(`ANALYZE TABLE ${table}`);
  }
}

const changing =
  (work: (tx: Tx) => Promise<unknown>) =>
  (db: Db): Promise<unknown> =>
    inTransaction(db, work);

const newCheckout = {
  buyerId: 1,
  currency: 'KRW',
  amountMinor: 1,
  promotionId: null,
  receiver: { sealed: 'x', keyId: 'x' },
  expiresInMs: 1,
};
const newOrder = {
  buyerId: 1,
  currency: 'KRW',
  orderedOn: '2026-01-01',
  itemAmount: 1,
  sellerDiscount: 0,
  platformDiscount: 0,
  shippingFee: 0,
  amountMinor: 1,
};
const promotion = { promotionId: 9, name: 'y', minimumMinor: 1, startsAt: '2026-01-01T00:00:00.000Z', endsAt: null };

const owners = [{ buyerId: 7 }, { sellerId: 'S7' }, {}] as const;
const lists = owners.flatMap((owner) =>
  [undefined, 'PAID' as const].flatMap((status) => [undefined, 15_000].map((before) => ({ ...owner, status, before }))),
);

/** The first page of a list of everything walks the primary key from its end, as far as LIMIT lets it. */
const FIRST_PAGE = /FROM \w+( o FORCE INDEX \(PRIMARY\))?\s+ORDER BY (o\.)?\w+_id DESC LIMIT \?$/;

/** A checkout has at most 100 orders, whose key has them by seller: they may be sorted. */
const OF_A_CHECKOUT = /WHERE o\.checkout_id = \? ORDER BY/;

describe('statements about orders', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.db);
  });
  afterAll(() => database?.drop());

  it.each<[string, (db: Db) => Promise<unknown>]>([
    ['a cart', (db) => carts.readCart(db, 77)],
    ['a cart that is locked', changing((tx) => carts.lockCart(tx, 77))],
    ['the quantity of a unit in a cart', changing((tx) => carts.setCartQuantity(tx, 77, { unitId: 1, quantity: 2 }))],
    ['another unit in a cart', changing((tx) => carts.changeCartUnit(tx, 77, 1, 9))],
    ['a unit that leaves a cart', changing((tx) => carts.deleteCartItem(tx, 78, 1))],
    ['a cart that is emptied', changing((tx) => carts.clearCart(tx, 79))],
    [
      'units of several carts that are locked',
      changing((tx) =>
        carts.lockCartItems(
          tx,
          [80, 9_000, 19_000].map((accountId) => ({ accountId, unitIds: [1, 2, 3] })),
        ),
      ),
    ],
    [
      'units that leave several carts',
      changing((tx) =>
        carts.deleteOrdered(
          tx,
          [80, 9_000, 19_000].map((accountId) => ({ accountId, unitIds: [1, 2, 3] })),
        ),
      ),
    ],
    ['a checkout', (db) => checkouts.readCheckout(db, 77)],
    ['a checkout that is locked', changing((tx) => checkouts.lockCheckout(tx, 77))],
    ['the buyer of a checkout', (db) => checkouts.readCheckoutBuyer(db, 77)],
    [
      'new checkouts',
      changing((tx) =>
        checkouts.insertCheckouts(
          tx,
          ['n1', 'n2'].map((reference) => ({ ...newCheckout, reference })),
        ),
      ),
    ],
    ['a checkout that is paid', changing((tx) => checkouts.endPending(tx, 78, 'PAID'))],
    ['less that is to be paid', changing((tx) => checkouts.lowerDue(tx, 80, 1))],
    ['checkouts that have expired', (db) => checkouts.readExpiredCheckouts(db, { rowsMax: 100, except: [40] })],
    ['whose an order is', (db) => orders.readOrderParties(db, 77)],
    ['an order that is locked', changing((tx) => orders.lockOrder(tx, 77))],
    ['orders of a checkout', (db) => orders.readOrdersOf(db, 77)],
    ['orders of a checkout that are locked', changing((tx) => orders.lockOrdersOf(tx, 77))],
    [
      'new orders',
      changing((tx) =>
        orders.insertOrders(
          tx,
          ['X1', 'X2'].map((sellerId) => ({ ...newOrder, sellerId, checkoutId: 77 })),
        ),
      ),
    ],
    ['an order that moves on', changing((tx) => orders.moveOrder(tx, { orderId: 77, status: 'PAID' }, 'PREPARING'))],
    ['pending orders of a checkout', changing((tx) => orders.movePendingOrders(tx, 80, 'PAID'))],
    ['orders that are to be confirmed', (db) => orders.readDelivered(db, 60, { rowsMax: 100, except: [2] })],
    ['orders that were refused', changing((tx) => orders.deletePlaced(tx, [90, 91], [90, 91]))],
    ['lines of orders', (db) => readOrderLines(db, [77, 5, 19_000])],
    ['the page of an order', (db) => readOrderPage(db, 77)],
    ['units that leave a line', changing((tx) => takeUnits(tx, 'CANCEL', { orderId: 77, lineNumber: 1, quantity: 1 }))],
    ['the history of an order', (db) => readOrderEvents(db, 77)],
    ['refunds of an order', (db) => listOrderRefunds(db, 77, undefined, 51)],
    ['the next refunds of an order', (db) => listOrderRefunds(db, 77, 10_000, 51)],
    ['shipping terms of sellers', (db) => terms.readShippingTerms(db, ['S7', 'S8'])],
    ['a shipping term', (db) => terms.readShippingTerm(db, 'S7', 'KRW')],
    ['a shipping term that is removed', changing((tx) => terms.deleteShippingTerm(tx, 'S9', 'KRW'))],
    ['promotions', (db) => promotions.listPromotions(db, undefined, 51)],
    ['the next promotions', (db) => promotions.listPromotions(db, 10_000, 51)],
    ['a promotion', (db) => promotions.readPromotion(db, 77)],
    [
      'a promotion that is edited',
      changing(async (tx) => {
        const locked = await promotions.lockPromotion(tx, 9);
        if (locked !== undefined) await promotions.updatePromotion(tx, { ...locked, ...promotion });
      }),
    ],
    ['promotions in force', (db) => promotions.readPromotionsInForce(db, ['USD'], ['C11', 'C13'])],
    ...lists.map((filter): [string, (db: Db) => Promise<unknown>] => [
      `orders, ${JSON.stringify(filter)}`,
      (db) => listOrders(db, filter, 51),
    ]),
  ])('%s', async (_name, work) => {
    for (const { key, type, Extra, sql } of await plansOf(database.db, work)) {
      const scans = FIRST_PAGE.test(sql) ? /^ALL$/ : /^(ALL|index)$/;
      expect({ sql, key }).toEqual({ sql, key: expect.any(String) });
      expect({ sql, type }).not.toEqual({ sql, type: expect.stringMatching(scans) });
      const sorted = OF_A_CHECKOUT.test(sql) ? /temporary/ : /filesort|temporary/;
      expect({ sql, Extra }).toEqual({ sql, Extra: expect.not.stringMatching(sorted) });
    }
  });
});
