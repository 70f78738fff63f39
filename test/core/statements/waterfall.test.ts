/** The table of docs/adjustments.md, and what holds for any amounts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Standing, type WaterfallMove, waterfall } from '../../../core/statements/rules/waterfall.js';
import { CLAWBACK_STEPS, type ClawbackStep } from '../../../core/terms/rules/seller-terms.js';

type Short = [RESERVE?: number, RECEIVABLE?: number, NETTED?: number];
const NAMES = { CLAWBACK_FROM_RESERVE: 0, CLAWBACK_TO_RECEIVABLE: 1, RECEIVABLE_NETTED: 2 } as const;

const short = (moves: readonly WaterfallMove[]): Short => {
  const amounts = [0, 0, 0];
  for (const { rule, amountMinor } of moves) amounts[NAMES[rule]] = Number(amountMinor);
  return amounts as Short;
};
const standing = (unpaid: number, before: number, debits: number, reserve: number, receivable: number): Standing => ({
  unpaidMinor: BigInt(unpaid),
  unpaidBeforeMinor: BigInt(before),
  debitsMinor: BigInt(debits),
  reserveMinor: BigInt(reserve),
  receivableMinor: BigInt(receivable),
});

const all = CLAWBACK_STEPS;
const reserveFirst: ClawbackStep[] = ['reserve', 'next-earnings', 'receivable', 'write-off'];
const reserveOnly: ClawbackStep[] = ['reserve', 'receivable'];
const earningsOnly: ClawbackStep[] = ['next-earnings', 'receivable'];
const neither: ClawbackStep[] = ['receivable', 'write-off'];

describe('what a close takes', () => {
  it.each<[string, readonly ClawbackStep[], Standing, Short]>([
    ['nothing owed, nothing owing', all, standing(500, 0, 0, 50, 0), [0, 0, 0]],
    ['a new debt waits', all, standing(-100, 0, 0, 40, 0), [0, 0, 0]],
    ['a new debt waits although a chargeback made it', all, standing(-100, 0, 100, 40, 0), [0, 0, 0]],
    ['a debt that has waited: reserve, then receivable', all, standing(-100, -100, 0, 40, 0), [40, 60, 0]],
    ['the reserve covers it', all, standing(-100, -100, 0, 300, 0), [100, 0, 0]],
    ['earnings have paid a part of it', all, standing(-60, -100, 0, 40, 0), [40, 20, 0]],
    ['earnings have paid it', all, standing(10, -100, 0, 40, 0), [0, 0, 0]],
    ['more debt has come: only the old has waited', all, standing(-150, -100, 0, 40, 0), [40, 60, 0]],
    ['a receivable from before is netted', all, standing(70, 0, 0, 0, 100), [0, 0, 70]],
    ['and not beyond what is owed', all, standing(170, 0, 0, 0, 100), [0, 0, 100]],
    ['a receivable is not touched by a new debt', all, standing(-70, 0, 0, 0, 100), [0, 0, 0]],
    ['the reserve first, the rest waits', reserveFirst, standing(-100, 0, 0, 40, 0), [40, 0, 0]],
    ['the reserve first, the rest has waited', reserveFirst, standing(-60, -60, 0, 0, 0), [0, 60, 0]],
    ['the reserve pays the old debt first', reserveFirst, standing(-100, -60, 0, 70, 0), [70, 0, 0]],
    ['the reserve pays a part of the old debt', reserveFirst, standing(-100, -60, 0, 20, 0), [20, 40, 0]],
    ['no waiting: reserve and receivable at once', reserveOnly, standing(-100, 0, 0, 40, 0), [40, 60, 0]],
    ['no next earnings: a receivable stays', reserveOnly, standing(70, 0, 0, 0, 100), [0, 0, 0]],
    ['the reserve is not a step', earningsOnly, standing(-100, -100, 0, 40, 0), [0, 100, 0]],
    ['neither is a step', neither, standing(-100, 0, 0, 40, 30), [0, 100, 0]],
  ])('%s', (_name, clawback, owing, expected) => {
    expect(short(waterfall({ noSetOff: false, clawback }, owing))).toEqual(expected);
  });

  it.each<[string, Standing, Short]>([
    ['earnings are paid although something is owed', standing(70, 0, 0, 0, 100), [0, 0, 0]],
    ['a debit becomes a receivable in full', standing(70, 0, 30, 50, 0), [0, 30, 0]],
    ['a debit beyond the earnings, too', standing(-20, 0, 30, 50, 0), [0, 30, 0]],
    ['refunds beyond the sales, too', standing(-50, 0, 30, 50, 0), [0, 50, 0]],
    ['what is carried forward is not touched', standing(30, 80, 0, 0, 0), [0, 50, 0]],
    ['a debt from other terms', standing(-40, -100, 0, 0, 0), [0, 100, 0]],
    ['a debit that is taken back lowers the receivable', standing(130, 0, -30, 0, 100), [0, 0, 30]],
    ['and not beyond what is owed', standing(130, 0, -30, 0, 10), [0, 0, 10]],
    ['both at once', standing(-20, 0, -30, 0, 30), [0, 50, 30]],
  ])('without set-off: %s', (_name, owing, expected) => {
    expect(short(waterfall({ noSetOff: true, clawback: neither }, owing))).toEqual(expected);
  });
});

const amount = fc.bigInt(0n, 200n);
const someStanding: fc.Arbitrary<Standing> = fc.record({
  unpaidMinor: fc.bigInt(-300n, 300n),
  unpaidBeforeMinor: fc.bigInt(-300n, 300n),
  debitsMinor: fc.bigInt(-200n, 200n),
  reserveMinor: amount,
  receivableMinor: amount,
});
const someTerms = fc.oneof(
  fc.constantFrom(all, reserveFirst, reserveOnly, earningsOnly, neither).map((clawback) => ({
    noSetOff: false,
    clawback,
  })),
  fc.constant({ noSetOff: true, clawback: neither }),
);

it('takes more than nothing and no more than there is, and ends with nothing owed that has waited', () => {
  fc.assert(
    fc.property(someTerms, someStanding, (terms, owing) => {
      const left = { unpaid: owing.unpaidMinor, reserve: owing.reserveMinor, receivable: owing.receivableMinor };
      for (const { rule, amountMinor } of waterfall(terms, owing)) {
        expect(amountMinor).toBeGreaterThan(0n);
        left.unpaid += rule === 'RECEIVABLE_NETTED' ? -amountMinor : amountMinor;
        if (rule === 'CLAWBACK_FROM_RESERVE') left.reserve -= amountMinor;
        if (rule === 'CLAWBACK_TO_RECEIVABLE') left.receivable += amountMinor;
        if (rule === 'RECEIVABLE_NETTED') left.receivable -= amountMinor;
        expect([left.reserve >= 0n, left.receivable >= 0n]).toEqual([true, true]);
        if (rule === 'RECEIVABLE_NETTED') expect(left.unpaid).toBeGreaterThanOrEqual(0n);
        if (rule === 'CLAWBACK_FROM_RESERVE') expect(left.unpaid).toBeLessThanOrEqual(0n);
      }
      const newDebt = owing.unpaidMinor - (owing.unpaidBeforeMinor < 0n ? owing.unpaidBeforeMinor : 0n);
      const mayWait = terms.clawback.includes('next-earnings') && newDebt < 0n ? newDebt : 0n;
      expect(left.unpaid).toBeGreaterThanOrEqual(mayWait);
    }),
  );
});
