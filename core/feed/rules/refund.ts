/** The conditions of a new refund, whoever writes it, and the row that is stored for it. Sections 2 and 4 of docs/settlement-rules.md. */
import type { ErrorCode } from '../../../kernel/errors.js';
import type { RefundEntry, SaleEntry } from './entry.js';
import { reversedAmounts } from './reversed-amounts.js';

/** A refund comes from a file or from the platform's own shop, and takes back only sales of the same origin. */
export type RefundSource = 'file' | 'shop';

/** A stored sale, as far as a refund of it needs it. */
export type RefundedSale = SaleEntry & {
  readonly entryId: number;
  readonly settledOn: string;
  /** Null: the shop wrote it. */
  readonly importId: number | null;
  readonly importStatus: string | null;
};

/** A refund to be stored: its sale, what earlier refunds took, and the amounts as they count (negative when reversed). */
export interface NewRefund {
  readonly settledOn: string;
  readonly entry: RefundEntry;
  readonly originalOn: string;
  readonly originalId: number;
  readonly priorQuantity: number;
  readonly itemAmount: number;
  readonly sellerDiscount: number;
  readonly platformDiscount: number;
  readonly shippingFee: number;
  readonly currency: string;
}

export type RefundObjection = Extract<
  ErrorCode,
  'ORIGINAL_MISSING' | 'LINE_OF_SHOP' | 'REFUND_BEFORE_SALE' | 'REFUND_EXCEEDS_SALE'
>;

/** Everything that stands against a new refund of this sale, of which `taken` units are refunded already. */
export function refundObjections(
  refund: Pick<RefundEntry, 'occurredOn' | 'quantity'>,
  sale: RefundedSale | undefined,
  taken: number,
  source: RefundSource,
): RefundObjection[] {
  if (sale === undefined || sale.importStatus === 'ABANDONING') return ['ORIGINAL_MISSING'];
  const soldByShop = sale.importId === null;
  if (source === 'file' && soldByShop) return ['LINE_OF_SHOP']; // the shop gives the money back itself
  if (source === 'shop' && !soldByShop) return ['ORIGINAL_MISSING'];
  const objections: RefundObjection[] = [];
  if (refund.occurredOn < sale.occurredOn) objections.push('REFUND_BEFORE_SALE');
  if (refund.quantity > sale.quantity - taken) objections.push('REFUND_EXCEEDS_SALE');
  return objections;
}

/** Calculates the amounts, which depend on earlier refunds of the sale. They are stored with their sign: negative when reversed. */
export function newRefund(sale: RefundedSale, entry: RefundEntry, priorQuantity: number, settledOn: string): NewRefund {
  const reversed = reversedAmounts(sale, priorQuantity, entry.quantity);
  return {
    settledOn,
    entry,
    originalOn: sale.settledOn,
    originalId: sale.entryId,
    priorQuantity,
    itemAmount: 0 - reversed.itemAmount,
    sellerDiscount: 0 - reversed.sellerDiscount,
    platformDiscount: 0 - reversed.platformDiscount,
    shippingFee: 0 - reversed.shippingFee,
    currency: sale.currency,
  };
}
