import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import {
  checkNewPolicies,
  type PolicyChanges,
  type StoredPolicy,
} from '../../../../core/policies/rules/policy-book.js';
import { makePolicy } from '../../../support/policies.js';

const policy = (
  code: string,
  version: number,
  effectiveFrom: string,
  effectiveTo: string | null = null,
  more: Parameters<typeof makePolicy>[0] = {},
): FeePolicy => makePolicy({ code, version, effectiveFrom, effectiveTo, ...more });

/** What is stored once the changes are written. */
function apply(stored: readonly StoredPolicy[], changes: PolicyChanges): StoredPolicy[] {
  const inserted = changes.insert.map((fresh, i) => ({
    policyId: stored.length + i + 1,
    policy: fresh,
    endsOn: fresh.effectiveTo,
  }));
  return [...stored, ...inserted].map((one) => {
    const end = changes.ends.find(({ code, version }) => code === one.policy.code && version === one.policy.version);
    return end === undefined ? one : { ...one, endsOn: end.endsOn };
  });
}

function accepted(stored: readonly StoredPolicy[], fresh: readonly FeePolicy[]): PolicyChanges {
  const changes = checkNewPolicies(stored, fresh);
  if (Array.isArray(changes)) throw new Error(JSON.stringify(changes));
  return changes;
}

const store = (...files: FeePolicy[][]): StoredPolicy[] =>
  files.reduce<StoredPolicy[]>((stored, file) => apply(stored, accepted(stored, file)), []);

function faults(stored: readonly StoredPolicy[], fresh: readonly FeePolicy[]): string[] {
  const result = checkNewPolicies(stored, fresh);
  return Array.isArray(result) ? result.map(({ index, code }) => `${index} ${code}`) : [];
}

const v1 = policy('a', 1, '2026-01-01');
const v2 = policy('a', 2, '2026-06-01');

describe('immutability', () => {
  it('the same version again is unchanged, also when it has been ended since', () => {
    for (const file of [[v1], [v2], [v1, v2], [v2, v1]]) {
      expect(accepted(store([v1], [v2]), file)).toMatchObject({ insert: [], ends: [], unchanged: expect.any(Array) });
    }
  });

  it('other content under the same version is refused', () => {
    const other = policy('a', 1, '2026-01-02');
    expect(faults(store([v1]), [v2, other])).toEqual(['1 POLICY_IMMUTABLE']);
    expect(faults([], [v1, other])).toEqual(['1 POLICY_IMMUTABLE']);
  });

  it('a file may say the same twice', () => {
    expect(accepted([], [v1, v1])).toEqual({ insert: [v1], unchanged: [v1], ends: [] });
  });
});

describe('succession', () => {
  it('ends the open version on the day before', () => {
    const ends = [{ code: 'a', version: 1, endsOn: '2026-05-31', byVersion: 2 }];
    expect(accepted(store([v1]), [v2])).toEqual({ insert: [v2], unchanged: [], ends });
    expect(accepted([], [v2, v1])).toEqual({ insert: [v1, v2], unchanged: [], ends });
  });

  it('takes a chain, and versions that skip numbers, in the order of versions', () => {
    const v7 = policy('a', 7, '2026-09-01');
    expect(accepted([], [v7, v1, v2]).ends).toEqual([
      { code: 'a', version: 1, endsOn: '2026-05-31', byVersion: 2 },
      { code: 'a', version: 2, endsOn: '2026-08-31', byVersion: 7 },
    ]);
  });

  it('may leave the old version never in force', () => {
    const earlier = policy('a', 2, '2026-01-01');
    expect(accepted(store([v1]), [earlier]).ends).toMatchObject([{ version: 1, endsOn: '2025-12-31' }]);
    const muchEarlier = policy('a', 2, '2025-01-01');
    expect(accepted(store([v1]), [muchEarlier]).ends).toMatchObject([{ version: 1, endsOn: '2024-12-31' }]);
  });

  it('leaves a version with an end of its own as it is', () => {
    const closed = policy('a', 1, '2026-01-01', '2026-05-31');
    expect(accepted(store([closed]), [v2]).ends).toEqual([]);
    expect(faults(store([closed]), [policy('a', 2, '2026-05-31')])).toEqual(['0 POLICY_OVERLAP']);
  });

  it.each<[string, FeePolicy]>([
    ['code', policy('b', 2, '2026-06-01')],
    ['lower version', policy('a', 1, '2026-06-01')],
  ])('needs the same code and a higher version: another %s overlaps', (_name, fresh) => {
    expect(faults(store([policy('a', 2, '2026-01-01')]), [fresh])).toEqual(['0 POLICY_OVERLAP']);
  });

  it.each<[string, FeePolicy]>([
    ['scope', policy('a', 2, '2026-06-01', null, { scope: { seller: 'S' } })],
    ['currency', policy('a', 2, '2026-06-01', null, { currency: 'JPY' })],
  ])('with another %s the version stands beside the old one', (_name, fresh) => {
    expect(accepted(store([v1]), [fresh])).toEqual({ insert: [fresh], unchanged: [], ends: [] });
  });
});

describe('overlap', () => {
  it.each<[string, string, string | null, boolean]>([
    ['before', '2026-01-01', '2026-02-28', false],
    ['touching the first day', '2026-01-01', '2026-03-01', true],
    ['inside', '2026-04-01', '2026-04-30', true],
    ['around', '2026-01-01', '2026-12-31', true],
    ['on the last day', '2026-05-31', null, true],
    ['after', '2026-06-01', null, false],
  ])('%s', (_name, from, to, refused) => {
    const spring = policy('spring', 1, '2026-03-01', '2026-05-31');
    expect(faults(store([spring]), [policy('x', 1, from, to)])).toEqual(refused ? ['0 POLICY_OVERLAP'] : []);
    expect(faults([], [policy('x', 1, from, to), spring])).toHaveLength(refused ? 1 : 0);
  });

  it('reports every fault with the place in the file', () => {
    const file = [
      policy('b', 1, '2026-02-01', '2026-02-02'),
      policy('a', 1, '2026-01-05'),
      policy('c', 1, '2026-03-01'),
      policy('fine', 1, '2026-01-01', null, { currency: 'BRL' }),
    ];
    expect(faults(store([v1]), file)).toEqual(['0 POLICY_OVERLAP', '1 POLICY_IMMUTABLE', '2 POLICY_OVERLAP']);
  });

  it('names the other policy', () => {
    expect(checkNewPolicies(store([v1]), [policy('b', 3, '2026-02-01')])).toEqual([
      {
        index: 0,
        code: 'POLICY_OVERLAP',
        message: 'overlaps a version 1, which has the same scope and currency',
      },
    ]);
  });

  it('looks at what the whole file leaves, not at its order', () => {
    // "0" comes before "a" in the order of codes and only fits because a's version 2 ends a's version 1.
    const file = [policy('0', 1, '2026-07-01'), policy('a', 2, '2026-05-01', '2026-06-30')];
    expect(faults(store([v1]), file)).toEqual([]);
  });

  it('ignores versions that are never in force', () => {
    const stored: StoredPolicy[] = [{ policyId: 1, policy: policy('a', 1, '2026-06-01'), endsOn: '2026-05-31' }];
    expect(faults(stored, [policy('b', 1, '2026-01-01')])).toEqual([]);
  });
});

describe('whatever the files', () => {
  const day = fc.constantFrom('2026-01-01', '2026-01-02', '2026-01-03', '2026-02-01', '2026-03-01');
  const anyPolicy = fc
    .record({ code: fc.constantFrom('a', 'b'), version: fc.integer({ min: 1, max: 3 }), from: day, to: fc.option(day) })
    .filter(({ from, to }) => to === null || to >= from)
    .map(({ code, version, from, to }) => policy(code, version, from, to));
  const file = fc.array(anyPolicy, { maxLength: 4 });

  it('applying a file twice changes nothing, its order does not matter, and one policy is in force at most', () => {
    fc.assert(
      fc.property(file, file, (first, second) => {
        let stored: StoredPolicy[] = [];
        for (const fresh of [first, second]) {
          const changes = checkNewPolicies(stored, fresh);
          if (Array.isArray(changes)) continue;
          const reversed = accepted(stored, [...fresh].reverse());
          expect({ ...reversed, unchanged: [] }).toEqual({ ...changes, unchanged: [] });
          stored = apply(stored, changes);
          expect(accepted(stored, fresh)).toMatchObject({ insert: [], ends: [] });
          for (const date of ['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-31', '2026-02-02', '2027-01-01']) {
            const inForce = stored.filter(
              (one) => one.policy.effectiveFrom <= date && (one.endsOn === null || date <= one.endsOn),
            );
            expect(inForce.length).toBeLessThanOrEqual(1);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
