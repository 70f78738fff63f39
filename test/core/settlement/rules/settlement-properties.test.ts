/** Whatever the policy and the amounts: the figures equal an exact model, and what must hold between them holds. */

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SaleInput } from '../../../../core/feed/rules/entry.js';
import type { FeeComponent, FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import { VAT_MODES } from '../../../../core/policies/rules/fee-policy.js';
import { FIGURE_NAMES, type Figures, identityHolds } from '../../../../core/settlement/rules/figures.js';
import { explainRefund, type SettledSale, settleRefund } from '../../../../core/settlement/rules/settle-refund.js';
import { explainSale, settleSale } from '../../../../core/settlement/rules/settle-sale.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { ExactSum } from '../../../../kernel/exact-sum.js';
import { MAX_MINOR, ROUNDINGS } from '../../../../kernel/money.js';
import { inRange, modelRefund, modelSale, toExact } from '../../../support/exact-model.js';
import { makePolicy } from '../../../support/policies.js';

const amount = fc.oneof(
  { weight: 4, arbitrary: fc.nat(1_000) },
  { weight: 4, arbitrary: fc.nat(10_000_000) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: MAX_MINOR }) },
  { weight: 1, arbitrary: fc.integer({ min: MAX_MINOR - 2_000, max: MAX_MINOR }) },
);
const rateE4 = fc.oneof(fc.nat(1_000_000), fc.constantFrom(0, 1, 50_000, 85_000, 100_000, 999_999, 1_000_000));
const rounding = fc.constantFrom(...ROUNDINGS);
const onRefund = fc.constantFrom('reverse', 'keep');

const tiers: fc.Arbitrary<FeeComponent> = fc
  .record({
    mode: fc.constantFrom('graduated', 'slab'),
    bounds: fc.uniqueArray(amount, { maxLength: 4 }),
    rates: fc.array(rateE4, { minLength: 5, maxLength: 5 }),
  })
  .map(({ mode, bounds, rates }) => {
    const ascending: (number | null)[] = [...bounds].sort((a, b) => a - b);
    const steps = [...ascending, null].map((upToMinor, i) => ({ upToMinor, rateE4: rates[i] ?? 0 }));
    return { type: 'tiers', mode, steps };
  });
const component: fc.Arbitrary<FeeComponent> = fc.oneof(
  fc.record({ type: fc.constant('percent'), rateE4 }),
  fc.record({ type: fc.constant('fixed'), amountMinor: amount, per: fc.constantFrom('line', 'unit') }),
  tiers,
);
const bounds = fc.tuple(fc.option(amount), fc.option(amount)).map(([a, b]) => {
  const swap = a !== null && b !== null && a > b;
  return swap ? { minMinor: b, maxMinor: a } : { minMinor: a, maxMinor: b };
});
const policy: fc.Arbitrary<FeePolicy> = fc
  .record({
    components: fc.array(component, { minLength: 1, maxLength: 3 }),
    includeShipping: fc.boolean(),
    bounds,
    rounding,
    roundingUnitMinor: fc.oneof(
      fc.constant(1),
      fc.constantFrom(10, 100, 1_000),
      fc.integer({ min: 1, max: MAX_MINOR }),
    ),
    onRefund,
    vat: fc.record({ rateE4, mode: fc.constantFrom(...VAT_MODES), rounding }),
    pgFee: fc.option(
      fc.record({
        rateE4,
        bearer: fc.constantFrom('seller', 'platform'),
        vat: fc.constantFrom('none', 'exclusive'),
        rounding,
        onRefund,
      }),
    ),
  })
  .map(({ bounds: minMax, vat, pgFee, ...commission }) =>
    makePolicy({ vat, pgFee, commission: { ...commission, ...minMax } }),
  );

/** Discounts as parts of the item amount, so that most sales make sense and some are discounted wholly. */
const sale: fc.Arbitrary<SaleInput> = fc
  .record({
    quantity: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000_000 })),
    itemAmount: amount,
    shippingFee: fc.oneof(fc.constant(0), amount),
    discounts: fc.tuple(fc.nat(100), fc.nat(100)),
  })
  .map(({ quantity, itemAmount, shippingFee, discounts: [seller, platform] }) => {
    const part = (of: number, percent: number) => Number((BigInt(of) * BigInt(percent)) / 100n);
    const sellerDiscount = part(itemAmount, seller);
    return {
      quantity,
      itemAmount,
      shippingFee,
      sellerDiscount,
      platformDiscount: part(itemAmount - sellerDiscount, platform),
    };
  });

/** A sale that settles under its policy, and cuts that split its units into refunds. */
const refundedSale = fc
  .record({ input: sale, rules: policy, cuts: fc.array(fc.nat(999), { maxLength: 6 }) })
  .map(({ input, rules, cuts }) => {
    const figures = settleSale(input, rules);
    const inner = cuts.map((cut) => 1 + (cut % input.quantity)).filter((units) => units < input.quantity);
    const upTo = [...new Set([0, ...inner, input.quantity])].sort((a, b) => a - b);
    return { figures, rules, quantity: input.quantity, upTo };
  })
  .filter(({ figures }) => !isRefusal(figures))
  .map(({ figures, ...rest }) => ({ ...rest, original: { ...figures, quantity: rest.quantity } as SettledSale }));

const runs = { numRuns: 1_500 };

describe('a sale', () => {
  it('has the figures of the exact model, and is refused exactly where one of them leaves the range', () => {
    fc.assert(
      fc.property(sale, policy, (input, rules) => {
        const expected = modelSale(input, rules);
        const figures = settleSale(input, rules);
        if (isRefusal(figures)) {
          expect(figures.refused).toBe('AMOUNT_OUT_OF_RANGE');
          expect(inRange(expected)).toBe(false);
        } else {
          expect(toExact(figures)).toEqual(expected);
        }
      }),
      runs,
    );
  });

  it('gives every unit of money one owner', () => {
    fc.assert(
      fc.property(sale, policy, (input, rules) => {
        const figures = settleSale(input, rules);
        if (isRefusal(figures)) return;
        expect(identityHolds(figures, rules.vat.mode)).toBe(true);
        for (const name of FIGURE_NAMES) {
          const other = { ...figures, [name]: figures[name] + (figures[name] === MAX_MINOR ? -1 : 1) };
          const counts = ['buyerPaid', 'platformDiscount', 'net', 'fee', 'pgFee', 'pgFeeVat'].includes(name);
          const vatCounts = name === 'feeVat' && rules.vat.mode === 'exclusive';
          expect(identityHolds(other, rules.vat.mode)).toBe(!counts && !vatCounts);
        }
      }),
      runs,
    );
  });

  it('is explained by steps that end in the same figures', () => {
    const symbols = {
      P: 'buyerPaid',
      B: 'feeBase',
      F: 'fee',
      V: 'feeVat',
      G: 'pgFee',
      GV: 'pgFeeVat',
      N: 'net',
    } as const;
    fc.assert(
      fc.property(sale, policy, (input, rules) => {
        const figures = settleSale(input, rules);
        const explained = explainSale(input, rules);
        if (isRefusal(explained)) return expect(explained).toEqual(figures);
        expect(explained.figures).toEqual(figures);
        const values = new Map(explained.steps.map((step) => [step.symbol, step.value]));
        for (const [symbol, name] of Object.entries(symbols)) {
          expect(values.get(symbol)).toBe((figures as Figures)[name]);
        }
      }),
    );
  });

  it('settles the same when replayed', () => {
    fc.assert(
      fc.property(sale, policy, (input, rules) => {
        const copy: FeePolicy = JSON.parse(JSON.stringify(rules));
        expect(settleSale({ ...input }, copy)).toEqual(settleSale(input, rules));
      }),
    );
  });

  it('never costs less commission for a larger base, save by slabs', () => {
    const monotone = policy.filter(({ commission }) =>
      commission.components.every((part) => part.type !== 'tiers' || part.mode === 'graduated'),
    );
    fc.assert(
      fc.property(monotone, amount, amount, (rules, a, b) => {
        const feeOf = (itemAmount: number) => {
          const line = { quantity: 1, itemAmount, shippingFee: 0, sellerDiscount: 0, platformDiscount: 0 };
          const figures = settleSale(line, rules);
          return isRefusal(figures) ? null : figures.fee;
        };
        const [low, high] = [feeOf(Math.min(a, b)), feeOf(Math.max(a, b))];
        if (low !== null && high !== null) expect(low).toBeLessThanOrEqual(high);
      }),
      runs,
    );
  });
});

describe('refunds', () => {
  it('have the figures of the exact model', () => {
    fc.assert(
      fc.property(refundedSale, ({ original, rules, quantity, upTo }) => {
        const { quantity: _units, ...figures } = original;
        for (const [i, end] of upTo.slice(1).entries()) {
          const prior = upTo[i] ?? 0;
          const refund = settleRefund(original, rules, prior, end - prior);
          const expected = modelRefund(toExact(figures), quantity, rules, prior, end - prior);
          if (isRefusal(refund)) return expect(inRange(expected)).toBe(false);
          expect(toExact(refund)).toEqual(expected);
          expect(identityHolds(refund, rules.vat.mode)).toBe(true);
          expect(Object.values(refund).some((value) => Object.is(value, -0))).toBe(false);
        }
      }),
      runs,
    );
  });

  it('of all units, however split, add up to the original in every figure, and give nobody more back than was paid', () => {
    const kept = { commission: ['fee', 'feeVat'], pgFee: ['pgFee', 'pgFeeVat'] };
    fc.assert(
      fc.property(refundedSale, ({ original, rules, upTo }) => {
        const sums = new Map(FIGURE_NAMES.map((name) => [name, new ExactSum()]));
        let paidBack = 0n;
        for (let i = 1; i < upTo.length; i += 1) {
          const prior = upTo[i - 1] ?? 0;
          const refund = settleRefund(original, rules, prior, (upTo[i] ?? 0) - prior);
          if (isRefusal(refund)) return;
          for (const name of FIGURE_NAMES) sums.get(name)?.add(refund[name]);
          expect(refund.buyerPaid).toBeLessThanOrEqual(0);
          paidBack -= BigInt(refund.buyerPaid);
          expect(paidBack <= BigInt(original.buyerPaid)).toBe(true);
        }
        const keptNames: string[] = [
          ...(rules.commission.onRefund === 'keep' ? kept.commission : []),
          ...(rules.pgFee?.onRefund === 'keep' ? kept.pgFee : []),
        ];
        const charge = (name: 'fee' | 'feeVat' | 'pgFee' | 'pgFeeVat') =>
          keptNames.includes(name) && (name !== 'feeVat' || rules.vat.mode === 'exclusive')
            ? BigInt(original[name])
            : 0n;
        for (const name of FIGURE_NAMES) {
          const withKept =
            name === 'net' ? charge('fee') + charge('feeVat') + charge('pgFee') + charge('pgFeeVat') : 0n;
          const expected = keptNames.includes(name) ? 0n : -BigInt(original[name]) - withKept;
          expect(sums.get(name)?.value()).toBe(expected);
        }
      }),
      runs,
    );
  });

  it('are explained by the same figures', () => {
    fc.assert(
      fc.property(refundedSale, ({ original, rules, upTo }) => {
        const units = upTo[1] ?? 1;
        const refund = settleRefund(original, rules, 0, units);
        const explained = explainRefund(original, rules, 0, units);
        if (isRefusal(explained)) return expect(explained).toEqual(refund);
        expect(explained.figures).toEqual(refund);
        const values = new Map(explained.steps.map((step) => [step.symbol, step.value]));
        expect(values.get('N')).toBe(0 - (refund as Figures).net);
        expect(values.get('A')).toBe(0 - (refund as Figures).itemAmount);
      }),
    );
  });
});

describe('totals', () => {
  it('do not depend on the order of the lines', () => {
    const lines = fc.array(fc.tuple(sale, policy), { minLength: 1, maxLength: 20 });
    const shuffled = lines.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    const totals = (all: readonly [SaleInput, FeePolicy][]) => {
      const sums = FIGURE_NAMES.map(() => new ExactSum());
      for (const [input, rules] of all) {
        const figures = settleSale(input, rules);
        if (!isRefusal(figures)) FIGURE_NAMES.forEach((name, i) => void sums[i]?.add(figures[name]));
      }
      return sums.map((sum) => sum.value());
    };
    fc.assert(fc.property(shuffled, ([one, other]) => expect(totals(one)).toEqual(totals(other))));
  });
});
