/** What sample orders are priced and settled with: shipping terms, a promotion, fee policies. What exists stays as it is. */
import { type Db, inTransaction } from '../../infra/database.js';
import { readShippingTerms, writeShippingTerm } from '../orders/stores/shipping-term.js';
import { applyPoliciesIn } from '../policies/apply-policies.js';
import { lockPolicyBook } from '../policies/stores/fee-policy.js';
import { insertPromotion } from '../promotions/stores/promotion.js';
import { syntheticCurrency } from './rules/synthetic-feed.js';
import { SYNTHETIC_POLICIES } from './rules/synthetic-policies.js';

/** Five percent for buyers who name the code. */
export const SAMPLE_PROMOTION = { code: 'SAMPLE5', currency: 'KRW' } as const;

/** Sellers by rank, from 1 on. A seller that has shipping terms keeps them; the policies of the synthetic feed go into an empty book alone. */
export async function makeSampleTerms(db: Db, sellerIds: readonly string[]): Promise<void> {
  const known = new Set((await readShippingTerms(db, sellerIds)).map(({ sellerId }) => sellerId));
  await inTransaction(db, async (tx) => {
    for (const [at, sellerId] of sellerIds.entries()) {
      if (known.has(sellerId)) continue;
      const currency = syntheticCurrency(at + 1);
      const unit = currency === 'KRW' ? 1_000 : 100;
      await writeShippingTerm(tx, { sellerId, currency, feeMinor: 3 * unit, freeFromMinor: 500 * unit });
    }
  });
  // A refusal says that there is one with this code.
  await inTransaction(db, (tx) =>
    insertPromotion(tx, {
      ...SAMPLE_PROMOTION,
      name: '샘플 할인',
      kind: 'PERCENT',
      rateE4: 50_000,
      amountMinor: null,
      minimumMinor: 0,
      startsAt: '2020-01-01T00:00:00.000Z',
      endsAt: null,
    }),
  );
  await inTransaction(db, async (tx) => {
    if ((await lockPolicyBook(tx)) === 0) await applyPoliciesIn(tx, SYNTHETIC_POLICIES, 'sample');
  });
}
