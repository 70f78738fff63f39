/** The figures of a settled line, and the two equations that hold between them. All are minor units of one currency. */

import { MAX_MINOR, toSafeNumber } from '../../../kernel/money.js';
import type { VatMode } from '../../policies/rules/fee-policy.js';

export interface Figures {
  itemAmount: number;
  sellerDiscount: number;
  platformDiscount: number;
  shippingFee: number;
  buyerPaid: number;
  feeBase: number;
  fee: number;
  feeVat: number;
  pgFee: number;
  pgFeeVat: number;
  net: number;
}

/** The figures in the order in which they are stored, hashed and exported. */
export const FIGURE_NAMES = [
  'itemAmount',
  'sellerDiscount',
  'platformDiscount',
  'shippingFee',
  'buyerPaid',
  'feeBase',
  'fee',
  'feeVat',
  'pgFee',
  'pgFeeVat',
  'net',
] as const satisfies readonly (keyof Figures)[];

/**
 * The net to the seller: A − Ds + S − F − (V if exclusive) − G − GV. It may be negative and is never clamped.
 * NaN when it leaves ±(2^53 − 1).
 */
export function netOf(figures: Omit<Figures, 'net' | 'buyerPaid' | 'feeBase'>, mode: VatMode): number {
  const { itemAmount, sellerDiscount, shippingFee, fee, pgFee, pgFeeVat } = figures;
  const vat = mode === 'exclusive' ? figures.feeVat : 0;
  const magnitude =
    Math.abs(itemAmount) +
    Math.abs(sellerDiscount) +
    Math.abs(shippingFee) +
    Math.abs(fee) +
    Math.abs(vat) +
    Math.abs(pgFee) +
    Math.abs(pgFeeVat);
  // While the magnitudes add up to a safe integer, so does every partial sum in any order.
  if (magnitude <= MAX_MINOR) return itemAmount - sellerDiscount + shippingFee - fee - vat - pgFee - pgFeeVat;
  return toSafeNumber(
    BigInt(itemAmount) -
      BigInt(sellerDiscount) +
      BigInt(shippingFee) -
      BigInt(fee) -
      BigInt(vat) -
      BigInt(pgFee) -
      BigInt(pgFeeVat),
  );
}

/** Whether every unit of money has exactly one owner: P + Dp = N + F + (V if exclusive) + G + GV, compared exactly. */
export function identityHolds(figures: Figures, mode: VatMode): boolean {
  const { buyerPaid, platformDiscount, net, fee, pgFee, pgFeeVat } = figures;
  const vat = mode === 'exclusive' ? figures.feeVat : 0;
  const magnitude = Math.abs(net) + Math.abs(fee) + Math.abs(vat) + Math.abs(pgFee) + Math.abs(pgFeeVat);
  if (magnitude <= MAX_MINOR && Math.abs(buyerPaid) + Math.abs(platformDiscount) <= MAX_MINOR) {
    return buyerPaid + platformDiscount === net + fee + vat + pgFee + pgFeeVat;
  }
  return (
    BigInt(buyerPaid) + BigInt(platformDiscount) ===
    BigInt(net) + BigInt(fee) + BigInt(vat) + BigInt(pgFee) + BigInt(pgFeeVat)
  );
}
