/** What a close does with what a seller owes, and with what it has owed for longer. docs/adjustments.md has the cases as a table. Amounts are minor units. */
import { leastMinor } from '../../../kernel/money.js';
import type { SellerTerms } from '../../terms/rules/seller-terms.js';

/** How a seller and currency stand when a period closes, its settlements and transactions counted, its reserve not. */
export interface Standing {
  /** What was earned and no payout has claimed, this statement included: below zero the seller owes it. */
  readonly unpaidMinor: bigint;
  /** The same without this statement: below zero that debt has waited for the earnings of one statement. */
  readonly unpaidBeforeMinor: bigint;
  /**
   * What chargebacks and adjustments took from the seller in this statement, less what of such debits was made a receivable when they were posted, or was taken back in it
   * (disputes that were won, reversals): then it may be below zero.
   */
  readonly debitsMinor: bigint;
  /** What SELLER_RESERVE holds, 0 or more. */
  readonly reserveMinor: bigint;
  /** What SELLER_RECEIVABLE says that the seller owes, 0 or more. */
  readonly receivableMinor: bigint;
}

/** A transaction that the close posts, by the posting rule of this name. */
export interface WaterfallMove {
  readonly rule: 'CLAWBACK_FROM_RESERVE' | 'CLAWBACK_TO_RECEIVABLE' | 'RECEIVABLE_NETTED';
  /** More than 0. */
  readonly amountMinor: bigint;
}

const owed = (balanceMinor: bigint): bigint => (balanceMinor < 0n ? -balanceMinor : 0n);

/** The transactions that a close posts about what the seller owes, in the order in which they are posted. A write-off is never among them: two people decide on it. */
export const waterfall = (
  terms: Pick<SellerTerms, 'noSetOff' | 'clawback'>,
  standing: Standing,
): readonly WaterfallMove[] =>
  (terms.noSetOff ? withoutSetOff(standing) : withSetOff(terms.clawback, standing)).filter(
    ({ amountMinor }) => amountMinor > 0n,
  );

/** The steps of the terms in their order. What came with this statement waits for the next earnings, what came before it has waited. */
function withSetOff(steps: SellerTerms['clawback'], standing: Standing): WaterfallMove[] {
  const { unpaidMinor, unpaidBeforeMinor, reserveMinor, receivableMinor } = standing;
  if (unpaidMinor >= 0n) {
    const netted = steps.includes('next-earnings') ? leastMinor(unpaidMinor, receivableMinor) : 0n;
    return [{ rule: 'RECEIVABLE_NETTED', amountMinor: netted }];
  }
  const waited = owed(unpaidBeforeMinor);
  const moves: WaterfallMove[] = [];
  let rest = owed(unpaidMinor);
  let taken = 0n;
  for (const step of steps) {
    if (step === 'next-earnings') rest = leastMinor(rest, waited > taken ? waited - taken : 0n);
    if (step === 'reserve') {
      taken = leastMinor(rest, reserveMinor);
      rest -= taken;
      moves.push({ rule: 'CLAWBACK_FROM_RESERVE', amountMinor: taken });
    }
    if (step === 'receivable') moves.push({ rule: 'CLAWBACK_TO_RECEIVABLE', amountMinor: rest });
  }
  return moves;
}

/**
 * Debits become a receivable in full, and so does what refunds took beyond the sales of the statement. What is earned is paid; only a debit that is taken back
 * lowers the receivable that it had become.
 */
function withoutSetOff({ unpaidMinor, unpaidBeforeMinor, debitsMinor, receivableMinor }: Standing): WaterfallMove[] {
  const settledMinor = unpaidMinor - unpaidBeforeMinor + debitsMinor;
  const debited = debitsMinor > 0n ? debitsMinor : 0n;
  return [
    { rule: 'CLAWBACK_TO_RECEIVABLE', amountMinor: debited + owed(settledMinor) + owed(unpaidBeforeMinor) },
    { rule: 'RECEIVABLE_NETTED', amountMinor: leastMinor(owed(debitsMinor), receivableMinor) },
  ];
}
