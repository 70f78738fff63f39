import { describe, expect, it } from '@jest/globals';
import type { SaleInput } from '../../../../core/feed/rules/entry.js';
import { reversedAmounts } from '../../../../core/feed/rules/reversed-amounts.js';
import type { FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import { FIGURE_NAMES, type Figures } from '../../../../core/settlement/rules/figures.js';
import { explainRefund, type SettledSale, settleRefund } from '../../../../core/settlement/rules/settle-refund.js';
import { settleSale } from '../../../../core/settlement/rules/settle-sale.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { MAX_MINOR } from '../../../../kernel/money.js';
import { makePolicy } from '../../../support/policies.js';

const policy = makePolicy({
  commission: {
    components: [
      { type: 'percent', rateE4: 85_000 },
      { type: 'fixed', amountMinor: 100, per: 'line' },
    ],
  },
  vat: { rateE4: 100_000, mode: 'exclusive', rounding: 'down' },
  pgFee: { rateE4: 29_000, bearer: 'seller', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
});
const sale: SaleInput = {
  quantity: 3,
  itemAmount: 10_000,
  shippingFee: 2_500,
  sellerDiscount: 1_000,
  platformDiscount: 500,
};

function settled(input: SaleInput, under: FeePolicy): SettledSale {
  const figures = settleSale(input, under);
  if (isRefusal(figures)) throw new Error(figures.refused);
  return { ...figures, quantity: input.quantity };
}

const inOrder = (figures: Figures) => FIGURE_NAMES.map((name) => figures[name]);

describe('the rules as a table', () => {
  const original = settled(sale, policy);

  it('has the original', () => {
    expect(inOrder(original)).toEqual([10_000, 1_000, 500, 2_500, 11_000, 9_000, 865, 86, 319, 31, 10_199]);
  });

  // A, Ds, Dp, S, P, B, F, V, G, GV, N; worked out by hand.
  it.each([
    [0, 1, [-3_333, -333, -167, 0, -2_833, -3_000, -288, -28, -106, -10, -2_568]],
    [1, 1, [-3_333, -333, -167, 0, -2_833, -3_000, -288, -29, -106, -10, -2_567]],
    [2, 1, [-3_334, -334, -166, -2_500, -5_334, -3_000, -289, -29, -107, -11, -5_064]],
    [0, 2, [-6_666, -666, -334, 0, -5_666, -6_000, -576, -57, -212, -20, -5_135]],
    [1, 2, [-6_667, -667, -333, -2_500, -8_167, -6_000, -577, -58, -213, -21, -7_631]],
    [0, 3, [-10_000, -1_000, -500, -2_500, -11_000, -9_000, -865, -86, -319, -31, -10_199]],
  ])('after %d units, %d more', (prior, quantity, expected) => {
    expect(inOrder(settleRefund(original, policy, prior, quantity) as Figures)).toEqual(expected);
  });

  it.each<[string, FeePolicy, Partial<Figures>]>([
    [
      'the commission',
      makePolicy({ ...policy, commission: { ...policy.commission, onRefund: 'keep' } }),
      { fee: 0, feeVat: 0, pgFee: -319, pgFeeVat: -31, net: -11_150 },
    ],
    [
      'the PG fee',
      makePolicy({ ...policy, pgFee: policy.pgFee && { ...policy.pgFee, onRefund: 'keep' } }),
      { fee: -865, feeVat: -86, pgFee: 0, pgFeeVat: 0, net: -10_549 },
    ],
  ])('may keep %s', (_name, keeping, expected) => {
    expect(settleRefund(original, keeping, 0, 3)).toMatchObject(expected);
  });

  it('puts shipping into the base where the commission includes it, with the last unit', () => {
    const including = makePolicy({ ...policy, commission: { ...policy.commission, includeShipping: true } });
    const figures = settled(sale, including);
    expect(settleRefund(figures, including, 1, 1)).toMatchObject({ feeBase: -3_000, shippingFee: 0 });
    expect(settleRefund(figures, including, 2, 1)).toMatchObject({ feeBase: -5_500, shippingFee: -2_500 });
  });
});

describe('reversedAmounts', () => {
  it('keeps a discount that comes out negative for one unit', () => {
    const odd = { quantity: 5, itemAmount: 3, sellerDiscount: 1, platformDiscount: 0, shippingFee: 0 };
    const units = [0, 1, 2, 3, 4].map((prior) => reversedAmounts(odd, prior, 1));
    expect(units.map((unit) => unit.itemAmount)).toEqual([0, 1, 0, 1, 1]);
    expect(units.map((unit) => unit.sellerDiscount)).toEqual([0, 1, -1, 1, 0]);
  });

  it('is exact near 2^53', () => {
    const large = { quantity: 999_983, itemAmount: MAX_MINOR, sellerDiscount: 0, platformDiscount: 0, shippingFee: 0 };
    const expected = (BigInt(MAX_MINOR) * 777_777n) / 999_983n - (BigInt(MAX_MINOR) * 777_776n) / 999_983n;
    expect(reversedAmounts(large, 777_776, 1).itemAmount).toBe(Number(expected));
  });
});

describe('settleRefund', () => {
  const original = settled(sale, policy);

  it('gives zeros without a sign', () => {
    const nothing = settled({ ...sale, itemAmount: 0, shippingFee: 0, sellerDiscount: 0, platformDiscount: 0 }, policy);
    const zeros = FIGURE_NAMES.map(() => 0);
    expect(inOrder(settleRefund(nothing, policy, 0, 3) as Figures)).toEqual(zeros);
    // Jest tells 0 from −0; JSON and Object.is agree here.
    expect(inOrder(settleRefund(nothing, policy, 0, 1) as Figures).some((x) => Object.is(x, -0))).toBe(false);
  });

  it.each([
    [0, 0, 'ENTRY_INVALID'],
    [-1, 1, 'ENTRY_INVALID'],
    [0, 1.5, 'ENTRY_INVALID'],
    [0.5, 1, 'ENTRY_INVALID'],
    [Number.NaN, 1, 'ENTRY_INVALID'],
    [0, 4, 'REFUND_EXCEEDS_SALE'],
    [3, 1, 'REFUND_EXCEEDS_SALE'],
  ])('refuses after %d units %d more', (prior, quantity, code) => {
    expect(settleRefund(original, policy, prior, quantity)).toMatchObject({ refused: code });
    expect(explainRefund(original, policy, prior, quantity)).toMatchObject({ refused: code });
  });

  it('refuses a net that leaves the range because the fee is kept', () => {
    const keep = makePolicy({
      commission: { components: [{ type: 'percent', rateE4: 100_000 }], rounding: 'down', onRefund: 'keep' },
    });
    const large = { quantity: 1, itemAmount: MAX_MINOR, shippingFee: 5, sellerDiscount: 0, platformDiscount: 5 };
    expect(settleRefund(settled(large, keep), keep, 0, 1)).toEqual({
      refused: 'AMOUNT_OUT_OF_RANGE',
      details: { figure: 'net' },
    });
  });
});

describe('explainRefund', () => {
  it('tells the shares and the reversed figures', () => {
    const explained = explainRefund(settled(sale, policy), policy, 1, 1);
    if (isRefusal(explained)) throw new Error(explained.refused);
    expect(explained.steps.map(({ symbol, value }) => `${symbol} ${value}`)).toEqual([
      'Q 3',
      'p 1',
      'r 1',
      'Δ(A) 3333',
      'Δ(A − Ds) 3000',
      'Δ(A − Ds − Dp) 2833',
      'A 3333',
      'Ds 333',
      'Dp 167',
      'S 0',
      'P 2833',
      'B 3000',
      'F 288',
      'V 29',
      'G 106',
      'GV 10',
      'N 2567',
    ]);
    expect(explained.steps[3]?.formula).toBe('floor(10000 × 2 / 3) − floor(10000 × 1 / 3)');
    expect(explained.figures).toEqual(settleRefund(settled(sale, policy), policy, 1, 1));
  });
});
