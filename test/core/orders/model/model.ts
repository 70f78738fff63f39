/**
 * What stock, carts, orders and money are meant to do, without a database. Stock is not moved here: what is held and sold follows from the orders
 * and from how many of their units have left. Amounts of parts follow from two counters of their line, and not from the parts that left before.
 */

export interface ModelProduct {
  readonly sellerId: string;
  listMinor: number;
  saleMinor: number | null;
  active: boolean;
}

interface ModelUnit {
  readonly product: number;
  /** Added to the price of the product. */
  readonly differenceMinor: number;
  received: number;
}

export interface ModelLine {
  readonly unit: number;
  readonly quantity: number;
  /** What the buyer pays for the goods, and its share of the seller's shipping fee. */
  readonly goodsMinor: number;
  readonly shippingMinor: number;
  cancelled: number;
  returned: number;
  /** Of what was returned: what can be sold again. */
  restocked: number;
}

export interface ModelCheckout {
  readonly id: number;
  readonly amountMinor: number;
  status: 'PENDING_PAYMENT' | 'PAID' | 'CANCELLED' | 'EXPIRED';
  /** Its time to pay has passed. */
  late: boolean;
  dueMinor: number;
  /** Units that it held and that were given back because it is late. */
  readonly reclaimed: Set<number>;
}

export interface ModelOrder {
  readonly id: number;
  readonly checkout: ModelCheckout;
  readonly lines: readonly ModelLine[];
  /** The last one is its state. */
  readonly history: string[];
  /** It was delivered a week ago. */
  ripe: boolean;
}

export type Quantities = ReadonlyMap<number, number>;
/** Null: all that is left. Else by line number. */
export type Parts = Quantities | null;
/** `done`, or the code of the refusal. */
export type Outcome = string;

/** A promotion that takes an amount off for everybody, and one that takes a percentage off for buyers who name it. */
export const AUTOMATIC = { amountMinor: 777, minimumMinor: 20_000 };
export const COUPON = { code: 'COUPON', percent: 13, minimumMinor: 5_000 };
/** By seller: what sending costs, and from which price of the goods on it costs nothing. */
export const SHIPPING: Readonly<Record<string, { feeMinor: number; freeFromMinor: number | null }>> = {
  S1: { feeMinor: 2_501, freeFromMinor: 30_000 },
  S2: { feeMinor: 3_000, freeFromMinor: null },
};
/** The units with the products that they belong to: three sellers, one product with two options. */
export const PRODUCTS: readonly Readonly<ModelProduct>[] = [
  { sellerId: 'S1', listMinor: 10_000, saleMinor: 9_001, active: true },
  { sellerId: 'S1', listMinor: 333, saleMinor: null, active: true },
  { sellerId: 'S2', listMinor: 7_777, saleMinor: 7_000, active: true },
  { sellerId: 'S3', listMinor: 1_000, saleMinor: null, active: true },
];
export const UNITS = [
  { product: 0, differenceMinor: 0 },
  { product: 1, differenceMinor: 0 },
  { product: 2, differenceMinor: 0 },
  { product: 2, differenceMinor: 101 },
  { product: 3, differenceMinor: 0 },
];
export const BUYERS = 2;
/** Of each unit, to begin with. */
export const FIRST_STOCK = 9;

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0);
const last = (history: readonly string[]): string => history.at(-1) ?? '';

/** What a basket costs before it is shared among its lines. */
export interface Price {
  readonly goodsMinor: number;
  readonly discountMinor: number;
  /** By seller. */
  readonly shippingMinor: ReadonlyMap<string, number>;
  readonly amountMinor: number;
}

export class Model {
  readonly products = PRODUCTS.map((product): ModelProduct => ({ ...product }));
  readonly units = UNITS.map((unit): ModelUnit => ({ ...unit, received: FIRST_STOCK }));
  readonly carts = Array.from({ length: BUYERS }, () => new Map<number, number>());
  readonly checkouts: ModelCheckout[] = [];
  readonly orders: ModelOrder[] = [];

  /** Available, held, sold. */
  stockOf(unit: number): readonly [number, number, number] {
    let held = 0;
    let sold = 0;
    for (const { checkout, history, lines } of this.orders)
      for (const line of lines) {
        if (line.unit !== unit || last(history) === 'EXPIRED') continue;
        const open = line.quantity - line.cancelled;
        if (checkout.status === 'PAID') sold += open - line.restocked;
        else if (!checkout.reclaimed.has(unit)) held += open;
      }
    return [(this.units[unit]?.received ?? 0) - held - sold, held, sold];
  }

  /** How many can be ordered, as everybody may ask. */
  orderable = (unit: number): number => (this.productOf(unit).active ? this.stockOf(unit)[0] : 0);

  add(unit: number, by: number): Outcome {
    if (this.stockOf(unit)[0] + by < 0) return 'STOCK_INSUFFICIENT_TO_ADJUST';
    (this.units[unit] as ModelUnit).received += by;
    return 'done';
  }

  addToCart(buyer: number, unit: number, quantity: number): Outcome {
    if (!this.productOf(unit).active) return 'UNIT_NOT_FOR_SALE';
    const cart = this.cartOf(buyer);
    if (cart.has(unit)) return 'ALREADY_IN_CART';
    cart.set(unit, quantity);
    return 'done';
  }

  changeOption(buyer: number, unit: number, other: number): Outcome {
    if (!this.productOf(other).active) return 'UNIT_NOT_FOR_SALE';
    if (this.units[unit]?.product !== this.units[other]?.product) return 'UNIT_OF_OTHER_PRODUCT';
    const cart = this.cartOf(buyer);
    const quantity = cart.get(unit);
    if (quantity === undefined) return 'CART_ITEM_NOT_FOUND';
    if (unit === other) return 'done';
    if (cart.has(other)) return 'ALREADY_IN_CART';
    cart.delete(unit);
    cart.set(other, quantity);
    return 'done';
  }

  /** What these units cost now, or why they cannot be ordered. */
  priceOf(items: Quantities, coupon: boolean): Price | Outcome {
    if (items.size === 0) return 'CART_EMPTY';
    const units = [...items.keys()];
    if (!units.every((unit) => this.productOf(unit).active)) return 'UNIT_NOT_FOR_SALE';
    const goodsMinor = sum(units.map((unit) => this.goodsOf(unit, items)));
    if (coupon && goodsMinor < COUPON.minimumMinor) return 'PROMOTION_NOT_APPLICABLE';
    const discountMinor = Math.max(
      goodsMinor < AUTOMATIC.minimumMinor ? 0 : AUTOMATIC.amountMinor,
      coupon ? Math.floor((goodsMinor * COUPON.percent) / 100) : 0,
    );
    const shippingMinor = new Map<string, number>();
    for (const sellerId of new Set(units.map((unit) => this.productOf(unit).sellerId))) {
      const own = units.filter((unit) => this.productOf(unit).sellerId === sellerId);
      const { feeMinor, freeFromMinor } = SHIPPING[sellerId] ?? { feeMinor: 0, freeFromMinor: null };
      const goods = sum(own.map((unit) => this.goodsOf(unit, items)));
      shippingMinor.set(sellerId, goods >= (freeFromMinor ?? Number.POSITIVE_INFINITY) ? 0 : feeMinor);
    }
    const amountMinor = goodsMinor - discountMinor + sum(shippingMinor.values());
    return { goodsMinor, discountMinor, shippingMinor, amountMinor };
  }

  /** Whether there is enough of all units; where there is not, what late checkouts hold is taken back first. Baskets are served in their order. */
  reserve(baskets: readonly Quantities[]): Outcome[] {
    const left = this.units.map((_, unit) => {
      const wanted = sum(baskets.map((basket) => basket.get(unit) ?? 0));
      if (wanted > this.stockOf(unit)[0]) this.reclaim(unit);
      return this.stockOf(unit)[0];
    });
    return baskets.map((basket) => {
      if ([...basket].some(([unit, quantity]) => quantity > (left[unit] ?? 0))) return 'INSUFFICIENT_STOCK';
      for (const [unit, quantity] of basket) left[unit] = (left[unit] ?? 0) - quantity;
      return 'done';
    });
  }

  /** Late checkouts hold nothing of the unit any more. */
  reclaim(unit: number): void {
    for (const checkout of this.checkouts)
      if (checkout.status === 'PENDING_PAYMENT' && checkout.late) checkout.reclaimed.add(unit);
  }

  pay(checkout: ModelCheckout): Outcome {
    const late = checkout.late && checkout.status === 'PENDING_PAYMENT';
    if (late || checkout.status === 'EXPIRED') return 'CHECKOUT_EXPIRED';
    if (checkout.status !== 'PENDING_PAYMENT') return 'CHECKOUT_STATE_CONFLICT';
    this.end(checkout, 'PAID');
    return 'done';
  }

  /** The duty that ends late checkouts. */
  expire(): void {
    for (const checkout of this.checkouts)
      if (checkout.status === 'PENDING_PAYMENT' && checkout.late) this.end(checkout, 'EXPIRED');
  }

  step({ history }: ModelOrder, step: keyof typeof FORWARD): Outcome {
    const [from, to] = FORWARD[step];
    if (last(history) !== from) return 'ORDER_STATE_CONFLICT';
    history.push(to);
    return 'done';
  }

  cancel(order: ModelOrder, parts: Parts): Outcome {
    const { checkout, history, lines } = order;
    const state = last(history);
    if (!CANCELLABLE.includes(state)) return 'ORDER_STATE_CONFLICT';
    const pending = state === 'PENDING_PAYMENT';
    if (pending && checkout.late) return 'CHECKOUT_EXPIRED';
    const refusal = take(lines, parts, (line, quantity) => {
      line.cancelled += quantity;
    });
    if (refusal !== undefined) return refusal;
    const nothingLeft = lines.every((line) => openOf(line) === 0);
    history.push(...(nothingLeft ? (pending ? ['CANCELLED'] : ['CANCELLING', 'CANCELLED']) : [state]));
    if (!pending) return 'done';
    checkout.dueMinor = checkout.amountMinor - sum(this.ordersOf(checkout).map(goneOf));
    if (this.ordersOf(checkout).every((one) => last(one.history) === 'CANCELLED')) checkout.status = 'CANCELLED';
    return 'done';
  }

  giveBack({ history, lines }: ModelOrder, parts: Parts, restock: boolean): Outcome {
    if (!RETURNABLE.includes(last(history))) return 'ORDER_STATE_CONFLICT';
    const refusal = take(lines, parts, (line, quantity) => {
      line.returned += quantity;
      if (restock) line.restocked += quantity;
    });
    if (refusal !== undefined) return refusal;
    history.push(lines.every((line) => openOf(line) === 0) ? 'REFUNDED' : 'PARTLY_REFUNDED');
    return 'done';
  }

  productOf = (unit: number): ModelProduct => this.products[this.units[unit]?.product ?? 0] as ModelProduct;
  cartOf = (buyer: number): Map<number, number> => this.carts[buyer] as Map<number, number>;
  goodsOf(unit: number, items: Quantities): number {
    const { listMinor, saleMinor } = this.productOf(unit);
    return ((saleMinor ?? listMinor) + (this.units[unit]?.differenceMinor ?? 0)) * (items.get(unit) ?? 0);
  }

  private ordersOf = (checkout: ModelCheckout): ModelOrder[] => this.orders.filter((one) => one.checkout === checkout);

  private end(checkout: ModelCheckout, status: 'PAID' | 'EXPIRED'): void {
    checkout.status = status;
    for (const { history } of this.ordersOf(checkout)) if (last(history) === 'PENDING_PAYMENT') history.push(status);
  }
}

export const CANCELLABLE: readonly string[] = ['PENDING_PAYMENT', 'PAID', 'PREPARING'];
export const RETURNABLE: readonly string[] = ['CONFIRMED', 'PARTLY_REFUNDED'];

/** The steps that lead on, each from one state to another. */
export const FORWARD = {
  PREPARE: ['PAID', 'PREPARING'],
  SHIP: ['PREPARING', 'SHIPPED'],
  DELIVER: ['SHIPPED', 'DELIVERED'],
  CONFIRM: ['DELIVERED', 'CONFIRMED'],
} as const;

const openOf = (line: ModelLine): number => line.quantity - line.cancelled - line.returned;

/** Takes units of all lines or of none. */
function take(
  lines: readonly ModelLine[],
  parts: Parts,
  each: (line: ModelLine, quantity: number) => void,
): Outcome | undefined {
  const wanted = parts ?? new Map(lines.map((line, at) => [at + 1, openOf(line)]));
  for (const [lineNumber, quantity] of wanted) {
    const line = lines[lineNumber - 1];
    if (line === undefined) return 'ORDER_LINE_NOT_FOUND';
    if (quantity > openOf(line)) return 'QUANTITY_EXCEEDS_ORDER';
  }
  for (const [lineNumber, quantity] of wanted) each(lines[lineNumber - 1] as ModelLine, quantity);
  return undefined;
}

/** What the units that were cancelled, and then those that were returned, carry of the price of a line's goods. */
export function goneGoods({ goodsMinor, quantity, cancelled, returned }: ModelLine): readonly [number, number] {
  const byCancellation = Math.floor((goodsMinor * cancelled) / quantity);
  if (cancelled === quantity) return [byCancellation, 0];
  return [byCancellation, Math.floor(((goodsMinor - byCancellation) * returned) / (quantity - cancelled))];
}

/** What the buyer got back of an order, or need not pay: shipping goes with the last unit of its line. */
export const goneOf = ({ lines }: ModelOrder): number =>
  sum(lines.map((line) => sum(goneGoods(line)) + (openOf(line) === 0 ? line.shippingMinor : 0)));
