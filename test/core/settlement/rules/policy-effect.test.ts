/** Sums of what a draft would have moved: exact, and the same in whatever order and parts the lines come. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { DECIDED_FIGURES, type Figures } from '../../../../core/settlement/rules/figures.js';
import {
  type DecidedFigures,
  effectsByCurrency,
  MovedMost,
  netDifference,
  SellerEffects,
  toldEffect,
} from '../../../../core/settlement/rules/policy-effect.js';

/** What a policy decides, and the amounts that it does not. */
type LineFigures = DecidedFigures & Pick<Figures, 'itemAmount' | 'sellerDiscount' | 'shippingFee'>;

const figures = (net: number, rest: Partial<LineFigures> = {}): LineFigures => ({
  itemAmount: 100,
  sellerDiscount: 5,
  shippingFee: 3,
  feeBase: 100,
  fee: 10,
  feeVat: 1,
  pgFee: 3,
  pgFeeVat: 0,
  net,
  ...rest,
});

type Line =
  | { kind: 'line'; leg: 0 | 1; seller: string; currency: string; before: LineFigures; after: LineFigures }
  | { kind: 'refused'; seller: string; currency: string }
  | { kind: 'unreadable'; seller: string };

const amount = fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.maxSafeInteger());
const someFigures = fc.record({
  itemAmount: amount,
  sellerDiscount: amount,
  shippingFee: amount,
  feeBase: amount,
  fee: amount,
  feeVat: amount,
  pgFee: amount,
  pgFeeVat: amount,
  net: amount,
});
const seller = fc.constantFrom('S1', 'S2', 'S3');
const currency = fc.constantFrom('KRW', 'USD');
const lines: fc.Arbitrary<Line[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: someFigures.chain((before) => lineOf(before)) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('refused' as const), seller, currency }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unreadable' as const), seller }) },
  ),
  { maxLength: 40 },
);
const lineOf = (before: LineFigures): fc.Arbitrary<Line> =>
  fc.record({
    kind: fc.constant('line' as const),
    leg: fc.constantFrom(SALE, REFUND),
    seller,
    currency,
    before: fc.constant(before),
    after: fc.oneof(fc.constant(before), someFigures),
  });

function effectsOf(part: readonly Line[]): SellerEffects {
  const effects = new SellerEffects();
  for (const line of part) {
    if (line.kind === 'line') effects.addLine(line.leg, line.seller, line.currency, line.before, line.after);
    else if (line.kind === 'refused') effects.addRefused(line.seller, line.currency);
    else effects.addUnreadable(line.seller);
  }
  return effects;
}

describe('sums', () => {
  it('tell before from after, sales from refunds, and lines that changed from those that did not', () => {
    const effects = new SellerEffects();
    effects.addLine(SALE, 'S2', 'KRW', figures(80), figures(85, { fee: 5 }));
    effects.addLine(SALE, 'S2', 'KRW', figures(50), figures(50));
    effects.addLine(REFUND, 'S2', 'KRW', figures(-80), figures(-85));
    effects.addLine(SALE, 'S1', 'USD', figures(7), figures(6));
    effects.addRefused('S1', 'USD');
    effects.addUnreadable('S1');
    const found = effects.entries();
    expect(found).toMatchObject([
      { sellerId: 'S1', currency: '', sales: 0, unreadable: 1 },
      {
        sellerId: 'S2',
        currency: 'KRW',
        sales: 2,
        refunds: 1,
        changed: 2,
        refused: 0,
        before: { net: 50n, fee: 30n },
        after: { net: 50n, fee: 25n },
      },
      { sellerId: 'S1', currency: 'USD', sales: 1, refunds: 0, changed: 1, refused: 1, before: { net: 7n } },
    ]);
    expect(found.map(netDifference)).toEqual([0n, 0n, -1n]);
  });

  it('tell the fee VAT on top from the fee VAT that fees contain, before and after', () => {
    const effects = new SellerEffects();
    const amounts = { itemAmount: 1_000, sellerDiscount: 100, shippingFee: 50, pgFee: 20, pgFeeVat: 2 };
    const onTop = figures(768, { ...amounts, fee: 100, feeVat: 60 });
    const contained = figures(828, { ...amounts, fee: 100, feeVat: 9 });
    effects.addLine(SALE, 'S1', 'KRW', onTop, contained);
    effects.addLine(SALE, 'S1', 'KRW', contained, contained);
    const [effect] = effects.entries();
    expect(effect && toldEffect(effect)).toMatchObject({
      before: { feeVat: 69n, feeVatOnTop: 60n, feeVatContained: 9n, net: 1_596n },
      after: { feeVat: 18n, feeVatOnTop: 0n, feeVatContained: 18n },
      difference: { feeVat: -51n, feeVatOnTop: -60n, feeVatContained: 9n, net: 60n },
    });
  });

  it.each(DECIDED_FIGURES)('count a line as changed when only %s differs', (name) => {
    const effects = new SellerEffects();
    effects.addLine(SALE, 'S1', 'KRW', figures(80), { ...figures(80), [name]: 79 });
    expect(effects.entries()).toMatchObject([{ changed: 1 }]);
  });

  it('are exact beyond 2^53', () => {
    const effects = new SellerEffects();
    const largest = figures(Number.MAX_SAFE_INTEGER);
    for (let i = 0; i < 5; i += 1) effects.addLine(SALE, 'S1', 'KRW', largest, figures(-Number.MAX_SAFE_INTEGER));
    const [found] = effects.entries();
    expect(found?.before.net).toBe(5n * BigInt(Number.MAX_SAFE_INTEGER));
    expect(found?.after.net).toBe(-5n * BigInt(Number.MAX_SAFE_INTEGER));
  });

  it('are the same in whatever parts and order the lines are added up', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(5)), fc.boolean(), (all, parts, backwards) => {
        const split = [0, 1, 2, 3, 4, 5].map((part) => all.filter((_line, i) => (parts[i] ?? 0) === part));
        const merged = new SellerEffects();
        for (const part of backwards ? split.reverse() : split)
          for (const effect of effectsOf(part).entries()) merged.addEffect(effect);
        expect(merged.entries()).toEqual(effectsOf(all).entries());
      }),
    );
  });

  it('per currency are those of the sellers together', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const together = effectsOf(
          all.filter(({ kind }) => kind !== 'unreadable').map((line) => ({ ...line, seller: 'all' })),
        );
        expect(effectsByCurrency(effectsOf(all).entries())).toEqual(
          together.entries().map(({ sellerId: _all, ...effect }) => effect),
        );
      }),
    );
  });
});

interface Moved {
  readonly id: number;
  readonly currency: string;
  readonly difference: bigint;
}
const byId = (a: Moved, b: Moved): number => a.id - b.id;
const size = (x: bigint): bigint => (x < 0n ? -x : x);
const keep = (max: number, moved: readonly Moved[]): MovedMost<Moved> => {
  const most = new MovedMost(max, byId);
  for (const one of moved) {
    const may = most.mayKeep(one.currency, Number(one.difference));
    const kept = most.add(one.currency, one.difference, one);
    if (kept && !may) throw new Error('what may not be kept was kept');
  }
  return most;
};

const difference = fc.oneof(
  fc.bigInt(-3n, 3n),
  fc.bigInt(2n ** 54n - 6n, 2n ** 54n - 2n),
  fc.bigInt(-(2n ** 54n), 2n ** 54n),
);
const movedLines = fc
  .array(fc.record({ currency, difference }), { maxLength: 30 })
  .map((all) => all.map((one, id): Moved => ({ id, ...one })));

describe('the entries that moved most', () => {
  it('are the first ones by size and then by order, of each currency', () => {
    fc.assert(
      fc.property(movedLines, fc.integer({ min: 1, max: 5 }), (all, max) => {
        const expected = ['KRW', 'USD'].flatMap((one) =>
          all
            .filter(({ currency: own }) => own === one)
            .sort((a, b) =>
              size(a.difference) === size(b.difference) ? byId(a, b) : size(a.difference) < size(b.difference) ? 1 : -1,
            )
            .slice(0, max),
        );
        expect(keep(max, all).entries()).toEqual(expected);
      }),
    );
  });

  it('are the same when they are chosen from those of parts, in any order', () => {
    fc.assert(
      fc.property(movedLines, fc.array(fc.nat(3)), fc.integer({ min: 1, max: 5 }), (all, parts, max) => {
        const split = [3, 1, 0, 2].map((part) => all.filter((_one, i) => (parts[i] ?? 0) === part));
        const merged = keep(max, split.flatMap((part) => keep(max, part).entries()).reverse());
        expect(merged.entries()).toEqual(keep(max, all).entries());
      }),
    );
  });
});
