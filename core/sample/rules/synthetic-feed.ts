/**
 * A synthetic day of a marketplace, the same on every machine for the same arguments: entry number n is computed from n
 * alone, so any part of it can be generated again, in any order, without state. Integers only, except where IEEE 754 fixes
 * the result (square roots, quotients).
 */
import { addDays } from '../../../kernel/business-date.js';
import type { RefundEntry, SaleEntry } from '../../feed/rules/entry.js';

export interface SyntheticFeedOptions {
  /** The date that gets exactly `lines` sales. */
  readonly date: string;
  readonly lines: number;
  readonly sellers: number;
  /** Part of every key and of every draw: another seed gives other entries. 1 to 24 of `A-Z a-z 0-9 . _ -`. */
  readonly seed: string;
}

/** A refund with what earlier refunds of its sale took. */
export type SyntheticRefund = RefundEntry & { readonly priorQuantity: number };

/** One slot in this many holds a sale of a later date, so that the ids of the dates are interleaved. */
const BLOCK_SLOTS = 21;
/** How eight lines are spread over five orders of one to three lines: the order of each, and its line in it. */
const ORDER_OF_LINE = [0, 1, 1, 2, 3, 3, 3, 4] as const;
const LINE_IDS = ['1', '1', '2', '1', '1', '2', '3', '1'] as const;
const PATTERN_LINES = 8;
const PATTERN_ORDERS = 5;
const PRODUCTS = 5_000;
const BESTSELLERS = 20;
const REFUNDED_PER_THOUSAND = 28;
const ORDERED_DAYS_BEFORE = 14;
const LATER_DAYS = 3;
const REFUND_DAYS = 7;

/** Categories by product number, round and round; an empty one is none. */
export const SYNTHETIC_CATEGORIES = [
  '패션',
  '가전',
  '식품',
  '신발',
  '가구',
  '도서',
  '화장품',
  '완구',
  '스포츠',
  '문구',
  '자동차 용품',
  '',
] as const;

const REFUND_REASONS = ['단순 변심', '상품 불량', '오배송', '배송 지연', ''] as const;

/** How prices look in one currency, in minor units. */
interface PriceList {
  readonly currency: string;
  readonly priceBase: number;
  readonly priceSteps: number;
  readonly priceStep: number;
  readonly discountStep: number;
  readonly shippingFees: readonly [number, number];
}
const KRW: PriceList = {
  currency: 'KRW',
  priceBase: 1_000,
  priceSteps: 2_000,
  priceStep: 100,
  discountStep: 10,
  shippingFees: [2_500, 3_000],
};
const USD: PriceList = {
  currency: 'USD',
  priceBase: 199,
  priceSteps: 30_000,
  priceStep: 1,
  discountStep: 1,
  shippingFees: [499, 999],
};
const JPY: PriceList = {
  currency: 'JPY',
  priceBase: 100,
  priceSteps: 3_000,
  priceStep: 10,
  discountStep: 1,
  shippingFees: [500, 800],
};

export class SyntheticFeed {
  /** Sale entries in all, those of later dates included; they are numbered from 0. */
  readonly slots: number;
  readonly laterEntries: number;
  /** Every date that an entry may have. */
  readonly dates: readonly string[];
  private readonly keyPrefix: string;
  private readonly seedHash: number;
  private readonly sellerShares: Float64Array;
  private readonly orderDates: readonly string[];
  private readonly draws = new Draws();

  constructor(readonly options: SyntheticFeedOptions) {
    const { date, lines, sellers, seed } = options;
    this.laterEntries = Math.floor(lines / (BLOCK_SLOTS - 1));
    this.slots = lines + this.laterEntries;
    this.dates = Array.from({ length: REFUND_DAYS + 1 }, (_, days) => addDays(date, days));
    this.orderDates = Array.from({ length: ORDERED_DAYS_BEFORE + 1 }, (_, days) => addDays(date, -days));
    this.keyPrefix = `${date.replaceAll('-', '')}-${seed}-`;
    this.seedHash = hashText(`${date}/${seed}`);
    this.sellerShares = cumulativeShares(sellers);
  }

  /** The sale of slot n (0 to `slots` − 1). */
  sale(slot: number): SaleEntry {
    const draws = this.draws.restart(this.seedHash, slot);
    const rank = 1 + firstAbove(this.sellerShares, draws.next() / 2 ** 32);
    const prices = priceListOf(rank);
    const product = 1 + draws.below(draws.below(10) === 0 ? BESTSELLERS : PRODUCTS);
    const quantity = drawQuantity(draws);
    const expensive = draws.below(50) === 0 ? 10 : 1;
    const unitPrice = (prices.priceBase + draws.below(prices.priceSteps) * prices.priceStep) * expensive;
    const itemAmount = quantity * unitPrice;
    const sellerDiscount = drawDiscount(draws, itemAmount, 25, 30, prices.discountStep);
    const platformDiscount = drawDiscount(draws, itemAmount - sellerDiscount, 15, 15, prices.discountStep);
    const shipped = draws.below(4);
    const later = this.isLater(slot) ? 1 + draws.below(LATER_DAYS) : 0;
    return {
      orderId: this.keyPrefix + padded(orderNumberOf(slot), 9),
      lineId: lineIdOf(slot),
      sellerId: syntheticSellerId(rank),
      productId: syntheticProductId(product),
      category: SYNTHETIC_CATEGORIES[product % SYNTHETIC_CATEGORIES.length] ?? '',
      quantity,
      unitPrice,
      itemAmount,
      sellerDiscount,
      platformDiscount,
      shippingFee: shipped < 2 ? (prices.shippingFees[shipped] ?? 0) : 0,
      currency: prices.currency,
      orderedOn: this.orderDates[draws.below(ORDERED_DAYS_BEFORE + 1)] ?? this.options.date,
      occurredOn: this.dates[later] ?? this.options.date,
    };
  }

  /** Whether the sale of the slot belongs to a date after the seeded one. */
  isLater(slot: number): boolean {
    const block = Math.floor(slot / BLOCK_SLOTS);
    const complete = (block + 1) * BLOCK_SLOTS <= this.slots;
    return complete && slot % BLOCK_SLOTS === scramble(this.seedHash ^ block) % BLOCK_SLOTS;
  }

  /** The refunds of the slot's sale in the order they are accepted; mostly none. */
  refunds(slot: number): readonly SyntheticRefund[] {
    const luck = scramble(scramble(this.seedHash + 0x5eed) ^ slot);
    if (luck % 1_000 >= REFUNDED_PER_THOUSAND || this.isLater(slot)) return [];
    const { orderId, lineId, quantity } = this.sale(slot);
    const draws = this.draws.restart(this.seedHash ^ 0x2ef0d, slot);
    const refunds: SyntheticRefund[] = [];
    let day = draws.below(2) === 0 ? 0 : 1 + draws.below(REFUND_DAYS);
    let priorQuantity = 0;
    for (const part of drawParts(draws, quantity)) {
      refunds.push({
        refundId: `R${orderId}-${lineId}-${refunds.length + 1}`,
        orderId,
        lineId,
        quantity: part,
        priorQuantity,
        occurredOn: this.dates[day] ?? this.options.date,
        reason: REFUND_REASONS[draws.below(REFUND_REASONS.length)] ?? '',
      });
      priorQuantity += part;
      day = Math.min(REFUND_DAYS, day + draws.below(3));
    }
    return refunds;
  }
}

const orderNumberOf = (slot: number): number =>
  Math.floor(slot / PATTERN_LINES) * PATTERN_ORDERS + (ORDER_OF_LINE[slot % PATTERN_LINES] ?? 0);

const lineIdOf = (slot: number): string => LINE_IDS[slot % PATTERN_LINES] ?? '1';

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** The seller of a rank, from 1. */
export const syntheticSellerId = (rank: number): string => `seller-${padded(rank, 6)}`;

/** The product of a number, from 1. */
export const syntheticProductId = (product: number): string => `P${padded(product, 6)}`;

/** What the seller of a rank sells in. */
export const syntheticCurrency = (rank: number): string => priceListOf(rank).currency;

/** Most sellers sell in won; a few in dollars and yen. */
function priceListOf(rank: number): PriceList {
  if (rank % 23 === 7) return USD;
  return rank % 29 === 11 ? JPY : KRW;
}

function drawQuantity(draws: Draws): number {
  const luck = draws.below(100);
  if (luck < 70) return 1;
  if (luck < 90) return 2 + draws.below(2);
  return luck < 99 ? 4 + draws.below(7) : 11 + draws.below(40);
}

/** `chance` percent of the lines get 1 to `percentMax` percent off, in whole steps. */
function drawDiscount(draws: Draws, amount: number, chance: number, percentMax: number, step: number): number {
  const percent = draws.below(100) < chance ? 1 + draws.below(percentMax) : 0;
  return Math.floor((amount * percent) / (100 * step)) * step;
}

/** Quantities of the refunds of one sale: all at once, a part of it, or up to three parts. */
function drawParts(draws: Draws, quantity: number): number[] {
  const kind = draws.below(100);
  if (quantity === 1 || kind < 40) return [quantity];
  const parts = [1 + draws.below(quantity - 1)];
  let left = quantity - (parts[0] ?? 0);
  while (kind >= 70 && left > 0 && parts.length < 3) {
    const part = 1 + draws.below(left);
    parts.push(part);
    left -= part;
  }
  return parts;
}

/** Shares of the sellers by rank, added up to 1: proportional to 1 / rank^1.25, so that ten of a thousand hold most lines. */
function cumulativeShares(sellers: number): Float64Array {
  const shares = new Float64Array(sellers);
  let sum = 0;
  for (let index = 0; index < sellers; index += 1) {
    const rank = index + 1;
    sum += 1 / (rank * Math.sqrt(Math.sqrt(rank)));
    shares[index] = sum;
  }
  return shares.map((share) => share / sum);
}

/** The index of the first value above `x` (< 1) in an ascending list that ends in 1. */
function firstAbove(values: Float64Array, x: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 1) > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A bijection of the 32-bit integers that leaves no pattern (the finalizer of Ettinger's triple32, shortened to two rounds). */
function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The draws of one entry: a counter, scrambled. */
class Draws {
  private state = 0;

  restart(seed: number, slot: number): this {
    this.state = scramble(scramble(seed) ^ slot);
    return this;
  }

  /** 0 to 2^32 − 1. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    return scramble(this.state);
  }

  /** 0 to n − 1. */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }
}
