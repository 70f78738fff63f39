/**
 * The settlement of one sale line under one policy: section 3 of docs/settlement-rules.md.
 *
 * `settleSale` runs once per line of every run, so each rule is a small function over plain numbers; `explainSale` calls the
 * same functions and keeps what they said. Amounts are minor units of the policy's currency.
 */
import { type Refusal, refuse } from './errors.js';
import { ExactSum } from './exact-sum.js';
import type { Commission, FeeComponent, FeePolicy, FeeVat, PgFee } from './fee-policy.js';
import { type Figures, netOf } from './figures.js';
import { divRound, divRoundBig, FULL_RATE_E4, MAX_MINOR, mulDivRound } from './money.js';

export interface SaleInput {
  readonly quantity: number;
  readonly itemAmount: number;
  readonly shippingFee: number;
  readonly sellerDiscount: number;
  readonly platformDiscount: number;
}

/** The largest quantity of a line; the feed refuses more. */
export const MAX_QUANTITY = 1_000_000;

const isAmount = (x: number): boolean => Number.isSafeInteger(x) && x >= 0;

function isSale(sale: SaleInput): boolean {
  return (
    Number.isInteger(sale.quantity) &&
    sale.quantity >= 1 &&
    sale.quantity <= MAX_QUANTITY &&
    isAmount(sale.itemAmount) &&
    isAmount(sale.shippingFee) &&
    isAmount(sale.sellerDiscount) &&
    isAmount(sale.platformDiscount) &&
    sale.sellerDiscount + sale.platformDiscount <= sale.itemAmount
  );
}

/** P = A − Ds − Dp + S. Also right for the reversed amounts of a refund. */
export function buyerPaid(sale: Omit<SaleInput, 'quantity'>): number {
  return sale.itemAmount - sale.sellerDiscount - sale.platformDiscount + sale.shippingFee;
}

/** B = A − Ds, plus S when the policy charges commission on shipping. Also right for the reversed amounts of a refund. */
export function feeBase(sale: Omit<SaleInput, 'quantity'>, commission: Commission): number {
  const base = sale.itemAmount - sale.sellerDiscount;
  return commission.includeShipping ? base + sale.shippingFee : base;
}

/** Adds one component's fee, in millionths of a minor unit, to the exact sum. */
function addComponent(sum: ExactSum, component: FeeComponent, base: number, quantity: number): void {
  switch (component.type) {
    case 'percent':
      sum.addProduct(base, component.rateE4);
      return;
    case 'fixed':
      sum.addProduct(component.amountMinor, component.per === 'unit' ? quantity * FULL_RATE_E4 : FULL_RATE_E4);
      return;
    case 'tiers': {
      let from = 0;
      for (const { upToMinor, rateE4 } of component.steps) {
        // A bound belongs to the step it ends, so the first step that reaches the base is the last one that counts.
        const last = upToMinor === null || base <= upToMinor;
        if (component.mode === 'graduated') sum.addProduct((last ? base : upToMinor) - from, rateE4);
        else if (last) sum.addProduct(base, rateE4);
        if (last) return;
        from = upToMinor;
      }
    }
  }
}

/** The exact sum of the components, in millionths of a minor unit. */
function exactFee(components: readonly FeeComponent[], base: number, quantity: number): ExactSum {
  const sum = new ExactSum();
  for (const component of components) addComponent(sum, component, base, quantity);
  return sum;
}

/**
 * The exact fee rounded once, to a multiple of the rounding unit. A result beyond 2^53 − 1 comes back as 2^53 − 1: every
 * bound that follows is at most that, so the fee is the same.
 */
function roundFee(exact: ExactSum, { rounding, roundingUnitMinor }: Commission): number {
  const dividend = exact.safeValue();
  const divisor = FULL_RATE_E4 * roundingUnitMinor;
  // Both comparisons are false for NaN, and then the result is safe too: at most dividend / 10^6 + unit.
  if (dividend <= MAX_MINOR && divisor <= MAX_MINOR) return divRound(dividend, divisor, rounding) * roundingUnitMinor;
  const unit = BigInt(roundingUnitMinor);
  const rounded = divRoundBig(exact.value(), BigInt(FULL_RATE_E4) * unit, rounding) * unit;
  return rounded > BigInt(MAX_MINOR) ? MAX_MINOR : Number(rounded);
}

const raiseToMin = (fee: number, { minMinor }: Commission): number =>
  minMinor !== null && fee < minMinor ? minMinor : fee;
const lowerToMax = (fee: number, { maxMinor }: Commission): number =>
  maxMinor !== null && fee > maxMinor ? maxMinor : fee;
const lowerToBase = (fee: number, base: number): number => (fee > base ? base : fee);

/** V: on top of the fee (`exclusive`), contained in it (`inclusive`) or 0. */
function vatOnFee(fee: number, { mode, rateE4, rounding }: FeeVat): number {
  switch (mode) {
    case 'none':
      return 0;
    case 'exclusive':
      return mulDivRound(fee, rateE4, FULL_RATE_E4, rounding);
    case 'inclusive':
      return mulDivRound(fee, rateE4, FULL_RATE_E4 + rateE4, rounding);
  }
}

/** G: the payment gateway's share of what the buyer paid, where the seller bears it. */
function pgFeeOn(paid: number, pgFee: PgFee | null): number {
  return pgFee?.bearer === 'seller' ? mulDivRound(paid, pgFee.rateE4, FULL_RATE_E4, pgFee.rounding) : 0;
}

/** GV: always on top, with the rate and rounding of `vat` whatever its mode is. */
function vatOnPgFee(amount: number, policy: FeePolicy): number {
  if (policy.pgFee?.vat !== 'exclusive') return 0;
  return mulDivRound(amount, policy.vat.rateE4, FULL_RATE_E4, policy.vat.rounding);
}

/**
 * Every figure of a sale line.
 *
 * Refuses ENTRY_INVALID (a quantity outside 1 … 1,000,000, an amount that is negative or no safe integer, discounts above the item
 * amount) and AMOUNT_OUT_OF_RANGE (a figure beyond ±(2^53 − 1); `details.figure` names it).
 */
export function settleSale(sale: SaleInput, policy: FeePolicy): Figures | Refusal {
  if (!isSale(sale)) return refuse('ENTRY_INVALID', { ...sale });
  const { commission } = policy;
  const paid = buyerPaid(sale);
  if (paid > MAX_MINOR) return refuse('AMOUNT_OUT_OF_RANGE', { figure: 'buyerPaid' });
  const base = feeBase(sale, commission);
  if (base > MAX_MINOR) return refuse('AMOUNT_OUT_OF_RANGE', { figure: 'feeBase' });
  const rounded = roundFee(exactFee(commission.components, base, sale.quantity), commission);
  const fee = lowerToBase(lowerToMax(raiseToMin(rounded, commission), commission), base);
  const pgFee = pgFeeOn(paid, policy.pgFee);
  const figures: Figures = {
    itemAmount: sale.itemAmount,
    sellerDiscount: sale.sellerDiscount,
    platformDiscount: sale.platformDiscount,
    shippingFee: sale.shippingFee,
    buyerPaid: paid,
    feeBase: base,
    fee,
    feeVat: vatOnFee(fee, policy.vat),
    pgFee,
    pgFeeVat: vatOnPgFee(pgFee, policy),
    net: 0,
  };
  figures.net = netOf(figures, policy.vat.mode);
  return Number.isNaN(figures.net) ? refuse('AMOUNT_OUT_OF_RANGE', { figure: 'net' }) : figures;
}
