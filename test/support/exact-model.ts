/**
 * The settlement rules a second time, for comparison: fractions of bigints, no care for speed, nothing shared with core/.
 * A rounding picks between the two neighbours by their distance.
 */
import type { SaleInput } from '../../core/feed/rules/entry.js';
import type { FeeComponent, FeePolicy } from '../../core/policies/rules/fee-policy.js';
import type { Figures } from '../../core/settlement/rules/figures.js';
import type { Rounding } from '../../kernel/money.js';

export type ExactFigures = Record<keyof Figures, bigint>;

const LIMIT = 2n ** 53n - 1n;

/** n / d (n ≥ 0, d > 0) as an integer. */
export function roundFraction(n: bigint, d: bigint, rounding: Rounding): bigint {
  const below = n / d;
  if (below * d === n) return below;
  const above = below + 1n;
  const [toBelow, toAbove] = [n - below * d, above * d - n];
  if (rounding === 'down') return below;
  if (rounding === 'up') return above;
  if (toBelow !== toAbove) return toBelow < toAbove ? below : above;
  return rounding === 'half-up' || above % 2n === 0n ? above : below;
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function componentMillionths(component: FeeComponent, base: bigint, quantity: bigint): bigint {
  if (component.type === 'percent') return base * BigInt(component.rateE4);
  if (component.type === 'fixed') {
    return BigInt(component.amountMinor) * (component.per === 'unit' ? quantity : 1n) * 1_000_000n;
  }
  const bounds = component.steps.map((step) => (step.upToMinor === null ? base : BigInt(step.upToMinor)));
  const rates = component.steps.map((step) => BigInt(step.rateE4));
  if (component.mode === 'slab') {
    const slab = component.steps.findIndex((step) => step.upToMinor === null || base <= BigInt(step.upToMinor));
    return base * (rates[slab] ?? 0n);
  }
  return rates.reduce((sum, rate, i) => {
    const [from, to] = [i === 0 ? 0n : lesser(base, bounds[i - 1] ?? 0n), lesser(base, bounds[i] ?? 0n)];
    return sum + (to > from ? to - from : 0n) * rate;
  }, 0n);
}

/** The figures of a sale whatever their size. */
export function modelSale(sale: SaleInput, policy: FeePolicy): ExactFigures {
  const { commission, vat, pgFee: pg } = policy;
  const [q, a, s] = [BigInt(sale.quantity), BigInt(sale.itemAmount), BigInt(sale.shippingFee)];
  const [ds, dp] = [BigInt(sale.sellerDiscount), BigInt(sale.platformDiscount)];
  const paid = a - ds - dp + s;
  const base = commission.includeShipping ? a - ds + s : a - ds;
  const unit = BigInt(commission.roundingUnitMinor);
  const sum = commission.components.reduce((total, c) => total + componentMillionths(c, base, q), 0n);
  let fee = roundFraction(sum, 1_000_000n * unit, commission.rounding) * unit;
  if (commission.minMinor !== null && fee < BigInt(commission.minMinor)) fee = BigInt(commission.minMinor);
  if (commission.maxMinor !== null) fee = lesser(fee, BigInt(commission.maxMinor));
  fee = lesser(fee, base);
  const rate = BigInt(vat.rateE4);
  const vatDivisor = vat.mode === 'inclusive' ? 1_000_000n + rate : 1_000_000n;
  const feeVat = vat.mode === 'none' ? 0n : roundFraction(fee * rate, vatDivisor, vat.rounding);
  const bears = pg !== null && pg.bearer === 'seller';
  const pgFee = bears ? roundFraction(paid * BigInt(pg.rateE4), 1_000_000n, pg.rounding) : 0n;
  const pgFeeVat = bears && pg.vat === 'exclusive' ? roundFraction(pgFee * rate, 1_000_000n, vat.rounding) : 0n;
  return {
    itemAmount: a,
    sellerDiscount: ds,
    platformDiscount: dp,
    shippingFee: s,
    buyerPaid: paid,
    feeBase: base,
    fee,
    feeVat,
    pgFee,
    pgFeeVat,
    net: a - ds + s - fee - (vat.mode === 'exclusive' ? feeVat : 0n) - pgFee - pgFeeVat,
  };
}

/** The negated figures of a refund of `r` units after `p`. */
export function modelRefund(of: ExactFigures, quantity: number, policy: FeePolicy, p: number, r: number): ExactFigures {
  const upTo = (x: bigint, units: number) => (x * BigInt(units)) / BigInt(quantity);
  const delta = (x: bigint) => upTo(x, p + r) - upTo(x, p);
  const item = delta(of.itemAmount);
  const sellerPrice = delta(of.itemAmount - of.sellerDiscount);
  const buyerPrice = delta(of.itemAmount - of.sellerDiscount - of.platformDiscount);
  const shipping = p + r === quantity ? of.shippingFee : 0n;
  const keepsFee = policy.commission.onRefund === 'keep';
  const keepsPgFee = policy.pgFee?.onRefund === 'keep';
  const [fee, feeVat] = keepsFee ? [0n, 0n] : [delta(of.fee), delta(of.feeVat)];
  const [pgFee, pgFeeVat] = keepsPgFee ? [0n, 0n] : [delta(of.pgFee), delta(of.pgFeeVat)];
  return {
    itemAmount: -item,
    sellerDiscount: -(item - sellerPrice),
    platformDiscount: -(sellerPrice - buyerPrice),
    shippingFee: -shipping,
    buyerPaid: -(buyerPrice + shipping),
    feeBase: -(policy.commission.includeShipping ? sellerPrice + shipping : sellerPrice),
    fee: -fee,
    feeVat: -feeVat,
    pgFee: -pgFee,
    pgFeeVat: -pgFeeVat,
    net: -(sellerPrice + shipping - fee - (policy.vat.mode === 'exclusive' ? feeVat : 0n) - pgFee - pgFeeVat),
  };
}

/** Whether each figure can be stored as an amount. */
export const inRange = (figures: ExactFigures): boolean =>
  Object.values(figures).every((value) => value <= LIMIT && value >= -LIMIT);

export const toExact = (figures: Figures): ExactFigures => ({
  itemAmount: BigInt(figures.itemAmount),
  sellerDiscount: BigInt(figures.sellerDiscount),
  platformDiscount: BigInt(figures.platformDiscount),
  shippingFee: BigInt(figures.shippingFee),
  buyerPaid: BigInt(figures.buyerPaid),
  feeBase: BigInt(figures.feeBase),
  fee: BigInt(figures.fee),
  feeVat: BigInt(figures.feeVat),
  pgFee: BigInt(figures.pgFee),
  pgFeeVat: BigInt(figures.pgFeeVat),
  net: BigInt(figures.net),
});
