import { describe, expect, it } from '@jest/globals';
import { type Caller, grantOf, isPublic, owns, type Permission, permissions, ROLES } from '../../kernel/access.js';

const seller: Caller = { accountId: 5, sessionId: 's', role: 'seller', sellerId: 'S1' };
const buyer: Caller = { accountId: 6, sessionId: 's', role: 'buyer', sellerId: null };

describe('the access table', () => {
  it.each([
    ['account.sign-up', ['any', 'any', 'any', 'any']],
    ['session.open', ['any', 'any', 'any', 'any']],
    ['profile.read', ['own', 'own', 'own', 'own']],
    ['profile.edit', ['own', 'own', 'own', 'own']],
    ['account.read', [undefined, undefined, 'any', 'any']],
    ['account.lock', [undefined, undefined, 'any', 'any']],
    ['account.assign-role', [undefined, undefined, undefined, 'any']],
    ['seller.read', [undefined, 'own', 'any', 'any']],
    ['seller.create', [undefined, undefined, 'any', 'any']],
    ['seller.edit', [undefined, undefined, 'any', 'any']],
    ['audit.read', [undefined, undefined, 'any', 'any']],
    ['settlement.read', [undefined, 'own', 'any', 'any']],
    ['run.operate', [undefined, undefined, 'any', 'any']],
  ] as const)('%s: buyer, seller, operator, admin may %j', (permission, grants) => {
    expect(ROLES.map((role) => grantOf(permission, role))).toEqual(grants);
  });

  it('gives an admin whatever it gives an operator', () => {
    const names = Object.keys(permissions) as Permission[];
    expect(
      names.filter((name) => grantOf(name, 'operator') !== undefined && grantOf(name, 'admin') === undefined),
    ).toEqual([]);
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
    ["its own business under another's account", seller, { accountId: 9, sellerId: 'S1' }, false],
  ] as const)('%s', (_name, caller, owner, owned) => {
    expect(owns(caller, owner)).toBe(owned);
  });
});
