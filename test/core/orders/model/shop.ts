/** The real side: the use cases on a database and a Redis, and what their tables say in the words of the model. */
import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { insertOption } from '../../../../core/catalogue/stores/product-option.js';
import { type Placed, placeOrders } from '../../../../core/orders/place-orders.js';
import type { Placement } from '../../../../core/orders/prepare-checkout.js';
import { readCart } from '../../../../core/orders/stores/cart.js';
import { writeShippingTerm } from '../../../../core/orders/stores/shipping-term.js';
import { insertPromotion } from '../../../../core/promotions/stores/promotion.js';
import { Availability } from '../../../../core/stock/availability.js';
import { receiveStock } from '../../../../core/stock/receive-stock.js';
import { verifyStock } from '../../../../core/stock/verify-stock.js';
import { type Db, inTransaction, select } from '../../../../infra/database.js';
import { openRedis, type RedisLink } from '../../../../infra/redis.js';
import { isRefusal, type Refusal } from '../../../../kernel/errors.js';
import { decided } from '../../../../kernel/outcome.js';
import { makeUnit, prepare } from '../order-scene.js';
import {
  AUTOMATIC,
  COUPON,
  FIRST_STOCK,
  goneGoods,
  goneOf,
  type Model,
  type ModelProduct,
  PRODUCTS,
  SHIPPING,
  UNITS,
} from './model.js';

/** Their buyers have the numbers from this on. */
export const FIRST_BUYER = 100;
const EMPTIED = [
  ...['stock', 'stock_movement', 'stock_reservation', 'cart_item', 'checkout', 'market_order', 'order_line'],
  ...['order_event', 'order_refund', 'order_refund_line', 'sale_entry', 'refund_entry'],
];

/** What could be ordered until a moment of `performance.now()`. */
interface Past {
  readonly orderable: readonly number[];
  until: number;
}

export class Shop {
  private past: Past[] = [];

  private constructor(
    readonly db: Db,
    readonly unitIds: readonly number[],
    readonly productIds: readonly number[],
    private readonly redis: RedisLink,
    private readonly availability: Availability,
  ) {}

  static async open(db: Db, redisUrl: string): Promise<Shop> {
    const { unitIds, productIds } = await makeCatalogue(db);
    await inTransaction(db, async (tx) => {
      for (const [sellerId, terms] of Object.entries(SHIPPING))
        await writeShippingTerm(tx, { sellerId, currency: 'KRW', ...terms });
      const promotion = { currency: 'KRW', startsAt: '2020-01-01T00:00:00.000Z', endsAt: null };
      const { amountMinor, minimumMinor } = AUTOMATIC;
      const automatic = { code: null, name: 'all', kind: 'AMOUNT' as const, rateE4: null, amountMinor, minimumMinor };
      decided(await insertPromotion(tx, { ...promotion, ...automatic }));
      const rate = { kind: 'PERCENT' as const, rateE4: COUPON.percent * 10_000, amountMinor: null };
      const coupon = { code: COUPON.code, name: 'coupon', minimumMinor: COUPON.minimumMinor };
      decided(await insertPromotion(tx, { ...promotion, ...rate, ...coupon }));
    });
    const redis = openRedis(redisUrl, `model-${randomUUID()}`, () => undefined);
    return new Shop(db, unitIds, productIds, redis, new Availability(db, redis));
  }

  close = (): void => this.redis.close();

  /** As a model begins: the first stock, no orders, nothing in the feed. */
  async begin(): Promise<void> {
    for (const table of EMPTIED) await this.db.raw(`DELETE FROM ${table}`);
    for (const [at, product] of PRODUCTS.entries()) await this.setPrice(at, product);
    await inTransaction(this.db, async (tx) => {
      const goods = { quantity: FIRST_STOCK, reason: 'first', requestedBy: 'x' };
      for (const unitId of this.unitIds) decided(await receiveStock(tx, { ...goods, unitId }));
    });
    this.learn(UNITS.map(() => FIRST_STOCK));
  }

  setPrice(product: number, to: Omit<ModelProduct, 'sellerId'>): Promise<unknown> {
    return this.db.raw('UPDATE product SET price_minor = ?, sale_price_minor = ?, status = ? WHERE product_id = ?', [
      to.listMinor,
      to.saleMinor,
      to.active ? 'ACTIVE' : 'SOLD_OUT',
      this.productIds[product] ?? 0,
    ]);
  }

  /** Prices a checkout, as the route does before it opens a transaction. Without items it is one of the cart. */
  prepare = (buyer: number, items: ReadonlyMap<number, number> | null, coupon: boolean, expectedAmountMinor: number) =>
    prepare(this.db, items && this.named(items), {
      buyerId: FIRST_BUYER + buyer,
      promotionCode: coupon ? COUPON.code : null,
      expectedAmountMinor,
    });

  /** Places a group; a refusal is a value, and what was reclaimed for it is committed. */
  place = (members: readonly Placement[]): Promise<(Placed | Refusal)[]> =>
    inTransaction(this.db, (tx) => placeOrders(tx, members));

  /** The available counts may be a second old, and a count that was never true is not shown. */
  async expectOrderable(): Promise<void> {
    const since = performance.now() - 1_000;
    const said = await this.availability.ask(this.unitIds);
    const known = this.past.filter(({ until }) => until >= since);
    for (const [unit, { available }] of said.entries())
      expect(known.map(({ orderable }) => orderable[unit])).toContain(available);
  }

  /** Remembers what can be ordered from now on. */
  learn(orderable: readonly number[]): void {
    const now = performance.now();
    const former = this.past.at(-1);
    if (former !== undefined) former.until = now;
    this.past = [...this.past.filter(({ until }) => until >= now - 2_000), { orderable, until: Number.MAX_VALUE }];
  }

  /** Compares stock, carts, checkouts and orders with the model: after every command. */
  async expectAlike(model: Model): Promise<void> {
    const stock = await select<Record<string, number>>(
      this.db,
      'SELECT unit_id AS unitId, available, held, sold FROM stock',
    );
    for (const [unit, unitId] of this.unitIds.entries()) {
      const row = stock.find((one) => one.unitId === unitId);
      expect([unit, row?.available ?? 0, row?.held ?? 0, row?.sold ?? 0]).toEqual([unit, ...model.stockOf(unit)]);
    }
    const checkouts = await select(
      this.db,
      'SELECT checkout_id AS id, status, due_minor AS due FROM checkout ORDER BY checkout_id',
    );
    expect(checkouts).toEqual(model.checkouts.map(({ id, status, dueMinor }) => ({ id, status, due: dueMinor })));
    const orders = await select(
      this.db,
      'SELECT order_id AS id, status, gone_minor AS gone FROM market_order ORDER BY order_id',
    );
    const wanted = model.orders.map((order) => ({ id: order.id, status: order.history.at(-1), gone: goneOf(order) }));
    expect(orders).toEqual(wanted);
    for (const [buyer, cart] of model.carts.entries()) {
      const items = (await readCart(this.db, FIRST_BUYER + buyer)).map(({ unitId, quantity }) => ({
        unitId,
        quantity,
      }));
      expect(items).toEqual(this.named(cart));
    }
  }

  /** What must hold after any sequence: the journal, the history, the sums of the tables, the feed. */
  async expectSound(model: Model): Promise<void> {
    expect((await verifyStock(this.db)).differences).toEqual([]);
    const events = await select<{ id: number; to: string }>(
      this.db,
      'SELECT order_id AS id, to_status AS `to` FROM order_event ORDER BY event_id',
    );
    const told = model.orders.map(({ id }) => events.filter((one) => one.id === id).map(({ to }) => to));
    expect(told).toEqual(model.orders.map(({ history }) => history));
    expect(await this.unequalSums()).toEqual([]);
    expect(await this.feed()).toEqual(feedOf(model));
    expect(await this.linesNotWhole()).toEqual([]);
  }

  /** Checkouts that do not cost what their orders cost, and orders that do not cost what their lines cost. */
  private unequalSums(): Promise<unknown[]> {
    return select(
      this.db,
      `SELECT c.checkout_id, c.amount_minor, o.orders, o.\`lines\` FROM checkout c JOIN (
         SELECT m.checkout_id, SUM(m.amount_minor) AS orders, SUM((SELECT SUM(l.item_amount - l.seller_discount - l.platform_discount
           + l.shipping_fee) FROM order_line l WHERE l.order_id = m.order_id)) AS \`lines\` FROM market_order m GROUP BY m.checkout_id
       ) o ON o.checkout_id = c.checkout_id WHERE c.amount_minor <> o.orders OR c.amount_minor <> o.\`lines\``,
    );
  }

  /** Per line of the feed: units and money that were confirmed, units and money that were refunded. */
  private async feed(): Promise<unknown[]> {
    const rows = await select<Record<string, unknown>>(
      this.db,
      `SELECT s.order_id AS orderId, s.line_id AS lineId, s.quantity, s.item_amount - s.seller_discount - s.platform_discount AS goods,
         s.shipping_fee AS shipping, CAST(COALESCE(SUM(r.quantity), 0) AS SIGNED) AS backQuantity,
         CAST(COALESCE(-SUM(r.item_amount - r.seller_discount - r.platform_discount), 0) AS SIGNED) AS backGoods,
         CAST(COALESCE(-SUM(r.shipping_fee), 0) AS SIGNED) AS backShipping
       FROM sale_entry s LEFT JOIN refund_entry r ON r.original_on = s.settled_on AND r.original_id = s.entry_id
       GROUP BY s.settled_on, s.entry_id, s.order_id, s.line_id, s.quantity, goods, shipping ORDER BY s.entry_id`,
    );
    return rows.map((row) => Object.values(row).join(' ')).sort();
  }

  /** Lines of confirmed orders of which some figure is not what was cancelled and what was confirmed together. */
  private linesNotWhole(): Promise<unknown[]> {
    const figures = ['quantity', 'item_amount', 'seller_discount', 'platform_discount', 'shipping_fee'];
    const cancelled = (figure: string): string =>
      `COALESCE((SELECT SUM(p.${figure}) FROM order_refund r JOIN order_refund_line p ON p.refund_id = r.refund_id
         WHERE r.order_id = l.order_id AND p.line_number = l.line_number AND r.kind = 'CANCEL'), 0)`;
    const differs = figures.map((figure) => `l.${figure} <> COALESCE(s.${figure}, 0) + ${cancelled(figure)}`);
    return select(
      this.db,
      `SELECT l.* FROM market_order o JOIN order_line l ON l.order_id = o.order_id
       LEFT JOIN sale_entry s ON s.order_id = CONCAT('magam:o:', o.order_id) AND s.line_id = CAST(l.line_number AS CHAR)
       WHERE o.status IN ('CONFIRMED', 'PARTLY_REFUNDED', 'REFUNDED') AND (${differs.join(' OR ')})`,
    );
  }

  private named = (items: ReadonlyMap<number, number>) =>
    [...items]
      .map(([unit, quantity]) => ({ unitId: this.unitIds[unit] ?? 0, quantity }))
      .sort((a, b) => a.unitId - b.unitId);
}

/** What the feed should hold of the model's orders. */
function feedOf({ orders }: Model): string[] {
  const confirmed = orders.filter(({ history }) => history.includes('CONFIRMED'));
  const entries = confirmed.flatMap((order) =>
    order.lines.map((line, at) => {
      const quantity = line.quantity - line.cancelled;
      const [cancelled, returned] = goneGoods(line);
      const all = line.returned === quantity ? line.shippingMinor : 0;
      const sale = [quantity, line.goodsMinor - cancelled, line.shippingMinor];
      return { quantity, text: [`magam:o:${order.id}`, at + 1, ...sale, line.returned, returned, all].join(' ') };
    }),
  );
  return entries
    .filter(({ quantity }) => quantity > 0)
    .map(({ text }) => text)
    .sort();
}

async function makeCatalogue(db: Db): Promise<{ unitIds: number[]; productIds: number[] }> {
  const unitIds: number[] = [];
  const productIds: number[] = [];
  for (const [at, { sellerId, listMinor }] of PRODUCTS.entries()) {
    const first = await makeUnit(db, sellerId, { priceMinor: listMinor, stock: 0 });
    const [row] = await select<{ productId: number }>(
      db,
      'SELECT product_id AS productId FROM sellable_unit WHERE unit_id = ?',
      [first],
    );
    const productId = row?.productId ?? 0;
    productIds.push(productId);
    const options = UNITS.filter(({ product }) => product === at);
    if (options.length > 1)
      await inTransaction(db, async (tx) => {
        for (const [n, { differenceMinor }] of options.entries())
          decided(
            await insertOption(
              tx,
              { productId, sellerId },
              {
                sku: `M-${n}`,
                name: `option ${n}`,
                priceDifferenceMinor: differenceMinor,
              },
            ),
          );
      });
    const units = await select<{ unitId: number }>(
      db,
      'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ? ORDER BY unit_id',
      [productId],
    );
    unitIds.push(...units.map(({ unitId }) => unitId));
  }
  return { unitIds, productIds };
}

/** `done`, or the code of a refusal. */
export const outcomeOf = (result: unknown): string => (isRefusal(result) ? result.refused : 'done');
