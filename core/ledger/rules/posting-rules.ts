/**
 * What each event posts: one table, from which single transactions, the set-based posting of a settled date, the tests and docs/ledger.md follow. A leg is an
 * account and the amounts that it takes, each with its sign: a debit is positive. The signs of an amount add up to zero over the legs of its rule, so a
 * transaction made by a rule is balanced whatever the amounts are.
 */
import { ACCOUNT_KINDS, type AccountKind, type AccountRef, FILE_SHOP, type NewPosting } from './accounts.js';

type Sign = 1 | -1;
export type Leg = readonly [account: AccountKind, amounts: Readonly<Record<string, Sign>>];

export interface PostingRule {
  readonly legs: readonly Leg[];
  /** Accounts that the rule may take below zero. */
  readonly overdraws: readonly AccountKind[];
}

/** Moves one amount from one account to another. */
const move = (debit: AccountKind, credit: AccountKind, ...overdraws: AccountKind[]): PostingRule => ({
  legs: [
    [debit, { amount: 1 }],
    [credit, { amount: -1 }],
  ],
  overdraws,
});

/**
 * What buyers paid, and the discounts that the platform pays for, become what the seller is owed, fees and VAT. What the identity of a settlement leaves
 * (P + Dp - N - F - G - GV) is the fee VAT on top; the rest of the fee VAT is contained in the fee. So revenue is what is left after net, PG fee and VAT.
 */
const settlementLegs: readonly Leg[] = [
  ['BUYER_FUNDS_HELD', { shopPaid: 1 }],
  ['SHOP_CLEARING', { filePaid: 1 }],
  ['PROMOTION_COST', { platformDiscount: 1 }],
  ['SELLER_PAYABLE', { net: -1 }],
  ['VAT_PAYABLE', { feeVat: -1, pgFeeVat: -1 }],
  ['PG_COST', { pgFee: -1 }],
  ['FEE_REVENUE', { shopPaid: -1, filePaid: -1, platformDiscount: -1, net: 1, feeVat: 1, pgFeeVat: 1, pgFee: 1 }],
];

/** What a provider charges for a chargeback, or gives back of it: to the seller or to the platform. */
const feeLegs = (borne: Sign, charged: Sign): readonly Leg[] => [
  ['SELLER_PAYABLE', { sellerFee: borne }],
  ['PG_COST', { platformFee: borne }],
  ['PROVIDER_RECEIVABLE', { sellerFee: charged, platformFee: charged }],
];

export const POSTING_RULES = {
  PAYMENT: move('PROVIDER_RECEIVABLE', 'BUYER_FUNDS_HELD'),
  PAYMENT_BY_HAND: move('BANK', 'BUYER_FUNDS_HELD'),
  CANCEL: move('BUYER_FUNDS_HELD', 'BUYER_REFUND_DUE'),
  CANCEL_BY_HAND: move('BUYER_FUNDS_HELD', 'BANK'),
  CANCEL_PAID: move('BUYER_REFUND_DUE', 'PROVIDER_RECEIVABLE'),
  SETTLEMENT: { legs: settlementLegs, overdraws: [] },
  REFUND_AFTER_SETTLEMENT: { legs: settlementLegs, overdraws: ['SELLER_PAYABLE'] },
  // What a bank has paid is booked though the seller is owed less by now. Whether it is owed that much is asked before a payout is sent.
  PAYOUT_SENT: move('SELLER_PAYABLE', 'PAYOUT_IN_TRANSIT', 'SELLER_PAYABLE'),
  PAYOUT_PAID: move('PAYOUT_IN_TRANSIT', 'PAID_OUT'),
  PAYOUT_FAILED: move('PAYOUT_IN_TRANSIT', 'SELLER_PAYABLE'),
  PAYOUT_RETURNED: move('PAID_OUT', 'SELLER_PAYABLE'),
  CHARGEBACK: move('SELLER_PAYABLE', 'PROVIDER_RECEIVABLE', 'SELLER_PAYABLE'),
  CHARGEBACK_FEE: { legs: feeLegs(1, -1), overdraws: ['SELLER_PAYABLE'] },
  CHARGEBACK_REVERSED: move('PROVIDER_RECEIVABLE', 'SELLER_PAYABLE'),
  CHARGEBACK_FEE_REVERSED: { legs: feeLegs(-1, 1), overdraws: [] },
  CLAWBACK_FROM_RESERVE: move('SELLER_RESERVE', 'SELLER_PAYABLE'),
  CLAWBACK_TO_RECEIVABLE: move('SELLER_RECEIVABLE', 'SELLER_PAYABLE'),
  RECEIVABLE_NETTED: move('SELLER_PAYABLE', 'SELLER_RECEIVABLE'),
  RESERVE: move('SELLER_PAYABLE', 'SELLER_RESERVE'),
  RESERVE_RELEASED: move('SELLER_RESERVE', 'SELLER_PAYABLE'),
  ADJUSTMENT_TO_SELLER: move('ADJUSTMENTS', 'SELLER_PAYABLE'),
  ADJUSTMENT_FROM_SELLER: move('SELLER_PAYABLE', 'ADJUSTMENTS', 'SELLER_PAYABLE'),
  ROUNDING: move('ROUNDING', 'SELLER_PAYABLE'),
  WRITE_OFF: move('WRITE_OFF', 'SELLER_RECEIVABLE'),
} as const satisfies Record<string, PostingRule>;

export type RuleName = keyof typeof POSTING_RULES;
export const RULE_NAMES = Object.keys(POSTING_RULES) as RuleName[];
/** What a transaction is: an event of a rule, or the reversal of another transaction, which may take no account below zero. */
export type TransactionKind = RuleName | 'REVERSAL';

export const ruleOf = (kind: TransactionKind): PostingRule =>
  kind === 'REVERSAL' ? { legs: [], overdraws: [] } : POSTING_RULES[kind];

/** Whom an event is about. */
export interface About {
  readonly sellerId: string;
  readonly currency: string;
  /** Of events that a payment provider's account is part of. */
  readonly provider?: string;
}

/** The account of a kind that an event is about. */
function accountOf(kind: AccountKind, { sellerId, currency, provider }: About): AccountRef {
  const { ownedBy } = ACCOUNT_KINDS[kind];
  const owner = { seller: sellerId, provider, shop: FILE_SHOP, platform: '' }[ownedBy];
  if (owner === undefined) throw new Error(`${kind} needs a provider`);
  return { kind, owner, currency };
}

/** The postings of an event, in minor units; legs of zero are left out. Throws where the rule takes an amount that is not given. */
export const postingsOf = (name: RuleName, about: About, amounts: Readonly<Record<string, bigint>>): NewPosting[] =>
  (POSTING_RULES[name] as PostingRule).legs.flatMap(([kind, signs]) => {
    const amountMinor = Object.entries(signs).reduce((sum, [amount, sign]) => {
      const value = amounts[amount];
      if (value === undefined) throw new Error(`${name} needs the amount ${amount}`);
      return sum + BigInt(sign) * value;
    }, 0n);
    return amountMinor === 0n ? [] : [{ account: accountOf(kind, about), amountMinor }];
  });

/** Kinds that an admin may reverse alone. The others belong to settlements, statements, payouts or entries of two people, which have ways of their own to correct them. */
const REVERSED_BY_ONE: readonly string[] = [
  'PAYMENT',
  'PAYMENT_BY_HAND',
  'CANCEL',
  'CANCEL_BY_HAND',
  'CANCEL_PAID',
  'ROUNDING',
];

export const mayReverseAlone = (kind: TransactionKind): boolean => REVERSED_BY_ONE.includes(kind);
