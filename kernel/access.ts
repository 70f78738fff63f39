/**
 * Who may do what: the one table that the HTTP edge enforces. A permission names what is done; for each role it says `any` (to
 * whatever there is), `own` (only to what belongs to the caller: a buyer's account, a seller's business) or nothing (refused).
 */
export const ROLES = ['buyer', 'seller', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The roles of staff. The audit log records what they change. */
export const isStaff = (role: Role): boolean => role === 'operator' || role === 'admin';

/** Somebody who has signed in, or an API key of theirs. */
export interface Caller {
  readonly accountId: number;
  /** Sign-in of one device; what signing out ends. Empty where an API key calls. */
  readonly sessionId: string;
  readonly role: Role;
  /** The business that a seller's account acts for; null for other roles. */
  readonly sellerId: string | null;
  /** The settings ask for a second factor that the account does not have: until then it may do nothing but set one up. */
  readonly secondFactorMissing?: boolean;
  /** Set where an API key of the account calls, which may do less than its account. */
  readonly apiKey?: KeyScope;
}

/** What an API key may do, and how often. */
export interface KeyScope {
  readonly keyId: number;
  readonly permissions: ReadonlySet<string>;
  /** Requests a minute; null: as many as an account. */
  readonly requestsPerMinute: number | null;
}

/** How records name the account that asked for a run, a task or a draft. */
export const nameOf = ({ accountId, apiKey }: Pick<Caller, 'accountId' | 'apiKey'>): string =>
  apiKey === undefined ? `account ${accountId}` : `account ${accountId}, key ${apiKey.keyId}`;

/** The owner of something: an account, a seller, or both (an order belongs to its buyer and its seller). */
export interface Owner {
  readonly accountId?: number;
  readonly sellerId?: string;
}

export type Grant = 'own' | 'any';

type Rule = Readonly<Partial<Record<Role, Grant>>> | 'everybody';

const staff = { operator: 'any', admin: 'any' } as const;
const everyAccount = { buyer: 'own', seller: 'own', operator: 'own', admin: 'own' } as const;

export const permissions = {
  // Accounts
  'account.sign-up': 'everybody',
  'session.open': 'everybody',
  'profile.read': everyAccount,
  'profile.edit': everyAccount,
  'account.read': staff,
  'account.invite': staff,
  'account.lock': staff,
  'account.assign-role': { admin: 'any' },
  'account.reset-password': { admin: 'any' },
  'seller.read': { seller: 'own', ...staff },
  'seller.create': staff,
  'seller.edit': staff,
  'bank-account.propose': { seller: 'own', ...staff },
  'bank-account.approve': staff,
  'audit.read': staff,

  // Catalogue
  'catalogue.read': 'everybody',
  'product.create': { seller: 'own', ...staff },
  'product.edit': { seller: 'own', ...staff },
  'product.read-unlisted': { seller: 'own', ...staff },
  'category.edit': staff,
  'stock.ask': 'everybody',
  'stock.read': { seller: 'own', ...staff },
  'stock.edit': { seller: 'own', ...staff },
  'drop.read': 'everybody',
  'drop.edit': { seller: 'own', ...staff },
  'drop.audit': { seller: 'own', ...staff },
  'review.write': { buyer: 'own' },
  'review.edit': { buyer: 'own' },
  'review.remove': { buyer: 'own', ...staff },

  // Carts, checkouts, orders
  'cart.edit': { buyer: 'own' },
  'checkout.create': { buyer: 'own' },
  'checkout.read': { buyer: 'own', ...staff },
  'checkout.mark-paid': staff,
  'order.read': { buyer: 'own', seller: 'own', ...staff },
  'order.advance': { seller: 'own', ...staff },
  'order.confirm': { buyer: 'own', ...staff },
  'order.cancel': { buyer: 'own', seller: 'own', ...staff },
  'order.return': { seller: 'own', ...staff },
  'payment.make': { buyer: 'own' },
  'payment.read': { buyer: 'own', ...staff },
  'payment.inquire': staff,
  'webhook.receive': 'everybody',
  'shipping-term.read': 'everybody',
  'shipping-term.edit': { seller: 'own', ...staff },
  'promotion.read': staff,
  'promotion.edit': staff,

  // The batch
  'run.read': staff,
  'run.operate': staff,
  'policy.read': staff,
  'policy.edit': staff,
  'import.read': staff,
  'import.create': staff,
  'settlement.read': { seller: 'own', ...staff },
  'terms.read': staff,
  'terms.edit': staff,

  // Statements, payouts, adjustments
  'statement.read': { seller: 'own', ...staff },
  'statement.close': staff,
  'payout.read': { seller: 'own', ...staff },
  'payout.read-own': { seller: 'own' },
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
  'tax-invoice.read': { seller: 'own', ...staff },
  'tax-invoice.make': staff,

  // The ledger
  'wallet.read': { seller: 'own', ...staff },
  'wallet.read-own': { seller: 'own' },
  'ledger.read': staff,
  'ledger.post': staff,
  'ledger.correct': { admin: 'any' },

  'dead-letter.read': staff,
  'dead-letter.replay': staff,
  'alarm.read': staff,

  // Other systems
  'api-key.read': { seller: 'own', ...staff },
  'api-key.edit': { seller: 'own', ...staff },
  'event.read': { seller: 'own', ...staff },
  'webhook-endpoint.read': { seller: 'own', ...staff },
  'webhook-endpoint.edit': { seller: 'own', ...staff },

  // The server itself
  'server.probe': 'everybody',
  'metrics.read': staff,
} as const satisfies Record<string, Rule>;

export type Permission = keyof typeof permissions;

/** What somebody may do whose role requires a second factor that is not set up yet: manage the own account. */
export const needsNoSecondFactor = (permission: Permission): boolean =>
  permission === 'profile.read' || permission === 'profile.edit';

/** Whether a permission needs no sign-in. */
export const isPublic = (permission: Permission): boolean => permissions[permission] === 'everybody';

/** What the role may do under the permission; undefined: nothing. */
export function grantOf(permission: Permission, role: Role): Grant | undefined {
  const rule: Rule = permissions[permission];
  return rule === 'everybody' ? 'any' : rule[role];
}

/** What the caller may do under the permission: what its role may, and an API key only what it was given. Undefined: nothing. */
export function grantTo(permission: Permission, { role, apiKey }: Pick<Caller, 'role' | 'apiKey'>): Grant | undefined {
  if (apiKey !== undefined && !isPublic(permission) && !apiKey.permissions.has(permission)) return undefined;
  return grantOf(permission, role);
}

/**
 * Permissions that no API key may have: its holder must not be able to sign in as somebody, to create further keys, to approve what somebody else has
 * proposed, or to read the account numbers that stand in a file for the bank.
 */
const FOR_PEOPLE: ReadonlySet<Permission> = new Set<Permission>([
  'profile.read',
  'profile.edit',
  'account.invite',
  'account.lock',
  'account.assign-role',
  'account.reset-password',
  'seller.create',
  'seller.edit',
  'bank-account.propose',
  'bank-account.approve',
  'payout.approve',
  'payout-file.export',
  'adjustment.approve',
  'api-key.read',
  'api-key.edit',
]);

/** The permissions that a key of an account of this role may be given. */
export const keyPermissions = (role: Role): Permission[] =>
  (Object.keys(permissions) as Permission[]).filter(
    (permission) => !isPublic(permission) && !FOR_PEOPLE.has(permission) && grantOf(permission, role) !== undefined,
  );

/**
 * Whether something belongs to the caller: to the account itself, or to the business that a seller's account acts for. Where both are named
 * either is enough.
 */
export function owns(caller: Caller, owner: Owner): boolean {
  if (owner.accountId !== undefined && owner.accountId === caller.accountId) return true;
  return caller.sellerId !== null && owner.sellerId === caller.sellerId;
}
