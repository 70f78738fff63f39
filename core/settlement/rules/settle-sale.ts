/**
 * The settlement of one sale line under one policy: section 3 of docs/settlement-rules.md.
 *
 * `settleSale` runs once per line of every run, so each rule is a small function over plain numbers; `explainSale` calls the
 * same functions and keeps what they said. Amounts are minor units of the policy's currency.
 */

import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { ExactSum } from '../../../kernel/exact-sum.js';
import { divRound, divRoundBig, FULL_RATE_E4, formatRate, MAX_MINOR, mulDivRound } from '../../../kernel/money.js';
import { MAX_QUANTITY, type SaleInput } from '../../feed/rules/entry.js';
import type { Commission, FeeComponent, FeePolicy, FeeVat, PgFee } from '../../policies/rules/fee-policy.js';
import {
  type AmountText,
  countStep,
  type Explanation,
  fractionText,
  minorText,
  plainStep,
  type Step,
} from './explanation.js';
import { type Figures, netOf } from './figures.js';

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
 * The exact fee rounded once, to a multiple of the rounding unit. Beyond 2^53 the number is only near the true one, which does
 * no harm: the fee base, itself an amount, bounds it in the end.
 */
function roundFee(exact: ExactSum, { rounding, roundingUnitMinor }: Commission): number {
  const dividend = exact.safeValue();
  const divisor = FULL_RATE_E4 * roundingUnitMinor;
  // The first comparison is false for NaN. The product is safe then: at most dividend / 10^6 + unit.
  if (dividend <= MAX_MINOR && divisor <= MAX_MINOR) return divRound(dividend, divisor, rounding) * roundingUnitMinor;
  const unit = BigInt(roundingUnitMinor);
  return Number(divRoundBig(exact.value(), BigInt(FULL_RATE_E4) * unit, rounding) * unit);
}

const raiseToMin = (fee: number, { minMinor }: Commission): number =>
  minMinor !== null && fee < minMinor ? minMinor : fee;
const lowerToMax = (fee: number, { maxMinor }: Commission): number =>
  maxMinor !== null && fee > maxMinor ? maxMinor : fee;
const lowerToBase = (fee: number, base: number): number => Math.min(fee, base);

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

/** The sale's own amounts as steps. */
function givenSteps(sale: SaleInput): Step[] {
  const given = (symbol: string, name: string, value: number) => plainStep(symbol, name, 'as sold', value);
  return [
    countStep('Q', 'quantity', 'as sold', sale.quantity),
    given('A', 'item amount', sale.itemAmount),
    given('S', 'shipping fee', sale.shippingFee),
    given('Ds', 'seller discount', sale.sellerDiscount),
    given('Dp', 'platform discount', sale.platformDiscount),
  ];
}

function componentFormula(component: FeeComponent, amount: AmountText): string {
  switch (component.type) {
    case 'percent':
      return `${formatRate(component.rateE4)} % of B`;
    case 'fixed':
      return `${amount(component.amountMinor)} per ${component.per === 'unit' ? 'unit × Q' : 'line'}`;
    case 'tiers': {
      const bound = (upTo: number | null) => (upTo === null ? 'above' : `up to ${amount(upTo)}`);
      const steps = component.steps.map((step) => `${bound(step.upToMinor)} ${formatRate(step.rateE4)} %`).join(', ');
      return component.mode === 'graduated' ? `each slice of B: ${steps}` : `all of B by its slab: ${steps}`;
    }
  }
}

/** How the fee F comes about; the last step is F. */
function feeSteps(base: number, quantity: number, commission: Commission, amount: AmountText): Step[] {
  const { components, rounding, roundingUnitMinor, minMinor, maxMinor } = commission;
  const millionths = (sum: ExactSum) => fractionText(sum.value(), BigInt(FULL_RATE_E4));
  const steps: Step[] = components.map((component, i) => ({
    symbol: `F${i + 1}`,
    name: `${component.type} component`,
    formula: componentFormula(component, amount),
    exact: millionths(exactFee([component], base, quantity)),
    value: null,
    counts: false,
  }));
  const sum = exactFee(components, base, quantity);
  const rounded = roundFee(sum, commission);
  const raised = raiseToMin(rounded, commission);
  const lowered = lowerToMax(raised, commission);
  const sumFormula = `sum of the components, rounded ${rounding} to a multiple of ${amount(roundingUnitMinor)}`;
  steps.push({ ...plainStep('Fr', 'fee, rounded', sumFormula, rounded), exact: millionths(sum) });
  if (minMinor !== null)
    steps.push(plainStep('Fmin', 'fee, at least the minimum', `raised to ${amount(minMinor)}`, raised));
  if (maxMinor !== null)
    steps.push(plainStep('Fmax', 'fee, at most the maximum', `lowered to ${amount(maxMinor)}`, lowered));
  steps.push(plainStep('F', 'fee', 'at most B', lowerToBase(lowered, base)));
  return steps;
}

function vatStep(fee: number, vat: FeeVat): Step {
  const rate = formatRate(vat.rateE4);
  const formulas = {
    none: 'the policy charges none',
    exclusive: `F × ${rate} / 100, rounded ${vat.rounding}, on top of F`,
    inclusive: `F × ${rate} / (100 + ${rate}), rounded ${vat.rounding}, contained in F`,
  };
  const full = vat.mode === 'inclusive' ? FULL_RATE_E4 + vat.rateE4 : FULL_RATE_E4;
  const exact = vat.mode === 'none' ? null : fractionText(BigInt(fee) * BigInt(vat.rateE4), BigInt(full));
  return { ...plainStep('V', 'VAT on the fee', formulas[vat.mode], vatOnFee(fee, vat)), exact };
}

function pgFeeSteps(paid: number, policy: FeePolicy): Step[] {
  const { pgFee, vat } = policy;
  const charged = pgFee?.bearer === 'seller';
  const value = pgFeeOn(paid, pgFee);
  const ofRate = (amount: number, rateE4: number) =>
    fractionText(BigInt(amount) * BigInt(rateE4), BigInt(FULL_RATE_E4));
  const withVat = charged && pgFee.vat === 'exclusive';
  const formula = charged
    ? `P × ${formatRate(pgFee.rateE4)} / 100, rounded ${pgFee.rounding}`
    : 'the seller bears none';
  const vatFormula = withVat ? `G × ${formatRate(vat.rateE4)} / 100, rounded ${vat.rounding}` : 'none';
  return [
    {
      ...plainStep('G', 'PG fee', formula, value),
      exact: charged ? ofRate(paid, pgFee.rateE4) : null,
    },
    {
      ...plainStep('GV', 'VAT on the PG fee', vatFormula, vatOnPgFee(value, policy)),
      exact: withVat ? ofRate(value, vat.rateE4) : null,
    },
  ];
}

/**
 * The settlement of a sale told step by step, in the order of the rules and ending in the net, with the same figures; refuses
 * exactly what `settleSale` refuses.
 */
export function explainSale(sale: SaleInput, policy: FeePolicy, amount: AmountText = minorText): Explanation | Refusal {
  const figures = settleSale(sale, policy);
  if (isRefusal(figures)) return figures;
  const { commission, vat } = policy;
  const baseFormula = commission.includeShipping ? 'A − Ds + S' : 'A − Ds';
  const netFormula = vat.mode === 'exclusive' ? 'A − Ds + S − F − V − G − GV' : 'A − Ds + S − F − G − GV';
  const steps = [
    ...givenSteps(sale),
    plainStep('P', 'buyer paid', 'A − Ds − Dp + S', buyerPaid(sale)),
    plainStep('B', 'fee base', baseFormula, feeBase(sale, commission)),
    ...feeSteps(figures.feeBase, sale.quantity, commission, amount),
    vatStep(figures.fee, vat),
    ...pgFeeSteps(figures.buyerPaid, policy),
    plainStep('N', 'net to seller', netFormula, netOf(figures, vat.mode)),
  ];
  return { steps, figures };
}
