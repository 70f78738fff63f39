/** Which promotion a checkout gets, and what it takes off. */
import { describe, expect, it } from '@jest/globals';
import {
  choosePromotion,
  discountOf,
  type Promotion,
  promotionFault,
} from '../../../../core/promotions/rules/promotion.js';

const promotion = (fields: Partial<Promotion>): Promotion => ({
  promotionId: 1,
  code: null,
  kind: 'AMOUNT',
  rateE4: null,
  amountMinor: 1_000,
  minimumMinor: 0,
  currency: 'KRW',
  startsAt: '2026-01-01T00:00:00.000Z',
  endsAt: null,
  ...fields,
});
const percent = (rateE4: number, fields: Partial<Promotion> = {}) =>
  promotion({ kind: 'PERCENT', rateE4, amountMinor: null, ...fields });

describe('a promotion', () => {
  it.each<[string, Promotion, number, number]>([
    ['an amount', promotion({}), 5_000, 1_000],
    ['an amount above the price', promotion({}), 700, 700],
    ['a percentage, rounded down', percent(85_000), 999, 84],
    ['all of it', percent(1_000_000), 999, 999],
    ['below its minimum', promotion({ minimumMinor: 5_000 }), 4_999, 0],
    ['at its minimum', promotion({ minimumMinor: 5_000 }), 5_000, 1_000],
  ])('%s', (_name, given, goods, discount) => expect(discountOf(given, goods)).toBe(discount));

  const coded = promotion({ promotionId: 3, code: 'THREE', amountMinor: 3_000, minimumMinor: 8_000 });
  const inForce = [percent(100_000, { promotionId: 2 }), promotion({ promotionId: 1 }), coded];
  it.each<[number, string | null, object]>([
    [9_000, null, { promotionId: 1, discountMinor: 1_000 }],
    [20_000, null, { promotionId: 2, discountMinor: 2_000 }],
    [10_000, null, { promotionId: 1, discountMinor: 1_000 }],
    [20_000, 'THREE', { promotionId: 3, discountMinor: 3_000 }],
    [40_000, 'THREE', { promotionId: 2, discountMinor: 4_000 }],
    [7_999, 'THREE', { refused: 'PROMOTION_NOT_APPLICABLE', details: { reason: 'BELOW_MINIMUM' } }],
    [9_000, 'OTHER', { refused: 'PROMOTION_NOT_APPLICABLE', details: { reason: 'NOT_IN_FORCE' } }],
  ])('of goods for %d with the code %s is the best for the buyer', (goods, code, chosen) =>
    expect(choosePromotion(inForce, goods, code)).toMatchObject(chosen),
  );

  it('that takes nothing off is none', () =>
    expect(choosePromotion([], 5, null)).toEqual({ promotionId: null, discountMinor: 0 }));

  it.each<[Promotion, object | undefined]>([
    [promotion({}), undefined],
    [percent(1), undefined],
    [promotion({ currency: 'XXX' }), { refused: 'CURRENCY_UNKNOWN' }],
    [promotion({ rateE4: 1 }), { details: { reason: 'KIND' } }],
    [promotion({ amountMinor: null }), { details: { reason: 'KIND' } }],
    [percent(0), { details: { reason: 'VALUE' } }],
    [promotion({ endsAt: '2026-01-01T00:00:00.000Z' }), { details: { reason: 'PERIOD' } }],
  ])('with the terms %j is judged: %j', (terms, fault) =>
    fault === undefined
      ? expect(promotionFault(terms)).toBeUndefined()
      : expect(promotionFault(terms)).toMatchObject(fault),
  );
});
