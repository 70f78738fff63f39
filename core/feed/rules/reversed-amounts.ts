/**
 * What a refund takes back of its sale's amounts: section 4 of docs/settlement-rules.md. They are fixed when the refund is accepted.
 *
 * An amount is cut at the same share of the units: of an amount X, the units up to the k-th carry floor(X × k / Q). A refund takes the
 * difference between two such cuts, so that any split of the units adds up to X.
 */
import { mulDivFloor } from '../../../kernel/money.js';
import type { SaleInput } from './entry.js';

export type ReversedAmounts = Pick<SaleInput, 'itemAmount' | 'sellerDiscount' | 'platformDiscount' | 'shippingFee'>;

/** Δ(X) = floor(X × (p + r) / Q) − floor(X × p / Q) for X ≥ 0: the part of X that units p + 1 to p + r carry. */
export function reversedShare(x: number, priorQuantity: number, quantity: number, saleQuantity: number): number {
  return mulDivFloor(x, priorQuantity + quantity, saleQuantity) - mulDivFloor(x, priorQuantity, saleQuantity);
}

/**
 * What a refund of `quantity` units takes back of the amounts of its sale when `priorQuantity` units were refunded before.
 * Positive is reversed; a discount may come out as −1 or so for single units, and is kept. Shipping goes with the last unit.
 */
export function reversedAmounts(sale: SaleInput, priorQuantity: number, quantity: number): ReversedAmounts {
  const share = (x: number) => reversedShare(x, priorQuantity, quantity, sale.quantity);
  const afterSeller = sale.itemAmount - sale.sellerDiscount;
  const itemAmount = share(sale.itemAmount);
  const priceToBuyer = share(afterSeller);
  return {
    itemAmount,
    sellerDiscount: itemAmount - priceToBuyer,
    platformDiscount: priceToBuyer - share(afterSeller - sale.platformDiscount),
    shippingFee: priorQuantity + quantity === sale.quantity ? sale.shippingFee : 0,
  };
}
