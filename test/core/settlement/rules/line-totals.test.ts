import { describe, expect, it } from '@jest/globals';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { FIGURE_NAMES, type Figures } from '../../../../core/settlement/rules/figures.js';
import { LineTotals, TotalsBy } from '../../../../core/settlement/rules/line-totals.js';
import { MAX_MINOR } from '../../../../kernel/money.js';

/** Figures that are all different: the i-th is `start` + i × `step`. */
const figures = (start: number, step: number): Figures =>
  Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, start + i * step])) as unknown as Figures;

describe('LineTotals', () => {
  it('adds every figure to its own sum and counts each leg', () => {
    const totals = new LineTotals();
    totals.add(SALE, figures(100, 1));
    totals.add(SALE, figures(1_000, 10));
    totals.add(REFUND, figures(-100, -1));
    const sums = Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, BigInt(1_000 + i * 10)]));
    expect(totals.value()).toEqual({ sales: 2, refunds: 1, ...sums });
  });

  it('stays exact beyond 2^53, in both directions', () => {
    const totals = new LineTotals();
    for (let i = 0; i < 3; i += 1) totals.add(SALE, figures(MAX_MINOR, 0));
    expect(totals.value().net).toBe(3n * BigInt(MAX_MINOR));
    for (let i = 0; i < 5; i += 1) totals.add(REFUND, figures(-MAX_MINOR, 0));
    expect(totals.value()).toMatchObject({ sales: 3, refunds: 5, net: -2n * BigInt(MAX_MINOR) });
  });

  it('adds other totals with their counts', () => {
    const one = new LineTotals();
    one.add(SALE, figures(1, 1));
    one.add(REFUND, figures(5, 0));
    const both = new LineTotals();
    both.add(SALE, figures(10, 0));
    both.addTotals(one.value());
    expect(both.value()).toMatchObject({ sales: 2, refunds: 1, itemAmount: 16n, net: 26n });
  });
});

describe('TotalsBy', () => {
  it('keeps keys apart and lists them in byte order', () => {
    const totals = new TotalsBy();
    for (const [currency, amount] of [
      ['USD', 1],
      ['BRL', 2],
      ['KRW', 3],
      ['BRL', 40],
    ] as const) {
      totals.of(currency).add(SALE, figures(amount, 0));
    }
    expect(totals.entries().map(([currency, { net, sales }]) => [currency, net, sales])).toEqual([
      ['BRL', 42n, 2],
      ['KRW', 3n, 1],
      ['USD', 1n, 1],
    ]);
  });
});
