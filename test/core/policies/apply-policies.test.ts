import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyPolicies } from '../../../core/policies/apply-policies.js';
import { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { readPolicies, readPoliciesById, readPolicyRevision } from '../../../core/policies/stores/fee-policy.js';
import { inTransaction } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { makePolicy } from '../../support/policies.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const revision = () => inTransaction(database.db, readPolicyRevision);
const apply = (...policies: Parameters<typeof makePolicy>[0][]) =>
  applyPolicies(database.db, policies.map(makePolicy), 'tester');

describe('applying policies', () => {
  it('stores what is new under one revision, and nothing the second time', async () => {
    const policies = [
      { code: 'a', scope: { seller: 'A' } },
      { code: 'b', scope: { seller: 'B' }, effectiveTo: '2026-06-30' },
    ];
    const before = await revision();
    const first = await apply(...policies);
    expect(first.applied).toEqual([
      { code: 'a', version: 1 },
      { code: 'b', version: 1 },
    ]);
    expect(await revision()).toBe(before + 1);
    const second = await apply(...policies);
    expect(second).toEqual({ applied: [], unchanged: first.applied, ended: [] });
    expect(await revision()).toBe(before + 1);
  });

  it('gives back each policy as it was applied', async () => {
    const policy = makePolicy({ code: 'round-trip', scope: { product: 'P' }, currency: 'BRL' });
    await applyPolicies(database.db, [policy], 'tester');
    const stored = (await readPolicies(database.db)).find((one) => one.policy.code === 'round-trip');
    expect(stored?.policy).toEqual(policy);
    expect(await readPoliciesById(database.db, [stored?.policyId ?? 0])).toEqual([stored]);
    expect(await readPoliciesById(database.db, [])).toEqual([]);
  });

  it('ends the version before, and a revision from before does not know that', async () => {
    await apply({ code: 'next', scope: { category: 'C' }, effectiveFrom: '2026-01-01' });
    const known = await revision();
    const { ended } = await apply({ code: 'next', version: 2, scope: { category: 'C' }, effectiveFrom: '2026-05-01' });
    expect(ended).toEqual([{ code: 'next', version: 1, endsOn: '2026-04-30', byVersion: 2 }]);
    const now = new PolicyBook(await readPolicies(database.db));
    const then = new PolicyBook(await readPolicies(database.db, known));
    expect(now.find('S', 'C', '', 'KRW', '2026-05-01')?.policy.version).toBe(2);
    expect(now.find('S', 'C', '', 'KRW', '2026-04-30')?.policy.version).toBe(1);
    expect(then.find('S', 'C', '', 'KRW', '2026-05-01')?.policy.version).toBe(1);
  });

  it('applies both versions of one file, and the same file again', async () => {
    const versions = [
      { code: 'both', scope: { seller: 'X' }, effectiveFrom: '2026-01-01' },
      { code: 'both', version: 2, scope: { seller: 'X' }, effectiveFrom: '2026-02-01' },
    ];
    expect((await apply(...versions)).ended).toHaveLength(1);
    expect((await apply(...versions)).unchanged).toHaveLength(2);
  });

  it('refuses a file with every fault named, and applies nothing of it', async () => {
    await apply({ code: 'kept', scope: { seller: 'K' } });
    const before = await revision();
    const refused = apply(
      { code: 'fresh', scope: { seller: 'F' } },
      { code: 'kept', scope: { seller: 'K' }, effectiveFrom: '2026-03-01' },
      { code: 'rival', scope: { seller: 'K' } },
    );
    await expect(refused).rejects.toMatchObject({
      code: 'POLICY_FILE_INVALID',
      details: {
        faults: [
          { path: 'policies[1]', code: 'POLICY_IMMUTABLE' },
          { path: 'policies[2]', code: 'POLICY_OVERLAP' },
        ],
      },
    });
    await expect(apply({ code: 'rival', scope: { seller: 'K' } })).rejects.toMatchObject({ code: 'POLICY_OVERLAP' });
    expect(await revision()).toBe(before);
    const codes = (await readPolicies(database.db)).map(({ policy }) => policy.code);
    expect(codes).not.toContain('fresh');
  });

  it('keeps two files that are applied at once apart: one of two rivals wins', async () => {
    const rivals = ['rival-1', 'rival-2', 'rival-3'].map((code) => apply({ code, scope: { product: 'wanted' } }));
    const outcomes = await Promise.allSettled(rivals);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'POLICY_OVERLAP' });
    }
  });

  it('names a stored version that was made unreadable', async () => {
    const change = (from: string, to: string) =>
      database.db.raw(`UPDATE fee_policy SET definition = REPLACE(definition, ?, ?) WHERE code = 'kept'`, [from, to]);
    await change('"half-up"', '"sideways"');
    await expect(readPolicies(database.db)).rejects.toMatchObject({
      code: 'POLICY_UNREADABLE',
      details: { faults: expect.arrayContaining([expect.objectContaining({ policy: 'kept', version: 1 })]) },
    });
    await change('"sideways"', '"half-up"');
    expect((await readPolicies(database.db)).length).toBeGreaterThan(5);
  });

  it('takes a thousand policies at once', async () => {
    const many = Array.from({ length: 1_001 }, (_, i) => ({ code: `many-${i}`, scope: { seller: `M${i}` } }));
    expect((await apply(...many)).applied).toHaveLength(1_001);
    expect((await apply(...many)).unchanged).toHaveLength(1_001);
  });
});
