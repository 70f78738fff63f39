/**
 * What a basket costs: split into one order per seller, every amount on a line. With quantity Q and list price u (its option included):
 * item amount A = Q × u; the sale price is the seller's discount; the promotion is the platform's, shared among all lines by A − Ds; the shipping
 * fee of a seller is shared among the lines of its order by A − Ds. So the amount of the group is that of its orders, and that of its lines.
 */
import { allocate } from '../../../kernel/allocate.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { ExactSum } from '../../../kernel/exact-sum.js';
import type { SaleInput } from '../../feed/rules/entry.js';
import { type ChosenPromotion, choosePromotion, type Promotion } from '../../promotions/rules/promotion.js';
import { paidBy } from './line-part.js';

/** Most units of a line. */
export const QUANTITY_MAX = 9_999;
/** Most lines of a cart and of a checkout. */
export const LINES_MAX = 100;

/** A unit as it is offered now. Prices in minor units, its option included. */
export interface Offer {
  readonly sellerId: string;
  readonly currency: string;
  readonly listPriceMinor: number;
  /** Null: not on sale. */
  readonly salePriceMinor: number | null;
}

export interface BasketItem<T extends Offer> {
  readonly unit: T;
  readonly quantity: number;
}

/** What a seller takes for sending an order in a currency, in minor units. */
export interface ShippingTerms {
  readonly feeMinor: number;
  /** Orders whose goods cost this much, after the seller's discounts, are sent for nothing; null: never. */
  readonly freeFromMinor: number | null;
}

export interface PricedLine<T extends Offer> extends SaleInput {
  readonly lineNumber: number;
  readonly unit: T;
  readonly unitPriceMinor: number;
  /** What the buyer pays. */
  readonly amountMinor: number;
}

export interface Amounts {
  readonly itemAmount: number;
  readonly sellerDiscount: number;
  readonly platformDiscount: number;
  readonly shippingFee: number;
  readonly amountMinor: number;
}

export interface PricedOrder<T extends Offer> extends Amounts {
  readonly sellerId: string;
  readonly lines: readonly PricedLine<T>[];
}

export interface PricedBasket<T extends Offer> extends Amounts {
  readonly currency: string;
  readonly promotionId: number | null;
  readonly orders: readonly PricedOrder<T>[];
}

export interface PricingTerms {
  /** By seller; one without terms sends for nothing. */
  readonly shipping: ReadonlyMap<string, ShippingTerms>;
  readonly promotions: readonly Promotion[];
  readonly promotionCode: string | null;
}

/** Prices a basket of at least one item. Refuses with CURRENCY_MIXED, AMOUNT_OUT_OF_RANGE or PROMOTION_NOT_APPLICABLE. */
export function priceBasket<T extends Offer>(
  items: readonly BasketItem<T>[],
  terms: PricingTerms,
): PricedBasket<T> | Refusal {
  const currencies = [...new Set(items.map(({ unit }) => unit.currency))].sort();
  const [currency] = currencies;
  if (currency === undefined) throw new Error('the basket is empty');
  if (currencies.length > 1) return refuse('CURRENCY_MIXED', { currencies });
  const goods = items.map(({ unit, quantity }) => ({ unit, ...goodsOf(unit, quantity) }));
  // Bounds every sum and every share of a sum below.
  if (!fits(goods, terms)) return refuse('AMOUNT_OUT_OF_RANGE', { currency });
  const weights = goods.map(({ itemAmount, sellerDiscount }) => itemAmount - sellerDiscount);
  const promotion = choosePromotion(terms.promotions, weights.reduce(plus, 0), terms.promotionCode);
  if (isRefusal(promotion)) return promotion;
  return assemble(currency, goods, promotion, weights, terms.shipping);
}

type Goods<T extends Offer> = ReturnType<typeof goodsOf> & { readonly unit: T };

const goodsOf = (unit: Offer, quantity: number) => ({
  quantity,
  unitPriceMinor: unit.listPriceMinor,
  itemAmount: unit.listPriceMinor * quantity,
  sellerDiscount: (unit.listPriceMinor - (unit.salePriceMinor ?? unit.listPriceMinor)) * quantity,
});

function fits(goods: readonly Goods<Offer>[], { shipping }: PricingTerms): boolean {
  const sum = new ExactSum();
  for (const { unitPriceMinor, quantity } of goods) sum.addProduct(unitPriceMinor, quantity);
  for (const { feeMinor } of shipping.values()) sum.add(feeMinor);
  return !Number.isNaN(sum.safeValue());
}

function assemble<T extends Offer>(
  currency: string,
  goods: readonly Goods<T>[],
  { promotionId, discountMinor }: ChosenPromotion,
  weights: readonly number[],
  shipping: ReadonlyMap<string, ShippingTerms>,
): PricedBasket<T> {
  const discounts = allocate(discountMinor, weights);
  const discounted = goods.map((line, index) => ({ ...line, platformDiscount: discounts[index] ?? 0 }));
  const sellers = [...new Set(goods.map(({ unit }) => unit.sellerId))];
  const orders = sellers.map((sellerId): PricedOrder<T> => {
    const own = discounted.filter(({ unit }) => unit.sellerId === sellerId);
    const shares = own.map(({ itemAmount, sellerDiscount }) => itemAmount - sellerDiscount);
    const fees = allocate(shippingFeeOf(shipping.get(sellerId), shares.reduce(plus, 0)), shares);
    const lines = own.map((line, index) => {
      const amounts = { ...line, lineNumber: index + 1, shippingFee: fees[index] ?? 0 };
      return { ...amounts, amountMinor: paidBy(amounts) };
    });
    return { sellerId, lines, ...sumOf(lines) };
  });
  return { currency, promotionId, orders, ...sumOf(orders) };
}

const plus = (a: number, b: number): number => a + b;

/** What a seller takes for sending goods of this price, after its own discounts. */
const shippingFeeOf = (terms: ShippingTerms | undefined, goodsMinor: number): number =>
  terms === undefined || (terms.freeFromMinor !== null && goodsMinor >= terms.freeFromMinor) ? 0 : terms.feeMinor;

/** The sums of the parts. */
const sumOf = (parts: readonly Amounts[]): Amounts => ({
  itemAmount: parts.reduce((sum, part) => sum + part.itemAmount, 0),
  sellerDiscount: parts.reduce((sum, part) => sum + part.sellerDiscount, 0),
  platformDiscount: parts.reduce((sum, part) => sum + part.platformDiscount, 0),
  shippingFee: parts.reduce((sum, part) => sum + part.shippingFee, 0),
  amountMinor: parts.reduce((sum, part) => sum + part.amountMinor, 0),
});
