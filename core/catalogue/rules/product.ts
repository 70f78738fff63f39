/**
 * Products, their options and reviews: what may be said of them and how they change.
 *
 * A sale price has no period: it holds from the edit that sets it to the edit that removes it. So the price at which a product is
 * found and sorted is a stored figure that only an edit moves, and an index can carry it.
 */
import { currencyExponent } from '../../../kernel/currency.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { MAX_MINOR } from '../../../kernel/money.js';

/**
 * DRAFT: being written, nobody but its seller and staff sees it. ACTIVE: sold. SOLD_OUT: shown, not sold. HIDDEN: taken out of sight.
 */
export const PRODUCT_STATUSES = ['DRAFT', 'ACTIVE', 'SOLD_OUT', 'HIDDEN'] as const;
export type ProductStatus = (typeof PRODUCT_STATUSES)[number];

/** What may follow each status. Nothing becomes a draft again: it may have been ordered. */
const NEXT: Readonly<Record<ProductStatus, readonly ProductStatus[]>> = {
  DRAFT: ['ACTIVE', 'HIDDEN'],
  ACTIVE: ['SOLD_OUT', 'HIDDEN'],
  SOLD_OUT: ['ACTIVE', 'HIDDEN'],
  HIDDEN: ['ACTIVE', 'SOLD_OUT'],
};

/** Whether everybody sees products of the status, in lists and by their address. */
export const isListed = (status: ProductStatus): boolean => status === 'ACTIVE' || status === 'SOLD_OUT';

export const NAME_MAX = 100;
export const DESCRIPTION_MAX = 5_000;
export const OPTIONS_MAX = 100;
export const REVIEW_MAX = 2_000;

/** The part of a product that the rules speak of. Amounts in minor units of the currency. */
export interface ProductTerms {
  readonly status: ProductStatus;
  readonly currency: string;
  readonly priceMinor: number;
  readonly salePriceMinor: number | null;
}

/** The changes to a product; absent fields stay as they are. */
export type ProductChange = {
  readonly [K in 'status' | 'priceMinor' | 'salePriceMinor']?: ProductTerms[K] | undefined;
};

/** What a buyer pays for the product without an option. */
export const effectivePrice = (product: Pick<ProductTerms, 'priceMinor' | 'salePriceMinor'>): number =>
  product.salePriceMinor ?? product.priceMinor;

/**
 * The terms after a change; `differences` are those of the product's options. Refuses with CURRENCY_UNKNOWN, PRICE_INVALID,
 * PRODUCT_STATUS_CONFLICT. An edit that names the status that the product has is no step.
 */
export function changeProduct<T extends ProductTerms>(
  product: T,
  change: ProductChange,
  differences: readonly number[],
): T | Refusal {
  const changed = {
    ...product,
    status: change.status ?? product.status,
    priceMinor: change.priceMinor ?? product.priceMinor,
    salePriceMinor: change.salePriceMinor === undefined ? product.salePriceMinor : change.salePriceMinor,
  };
  if (changed.status !== product.status && !NEXT[product.status].includes(changed.status))
    return refuse('PRODUCT_STATUS_CONFLICT', { status: product.status, allowed: NEXT[product.status] });
  return priceFault(changed, differences) ?? changed;
}

/**
 * Why these prices cannot stand, if they cannot: a price is above 0, a sale price below the price, and no option may take either down
 * to 0. Refuses with CURRENCY_UNKNOWN or PRICE_INVALID.
 */
export function priceFault(product: ProductTerms, differences: readonly number[]): Refusal | undefined {
  const { currency, priceMinor, salePriceMinor } = product;
  if (currencyExponent(currency) === undefined) return refuse('CURRENCY_UNKNOWN', { currency });
  if (!isAmount(priceMinor) || priceMinor <= 0) return refuse('PRICE_INVALID', { priceMinor });
  if (salePriceMinor !== null && (!isAmount(salePriceMinor) || salePriceMinor <= 0 || salePriceMinor >= priceMinor))
    return refuse('PRICE_INVALID', { priceMinor, salePriceMinor });
  const lowest = effectivePrice(product);
  const wrong = differences.find((difference) => lowest + difference <= 0 || priceMinor + difference > MAX_MINOR);
  return wrong === undefined
    ? undefined
    : refuse('PRICE_INVALID', { effectivePriceMinor: lowest, priceDifferenceMinor: wrong });
}

const isAmount = (value: number): boolean => Number.isSafeInteger(value) && value <= MAX_MINOR;

/** Stars of a review. */
export const STARS_MIN = 1;
export const STARS_MAX = 5;

/** Mean stars with one decimal, ties up; null without reviews. Integers only: 4.25 shows as 4.3 on every machine. */
export function averageStars(starSum: number, reviews: number): number | null {
  return reviews === 0 ? null : Math.floor((starSum * 20 + reviews) / (2 * reviews)) / 10;
}

/** SHOWN, or REMOVED by staff: its stars no longer count and its author cannot write another. */
export const REVIEW_STATUSES = ['SHOWN', 'REMOVED'] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];
