/** What sellers, buyers, operators, duties and time do, on both sides. Each command compares its outcome, and then both sides are compared. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { addToCart, changeOptionInCart } from '../../../../core/orders/change-cart.js';
import { confirmDelivered } from '../../../../core/orders/confirm-order.js';
import { expireCheckouts } from '../../../../core/orders/expire-checkouts.js';
import { advanceOrder } from '../../../../core/orders/order-step.js';
import type { Placed } from '../../../../core/orders/place-orders.js';
import type { Placement } from '../../../../core/orders/prepare-checkout.js';
import { deleteCartItem, setCartQuantity } from '../../../../core/orders/stores/cart.js';
import { adjustStock, receiveStock } from '../../../../core/stock/receive-stock.js';
import { reclaimExpired } from '../../../../core/stock/reclaim.js';
import { inTransaction, type Tx } from '../../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../../kernel/errors.js';
import { cancel, config, confirm, giveBack, letExpire, pay, seller } from '../order-scene.js';
import {
  BUYERS,
  CANCELLABLE,
  FORWARD,
  type Model,
  type ModelCheckout,
  type ModelOrder,
  type ModelProduct,
  type Parts,
  PRODUCTS,
  type Price,
  type Quantities,
  RETURNABLE,
  UNITS,
} from './model.js';
import { FIRST_BUYER, outcomeOf, type Shop } from './shop.js';

type Both = fc.AsyncCommand<Model, Shop>;
type Play = (model: Model, shop: Shop) => Promise<void>;

/** A command that is shown as it was drawn. `needs` says what there has to be. */
const command = (shown: string, play: Play, needs: (model: Model) => boolean = () => true): Both => ({
  check: needs,
  run: async (model, shop) => {
    await play(model, shop);
    shop.learn(UNITS.map((_, unit) => model.orderable(unit)));
    await shop.expectAlike(model);
  },
  toString: () => shown,
});
const hasCheckouts = ({ checkouts }: Model): boolean => checkouts.length > 0;
const hasOrders = ({ orders }: Model): boolean => orders.length > 0;
/** 0 is the newest, so that a sequence still means the same when something before it is left out. */
const nth = <T>(all: readonly T[], n: number): T => all[all.length - 1 - (n % all.length)] as T;
/** Mostly one that is in one of these states, if there is one: most steps are refused otherwise. */
function orderIn(states: readonly string[], { orders }: Model, n: number): ModelOrder {
  const fit = orders.filter(({ history }) => states.includes(history.at(-1) ?? ''));
  return nth(n === ANY || fit.length === 0 ? orders : fit, n);
}
const idOf = (shop: Shop, unit: number): number => shop.unitIds[unit] ?? 0;
const shownMap = (map: Quantities | null): string => (map === null ? 'all' : JSON.stringify([...map]));

const anyUnit = fc.nat(UNITS.length - 1);
const anyBuyer = fc.nat(BUYERS - 1);
const ANY = 4;
const anyOne = fc.nat(ANY);
const mostly = (usual: boolean) => fc.nat(3).map((one) => (one === 3 ? !usual : usual));
const few = fc.integer({ min: 1, max: 4 });

const receive = fc.tuple(anyUnit, fc.integer({ min: 1, max: 8 })).map(([unit, quantity]) =>
  command(`receive(unit ${unit}, ${quantity})`, async (model, shop) => {
    const goods = { unitId: idOf(shop, unit), quantity, reason: 'x', requestedBy: 'x' };
    const outcome = await inTransaction(shop.db, (tx) => receiveStock(tx, goods));
    expect(outcomeOf(outcome)).toBe(model.add(unit, quantity));
  }),
);

const adjust = fc.tuple(anyUnit, fc.integer({ min: -3, max: 3 })).map(([unit, by]) =>
  command(
    `adjust(unit ${unit}, ${by})`,
    async (model, shop) => {
      const counted = { unitId: idOf(shop, unit), by, reason: 'x', requestedBy: 'x' };
      const outcome = await inTransaction(shop.db, (tx) => adjustStock(tx, counted));
      expect(outcomeOf(outcome)).toBe(model.add(unit, by));
    },
    () => by !== 0,
  ),
);

const setPrice = fc
  .record({
    product: fc.nat(PRODUCTS.length - 1),
    listMinor: fc.integer({ min: 100, max: 20_000 }),
    off: fc.option(fc.integer({ min: 1, max: 99 })),
    active: mostly(true),
  })
  .map(({ product, listMinor, off, active }) => {
    const price = { listMinor, saleMinor: off === null ? null : listMinor - off, active };
    return command(`setPrice(product ${product}, ${JSON.stringify(price)})`, async (model, shop) => {
      Object.assign(model.products[product] as ModelProduct, price);
      await shop.setPrice(product, price);
    });
  });

/** A change of a cart, in a transaction that a refusal undoes. */
async function inCart(shop: Shop, work: (tx: Tx) => Promise<Refusal | undefined>): Promise<string> {
  let outcome: Refusal | undefined;
  const changed = inTransaction(shop.db, async (tx) => {
    outcome = await work(tx);
    if (outcome !== undefined) throw outcome;
  });
  await changed.catch((error: unknown) => {
    if (error !== outcome) throw error;
  });
  return outcomeOf(outcome);
}

const fillCart = fc.tuple(anyBuyer, anyUnit, few).map(([buyer, unit, quantity]) =>
  command(`addToCart(buyer ${buyer}, unit ${unit}, ${quantity})`, async (model, shop) => {
    const wanted = { unitId: idOf(shop, unit), quantity };
    const outcome = await inCart(shop, (tx) => addToCart(tx, FIRST_BUYER + buyer, wanted));
    expect(outcome).toBe(model.addToCart(buyer, unit, quantity));
  }),
);

const changeCart = fc.tuple(anyBuyer, anyUnit, anyUnit, fc.nat(4)).map(([buyer, unit, other, quantity]) =>
  command(`changeCart(buyer ${buyer}, unit ${unit}, to unit ${other}, ${quantity})`, async (model, shop) => {
    const [accountId, unitId] = [FIRST_BUYER + buyer, idOf(shop, unit)];
    const option = await inCart(shop, (tx) => changeOptionInCart(tx, accountId, unitId, idOf(shop, other)));
    expect(option).toBe(model.changeOption(buyer, unit, other));
    const there = model.cartOf(buyer).has(unit);
    const set = await inCart(shop, (tx) =>
      quantity === 0 ? deleteCartItem(tx, accountId, unitId) : setCartQuantity(tx, accountId, { unitId, quantity }),
    );
    expect(set).toBe(there ? 'done' : 'CART_ITEM_NOT_FOUND');
    if (!there) return;
    if (quantity === 0) model.cartOf(buyer).delete(unit);
    else model.cartOf(buyer).set(unit, quantity);
  }),
);

interface Member {
  readonly buyer: number;
  /** Null: the cart. */
  readonly items: Quantities | null;
  readonly coupon: boolean;
}

const basket = fc
  .uniqueArray(fc.tuple(anyUnit, few), { minLength: 1, maxLength: 3, selector: ([unit]) => unit })
  .map((items): Quantities => new Map(items));
const members = fc.uniqueArray(
  fc.record({ buyer: anyBuyer, items: fc.option(basket, { freq: 4 }), coupon: mostly(false) }),
  { minLength: 1, maxLength: BUYERS, selector: ({ buyer }) => buyer },
);
const shownMember = ({ buyer, items, coupon }: Member): string =>
  `buyer ${buyer}: ${items === null ? 'cart' : shownMap(items)}${coupon ? ' with coupon' : ''}`;

/** One group of checkouts. The amount that the model expects is named, so that another one is refused. */
const checkOut = members.map((asked) =>
  command(`checkOut(${asked.map(shownMember).join('; ')})`, async (model, shop) => {
    const ready: { placement: Placement; items: Quantities; price: Price; member: Member }[] = [];
    for (const member of asked) {
      const items = new Map(member.items ?? model.cartOf(member.buyer));
      const price = model.priceOf(items, member.coupon);
      const expected = typeof price === 'string' ? 0 : price.amountMinor;
      const placement = await shop.prepare(member.buyer, member.items, member.coupon, expected);
      expect(outcomeOf(placement)).toBe(typeof price === 'string' ? price : 'done');
      if (!isRefusal(placement) && typeof price !== 'string') ready.push({ placement, items, price, member });
    }
    const placed = await shop.place(ready.map(({ placement }) => placement));
    const expected = model.reserve(ready.map(({ items }) => items));
    expect(placed.map(outcomeOf)).toEqual(expected);
    for (const [at, one] of placed.entries()) {
      const { price, items, member } = ready[at] as (typeof ready)[number];
      if (isRefusal(one)) continue;
      accept(model, shop, one, price, items);
      if (member.items === null) model.cartOf(member.buyer).clear();
    }
  }),
);

/** Takes over the placed orders, once their shares are checked to be fair: each within one of its exact share, and all of them together the amount. */
function accept(model: Model, shop: Shop, { checkoutId, orders }: Placed, price: Price, items: Quantities): void {
  const { amountMinor } = price;
  const state = { status: 'PENDING_PAYMENT' as const, late: false, dueMinor: amountMinor };
  const checkout: ModelCheckout = { id: checkoutId, amountMinor, ...state, reclaimed: new Set() };
  model.checkouts.push(checkout);
  const all = orders.flatMap(({ order }) => order.lines);
  const unitOf = (unitId: number): number => shop.unitIds.indexOf(unitId);
  const goods = new Map(all.map(({ unit }) => [unit.unitId, model.goodsOf(unitOf(unit.unitId), items)]));
  const goodsOf = (unitId: number): number => goods.get(unitId) ?? 0;
  expectFair(
    price.discountMinor,
    all.map((line) => [line.platformDiscount, goodsOf(line.unit.unitId)]),
  );
  for (const { orderId, order } of orders) {
    expectFair(
      price.shippingMinor.get(order.sellerId) ?? 0,
      order.lines.map((line) => [line.shippingFee, goodsOf(line.unit.unitId)]),
    );
    const lines = order.lines.map((line) => ({
      unit: unitOf(line.unit.unitId),
      quantity: items.get(unitOf(line.unit.unitId)) ?? 0,
      goodsMinor: goodsOf(line.unit.unitId) - line.platformDiscount,
      shippingMinor: line.shippingFee,
      cancelled: 0,
      returned: 0,
      restocked: 0,
    }));
    model.orders.push({ id: orderId, checkout, lines, history: ['PENDING_PAYMENT'], ripe: false });
  }
}

function expectFair(total: number, shares: readonly (readonly [share: number, weight: number])[]): void {
  expect(shares.reduce((sum, [share]) => sum + share, 0)).toBe(total);
  const weights = shares.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [share, weight] of shares) expect(Math.abs(share - (total * weight) / weights)).toBeLessThan(1);
}

async function payOne(model: Model, shop: Shop, checkout: ModelCheckout): Promise<void> {
  expect(outcomeOf(await pay(shop.db, checkout.id))).toBe(model.pay(checkout));
}

async function stepOne(model: Model, shop: Shop, order: ModelOrder, step: keyof typeof FORWARD): Promise<void> {
  const outcome =
    step === 'CONFIRM'
      ? await confirm(shop.db, order.id)
      : await inTransaction(shop.db, (tx) => advanceOrder(tx, order.id, step, seller));
  expect(outcomeOf(outcome)).toBe(model.step(order, step));
}

const payAny = anyOne.map((n) =>
  command(`pay(${n})`, (model, shop) => payOne(model, shop, nth(model.checkouts, n)), hasCheckouts),
);

const steps = Object.keys(FORWARD) as (keyof typeof FORWARD)[];
const stepAny = fc
  .tuple(anyOne, fc.constantFrom(...steps))
  .map(([n, step]) =>
    command(`step(${n}, ${step})`, (model, shop) => stepOne(model, shop, nth(model.orders, n), step), hasOrders),
  );

/** Random steps seldom come far: this one pays an order and takes as many steps as its state allows. */
const lead = fc.tuple(anyOne, fc.constantFrom(0, 1, 2, 3, 4, 4, 4, 4)).map(([n, most]) =>
  command(
    `lead(${n}, ${most})`,
    async (model, shop) => {
      const order = orderIn(['PENDING_PAYMENT', ...steps.map((step) => FORWARD[step][0])], model, n);
      if (order.history.at(-1) === 'PENDING_PAYMENT') await payOne(model, shop, order.checkout);
      for (const step of steps.slice(0, most))
        if (order.history.at(-1) === FORWARD[step][0]) await stepOne(model, shop, order, step);
    },
    hasOrders,
  ),
);

const parts: fc.Arbitrary<Parts> = fc.option(
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(1, 1, 1, 2), fc.constantFrom(1, 1, 1, 2, 3)), {
      minLength: 1,
      maxLength: 2,
      selector: ([line]) => line,
    })
    .map((lines) => new Map(lines)),
  { freq: 4 },
);
const wanted = (asked: Parts) =>
  asked && { parts: [...asked].map(([lineNumber, quantity]) => ({ lineNumber, quantity })) };

const cancelAny = fc.tuple(anyOne, parts).map(([n, asked]) =>
  command(
    `cancel(${n}, ${shownMap(asked)})`,
    async (model, shop) => {
      const order = orderIn(CANCELLABLE, model, n);
      const outcome = await cancel(shop.db, order.id, wanted(asked) ?? {});
      expect(outcomeOf(outcome)).toBe(model.cancel(order, asked));
    },
    hasOrders,
  ),
);

const returnAny = fc.tuple(anyOne, parts, fc.boolean()).map(([n, asked, restock]) =>
  command(
    `return(${n}, ${shownMap(asked)}, ${restock})`,
    async (model, shop) => {
      const order = orderIn(RETURNABLE, model, n);
      const outcome = await giveBack(shop.db, order.id, { ...wanted(asked), restock });
      expect(outcomeOf(outcome)).toBe(model.giveBack(order, asked, restock));
    },
    hasOrders,
  ),
);

const timeToPayPasses = anyOne.map((n) =>
  command(
    `timeToPayPasses(${n})`,
    async (model, shop) => {
      const checkout = nth(model.checkouts, n);
      checkout.late = true;
      await letExpire(shop.db, checkout.id);
    },
    hasCheckouts,
  ),
);

const weekPasses = anyOne.map((n) =>
  command(
    `weekPasses(${n})`,
    async (model, shop) => {
      const order = nth(model.orders, n);
      order.ripe = order.history.includes('DELIVERED');
      await shop.db.raw('UPDATE market_order SET delivered_at = delivered_at - INTERVAL 7 DAY WHERE order_id = ?', [
        order.id,
      ]);
    },
    hasOrders,
  ),
);

const rowsMax = 1_000;
const duties = fc.constantFrom('expire-checkouts', 'reclaim-stock', 'confirm-orders').map((duty) =>
  command(duty, async (model, shop) => {
    if (duty === 'expire-checkouts') {
      await expireCheckouts(shop.db, { rowsMax });
      model.expire();
    } else if (duty === 'reclaim-stock') {
      await reclaimExpired(shop.db, { rowsMax });
      for (const unit of UNITS.keys()) model.reclaim(unit);
    } else {
      await confirmDelivered(shop.db, config, { rowsMax });
      for (const order of model.orders) if (order.ripe) model.step(order, 'CONFIRM');
    }
  }),
);

const askStock = fc.constant(command('askStock', (_model, shop) => shop.expectOrderable()));

/** Sequences of all of them. Those come most often without which the others are refused. */
export const sequences = fc.commands(
  [
    ...[receive, checkOut, checkOut, checkOut, lead, lead, lead, cancelAny, cancelAny, cancelAny, returnAny, returnAny],
    ...[adjust, setPrice, fillCart, fillCart, changeCart, payAny, stepAny, timeToPayPasses, weekPasses],
    ...[duties, askStock],
  ],
  { maxCommands: 40, size: 'max' },
);
