/** The VAT on fees is told apart in sums over lines of any modes, exactly. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { VAT_MODES } from '../../../../core/policies/rules/fee-policy.js';
import { currencyTotals, sumOfTotals } from '../../../../core/settlement/rules/currency-totals.js';
import { EXPORTED_SUMS, eachFigure, FIGURE_NAMES, netOf } from '../../../../core/settlement/rules/figures.js';
import { TotalsBy } from '../../../../core/settlement/rules/line-totals.js';

const amount = fc.oneof(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: -(2 ** 49), max: 2 ** 49 }));
const line = fc.tuple(fc.constantFrom(...VAT_MODES), fc.array(amount, { minLength: 11, maxLength: 11 }));

describe('totals of a currency', () => {
  it('have on top what lines with exclusive VAT have, and contained the rest', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 50 }), (lines) => {
        const totals = new TotalsBy();
        let [onTop, contained] = [0n, 0n];
        for (const [mode, cells] of lines) {
          const figures = eachFigure(FIGURE_NAMES, (_, at) => cells[at] ?? 0);
          if (mode === 'none') figures.feeVat = 0;
          figures.net = netOf(figures, mode);
          totals.of('KRW').add(SALE, figures);
          if (mode === 'exclusive') onTop += BigInt(figures.feeVat);
          else contained += BigInt(figures.feeVat);
        }
        const [sums] = currencyTotals(totals.entries());
        if (sums === undefined) return expect(lines).toEqual([]);
        expect([sums.feeVatOnTop, sums.feeVatContained]).toEqual([onTop, contained]);
        const { itemAmount, sellerDiscount, shippingFee, fee, pgFee, pgFeeVat, net } = sums;
        expect(itemAmount - sellerDiscount + shippingFee - fee - onTop - pgFee - pgFeeVat).toBe(net);
      }),
    );
  });

  it('have the sums that are exported, and the counts', () => {
    const totals = new TotalsBy();
    totals.of('BRL').add(
      SALE,
      eachFigure(FIGURE_NAMES, (_, at) => at),
    );
    const names = Object.keys(currencyTotals(totals.entries())[0] ?? {});
    expect(names).toEqual(['currency', 'sales', 'refunds', ...EXPORTED_SUMS, 'feeVatOnTop', 'feeVatContained']);
  });

  it('of several dates are the totals of all their lines, currency by currency', () => {
    const dated = fc.record({ date: fc.nat(2), currency: fc.constantFrom('KRW', 'BRL', 'JPY'), line });
    fc.assert(
      fc.property(fc.array(dated, { maxLength: 50 }), (lines) => {
        const byDate = [0, 1, 2].map(() => new TotalsBy());
        const all = new TotalsBy();
        for (const { date, currency, line } of lines) {
          const figures = eachFigure(FIGURE_NAMES, (_, at) => line[1][at] ?? 0);
          for (const totals of [byDate[date], all]) totals?.of(currency).add(date === 0 ? REFUND : SALE, figures);
        }
        const summed = sumOfTotals(byDate.flatMap((totals) => currencyTotals(totals.entries())));
        expect(summed).toEqual(currencyTotals(all.entries()));
      }),
    );
  });
});
