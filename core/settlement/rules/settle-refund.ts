/**
 * The reversal of one sale line by a refund: section 4 of docs/settlement-rules.md.
 *
 * Every figure is cut at the same share of the units: of a figure X, the units up to the k-th carry floor(X × k / Q). A refund
 * takes the difference between two such cuts, so that any split of the units adds up to X.
 */

import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { MAX_MINOR } from '../../../kernel/money.js';
import { reversedAmounts, reversedShare } from '../../feed/rules/reversed-amounts.js';
import type { FeePolicy } from '../../policies/rules/fee-policy.js';
import { type AmountText, countStep, type Explanation, minorText, plainStep, type Step } from './explanation.js';
import { figureCells, figuresAt } from './figure-cells.js';
import { type Figures, netOf } from './figures.js';
import { buyerPaid, feeBase } from './settle-sale.js';

/** The original sale as it was settled, with its quantity. */
export type SettledSale = Figures & { readonly quantity: number };

/** The reversed figures, positive; P, B and N by section 3 from the refund's own amounts. Net is NaN out of range. */
function reversedFigures(original: SettledSale, policy: FeePolicy, prior: number, quantity: number): Figures {
  const share = (x: number) => reversedShare(x, prior, quantity, original.quantity);
  const amounts = reversedAmounts(original, prior, quantity);
  const commissionKept = policy.commission.onRefund === 'keep';
  const pgFeeKept = policy.pgFee?.onRefund === 'keep';
  const figures: Figures = {
    itemAmount: amounts.itemAmount,
    sellerDiscount: amounts.sellerDiscount,
    platformDiscount: amounts.platformDiscount,
    shippingFee: amounts.shippingFee,
    buyerPaid: buyerPaid(amounts),
    feeBase: feeBase(amounts, policy.commission),
    fee: commissionKept ? 0 : share(original.fee),
    feeVat: commissionKept ? 0 : share(original.feeVat),
    pgFee: pgFeeKept ? 0 : share(original.pgFee),
    pgFeeVat: pgFeeKept ? 0 : share(original.pgFeeVat),
    net: 0,
  };
  figures.net = netOf(figures, policy.vat.mode);
  return figures;
}

function refusalOf(original: SettledSale, priorQuantity: number, quantity: number): Refusal | undefined {
  if (!Number.isInteger(priorQuantity) || priorQuantity < 0 || !Number.isInteger(quantity) || quantity < 1) {
    return refuse('ENTRY_INVALID', { priorQuantity, quantity });
  }
  if (priorQuantity + quantity > original.quantity) {
    return refuse('REFUND_EXCEEDS_SALE', { priorQuantity, quantity, saleQuantity: original.quantity });
  }
  return undefined;
}

/**
 * The figures of a refund line, already negated (a zero has no sign): `quantity` units of `original`, after `priorQuantity`
 * units that earlier accepted refunds took. `original` and `policy` are those the sale was settled with.
 *
 * Refuses ENTRY_INVALID (counts that are none), REFUND_EXCEEDS_SALE (more units than the sale has left) and
 * AMOUNT_OUT_OF_RANGE (a figure beyond ±(2^53 − 1), possible only where a fee is kept).
 */
export function settleRefund(
  original: SettledSale,
  policy: FeePolicy,
  priorQuantity: number,
  quantity: number,
): Figures | Refusal {
  const refusal = refusalOf(original, priorQuantity, quantity);
  if (refusal !== undefined) return refusal;
  const reversed = reversedFigures(original, policy, priorQuantity, quantity);
  if (!(Math.abs(reversed.net) <= MAX_MINOR)) return refuse('AMOUNT_OUT_OF_RANGE', { figure: 'net' });
  // 0 − x, not −x: minus zero would be exported with a sign.
  return figuresAt(
    figureCells(reversed).map((figure) => 0 - figure),
    0,
  );
}

/** The cut of one figure: Δ(X) with its two floors written out. */
function shareFormula(x: string, prior: number, quantity: number, of: number): string {
  return `floor(${x} × ${prior + quantity} / ${of}) − floor(${x} × ${prior} / ${of})`;
}

/**
 * The refund told step by step: the shares and the reversed figures as positive values, then `figures` as `settleRefund`
 * gives them, negated. Refuses exactly what `settleRefund` refuses.
 */
export function explainRefund(
  original: SettledSale,
  policy: FeePolicy,
  priorQuantity: number,
  quantity: number,
  amount: AmountText = minorText,
): Explanation | Refusal {
  const figures = settleRefund(original, policy, priorQuantity, quantity);
  if (isRefusal(figures)) return figures;
  const reversed = reversedFigures(original, policy, priorQuantity, quantity);
  const { itemAmount, sellerDiscount, platformDiscount } = original;
  const share = (symbol: string, name: string, x: number): Step => {
    const formula = shareFormula(amount(x), priorQuantity, quantity, original.quantity);
    const value = reversedShare(x, priorQuantity, quantity, original.quantity);
    return plainStep(`Δ(${symbol})`, `${name}, reversed share`, formula, value);
  };
  const completes = priorQuantity + quantity === original.quantity;
  const feeRule = policy.commission.onRefund === 'keep' ? 'the policy keeps the commission' : '';
  const pgFeeRule = policy.pgFee?.onRefund === 'keep' ? 'the policy keeps the PG fee' : '';
  const exclusive = policy.vat.mode === 'exclusive';
  const steps = [
    countStep('Q', 'quantity of the sale', 'as sold', original.quantity),
    countStep('p', 'units refunded before', 'earlier accepted refunds', priorQuantity),
    countStep('r', 'units of this refund', 'as refunded', quantity),
    share('A', 'item amount', itemAmount),
    share('A − Ds', 'price after the seller discount', itemAmount - sellerDiscount),
    share('A − Ds − Dp', 'price paid', itemAmount - sellerDiscount - platformDiscount),
    plainStep('A', 'item amount', 'Δ(A)', reversed.itemAmount),
    plainStep('Ds', 'seller discount', 'Δ(A) − Δ(A − Ds)', reversed.sellerDiscount),
    plainStep('Dp', 'platform discount', 'Δ(A − Ds) − Δ(A − Ds − Dp)', reversed.platformDiscount),
    plainStep('S', 'shipping fee', completes ? 'with the last unit' : 'not before the last unit', reversed.shippingFee),
    plainStep('P', 'buyer paid', 'A − Ds − Dp + S', reversed.buyerPaid),
    plainStep('B', 'fee base', policy.commission.includeShipping ? 'A − Ds + S' : 'A − Ds', reversed.feeBase),
    plainStep('F', 'fee', feeRule || `Δ(${amount(original.fee)})`, reversed.fee),
    plainStep('V', 'VAT on the fee', feeRule || `Δ(${amount(original.feeVat)})`, reversed.feeVat),
    plainStep('G', 'PG fee', pgFeeRule || `Δ(${amount(original.pgFee)})`, reversed.pgFee),
    plainStep('GV', 'VAT on the PG fee', pgFeeRule || `Δ(${amount(original.pgFeeVat)})`, reversed.pgFeeVat),
    plainStep('N', 'net', exclusive ? 'A − Ds + S − F − V − G − GV' : 'A − Ds + S − F − G − GV', reversed.net),
  ];
  return { steps, figures };
}
