import { describe, expect, it } from '@jest/globals';
import type { SaleInput } from '../../../../core/feed/rules/entry.js';
import type { Commission, FeeComponent, FeePolicy, PgFee } from '../../../../core/policies/rules/fee-policy.js';
import { type Figures, identityHolds } from '../../../../core/settlement/rules/figures.js';
import { explainSale, settleSale } from '../../../../core/settlement/rules/settle-sale.js';
import { MAX_MINOR, type Rounding } from '../../../../kernel/money.js';
import { makePolicy } from '../../../support/policies.js';

/** Both policies of the example in the rules, as they are after parsing (test/core/policies/policy-file.test.ts ties the two). */
const standard = makePolicy({
  code: 'standard',
  commission: {
    components: [
      { type: 'percent', rateE4: 85_000 },
      { type: 'fixed', amountMinor: 100, per: 'line' },
    ],
    minMinor: 50,
    maxMinor: 20_000,
  },
  vat: { rateE4: 100_000, mode: 'exclusive', rounding: 'down' },
  pgFee: { rateE4: 29_000, bearer: 'seller', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
});
const graduated: FeeComponent = {
  type: 'tiers',
  mode: 'graduated',
  steps: [
    { upToMinor: 100_000, rateE4: 100_000 },
    { upToMinor: null, rateE4: 62_500 },
  ],
};
const shoes = makePolicy({
  commission: { components: [graduated], rounding: 'down' },
  vat: { rateE4: 100_000, mode: 'inclusive', rounding: 'down' },
});
const brazil = makePolicy({
  currency: 'BRL',
  commission: {
    components: [
      { type: 'percent', rateE4: 120_000 },
      { type: 'fixed', amountMinor: 50, per: 'unit' },
    ],
    includeShipping: true,
    rounding: 'half-even',
    roundingUnitMinor: 10,
  },
  vat: { rateE4: 50_000, mode: 'exclusive', rounding: 'half-up' },
  pgFee: { rateE4: 39_900, bearer: 'platform', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
});

const sale = (itemAmount: number, parts: Partial<SaleInput> = {}): SaleInput => ({
  quantity: 1,
  itemAmount,
  shippingFee: 0,
  sellerDiscount: 0,
  platformDiscount: 0,
  ...parts,
});

describe('the rules as a table', () => {
  // In the order P, B, F, V, G, GV, N; worked out by hand.
  const table: [name: string, policy: FeePolicy, sale: SaleInput, figures: number[]][] = [
    [
      'percent and fixed, VAT and PG fee on top',
      standard,
      sale(50_000, { quantity: 2, shippingFee: 3_000, sellerDiscount: 1_000, platformDiscount: 500 }),
      [51_500, 49_000, 4_265, 426, 1_494, 149, 45_666],
    ],
    ['lowered to the maximum', standard, sale(300_000), [300_000, 300_000, 20_000, 2_000, 8_700, 870, 268_430]],
    ['lowered to the base; the net is negative', standard, sale(40), [40, 40, 40, 4, 1, 0, -5]],
    ['a free line', standard, sale(0), [0, 0, 0, 0, 0, 0, 0]],
    [
      'wholly discounted, with shipping',
      standard,
      sale(900, { sellerDiscount: 900, shippingFee: 2_500 }),
      [2_500, 0, 0, 0, 73, 7, 2_420],
    ],
    ['at the bound of a tier', shoes, sale(100_000), [100_000, 100_000, 10_000, 909, 0, 0, 90_000]],
    ['one beyond it', shoes, sale(100_001), [100_001, 100_001, 10_000, 909, 0, 0, 90_001]],
    [
      'above it, VAT contained',
      shoes,
      sale(180_000, { quantity: 3, sellerDiscount: 10_001 }),
      [169_999, 169_999, 14_374, 1_306, 0, 0, 155_625],
    ],
    [
      'two decimals, shipping included, rounded to 0.10, PG fee borne by the platform',
      brazil,
      sale(17_670, { quantity: 3, shippingFee: 1_590, platformDiscount: 1_000 }),
      [18_260, 19_260, 2_460, 123, 0, 0, 16_677],
    ],
  ];

  it.each(table)('%s', (_name, policy, input, expected) => {
    const [buyerPaid = 0, feeBase = 0, fee = 0, feeVat = 0, pgFee = 0, pgFeeVat = 0, net = 0] = expected;
    const { quantity, ...amounts } = input;
    expect(quantity).toBeGreaterThan(0);
    const figures = settleSale(input, policy);
    expect(figures).toEqual({ ...amounts, buyerPaid, feeBase, fee, feeVat, pgFee, pgFeeVat, net });
    expect(identityHolds(figures as Figures, policy.vat.mode)).toBe(true);
  });
});

/** The fee of a sale of `itemAmount` under a commission. */
function feeOf(itemAmount: number, commission: Partial<Commission>, quantity = 1): number {
  return (settleSale(sale(itemAmount, { quantity }), makePolicy({ commission })) as Figures).fee;
}

describe('the fee', () => {
  const percent = (rateE4: number): FeeComponent => ({ type: 'percent', rateE4 });
  const fixed = (amountMinor: number, per: 'line' | 'unit' = 'line'): FeeComponent => ({
    type: 'fixed',
    amountMinor,
    per,
  });

  it('is rounded once, over the exact sum of its components', () => {
    // 0.4 + 0.4 + 0.4 = 1.2; rounded each for itself it would be 0.
    expect(feeOf(40, { components: [percent(10_000), percent(10_000), percent(10_000)] })).toBe(1);
  });

  it('counts a fixed amount per line or per unit', () => {
    expect(feeOf(10_000, { components: [fixed(30)] }, 7)).toBe(30);
    expect(feeOf(10_000, { components: [fixed(30, 'unit')] }, 7)).toBe(210);
  });

  it.each<[Rounding, number[]]>([
    // 10 percent of 14, 15, 16, 25, 35 and 40.
    ['down', [1, 1, 1, 2, 3, 4]],
    ['up', [2, 2, 2, 3, 4, 4]],
    ['half-up', [1, 2, 2, 3, 4, 4]],
    ['half-even', [1, 2, 2, 2, 4, 4]],
  ])('rounds %s', (rounding, fees) => {
    const amounts = [14, 15, 16, 25, 35, 40];
    expect(amounts.map((amount) => feeOf(amount, { components: [percent(100_000)], rounding }))).toEqual(fees);
  });

  it.each<[Rounding, number]>([
    ['down', 120],
    ['up', 130],
    ['half-up', 130],
    ['half-even', 120],
  ])('rounds %s to its unit from the exact value', (rounding, fee) => {
    expect(feeOf(1_250, { components: [percent(100_000)], rounding, roundingUnitMinor: 10 })).toBe(fee);
  });

  it('does not round to 1 before rounding to the unit', () => {
    // 124.996 is below half of 10; rounded to 125 first it would become 130.
    expect(feeOf(31_249, { components: [percent(4_000)], roundingUnitMinor: 10 })).toBe(120);
  });

  it('is raised to min, lowered to max, lowered to the base, in this order and without rounding again', () => {
    const commission = { components: [percent(100_000)], minMinor: 55, maxMinor: 155, roundingUnitMinor: 10 };
    expect([1_000, 100, 60, 54, 10_000].map((amount) => feeOf(amount, commission))).toEqual([100, 55, 55, 54, 155]);
    expect(feeOf(0, commission)).toBe(0);
  });

  it('may be rounded up beyond the base and is lowered to it', () => {
    expect(feeOf(7, { components: [percent(1_000_000)], rounding: 'up', roundingUnitMinor: 100 })).toBe(7);
  });

  const steps = [
    { upToMinor: 1_000, rateE4: 100_000 },
    { upToMinor: 2_000, rateE4: 50_000 },
    { upToMinor: null, rateE4: 10_000 },
  ];

  it.each([
    [0, 0, 0],
    [1_000, 100, 100],
    [1_020, 101, 51],
    [2_000, 150, 100],
    [2_100, 151, 21],
    [10_000, 230, 100],
  ])('of %d by tiers: graduated %d, slab %d', (amount, byGraduated, bySlab) => {
    expect(feeOf(amount, { components: [{ type: 'tiers', mode: 'graduated', steps }] })).toBe(byGraduated);
    expect(feeOf(amount, { components: [{ type: 'tiers', mode: 'slab', steps }] })).toBe(bySlab);
  });

  it('adds tiers to other components', () => {
    const components = [fixed(5), { type: 'tiers', mode: 'graduated', steps } as const, percent(1)];
    expect(feeOf(2_000, { components, rounding: 'up' })).toBe(156);
  });
});

describe('VAT and PG fee', () => {
  const fee1000 = { components: [{ type: 'fixed', amountMinor: 1_005, per: 'line' } as const] };

  it.each<[FeePolicy['vat'], number, number]>([
    [{ rateE4: 100_000, mode: 'none', rounding: 'up' }, 0, 8_995],
    [{ rateE4: 100_000, mode: 'exclusive', rounding: 'down' }, 100, 8_895],
    [{ rateE4: 100_000, mode: 'exclusive', rounding: 'half-up' }, 101, 8_894],
    [{ rateE4: 100_000, mode: 'exclusive', rounding: 'half-even' }, 100, 8_895],
    [{ rateE4: 100_000, mode: 'inclusive', rounding: 'down' }, 91, 8_995],
    [{ rateE4: 100_000, mode: 'inclusive', rounding: 'up' }, 92, 8_995],
    [{ rateE4: 1_000_000, mode: 'inclusive', rounding: 'half-up' }, 503, 8_995],
    [{ rateE4: 0, mode: 'inclusive', rounding: 'up' }, 0, 8_995],
  ])('%j', (vat, feeVat, net) => {
    expect(settleSale(sale(10_000), makePolicy({ commission: fee1000, vat }))).toMatchObject({ feeVat, net });
  });

  const pg = (parts: Partial<PgFee>): PgFee => ({
    rateE4: 30_000,
    bearer: 'seller',
    vat: 'none',
    rounding: 'half-up',
    onRefund: 'reverse',
    ...parts,
  });

  it.each<[string, PgFee | null, FeePolicy['vat'], number[]]>([
    ['absent', null, { rateE4: 100_000, mode: 'exclusive', rounding: 'down' }, [0, 0]],
    ['the platform bears it', pg({ bearer: 'platform', vat: 'exclusive' }), standard.vat, [0, 0]],
    ['no VAT on it', pg({}), standard.vat, [315, 0]],
    ['VAT where the fee has none', pg({ vat: 'exclusive' }), { ...standard.vat, mode: 'none' }, [315, 31]],
    ['VAT on top where the fee contains it', pg({ vat: 'exclusive' }), { ...shoes.vat, rounding: 'up' }, [315, 32]],
    ['its own rounding', pg({ rateE4: 30_001, rounding: 'up' }), standard.vat, [316, 0]],
  ])('%s', (_name, pgFee, vat, [g, gv]) => {
    const figures = settleSale(sale(10_000, { shippingFee: 1_000, platformDiscount: 500 }), makePolicy({ pgFee, vat }));
    expect(figures).toMatchObject({ pgFee: g, pgFeeVat: gv, net: 11_000 - (g ?? 0) - (gv ?? 0) });
  });
});

describe('amounts near 2^53', () => {
  it('are multiplied exactly', () => {
    // 8.5 percent of 2^53 − 1 is 765,611,936,652,984.235.
    const policy = makePolicy({ commission: { components: [{ type: 'percent', rateE4: 85_000 }], rounding: 'up' } });
    expect(settleSale(sale(MAX_MINOR), policy)).toMatchObject({ fee: 765_611_936_652_985, net: 8_241_587_318_088_006 });
  });

  it('settle where only a step on the way leaves the range', () => {
    const huge: FeeComponent = { type: 'fixed', amountMinor: MAX_MINOR, per: 'unit' };
    const policy = makePolicy({ commission: { components: [huge], maxMinor: 700 } });
    expect(settleSale(sale(MAX_MINOR, { quantity: 1_000_000 }), policy)).toMatchObject({ fee: 700 });
    const unbounded = makePolicy({ commission: { components: [huge], roundingUnitMinor: MAX_MINOR } });
    expect(settleSale(sale(1_000, { quantity: 1_000_000 }), unbounded)).toMatchObject({ fee: 1_000, net: 0 });
    // A + S is beyond 2^53 − 1, but neither what was paid nor the net is.
    const input = sale(MAX_MINOR, { shippingFee: 1_000, platformDiscount: 1_001 });
    const tenth = makePolicy({ commission: { components: [{ type: 'percent', rateE4: 100_000 }], rounding: 'down' } });
    expect(settleSale(input, tenth)).toMatchObject({ buyerPaid: MAX_MINOR - 1, net: 8_106_479_329_267_892 });
  });

  it.each<[string, SaleInput, FeePolicy]>([
    ['buyerPaid', sale(MAX_MINOR, { shippingFee: 1 }), standard],
    ['feeBase', sale(MAX_MINOR, { shippingFee: 1, platformDiscount: 1 }), brazil],
    ['net', sale(MAX_MINOR, { shippingFee: 1, platformDiscount: 1 }), makePolicy()],
  ])('refuse %s beyond it', (figure, input, policy) => {
    expect(settleSale(input, policy)).toEqual({ refused: 'AMOUNT_OUT_OF_RANGE', details: { figure } });
  });
});

describe('what makes no sense', () => {
  it.each<[string, SaleInput]>([
    ['no quantity', sale(100, { quantity: 0 })],
    ['half a quantity', sale(100, { quantity: 1.5 })],
    ['a quantity beyond a million', sale(100, { quantity: 1_000_001 })],
    ['a negative amount', sale(-1)],
    ['half an amount', sale(0.5)],
    ['not a number', sale(Number.NaN)],
    ['an amount beyond 2^53', sale(MAX_MINOR + 1)],
    ['negative shipping', sale(100, { shippingFee: -1 })],
    ['a negative seller discount', sale(100, { sellerDiscount: -1 })],
    ['a negative platform discount', sale(100, { platformDiscount: -1 })],
    ['discounts above the item amount', sale(100, { sellerDiscount: 60, platformDiscount: 41 })],
  ])('%s is refused', (_name, input) => {
    expect(settleSale(input, standard)).toMatchObject({ refused: 'ENTRY_INVALID' });
    expect(explainSale(input, standard)).toMatchObject({ refused: 'ENTRY_INVALID' });
  });
});

describe('explainSale', () => {
  it('tells every step, with what was rounded', () => {
    const input = sale(50_000, { quantity: 2, shippingFee: 3_000, sellerDiscount: 1_000, platformDiscount: 500 });
    const explained = explainSale(input, standard);
    if ('refused' in explained) throw new Error(explained.refused);
    const brief = explained.steps.map(({ symbol, exact, value }) => `${symbol} ${exact ?? ''} ${value}`);
    expect(brief).toEqual([
      'Q  2',
      'A  50000',
      'S  3000',
      'Ds  1000',
      'Dp  500',
      'P  51500',
      'B  49000',
      'F1 4165 null',
      'F2 100 null',
      'Fr 4265 4265',
      'Fmin  4265',
      'Fmax  4265',
      'F  4265',
      'V 853/2 426',
      'G 2987/2 1494',
      'GV 747/5 149',
      'N  45666',
    ]);
    expect(explained.figures).toEqual(settleSale(input, standard));
  });

  it('names the rules in words', () => {
    const explained = explainSale(sale(180_000), shoes);
    if ('refused' in explained) throw new Error(explained.refused);
    const formulas = Object.fromEntries(explained.steps.map(({ symbol, formula }) => [symbol, formula]));
    expect(formulas).toMatchObject({
      F1: 'each slice of B: up to 100000 10 %, above 6.25 %',
      V: 'F × 10 / (100 + 10), rounded down, contained in F',
      G: 'the seller bears none',
      N: 'A − Ds + S − F − G − GV',
    });
  });
});
