/**
 * Entries of the settlement feed as they are accepted: immutable once stored. Amounts are minor units, dates business dates.
 */
import { addDays } from '../../../kernel/business-date.js';

/** The largest quantity of a line; the feed refuses more. */
export const MAX_QUANTITY = 1_000_000;

/** Characters of a refund's reason at most. */
export const REASON_MAX = 255;

/** What a sale's figures, and the amounts that a refund of it takes back, are computed from. */
export interface SaleInput {
  readonly quantity: number;
  readonly itemAmount: number;
  readonly shippingFee: number;
  readonly sellerDiscount: number;
  readonly platformDiscount: number;
}

/** One confirmed order line. Its natural key is (`orderId`, `lineId`). */
export interface SaleEntry {
  readonly orderId: string;
  readonly lineId: string;
  readonly sellerId: string;
  /** Empty if the seller's system gives none; the same holds for the category. */
  readonly productId: string;
  readonly category: string;
  readonly quantity: number;
  readonly unitPrice: number;
  /** quantity × unitPrice. */
  readonly itemAmount: number;
  readonly sellerDiscount: number;
  readonly platformDiscount: number;
  readonly shippingFee: number;
  readonly currency: string;
  readonly orderedOn: string;
  /** The date the sale was confirmed; a late entry is settled on another one. */
  readonly occurredOn: string;
}

/** Some units of one sale taken back. Its natural key is `refundId`. */
export interface RefundEntry {
  readonly refundId: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly quantity: number;
  /** The date of the refund; a late entry is settled on another one. */
  readonly occurredOn: string;
  readonly reason: string;
}

/** The date an entry is settled on: its own, unless the dates before `lateOn` were closed when it came. */
export function settlementDateOf(occurredOn: string, lateOn: string | null): string {
  return lateOn !== null && occurredOn < lateOn ? lateOn : occurredOn;
}

/** The first date that takes entries when those up to `shutThrough` are shut: late entries are settled on it. Null while every date takes entries. */
export const nextOpenDate = (shutThrough: string | null): string | null =>
  shutThrough === null ? null : addDays(shutThrough, 1);

/** ISO dates sort as text. */
export const laterDate = (a: string, b: string): string => (a < b ? b : a);

/** The names of one sale line. */
export interface LineKey {
  readonly orderId: string;
  readonly lineId: string;
}

/** A line's names as one text; ids hold no tab. */
export const lineKey = ({ orderId, lineId }: LineKey): string => `${orderId}\t${lineId}`;
