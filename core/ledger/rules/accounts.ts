/** The accounts of the ledger: what each kind is for, whose it is, on which side it grows and how far it may fall. */

/** The side on which an account grows. A debit is stored as a positive amount, a credit as a negative one. */
export type Side = 'debit' | 'credit';

/** Whose an account is. The platform has one of each kind and currency; its owner is empty. */
export type OwnedBy = 'seller' | 'provider' | 'shop' | 'platform';

interface AccountKindRule {
  readonly ownedBy: OwnedBy;
  readonly normalSide: Side;
  /** It may not fall below zero on its normal side, except by a transaction whose rule says so. */
  readonly floor: boolean;
}

const ofSeller = (normalSide: Side, floor: boolean) => ({ ownedBy: 'seller', normalSide, floor }) as const;
const ofPlatform = (normalSide: Side) => ({ ownedBy: 'platform', normalSide, floor: false }) as const;

/** Every kind of account. docs/ledger.md explains them one by one. */
export const ACCOUNT_KINDS = {
  BUYER_FUNDS_HELD: ofSeller('credit', false),
  BUYER_REFUND_DUE: ofSeller('credit', false),
  SELLER_PAYABLE: ofSeller('credit', true),
  SELLER_RESERVE: ofSeller('credit', true),
  SELLER_RECEIVABLE: ofSeller('debit', true),
  PAYOUT_IN_TRANSIT: ofSeller('credit', true),
  PAID_OUT: ofSeller('credit', true),
  PROVIDER_RECEIVABLE: { ownedBy: 'provider', normalSide: 'debit', floor: false },
  SHOP_CLEARING: { ownedBy: 'shop', normalSide: 'debit', floor: false },
  BANK: ofPlatform('debit'),
  FEE_REVENUE: ofPlatform('credit'),
  VAT_PAYABLE: ofPlatform('credit'),
  PG_COST: ofPlatform('debit'),
  PROMOTION_COST: ofPlatform('debit'),
  ADJUSTMENTS: ofPlatform('debit'),
  ROUNDING: ofPlatform('debit'),
  WRITE_OFF: ofPlatform('debit'),
} as const satisfies Record<string, AccountKindRule>;

export type AccountKind = keyof typeof ACCOUNT_KINDS;
export const ACCOUNT_KIND_NAMES = Object.keys(ACCOUNT_KINDS) as AccountKind[];

/** The owner of the clearing account of the shop whose lines come by file. */
export const FILE_SHOP = 'file-shop';

/** An account by what it is for, not by its id. */
export interface AccountRef {
  readonly kind: AccountKind;
  readonly owner: string;
  readonly currency: string;
}

/** What a transaction moves on an account. */
export interface NewPosting {
  readonly account: AccountRef;
  /** Minor units: a debit is positive, a credit negative. */
  readonly amountMinor: bigint;
}

/** The text that tells an account from all others. */
export const accountName = ({ kind, owner, currency }: AccountRef): string => `${kind} ${owner} ${currency}`;

/** A balance as its account's owner reads it: positive on the account's normal side. */
export const onNormalSide = (kind: AccountKind, amountMinor: bigint): bigint =>
  ACCOUNT_KINDS[kind].normalSide === 'debit' ? amountMinor : -amountMinor;

/** Rows that the balance of an account is kept in: several where many sellers post to it at once. */
export const SHARDS = 8;
export const isSharded = (kind: AccountKind): boolean => ACCOUNT_KINDS[kind].ownedBy !== 'seller';
