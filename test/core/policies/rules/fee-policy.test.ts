import { describe, expect, it } from '@jest/globals';
import { policiesEqual, policyToFile } from '../../../../core/policies/rules/fee-policy.js';
import { makePolicy } from '../../../support/policies.js';

const rich = makePolicy({
  code: 'rich',
  version: 2,
  currency: 'KWD',
  scope: { seller: 'S7', category: 'shoes' },
  effectiveTo: '2026-12-31',
  commission: {
    components: [
      { type: 'percent', rateE4: 85_000 },
      { type: 'fixed', amountMinor: 50, per: 'unit' },
      {
        type: 'tiers',
        mode: 'slab',
        steps: [
          { upToMinor: 1_000, rateE4: 1 },
          { upToMinor: null, rateE4: 1_000_000 },
        ],
      },
    ],
    minMinor: 5,
    maxMinor: 12_345,
  },
  pgFee: { rateE4: 29_000, bearer: 'seller', vat: 'none', rounding: 'up', onRefund: 'keep' },
});

describe('policyToFile', () => {
  it('spells out every default', () => {
    expect(policyToFile(makePolicy())).toEqual({
      code: 'plain',
      version: 1,
      scope: {},
      currency: 'KRW',
      effectiveFrom: '2026-01-01',
      effectiveTo: null,
      commission: {
        components: [{ type: 'percent', rate: '0' }],
        includeShipping: false,
        min: null,
        max: null,
        rounding: 'half-up',
        roundingUnit: 1,
        onRefund: 'reverse',
      },
      vat: { rate: '0', mode: 'none', rounding: 'half-up' },
    });
  });

  it('writes amounts with the decimals of the currency and rates as short as they are', () => {
    expect(policyToFile(rich)).toMatchObject({
      scope: { seller: 'S7', category: 'shoes' },
      effectiveTo: '2026-12-31',
      commission: {
        components: [
          { type: 'percent', rate: '8.5' },
          { type: 'fixed', amount: '0.050', per: 'unit' },
          {
            type: 'tiers',
            mode: 'slab',
            steps: [
              { upTo: '1.000', rate: '0.0001' },
              { upTo: null, rate: '100' },
            ],
          },
        ],
        min: '0.005',
        max: '12.345',
      },
      pgFee: { rate: '2.9', bearer: 'seller', vat: 'none', rounding: 'up', onRefund: 'keep' },
    });
  });
});

describe('policiesEqual', () => {
  it('compares what the policies say', () => {
    expect(policiesEqual(rich, JSON.parse(JSON.stringify(rich)))).toBe(true);
    expect(policiesEqual(rich, { ...rich, effectiveTo: null })).toBe(false);
    expect(policiesEqual(rich, { ...rich, scope: { ...rich.scope, product: 'P' } })).toBe(false);
    expect(policiesEqual(rich, { ...rich, pgFee: null })).toBe(false);
  });
});
