/** Tax invoices: what the lines charge is what supply value and VAT come to, exactly; and when invoices are due. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BusinessCalendar } from '../../../core/business-days/rules/business-calendar.js';
import { holidaysOf } from '../../../core/business-days/rules/holidays.js';
import { EXPORTED_SUMS, eachFigure, netOf } from '../../../core/settlement/rules/figures.js';
import { dueOn, invoiceAmounts, parseMonth, supplyOf, vatOf } from '../../../core/tax-invoices/rules/tax-invoice.js';
import { refuse } from '../../../kernel/errors.js';

const amount = (max: number) => fc.integer({ min: 0, max });
const line = fc
  .record({
    itemAmount: amount(1_000_000),
    sellerDiscount: amount(10_000),
    shippingFee: amount(5_000),
    fee: amount(100_000),
    feeVat: amount(10_000),
    pgFee: amount(30_000),
    pgFeeVat: amount(3_000),
    mode: fc.constantFrom('exclusive' as const, 'inclusive' as const, 'none' as const),
    refund: fc.boolean(),
  })
  .map(({ mode, refund, ...figures }) => {
    const made = { platformDiscount: 0, ...figures, feeVat: mode === 'none' ? 0 : figures.feeVat };
    const net = netOf(made, mode);
    const sign = refund ? -1 : 1;
    return { mode, figures: eachFigure(EXPORTED_SUMS, (name) => BigInt(sign * { ...made, net }[name])) };
  });

describe('the amounts of an invoice', () => {
  it('are the sums of its lines, whatever modes of VAT these have, and whether they are sales or refunds', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const sum = (of: (one: (typeof lines)[number]) => bigint): bigint =>
          lines.reduce((total, one) => total + of(one), 0n);
        const amounts = invoiceAmounts(eachFigure(EXPORTED_SUMS, (name) => sum(({ figures }) => figures[name])));
        const contained = ({ mode, figures }: (typeof lines)[number]): bigint =>
          mode === 'inclusive' ? figures.feeVat : 0n;
        expect(amounts).toEqual({
          feeSupplyMinor: sum((one) => one.figures.fee - contained(one)),
          feeVatMinor: sum((one) => one.figures.feeVat),
          pgFeeSupplyMinor: sum((one) => one.figures.pgFee),
          pgFeeVatMinor: sum((one) => one.figures.pgFeeVat),
        });
        const charged = sum(({ figures: it }) => it.itemAmount - it.sellerDiscount + it.shippingFee - it.net);
        expect(supplyOf(amounts) + vatOf(amounts)).toBe(charged);
      }),
    );
  });
});

describe('when an invoice is due', () => {
  const calendar = new BusinessCalendar(1, holidaysOf({ holidays: [], workdays: [] }));
  it.each([
    ['2026-03-31', '2026-04-10', 'a Friday'],
    ['2026-04-30', '2026-05-11', 'the 10th is a Sunday'],
    ['2026-09-30', '2026-10-12', 'the 10th is a Saturday'],
    ['2026-12-31', '2027-01-11', 'the 10th is a Sunday of the next year'],
    ['2024-08-31', '2024-09-10', 'a Tuesday'],
    ['2027-01-31', '2027-02-10', 'the day after 설날 and its substitute'],
  ])('of %s: %s (%s)', (issuedOn, due) => {
    expect(dueOn(issuedOn, calendar)).toBe(due);
  });
});

describe('a month', () => {
  it.each([
    ['2026-02', '2026-02-28'],
    ['2024-02', '2024-02-29'],
    ['2026-12', '2026-12-31'],
    ['2026-04', '2026-04-30'],
  ])('%s ends on %s', (month, to) => {
    expect(parseMonth(month)).toEqual({ month, from: `${month}-01`, to });
  });

  it.each(['2026-13', '2026-4', '2026-00', '2026-04-01', '04-2026', '', 'last'])('%j is none', (month) => {
    expect(parseMonth(month)).toEqual(refuse('MONTH_INVALID', { month }));
  });
});
