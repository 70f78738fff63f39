/** What a draft of policies would have changed: the books that are compared, and the outcome for a line. */
import { describe, expect, it } from '@jest/globals';
import type { FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import type { StoredPolicy } from '../../../../core/policies/rules/policy-book.js';
import {
  type TrialBooks,
  type TrialDates,
  trialBooks,
  tryRefund,
  trySale,
} from '../../../../core/settlement/rules/policy-trial.js';
import { makePolicy, type PolicyParts } from '../../../support/policies.js';

const percent = (rate: number) => ({ components: [{ type: 'percent' as const, rateE4: rate * 10_000 }] });
const stored = (...policies: PolicyParts[]): StoredPolicy[] =>
  policies.map((parts, i) => {
    const policy = makePolicy(parts);
    return { policyId: i + 1, policy, endsOn: policy.effectiveTo };
  });

const now = stored(
  { code: 'all', commission: percent(10) },
  { code: 'shoes', scope: { category: 'shoes' }, commission: percent(5) },
);

const sale = (orderedOn: string, category = '') => ({
  sellerId: 'S1',
  category,
  productId: '',
  currency: 'KRW',
  orderedOn,
  quantity: 2,
  itemAmount: 1_000,
  shippingFee: 0,
  sellerDiscount: 0,
  platformDiscount: 0,
});

function books(draft: readonly PolicyParts[], dates: TrialDates, current = now): TrialBooks {
  const made = trialBooks(current, draft.map(makePolicy), dates);
  if (Array.isArray(made)) throw new Error(JSON.stringify(made));
  return made;
}

const chosen = (outcome: { policy: FeePolicy | undefined; figures: unknown } | undefined) =>
  outcome && {
    version: outcome.policy === undefined ? null : `${outcome.policy.code} ${outcome.policy.version}`,
    ...(outcome.figures as { fee?: number; refused?: string }),
  };

describe('a sale', () => {
  const next: PolicyParts = { code: 'all', version: 2, effectiveFrom: '2027-01-01', commission: percent(8) };

  it.each([
    ['ALWAYS', '2026-06-01', '', { version: 'all 2', fee: 80 }],
    ['ALWAYS', '2025-01-01', '', { version: 'all 2', fee: 80 }],
    ['ALWAYS', '2026-06-01', 'shoes', undefined],
    ['AS_STATED', '2026-12-31', '', undefined],
    ['AS_STATED', '2027-01-01', '', { version: 'all 2', fee: 80 }],
    ['AS_STATED', '2027-01-01', 'shoes', undefined],
  ] as const)('%s, ordered on %s in category %j', (dates, orderedOn, category, expected) => {
    const outcome = chosen(trySale(books([next], dates), sale(orderedOn, category)));
    if (expected === undefined) expect(outcome).toBeUndefined();
    else expect(outcome).toMatchObject(expected);
  });

  it('is not touched by a policy that is stored already', () => {
    expect(trySale(books([{ code: 'all', commission: percent(10) }], 'ALWAYS'), sale('2026-06-01'))).toBeUndefined();
    expect(books([{ code: 'all', commission: percent(10) }], 'ALWAYS').fresh).toBe(0);
  });

  it('falls under the policy that begins last of those drafted for its scope', () => {
    const draft = [next, { ...next, version: 3, effectiveFrom: '2027-06-01', commission: percent(6) }];
    expect(chosen(trySale(books(draft, 'ALWAYS'), sale('2026-06-01')))).toMatchObject({ version: 'all 3', fee: 60 });
    expect(chosen(trySale(books(draft, 'AS_STATED'), sale('2027-03-01')))).toMatchObject({ version: 'all 2', fee: 80 });
  });

  it('falls back when the draft ends its predecessor and ends itself', () => {
    const brief: PolicyParts = {
      code: 'shoes',
      version: 2,
      scope: { category: 'shoes' },
      effectiveFrom: '2026-03-01',
      effectiveTo: '2026-03-31',
    };
    expect(chosen(trySale(books([brief], 'AS_STATED'), sale('2026-05-01', 'shoes')))).toMatchObject({
      version: 'all 1',
      fee: 100,
    });
    expect(chosen(trySale(books([brief], 'AS_STATED'), sale('2026-03-31', 'shoes')))).toMatchObject({
      version: 'shoes 2',
      fee: 0,
    });
    expect(trySale(books([brief], 'AS_STATED'), sale('2026-02-28', 'shoes'))).toBeUndefined();
  });

  it('may be left without a policy, and says so', () => {
    const only = stored({ code: 'only', commission: percent(10) });
    const brief: PolicyParts = { code: 'only', version: 2, effectiveFrom: '2026-03-01', effectiveTo: '2026-03-31' };
    const made = books([brief], 'AS_STATED', only);
    expect(chosen(trySale(made, sale('2026-05-01')))).toMatchObject({ version: null, refused: 'POLICY_MISSING' });
    expect(chosen(tryRefund(made, sale('2026-05-01'), 0, 1))).toMatchObject({
      version: null,
      refused: 'POLICY_MISSING',
    });
  });
});

describe('a refund', () => {
  it('takes back its share of what its sale would have been', () => {
    const made = books([{ code: 'all', version: 2, commission: percent(8.1) }], 'ALWAYS');
    expect(chosen(trySale(made, sale('2026-06-01')))).toMatchObject({ fee: 81, net: 919 });
    expect(chosen(tryRefund(made, sale('2026-06-01'), 0, 1))).toMatchObject({ version: 'all 2', fee: -40 });
    expect(chosen(tryRefund(made, sale('2026-06-01'), 1, 1))).toMatchObject({ version: 'all 2', fee: -41 });
    expect(tryRefund(made, sale('2026-06-01', 'shoes'), 0, 1)).toBeUndefined();
  });
});

describe('a draft that cannot be applied', () => {
  it('gives its faults instead of books', () => {
    const clash = makePolicy({ code: 'other' });
    expect(trialBooks(now, [clash], 'ALWAYS')).toMatchObject([{ index: 0, code: 'POLICY_OVERLAP' }]);
    const changed = makePolicy({ code: 'all', commission: percent(11) });
    expect(trialBooks(now, [changed], 'AS_STATED')).toMatchObject([{ index: 0, code: 'POLICY_IMMUTABLE' }]);
  });
});
