import { describe, expect, it } from '@jest/globals';
import type { SaleEntry } from '../../../../core/feed/rules/entry.js';
import { policiesEqual } from '../../../../core/policies/rules/fee-policy.js';
import { checkNewPolicies, PolicyBook } from '../../../../core/policies/rules/policy-book.js';
import { SyntheticFeed } from '../../../../core/sample/rules/synthetic-feed.js';
import { SYNTHETIC_POLICIES } from '../../../../core/sample/rules/synthetic-policies.js';
import { settleRefund } from '../../../../core/settlement/rules/settle-refund.js';
import { settleSale } from '../../../../core/settlement/rules/settle-sale.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { isCategory, isExternalId } from '../../../../kernel/external-id.js';

const date = '2026-03-01';
const feedOf = (lines: number, sellers: number, seed = '1') => new SyntheticFeed({ date, lines, sellers, seed });
const salesOf = (feed: SyntheticFeed): SaleEntry[] => Array.from({ length: feed.slots }, (_, slot) => feed.sale(slot));
const refundsOf = (feed: SyntheticFeed) =>
  Array.from({ length: feed.slots }, (_, slot) => ({ sale: feed.sale(slot), refunds: feed.refunds(slot) })).filter(
    ({ refunds }) => refunds.length > 0,
  );

const feed = feedOf(20_000, 1_000);
const sales = salesOf(feed);
const ofDate = sales.filter((sale) => sale.occurredOn === date);

describe('SyntheticFeed', () => {
  it('is the same for the same arguments, whatever was asked before, and another one for others', () => {
    const again = feedOf(20_000, 1_000);
    for (const slot of [19_999, 0, 777]) expect(again.sale(slot)).toEqual(sales[slot]);
    expect(again.refunds(0)).toEqual(feed.refunds(0));
    // Written down: another machine, or a later version, must not give other entries for the same command.
    expect(sales[0]).toEqual({
      orderId: '20260301-1-000000000',
      lineId: '1',
      sellerId: 'seller-000008',
      productId: 'P002548',
      category: '가구',
      quantity: 1,
      unitPrice: 52_700,
      itemAmount: 52_700,
      sellerDiscount: 0,
      platformDiscount: 0,
      shippingFee: 3_000,
      currency: 'KRW',
      orderedOn: '2026-02-28',
      occurredOn: '2026-03-01',
    });
    const other = feedOf(20_000, 1_000, '2').sale(0);
    expect([other.orderId, other.sellerId, other.productId]).not.toEqual([
      sales[0]?.orderId,
      sales[0]?.sellerId,
      sales[0]?.productId,
    ]);
  });

  it.each([1, 19, 20, 21, 1_000, 1_234])('has exactly %i sales on the date', (lines) => {
    const small = salesOf(feedOf(lines, 3));
    expect(small.filter((sale) => sale.occurredOn === date)).toHaveLength(lines);
    expect(new Set(small.map((sale) => `${sale.orderId}/${sale.lineId}`)).size).toBe(small.length);
  });

  it('interleaves about a twentieth of later dates, evenly', () => {
    expect([ofDate.length, sales.length]).toEqual([20_000, 21_000]);
    const later = sales.slice(0, 2_100).filter((sale) => sale.occurredOn !== date);
    expect(later).toHaveLength(100);
    expect([...new Set(later.map((sale) => sale.occurredOn))].sort()).toEqual([
      '2026-03-02',
      '2026-03-03',
      '2026-03-04',
    ]);
  });

  it('gives most lines to a few of the sellers, and some to most', () => {
    const counts = new Map<string, number>();
    for (const { sellerId } of ofDate) counts.set(sellerId, (counts.get(sellerId) ?? 0) + 1);
    const descending = [...counts.values()].sort((a, b) => b - a);
    const firstTen = descending.slice(0, 10).reduce((sum, n) => sum + n, 0);
    expect(firstTen).toBeGreaterThan(10_000);
    expect(counts.size).toBeGreaterThan(800);
  });

  it('has only entries that an import would accept', () => {
    const refused = sales.filter((sale) => {
      const ids = [sale.orderId, sale.lineId, sale.sellerId, sale.productId];
      const amountsFit = sale.itemAmount === sale.quantity * sale.unitPrice;
      const discountsFit = sale.sellerDiscount + sale.platformDiscount <= sale.itemAmount;
      const namesFit = ids.every(isExternalId) && isCategory(sale.category);
      return !(amountsFit && discountsFit && namesFit && sale.orderedOn <= sale.occurredOn);
    });
    expect(refused).toEqual([]);
  });

  it('refunds about three percent of the sales, some in parts, some later, none beyond its sale', () => {
    const refunded = refundsOf(feed);
    const refunds = refunded.flatMap((sale) => sale.refunds);
    expect(refunds.length / ofDate.length).toBeGreaterThan(0.025);
    expect(refunds.length / ofDate.length).toBeLessThan(0.035);
    expect(new Set(refunds.map((refund) => refund.refundId)).size).toBe(refunds.length);
    expect(refunds.some((refund) => refund.occurredOn > date)).toBe(true);
    expect(refunded.some((sale) => sale.refunds.length > 2)).toBe(true);
    for (const { sale, refunds: parts } of refunded) {
      let prior = 0;
      for (const part of parts) {
        expect([part.orderId, part.lineId, part.priorQuantity]).toEqual([sale.orderId, sale.lineId, prior]);
        expect(part.quantity).toBeGreaterThan(0);
        expect(part.occurredOn >= sale.occurredOn).toBe(true);
        prior += part.quantity;
      }
      expect(prior).toBeLessThanOrEqual(sale.quantity);
    }
  });
});

describe('SYNTHETIC_POLICIES', () => {
  const book = new PolicyBook(
    SYNTHETIC_POLICIES.map((policy, index) => ({ policyId: index + 1, policy, endsOn: null })),
  );

  it('may be applied, and applied again', () => {
    const changes = checkNewPolicies([], SYNTHETIC_POLICIES);
    expect(changes).toMatchObject({ unchanged: [], ends: [] });
    const stored = SYNTHETIC_POLICIES.map((policy, index) => ({ policyId: index + 1, policy, endsOn: null }));
    expect(checkNewPolicies(stored, SYNTHETIC_POLICIES)).toMatchObject({ insert: [], ends: [] });
    expect(SYNTHETIC_POLICIES.every((policy) => policiesEqual(policy, policy))).toBe(true);
  });

  it('settle every synthetic sale and refund, and each of them settles some', () => {
    const used = new Set<string>();
    for (const { sale, refunds } of [...sales.map((entry) => ({ sale: entry, refunds: [] })), ...refundsOf(feed)]) {
      const found = book.find(sale.sellerId, sale.category, sale.productId, sale.currency, sale.orderedOn);
      if (found === undefined) throw new Error(`no policy for ${sale.orderId}`);
      used.add(found.policy.code);
      const figures = settleSale(sale, found.policy);
      if (isRefusal(figures)) throw new Error(`${sale.orderId}: ${figures.refused}`);
      for (const { priorQuantity, quantity } of refunds) {
        const reversed = settleRefund({ ...figures, quantity: sale.quantity }, found.policy, priorQuantity, quantity);
        expect(isRefusal(reversed)).toBe(false);
      }
    }
    expect([...used].sort()).toEqual(SYNTHETIC_POLICIES.map((policy) => policy.code).sort());
  });
});
