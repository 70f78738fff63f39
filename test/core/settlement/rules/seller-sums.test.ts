import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { eachFigure, FIGURE_NAMES } from '../../../../core/settlement/rules/figures.js';
import { LineTotals } from '../../../../core/settlement/rules/line-totals.js';
import { SellerSums } from '../../../../core/settlement/rules/seller-sums.js';

const MAX = Number.MAX_SAFE_INTEGER;
const line = fc.record({
  generation: fc.integer({ min: 1, max: 2 }),
  currency: fc.constantFrom('KRW', 'USD'),
  seller: fc.constantFrom('a', 'b', 'c'),
  leg: fc.constantFrom(SALE, REFUND),
  figures: fc.array(fc.oneof(fc.integer({ min: -MAX, max: MAX }), fc.constantFrom(MAX, -MAX, 0)), {
    minLength: FIGURE_NAMES.length,
    maxLength: FIGURE_NAMES.length,
  }),
});

describe('the sums per seller', () => {
  it('are those of the lines, however the lines are divided, beyond 2^53 too', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (lines, parts) => {
        const expected = new Map<string, LineTotals>();
        const threads = Array.from({ length: parts }, () => new SellerSums());
        for (const [i, { generation, currency, seller, leg, figures }] of lines.entries()) {
          const key = `${generation} ${currency} ${seller}`;
          const totals = expected.get(key) ?? new LineTotals();
          expected.set(key, totals);
          totals.add(
            leg,
            eachFigure(FIGURE_NAMES, (_, at) => figures[at] as number),
          );
          threads[i % parts]?.add(generation, currency, seller, leg, figures);
        }
        const all = new SellerSums();
        for (const thread of threads) all.addAll(structuredClone(thread.data()));
        const found = [...all.groups()];
        expect(
          new Map(found.map((group) => [`${group.generation} ${group.currency} ${group.sellerId}`, group.totals])),
        ).toEqual(new Map([...expected].map(([key, totals]) => [key, totals.value()])));
        for (const group of found) expect(all.find(group)).toEqual(group.totals);
      }),
    );
  });

  it('grow with the sellers', () => {
    const sums = new SellerSums();
    const figures = FIGURE_NAMES.map((_, i) => i + 1);
    for (let round = 0; round < 2; round += 1)
      for (let i = 0; i < 1_000; i += 1) sums.add(1, 'KRW', `seller-${i}`, SALE, figures);
    const groups = [...sums.groups()];
    expect(groups).toHaveLength(1_000);
    for (const { totals } of groups) expect(totals).toMatchObject({ sales: 2, refunds: 0, itemAmount: 2n, net: 22n });
    expect(sums.find({ generation: 2, currency: 'KRW', sellerId: 'seller-1' })).toBeUndefined();
    expect(sums.find({ generation: 1, currency: 'KRW', sellerId: 'nobody' })).toBeUndefined();
  });
});
