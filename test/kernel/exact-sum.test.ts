import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExactSum } from '../../kernel/exact-sum.js';
import { MAX_MINOR } from '../../kernel/money.js';

const safe = fc.oneof(fc.integer(), fc.maxSafeInteger());

describe('ExactSum', () => {
  it('starts at nothing', () => {
    const sum = new ExactSum();
    expect(sum.value()).toBe(0n);
    expect(sum.safeValue()).toBe(0);
  });

  it('goes on exactly beyond 2^53 and comes back', () => {
    const sum = new ExactSum();
    sum.add(MAX_MINOR);
    sum.add(2);
    expect(sum.value()).toBe(9_007_199_254_740_993n);
    expect(sum.safeValue()).toBeNaN();
    sum.add(-2);
    expect(sum.safeValue()).toBe(MAX_MINOR);
  });

  it('equals the sum of bigints, whatever is added in whatever order', () => {
    const term = fc.oneof(
      fc.record({ a: safe, b: fc.constant(null) }),
      fc.record({ a: safe, b: safe }),
      fc.record({ a: fc.bigInt(), b: fc.constant(null) }),
    );
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        const sum = new ExactSum();
        let expected = 0n;
        for (const { a, b } of terms) {
          if (typeof a === 'bigint') sum.addBig(a);
          else if (b === null) sum.add(a);
          else sum.addProduct(a, b);
          expected += BigInt(a) * BigInt(b ?? 1);
        }
        expect(sum.value()).toBe(expected);
        const isSafe = expected <= BigInt(MAX_MINOR) && expected >= -BigInt(MAX_MINOR);
        expect(sum.safeValue()).toBe(isSafe ? Number(expected) : Number.NaN);
      }),
      { numRuns: 1000 },
    );
  });
});
