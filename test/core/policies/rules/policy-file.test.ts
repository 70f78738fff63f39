import { describe, expect, it } from '@jest/globals';
import type { FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import { policyToFile } from '../../../../core/policies/rules/fee-policy.js';
import { parsePolicyFile } from '../../../../core/policies/rules/policy-file.js';
import { makePolicy } from '../../../support/policies.js';

/** The example of the rules. */
const STANDARD = {
  code: 'standard',
  version: 1,
  scope: {},
  currency: 'KRW',
  effectiveFrom: '2026-01-01',
  effectiveTo: null,
  commission: {
    components: [
      { type: 'percent', rate: '8.5' },
      { type: 'fixed', amount: '100', per: 'line' },
    ],
    includeShipping: false,
    min: '50',
    max: '20000',
    rounding: 'half-up',
    roundingUnit: 1,
    onRefund: 'reverse',
  },
  vat: { rate: '10', mode: 'exclusive', rounding: 'down' },
  pgFee: { rate: '2.9', bearer: 'seller', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
};
const SHOES = {
  code: 'seller-7-shoes',
  version: 3,
  scope: { seller: 'S7', category: 'shoes' },
  currency: 'KRW',
  effectiveFrom: '2026-03-01',
  effectiveTo: '2026-12-31',
  commission: {
    components: [
      {
        type: 'tiers',
        mode: 'graduated',
        steps: [
          { upTo: '100000', rate: '10' },
          { upTo: null, rate: '6.25' },
        ],
      },
    ],
    rounding: 'down',
  },
  vat: { rate: '10', mode: 'inclusive', rounding: 'down' },
};
const SHORTEST = {
  code: 'shortest',
  scope: {},
  currency: 'BRL',
  effectiveFrom: '2026-01-01',
  commission: { components: [{ type: 'fixed', amount: '58.9' }] },
};

const file = (...policies: unknown[]) => JSON.stringify({ policies });

function parsed(...policies: unknown[]): FeePolicy[] {
  const result = parsePolicyFile(file(...policies));
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.policies;
}

/** The faults of a text as `path CODE`. */
function faults(text: string): string[] {
  const result = parsePolicyFile(text);
  return 'faults' in result ? result.faults.map(({ path, code }) => `${path} ${code}`) : [];
}

describe('a file without faults', () => {
  it.each(['reverse', 'keep'])(
    'says of commission and PG fee, each for itself, that a refund is to %s them',
    (kept) => {
      const other = kept === 'keep' ? 'reverse' : 'keep';
      const [policy] = parsed({
        ...STANDARD,
        commission: { ...STANDARD.commission, onRefund: kept },
        pgFee: { ...STANDARD.pgFee, onRefund: other },
      });
      expect(policy?.commission.onRefund).toBe(kept);
      expect(policy?.pgFee?.onRefund).toBe(other);
    },
  );

  it('gives the policies of the rules', () => {
    const [standard, shoes] = parsed(STANDARD, SHOES);
    expect(standard).toEqual(
      makePolicy({
        code: 'standard',
        commission: {
          components: [
            { type: 'percent', rateE4: 85_000 },
            { type: 'fixed', amountMinor: 100, per: 'line' },
          ],
          minMinor: 50,
          maxMinor: 20_000,
        },
        vat: { rateE4: 100_000, mode: 'exclusive', rounding: 'down' },
        pgFee: { rateE4: 29_000, bearer: 'seller', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
      }),
    );
    expect(shoes).toEqual(
      makePolicy({
        code: 'seller-7-shoes',
        version: 3,
        scope: { seller: 'S7', category: 'shoes' },
        effectiveFrom: '2026-03-01',
        effectiveTo: '2026-12-31',
        commission: {
          components: [
            {
              type: 'tiers',
              mode: 'graduated',
              steps: [
                { upToMinor: 100_000, rateE4: 100_000 },
                { upToMinor: null, rateE4: 62_500 },
              ],
            },
          ],
          rounding: 'down',
        },
        vat: { rateE4: 100_000, mode: 'inclusive', rounding: 'down' },
      }),
    );
  });

  it('fills every default', () => {
    const components = [{ type: 'fixed' as const, amountMinor: 5_890, per: 'line' as const }];
    expect(parsed(SHORTEST)).toEqual([makePolicy({ code: 'shortest', currency: 'BRL', commission: { components } })]);
    const pgFee = { rate: '1', bearer: 'platform' };
    const vat = { rate: '0', mode: 'none' };
    expect(parsed({ ...SHORTEST, pgFee, vat })[0]).toMatchObject({
      vat: { rateE4: 0, mode: 'none', rounding: 'half-up' },
      pgFee: { rateE4: 10_000, bearer: 'platform', vat: 'none', rounding: 'half-up', onRefund: 'reverse' },
    });
  });

  it('is read back from its own spelled-out form', () => {
    const policies = parsed(STANDARD, SHOES, SHORTEST);
    expect(parsed(...policies.map(policyToFile))).toEqual(policies);
  });

  it('may begin with a byte-order mark, hold nothing, and trims a category', () => {
    expect(faults(`\uFEFF${file(STANDARD)}`)).toEqual([]);
    expect(parsePolicyFile('{"policies": []}')).toEqual({ policies: [] });
    expect(parsed({ ...SHORTEST, scope: { category: ' 여성 신발 ' } })[0]?.scope.category).toBe('여성 신발');
  });

  it.each([
    [{}],
    [{ seller: 'S' }],
    [{ product: 'P' }],
    [{ category: 'C' }],
    [{ seller: 'S', product: 'P' }],
    [{ seller: 'S', category: 'C' }],
  ])('takes the scope %j', (scope) => {
    expect(faults(file({ ...SHORTEST, scope }))).toEqual([]);
  });

  it('takes min equal to max, one open tier, a whole rate and a single day', () => {
    const steps = [{ upTo: null, rate: '100' }];
    const commission = { components: [{ type: 'tiers', mode: 'slab', steps }], min: '5', max: '5.00' };
    expect(faults(file({ ...SHORTEST, commission, effectiveTo: '2026-01-01' }))).toEqual([]);
  });
});

describe('a text that is no policy file', () => {
  it('names the place where it stops being JSON', () => {
    expect(parsePolicyFile('{"policies": [\n  {"code": "a",}\n]}')).toEqual({
      faults: [{ path: '$', code: 'POLICY_FILE_INVALID', message: 'is not JSON: line 2, column 16' }],
      sound: [],
    });
  });

  it.each([
    ['[]', ['$ POLICY_INVALID']],
    ['null', ['$ POLICY_INVALID']],
    ['{}', ['policies POLICY_INVALID']],
    ['{"policies": {}}', ['policies POLICY_INVALID']],
    ['{"policies": [], "polices": [], "a b": 1}', ['polices POLICY_INVALID', '["a b"] POLICY_INVALID']],
    ['{"policies": [7, null]}', ['policies[0] POLICY_INVALID', 'policies[1] POLICY_INVALID']],
  ])('%s', (text, expected) => {
    expect(faults(text)).toEqual(expected);
  });
});

/** One change of a good policy and the faults it makes, below `policies[0]`. */
const commission = (change: object) => ({ ...STANDARD, commission: { ...STANDARD.commission, ...change } });
const component = (one: unknown) => commission({ components: [one] });
const tiers = (...steps: unknown[]) => component({ type: 'tiers', mode: 'slab', steps });
const vat = (change: object) => ({ ...STANDARD, vat: { ...STANDARD.vat, ...change } });
const pgFee = (change: object) => ({ ...STANDARD, pgFee: { ...STANDARD.pgFee, ...change } });
const without = (key: string) => Object.fromEntries(Object.entries(STANDARD).filter(([name]) => name !== key));
const C0 = 'commission.components[0]';

describe('a policy with a fault', () => {
  it.each<[unknown, string[]]>([
    [without('code'), ['code POLICY_INVALID']],
    [without('scope'), ['scope POLICY_INVALID']],
    [without('currency'), ['currency POLICY_INVALID']],
    [without('effectiveFrom'), ['effectiveFrom POLICY_INVALID']],
    [without('commission'), ['commission POLICY_INVALID']],
    [{ ...STANDARD, code: 'no spaces' }, ['code POLICY_INVALID']],
    [{ ...STANDARD, code: 7 }, ['code POLICY_INVALID']],
    [{ ...STANDARD, version: 0 }, ['version POLICY_INVALID']],
    [{ ...STANDARD, version: '1' }, ['version POLICY_INVALID']],
    [{ ...STANDARD, version: 1.5 }, ['version POLICY_INVALID']],
    [{ ...STANDARD, note: 'x' }, ['note POLICY_INVALID']],
    [{ ...STANDARD, currency: 'krw' }, ['currency CURRENCY_UNKNOWN']],
    [{ ...STANDARD, currency: 'XAU' }, ['currency CURRENCY_UNKNOWN']],
    [{ ...STANDARD, effectiveFrom: '2026-02-30' }, ['effectiveFrom DATE_INVALID']],
    [{ ...STANDARD, effectiveTo: '31.12.2026' }, ['effectiveTo DATE_INVALID']],
    [{ ...STANDARD, effectiveTo: '2025-12-31' }, ['effectiveTo POLICY_INVALID']],
    [{ ...STANDARD, scope: { product: 'P', category: 'C' } }, ['scope POLICY_INVALID']],
    [{ ...STANDARD, scope: { seller: 'S', product: 'P', category: 'C' } }, ['scope POLICY_INVALID']],
    [{ ...STANDARD, scope: { seller: ' S' } }, ['scope.seller POLICY_INVALID']],
    [{ ...STANDARD, scope: { category: '  ' } }, ['scope.category POLICY_INVALID']],
    [{ ...STANDARD, scope: { product: '' } }, ['scope.product POLICY_INVALID']],
    [{ ...STANDARD, scope: { brand: 'B' } }, ['scope.brand POLICY_INVALID']],
    [commission({ components: [] }), ['commission.components POLICY_INVALID']],
    [commission({ components: undefined }), ['commission.components POLICY_INVALID']],
    [commission({ min: '1.5' }), ['commission.min AMOUNT_INVALID']],
    [commission({ min: 50 }), ['commission.min POLICY_INVALID']],
    [commission({ max: '-1', min: null }), ['commission.max AMOUNT_INVALID']],
    [commission({ max: '9007199254740992' }), ['commission.max AMOUNT_OUT_OF_RANGE']],
    [commission({ min: '100', max: '99' }), ['commission.max POLICY_INVALID']],
    [commission({ rounding: 'bankers' }), ['commission.rounding POLICY_INVALID']],
    [commission({ roundingUnit: 0 }), ['commission.roundingUnit POLICY_INVALID']],
    [commission({ roundingUnit: '10' }), ['commission.roundingUnit POLICY_INVALID']],
    [commission({ roundingUnit: 0.5 }), ['commission.roundingUnit POLICY_INVALID']],
    [commission({ includeShipping: 'no' }), ['commission.includeShipping POLICY_INVALID']],
    [commission({ onRefund: 'both' }), ['commission.onRefund POLICY_INVALID']],
    [commission({ maximum: '5' }), ['commission.maximum POLICY_INVALID']],
    [component({ rate: '5' }), [`${C0}.type POLICY_INVALID`]],
    [component({ type: 'percentage', rate: '5' }), [`${C0}.type POLICY_INVALID`]],
    [component('8.5'), [`${C0} POLICY_INVALID`]],
    [component({ type: 'percent' }), [`${C0}.rate POLICY_INVALID`]],
    [component({ type: 'percent', rate: 8.5 }), [`${C0}.rate POLICY_INVALID`]],
    [component({ type: 'percent', rate: '100.1' }), [`${C0}.rate RATE_INVALID`]],
    [component({ type: 'percent', rate: '1', per: 'line' }), [`${C0}.per POLICY_INVALID`]],
    [component({ type: 'fixed', amount: '1', per: 'order' }), [`${C0}.per POLICY_INVALID`]],
    [component({ type: 'fixed', amount: '1.0' }), [`${C0}.amount AMOUNT_INVALID`]],
    [component({ type: 'tiers', mode: 'flat', steps: [{ upTo: null, rate: '1' }] }), [`${C0}.mode POLICY_INVALID`]],
    [tiers(), [`${C0}.steps POLICY_INVALID`]],
    [tiers({ rate: '1' }), [`${C0}.steps[0].upTo POLICY_INVALID`]],
    [tiers({ upTo: '100', rate: '1' }), [`${C0}.steps[0].upTo POLICY_INVALID`]],
    [tiers({ upTo: null, rate: '1' }, { upTo: null, rate: '2' }), [`${C0}.steps[0].upTo POLICY_INVALID`]],
    [
      tiers({ upTo: '100', rate: '1' }, { upTo: '100', rate: '2' }, { upTo: null, rate: '3' }),
      [`${C0}.steps[1].upTo POLICY_INVALID`],
    ],
    [
      tiers(
        { upTo: '200', rate: '1' },
        { upTo: 'x', rate: '2' },
        { upTo: '100', rate: '2' },
        { upTo: null, rate: '3' },
      ),
      [`${C0}.steps[1].upTo AMOUNT_INVALID`, `${C0}.steps[2].upTo POLICY_INVALID`],
    ],
    [vat({ rate: undefined }), ['vat.rate POLICY_INVALID']],
    [vat({ mode: 'none', rate: undefined }), ['vat.rate POLICY_INVALID']],
    [vat({ mode: undefined }), ['vat.mode POLICY_INVALID']],
    [vat({ mode: 'gross' }), ['vat.mode POLICY_INVALID']],
    [vat({ rate: '10 %' }), ['vat.rate RATE_INVALID']],
    [pgFee({ bearer: undefined }), ['pgFee.bearer POLICY_INVALID']],
    [pgFee({ bearer: 'buyer' }), ['pgFee.bearer POLICY_INVALID']],
    [pgFee({ vat: 'inclusive' }), ['pgFee.vat POLICY_INVALID']],
    [pgFee({ roundingUnit: 1 }), ['pgFee.roundingUnit POLICY_INVALID']],
    [{ ...STANDARD, pgFee: null }, ['pgFee POLICY_INVALID']],
  ])('%#: %j', (policy, expected) => {
    expect(faults(file(policy))).toEqual(expected.map((fault) => `policies[0].${fault}`));
  });
});

describe('all faults at once', () => {
  it('of several policies, of shape and of meaning, with words', () => {
    const first = {
      ...STANDARD,
      surprise: 1,
      scope: { product: 'P', category: 'C' },
      effectiveTo: '2025-01-01',
      commission: {
        ...STANDARD.commission,
        components: [
          { type: 'percent', rate: '120' },
          { type: 'tiers', mode: 'slab', steps: [{ upTo: '5', rate: 'x' }] },
        ],
        min: '50',
        max: '40',
      },
    };
    const second = { ...SHORTEST, currency: 'NONE', commission: { components: [{ type: 'fixed', amount: '1,5' }] } };
    const result = parsePolicyFile(file(first, SHOES, second, 'x'));
    expect('faults' in result && result.faults.map(({ path, code, message }) => [path, code, message])).toEqual([
      ['policies[0].commission.components[0].rate', 'RATE_INVALID', expect.stringContaining('from 0 to 100 percent')],
      ['policies[0].commission.components[1].steps[0].rate', 'RATE_INVALID', expect.any(String)],
      ['policies[0].surprise', 'POLICY_INVALID', 'is not known here'],
      ['policies[0].scope', 'POLICY_INVALID', 'cannot combine a category with a product'],
      ['policies[0].effectiveTo', 'POLICY_INVALID', 'must not be earlier than effectiveFrom'],
      ['policies[0].commission.max', 'POLICY_INVALID', 'must not be below min'],
      ['policies[0].commission.components[1].steps[0].upTo', 'POLICY_INVALID', 'must be null in the last step'],
      ['policies[2].currency', 'CURRENCY_UNKNOWN', expect.any(String)],
      ['policies[2].commission.components[0].amount', 'AMOUNT_INVALID', expect.any(String)],
      ['policies[3]', 'POLICY_INVALID', expect.any(String)],
    ]);
  });

  it('says of a missing key that it is required', () => {
    const result = parsePolicyFile(file(without('code')));
    expect(result).toMatchObject({ faults: [{ path: 'policies[0].code', message: 'is required' }] });
  });
});
