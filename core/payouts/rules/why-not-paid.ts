/** Why a seller's statements are not paid: one decision for proposals, commands, the HTTP server and the documents of statements. */
import type { NotPaidReason } from '../../statements/rules/not-paid.js';
import type { SellerTerms } from '../../terms/rules/seller-terms.js';

/** What is known of a seller in one currency on a date. Amounts are minor units. */
export interface PayCase {
  readonly registered: boolean;
  /** The seller's account is suspended by the platform. */
  readonly suspended: boolean;
  /** The entry of the seller's bank accounts that may be paid to; null: there is none, or it still waits. */
  readonly bankAccountId: number | null;
  /** Of the terms in force on the date; null: none are, so nothing holds the payout back and there is no minimum. */
  readonly terms: Pick<SellerTerms, 'hold' | 'minimums'> | null;
  /** Issued statements that no payout has claimed and whose payout date has come. */
  readonly statements: number;
  /** The earliest payout date of those whose date has not come; null: there are none. */
  readonly nextPayoutOn: string | null;
  readonly currency: string;
  /** What the statements are to be paid for. */
  readonly amountMinor: bigint;
  /** What the seller is owed by the ledger, less what other payouts have claimed and not sent. */
  readonly availableMinor: bigint;
}

export interface NotPaid {
  readonly reason: NotPaidReason;
  readonly details: Readonly<Record<string, string | number | null>>;
}

/** The first reason that holds, in the order of NOT_PAID_REASONS; undefined: it is paid. */
export function whyNotPaid(known: PayCase): NotPaid | undefined {
  const { terms, amountMinor, availableMinor } = known;
  const no = (reason: NotPaidReason, details: NotPaid['details'] = {}): NotPaid => ({ reason, details });
  if (!known.registered) return no('SELLER_NOT_REGISTERED');
  if (known.bankAccountId === null) return no('BANK_ACCOUNT_MISSING');
  if (known.suspended) return no('ON_HOLD', { hold: 'the seller is suspended' });
  if (terms !== null && terms.hold !== null) return no('ON_HOLD', { hold: terms.hold.reason });
  if (known.statements === 0) return no('DATE_NOT_REACHED', { payoutOn: known.nextPayoutOn });
  if (amountMinor <= 0n || amountMinor > availableMinor)
    return no('NEGATIVE_BALANCE', { amountMinor: String(amountMinor), availableMinor: String(availableMinor) });
  return terms === null ? undefined : belowMinimum(known, terms);
}

/** A statement that was carried forward so often as the terms allow is paid however little it is. */
function belowMinimum(
  { currency, amountMinor, statements }: PayCase,
  { minimums }: Pick<SellerTerms, 'minimums'>,
): NotPaid | undefined {
  const minimum = minimums.find((one) => one.currency === currency);
  if (minimum === undefined || amountMinor >= BigInt(minimum.amountMinor)) return undefined;
  const { carryForwardPeriods } = minimum;
  if (carryForwardPeriods !== null && statements > carryForwardPeriods) return undefined;
  return {
    reason: 'BELOW_MINIMUM',
    details: { amountMinor: String(amountMinor), minimumMinor: minimum.amountMinor, carryForwardPeriods },
  };
}
