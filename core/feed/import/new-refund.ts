/** From an accepted refund to the row that is stored for it. */

import type { RefundEntry } from '../rules/entry.js';
import { reversedAmounts } from '../rules/reversed-amounts.js';
import type { NewRefund, StoredSale } from '../stores/entry.js';

/** The amounts are fixed here, by what was refunded before, and stored as they count: negative when reversed. */
export function newRefund(sale: StoredSale, entry: RefundEntry, priorQuantity: number, settledOn: string): NewRefund {
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
