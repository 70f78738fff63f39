/** The postings of payouts, each once: under a key of the payout, its attempt and the event. */
import type { Tx } from '../../infra/database.js';
import { postNew } from '../ledger/post-transactions.js';
import { postingsOf } from '../ledger/rules/posting-rules.js';
import type { Payout } from './stores/payout.js';

const PAYOUT_POSTINGS = {
  PAYOUT_SENT: 'sent',
  PAYOUT_PAID: 'paid',
  PAYOUT_FAILED: 'failed',
  PAYOUT_RETURNED: 'returned',
} as const;
type PayoutPosting = keyof typeof PAYOUT_POSTINGS;

/** `payout:12:1:sent`; `payout:12:1:sent-again` where a transfer that was taken for lost was found, which happens once to an attempt. */
const postingKey = ({ payoutId, attempt }: Payout, rule: PayoutPosting, again: boolean): string =>
  `payout:${payoutId}:${attempt}:${PAYOUT_POSTINGS[rule]}${again ? '-again' : ''}`;

/** Posts the same event of payouts that are locked. Throws what the ledger refuses with: LEDGER_ACCOUNT_CLOSED. @param again it is the second time of the attempt */
export async function postPayouts(
  tx: Tx,
  by: string,
  rule: PayoutPosting,
  payouts: readonly Payout[],
  effectiveOn: (payout: Payout) => string,
  again = false,
): Promise<void> {
  await postNew(
    tx,
    payouts.map((payout) => ({
      ...{ key: postingKey(payout, rule, again), kind: rule, sellerId: payout.sellerId, requestedBy: by },
      effectiveOn: effectiveOn(payout),
      postings: postingsOf(rule, payout, { amount: payout.amountMinor }),
    })),
  );
}
