import { describe, expect, it } from '@jest/globals';
import type { PolicyScope } from '../../../../core/policies/rules/fee-policy.js';
import { PolicyBook, type StoredPolicy } from '../../../../core/policies/rules/policy-book.js';
import { makePolicy, type PolicyParts } from '../../../support/policies.js';

let nextId = 1;
function stored(
  code: string,
  parts: PolicyParts = {},
  endsOn: string | null = parts.effectiveTo ?? null,
): StoredPolicy {
  nextId += 1;
  return { policyId: nextId, policy: makePolicy({ code, ...parts }), endsOn };
}

describe('specificity', () => {
  const scopes: [code: string, scope: Partial<PolicyScope>][] = [
    ['seller+product', { seller: 'S', product: 'P' }],
    ['seller+category', { seller: 'S', category: 'C' }],
    ['seller', { seller: 'S' }],
    ['product', { product: 'P' }],
    ['category', { category: 'C' }],
    ['none', {}],
  ];

  it('the most specific wins; without it the next', () => {
    for (let first = 0; first < scopes.length; first += 1) {
      const rest = scopes.slice(first);
      // In reverse, so that the order in which policies come does not decide.
      const book = new PolicyBook(rest.map(([code, scope]) => stored(code, { scope })).reverse());
      expect(book.find('S', 'C', 'P', 'KRW', '2026-05-01')?.policy.code).toBe(rest[0]?.[0]);
    }
  });

  const book = new PolicyBook(scopes.map(([code, scope]) => stored(code, { scope })));

  it.each([
    ['S', 'C', 'P', 'seller+product'],
    ['S', 'C', 'other', 'seller+category'],
    ['S', 'other', 'other', 'seller'],
    ['S', '', '', 'seller'],
    ['other', 'C', 'P', 'product'],
    ['other', 'C', '', 'category'],
    ['other', '', '', 'none'],
    ['s', 'c', 'p', 'none'],
  ])('seller %s, category %j, product %j', (seller, category, product, code) => {
    expect(book.find(seller, category, product, 'KRW', '2026-05-01')?.policy.code).toBe(code);
  });

  it('a seller of another policy does not hide the general ones', () => {
    const two = new PolicyBook([stored('own', { scope: { seller: 'S', product: 'P' } }), stored('all')]);
    expect(two.find('S', '', 'other', 'KRW', '2026-05-01')?.policy.code).toBe('all');
  });

  it('an empty category or product matches no scope', () => {
    const empty = new PolicyBook([
      stored('odd', { scope: { product: '' } }),
      stored('odd', { scope: { category: '' } }),
    ]);
    expect(empty.find('S', '', '', 'KRW', '2026-05-01')).toBeUndefined();
  });

  it('knows what has to be read of a line', () => {
    expect(book).toMatchObject({ usesCategory: true, usesProduct: true });
    expect(new PolicyBook([stored('none')])).toMatchObject({ usesCategory: false, usesProduct: false });
  });
});

describe('currency and dates', () => {
  const book = new PolicyBook([
    stored('seller', { scope: { seller: 'S' }, effectiveFrom: '2026-03-01', effectiveTo: '2026-03-31' }),
    stored('first', { effectiveFrom: '2026-01-01' }, '2026-05-31'),
    stored('second', { effectiveFrom: '2026-06-01' }),
    stored('never', { scope: { seller: 'T' }, effectiveFrom: '2026-06-01' }, '2026-05-31'),
    stored('brazil', { currency: 'BRL' }),
  ]);

  it.each([
    ['S', 'KRW', '2025-12-31', undefined],
    ['S', 'KRW', '2026-01-01', 'first'],
    ['S', 'KRW', '2026-02-28', 'first'],
    ['S', 'KRW', '2026-03-01', 'seller'],
    ['S', 'KRW', '2026-03-31', 'seller'],
    ['S', 'KRW', '2026-04-01', 'first'],
    ['S', 'KRW', '2026-05-31', 'first'],
    ['S', 'KRW', '2026-06-01', 'second'],
    ['S', 'KRW', '9999-12-31', 'second'],
    ['T', 'KRW', '2026-05-31', 'first'],
    ['T', 'KRW', '2026-06-01', 'second'],
    ['S', 'BRL', '2026-03-01', 'brazil'],
    ['S', 'USD', '2026-03-01', undefined],
  ])('%s in %s on %s', (seller, currency, date, code) => {
    expect(book.find(seller, '', '', currency, date)?.policy.code).toBe(code);
  });
});

describe('byId', () => {
  it('finds a policy whether or not it is in force', () => {
    const ended = stored('ended', {}, '2020-01-01');
    const book = new PolicyBook([ended]);
    expect(book.byId(ended.policyId)).toBe(ended);
    expect(book.byId(0)).toBeUndefined();
  });
});
