import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PolicyBook, type StoredPolicy } from '../../../../core/policies/rules/policy-book.js';
import { policyCandidates } from '../../../../core/policies/rules/policy-candidates.js';
import { makePolicy } from '../../../support/policies.js';

const dates = ['2026-01-01', '2026-01-15', '2026-02-01', '2026-03-01'] as const;
const date = fc.constantFrom(...dates);
const id = fc.constantFrom('A', 'B');
const maybe = fc.option(id, { nil: null });

const scope = fc
  .record({ seller: maybe, category: maybe, product: maybe })
  .filter(({ category, product }) => category === null || product === null);

/** Policies that need not be free of overlaps; where they overlap, the first one counts in both. */
const policies = fc.array(
  fc.record({
    scope,
    currency: fc.constantFrom('KRW', 'BRL'),
    effectiveFrom: date,
    endsOn: fc.option(date, { nil: null }),
  }),
  { maxLength: 12 },
);

describe('policyCandidates', () => {
  it('has as its first candidate in force the policy that the book finds', () => {
    fc.assert(
      fc.property(
        policies,
        id,
        fc.constantFrom('', 'A', 'B'),
        fc.constantFrom('', 'A', 'B'),
        date,
        (parts, seller, category, product, on) => {
          const stored: StoredPolicy[] = parts.map(({ endsOn, ...rest }, i) => ({
            policyId: i + 1,
            policy: makePolicy({ code: `p${i}`, ...rest }),
            endsOn,
          }));
          const found = new PolicyBook(stored).find(seller, category, product, 'KRW', on);
          const line = { sellerId: seller, category, productId: product, currency: 'KRW', orderedOn: on };
          const candidates = policyCandidates(stored, line).flatMap((scopeKind) => scopeKind.candidates);
          expect(candidates.find(({ inForce }) => inForce)?.policyId).toBe(found?.policyId);
        },
      ),
    );
  });

  it('names the six kinds of scope, the most specific first, whatever there is', () => {
    const line = { sellerId: 'A', category: '', productId: '', currency: 'KRW', orderedOn: '2026-01-01' };
    expect(policyCandidates([], line).map(({ scope: kind }) => kind)).toEqual([
      'seller + product',
      'seller + category',
      'seller',
      'product',
      'category',
      'none',
    ]);
  });
});
