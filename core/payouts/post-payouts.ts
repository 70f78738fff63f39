/** What payouts post to the ledger, each once: under a key of the payout, its attempt and what happened. */
import type { Tx } from '../../infra/database.js';
import { postBatch } from '../ledger/post-batch.js';
import { postingsOf } from '../ledger/rules/posting-rules.js';
import type { Payout } from './stores/payout.js';

const PAYOUT_POSTINGS = {
  PAYOUT_SENT: 'sent',
  PAYOUT_PAID: 'paid',
  PAYOUT_FAILED: 'failed',
  PAYOUT_RETURNED: 'returned',
} as const;
type PayoutPosting = keyof typeof PAYOUT_POSTINGS;

/** `payout:12:1:sent`. */
const postingKey = ({ payoutId, attempt }: Pick<Payout, 'payoutId' | 'attempt'>, rule: PayoutPosting): string =>
  `payout:${payoutId}:${attempt}:${PAYOUT_POSTINGS[rule]}`;

/** Posts the same event of payouts that are locked. Throws what the ledger refuses with: LEDGER_ACCOUNT_CLOSED. */
export async function postPayouts(
  tx: Tx,
  by: string,
  rule: PayoutPosting,
  payouts: readonly Payout[],
  effectiveOn: (payout: Payout) => string,
): Promise<void> {
  await postBatch(
    tx,
    payouts.map((payout) => ({
      ...{ key: postingKey(payout, rule), kind: rule, sellerId: payout.sellerId, requestedBy: by },
      effectiveOn: effectiveOn(payout),
      postings: postingsOf(rule, payout, { amount: payout.amountMinor }),
    })),
  );
}
