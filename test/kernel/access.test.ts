import { describe, expect, it } from '@jest/globals';
import {
  type Caller,
  type Grant,
  grantOf,
  grantTo,
  isPublic,
  keyPermissions,
  owns,
  type Permission,
  permissions,
  ROLES,
  type Role,
} from '../../kernel/access.js';

const seller: Caller = { accountId: 5, sessionId: 's', role: 'seller', sellerId: 'S1' };
const buyer: Caller = { accountId: 6, sessionId: 's', role: 'buyer', sellerId: null };

describe('the access table', () => {
  const everybody = ['any', 'any', 'any', 'any'] as const;
  const own = ['own', 'own', 'own', 'own'] as const;
  const staff = [undefined, undefined, 'any', 'any'] as const;
  const sellerAndStaff = [undefined, 'own', 'any', 'any'] as const;
  const buyer = ['own', undefined, undefined, undefined] as const;
  const admin = [undefined, undefined, undefined, 'any'] as const;
  const table: Readonly<Record<Permission, readonly (Grant | undefined)[]>> = {
    'account.sign-up': everybody,
    'session.open': everybody,
    'profile.read': own,
    'profile.edit': own,
    'account.read': staff,
    'account.invite': staff,
    'account.lock': staff,
    'account.assign-role': admin,
    'account.reset-password': admin,
    'seller.read': sellerAndStaff,
    'seller.create': staff,
    'seller.edit': staff,
    'bank-account.propose': sellerAndStaff,
    'bank-account.approve': staff,
    'audit.read': staff,
    'catalogue.read': everybody,
    'product.create': sellerAndStaff,
    'product.edit': sellerAndStaff,
    'product.read-unlisted': sellerAndStaff,
    'stock.ask': everybody,
    'stock.read': sellerAndStaff,
    'stock.edit': sellerAndStaff,
    'drop.read': everybody,
    'drop.edit': sellerAndStaff,
    'drop.audit': sellerAndStaff,
    'category.edit': staff,
    'review.write': buyer,
    'review.edit': buyer,
    'review.remove': ['own', undefined, 'any', 'any'],
    'cart.edit': buyer,
    'checkout.create': buyer,
    'checkout.read': ['own', undefined, 'any', 'any'],
    'checkout.mark-paid': staff,
    'order.read': ['own', 'own', 'any', 'any'],
    'order.advance': sellerAndStaff,
    'order.confirm': ['own', undefined, 'any', 'any'],
    'order.cancel': ['own', 'own', 'any', 'any'],
    'order.return': sellerAndStaff,
    'payment.make': buyer,
    'payment.read': ['own', undefined, 'any', 'any'],
    'payment.inquire': staff,
    'webhook.receive': everybody,
    'shipping-term.read': everybody,
    'shipping-term.edit': sellerAndStaff,
    'promotion.read': staff,
    'promotion.edit': staff,
    'run.read': staff,
    'run.operate': staff,
    'policy.read': staff,
    'policy.edit': staff,
    'import.read': staff,
    'import.create': staff,
    'settlement.read': sellerAndStaff,
    'terms.read': staff,
    'terms.edit': staff,
    'statement.read': sellerAndStaff,
    'statement.close': staff,
    'payout.read': sellerAndStaff,
    'payout.read-own': [undefined, 'own', undefined, undefined],
    'payout.propose': staff,
    'payout.approve': staff,
    'payout.stop': staff,
    'payout.send': staff,
    'payout-file.read': staff,
    'payout-file.export': staff,
    'payout-file.import': staff,
    'adjustment.read': staff,
    'adjustment.propose': staff,
    'adjustment.approve': staff,
    'tax-invoice.read': sellerAndStaff,
    'tax-invoice.make': staff,
    'server.probe': everybody,
    'wallet.read': sellerAndStaff,
    'wallet.read-own': [undefined, 'own', undefined, undefined],
    'ledger.read': staff,
    'ledger.post': staff,
    'ledger.correct': admin,
    'dead-letter.read': staff,
    'dead-letter.replay': staff,
    'alarm.read': staff,
    'metrics.read': staff,
    'api-key.read': sellerAndStaff,
    'api-key.edit': sellerAndStaff,
    'event.read': sellerAndStaff,
    'webhook-endpoint.read': sellerAndStaff,
    'webhook-endpoint.edit': sellerAndStaff,
  };

  it.each(Object.entries(table))('%s: buyer, seller, operator, admin may %j', (permission, grants) => {
    expect(ROLES.map((role) => grantOf(permission as Permission, role))).toEqual(grants);
  });

  it('has no other permission', () => {
    expect(Object.keys(permissions).sort()).toEqual(Object.keys(table).sort());
  });

  it('gives an admin whatever it gives an operator', () => {
    const names = Object.keys(permissions) as Permission[];
    expect(
      names.filter((name) => grantOf(name, 'operator') !== undefined && grantOf(name, 'admin') === undefined),
    ).toEqual([]);
  });

  it('lets an API key do what it was given and its account may, and nothing else but what everybody may', () => {
    const key = (role: Role, ...given: Permission[]) => ({
      role,
      apiKey: { keyId: 1, permissions: new Set<string>(given), requestsPerMinute: null },
    });
    expect(grantTo('settlement.read', key('seller', 'settlement.read'))).toBe('own');
    expect(grantTo('settlement.read', key('operator', 'run.read'))).toBeUndefined();
    expect(grantTo('run.read', key('seller', 'run.read'))).toBeUndefined(); // it was made while the account was staff
    expect(grantTo('catalogue.read', key('seller', 'settlement.read'))).toBe('any');
    expect(grantTo('settlement.read', { role: 'seller' })).toBe('own');
  });

  it('has no permission for API keys by which somebody could sign in or make further keys', () => {
    const possible = keyPermissions('admin');
    expect(possible).toContain('run.operate');
    for (const permission of [
      'profile.edit',
      'account.reset-password',
      'account.assign-role',
      'seller.edit',
      'api-key.edit',
    ])
      expect(possible).not.toContain(permission);
    expect(keyPermissions('seller')).not.toContain('run.read');
  });

  it('lets nobody in without a sign-in but where it says everybody', () => {
    expect(isPublic('session.open')).toBe(true);
    expect(isPublic('account.read')).toBe(false);
    expect(isPublic('profile.read')).toBe(false);
  });
});

describe('ownership', () => {
  it.each([
    ['its own account', buyer, { accountId: 6 }, true],
    ["another's account", buyer, { accountId: 5 }, false],
    ['its own business', seller, { sellerId: 'S1' }, true],
    ["another's business", seller, { sellerId: 'S2' }, false],
    ['a business, being a buyer', buyer, { sellerId: 'S1' }, false],
    ['nobody', buyer, {}, false],
    ['nobody, being a seller', seller, {}, false],
    ['an order that it made', buyer, { accountId: 6, sellerId: 'S1' }, true],
    ["another's order", buyer, { accountId: 9, sellerId: 'S1' }, false],
    ['an order of its business', seller, { accountId: 9, sellerId: 'S1' }, true],
    ['an order that it made with another business', seller, { accountId: 5, sellerId: 'S2' }, true],
    ['an order that it made with its own business', seller, { accountId: 5, sellerId: 'S1' }, true],
    ["another's order with another business", seller, { accountId: 9, sellerId: 'S2' }, false],
    [
      'something of an account of which the business was left out',
      buyer,
      { accountId: 9, sellerId: undefined as never },
      false,
    ],
    ['something without a business, having none', buyer, { accountId: 9, sellerId: null as never }, false],
  ] as const)('%s', (_name, caller, owner, owned) => {
    expect(owns(caller, owner)).toBe(owned);
  });
});
