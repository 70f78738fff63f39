import type { Commission, FeePolicy, PolicyScope } from '../../core/policies/rules/fee-policy.js';

export type PolicyParts = Partial<Omit<FeePolicy, 'commission' | 'scope'>> & {
  readonly commission?: Partial<Commission>;
  readonly scope?: Partial<PolicyScope>;
};

/** A policy for everybody that takes nothing: name what the test is about. */
export function makePolicy(parts: PolicyParts = {}): FeePolicy {
  const { commission, scope, ...rest } = parts;
  return {
    code: 'plain',
    version: 1,
    currency: 'KRW',
    effectiveFrom: '2026-01-01',
    effectiveTo: null,
    vat: { rateE4: 0, mode: 'none', rounding: 'half-up' },
    pgFee: null,
    ...rest,
    scope: { seller: null, category: null, product: null, ...scope },
    commission: {
      components: [{ type: 'percent', rateE4: 0 }],
      includeShipping: false,
      minMinor: null,
      maxMinor: null,
      rounding: 'half-up',
      roundingUnitMinor: 1,
      onRefund: 'reverse',
      ...commission,
    },
  };
}
