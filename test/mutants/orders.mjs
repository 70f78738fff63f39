/** What a basket costs, what becomes of orders, who may see them, and what they write into the feed. */
const basket = {
  file: 'core/orders/rules/price-basket.ts',
  tests: 'test/core/orders/rules/price-basket.test.ts',
  quick: true,
};
const part = { ...basket, file: 'core/orders/rules/line-part.ts' };
const state = {
  file: 'core/orders/rules/order-state.ts',
  tests: 'test/core/orders/rules/order-state.test.ts',
  quick: true,
};
const access = { file: 'kernel/access.ts', tests: 'test/kernel/access.test.ts', quick: true };
const life = { tests: 'test/core/orders/life.test.ts' };
const placing = { tests: 'test/core/orders/placing.test.ts' };
const model = { tests: 'test/core/orders/model/model.test.ts' };
const http = { tests: 'test/api/orders/orders.test.ts', only: 'is seen and moved by its buyer' };
const entries = { tests: 'test/core/feed/shop-entries.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...basket,
    file: 'kernel/allocate.ts',
    name: 'what is left over goes to the smallest remainders',
    from: 'a.rest > b.rest ? -1 : 1',
    to: 'a.rest > b.rest ? 1 : -1',
  },
  {
    ...basket,
    file: 'kernel/allocate.ts',
    name: 'among equal remainders the later one gets what is left over',
    from: 'a.index - b.index',
    to: 'b.index - a.index',
  },
  {
    ...basket,
    name: 'an order at exactly the amount for free shipping pays for shipping',
    from: 'goodsMinor >= terms.freeFromMinor',
    to: 'goodsMinor > terms.freeFromMinor',
  },
  {
    ...basket,
    name: 'a promotion is shared by list prices',
    from: 'const weights = goods.map(({ itemAmount, sellerDiscount }) => itemAmount - sellerDiscount);',
    to: 'const weights = goods.map(({ itemAmount }) => itemAmount);',
  },
  {
    ...basket,
    file: 'core/feed/rules/reversed-amounts.ts',
    name: 'shipping goes back with the first unit',
    from: 'priorQuantity + quantity === sale.quantity ? sale.shippingFee : 0',
    to: 'priorQuantity === 0 ? sale.shippingFee : 0',
  },
  {
    ...part,
    name: 'a line that is named twice is cancelled twice',
    from: 'parts.some((part) => part.lineNumber === lineNumber) ? 0 : openQuantity(line)',
    to: 'openQuantity(line)',
  },
  {
    ...part,
    name: 'units are cancelled that have left already',
    from: 'if (quantity > left)',
    to: 'if (quantity > line.quantity)',
  },
  {
    ...part,
    name: 'a return is cut off the line as it was ordered',
    from: 'reversedAmounts(remainingSale(line), line.returnedQuantity, quantity)',
    to: 'reversedAmounts(line, line.returnedQuantity, quantity)',
    only: 'of a return are cut off',
  },
  {
    ...state,
    name: 'what was shipped is cancelled',
    from: "{ from: 'PREPARING', to: 'CANCELLING', by: anybody },",
    to: "{ from: 'PREPARING', to: 'CANCELLING', by: anybody }, { from: 'SHIPPED', to: 'CANCELLING', by: anybody },",
  },
  {
    ...state,
    name: 'buyers pay by saying so',
    from: "to: 'PAID', by: ['operator', 'system'] }",
    to: "to: 'PAID', by: ['buyer', 'operator', 'system'] }",
  },
  {
    ...access,
    name: 'sellers read the orders of others',
    from: "'order.read': { buyer: 'own', seller: 'own',",
    to: "'order.read': { buyer: 'own', seller: 'any',",
  },
  {
    ...access,
    name: 'buyers see the checkouts of others',
    from: "'checkout.read': { buyer: 'own',",
    to: "'checkout.read': { buyer: 'any',",
  },
  {
    ...http,
    file: 'api/orders/read-orders.ts',
    name: 'an order is shown to another seller',
    from: 'return { accountId: buyerId, sellerId };',
    to: "return { accountId: buyerId, sellerId: sellerId === 'S1' ? 'S2' : sellerId };",
  },
  {
    ...http,
    file: 'api/orders/read-orders.ts',
    name: 'a buyer lists the orders of all buyers',
    from: ': { buyerId: accountId, sellerId: undefined };',
    to: ': { buyerId: accountId < 0 ? accountId : undefined, sellerId: undefined };',
  },
  {
    ...http,
    file: 'api/orders/order-steps.ts',
    name: 'parts are cancelled whatever has left since the buyer looked',
    from: 'if (call.body.version !== undefined && call.body.version !== version)',
    to: 'if (call.body.version !== undefined && version === 0)',
  },
  {
    ...life,
    file: 'core/orders/pay-checkout.ts',
    name: 'a checkout is paid whose time to pay has passed',
    from: "if (status === 'EXPIRED' || (status === 'PENDING_PAYMENT' && expired))",
    to: "if (status === 'EXPIRED')",
    only: 'expires a checkout that is not paid',
  },
  {
    ...life,
    file: 'core/orders/expire-checkouts.ts',
    name: 'the duty expires what was paid meanwhile',
    from: "checkout.status !== 'PENDING_PAYMENT' || ",
    to: '',
    only: 'an expiry that waits for a payment',
  },
  {
    ...placing,
    file: 'core/orders/place-orders.ts',
    name: 'orders of a refused checkout stay',
    from: 'if (refused.length > 0)',
    to: 'if (refused.length > 1)',
    only: 'of which one seller is short undoes all',
  },
  {
    ...life,
    file: 'core/orders/stores/order.ts',
    name: 'an order is confirmed as soon as it is delivered',
    from: "WHERE status = 'DELIVERED' AND delivered_at <= UTC_TIMESTAMP(3) - INTERVAL ? SECOND",
    to: "WHERE status = 'DELIVERED' AND delivered_at <= UTC_TIMESTAMP(3) - INTERVAL 0 * ? SECOND",
    only: 'confirms an order days after its delivery',
  },
  {
    ...placing,
    file: 'core/orders/receiver.ts',
    name: 'the receiver of one checkout can be put into the row of another',
    from: 'const placeOf = (reference: string): string =>',
    to: "const placeOf = (_: string, reference = ''): string =>",
    only: 'makes one order per seller',
  },
  {
    tests: 'test/core/orders/check-carts.test.ts',
    file: 'core/orders/check-carts.ts',
    name: 'two checkouts at once order the same cart twice',
    from: 'there.delete(keyOf(accountId, unitId))',
    to: 'there.has(keyOf(accountId, unitId))',
  },
  {
    ...model,
    file: 'core/orders/place-orders.ts',
    name: 'what is bought directly leaves the cart',
    from: 'isRefusal(one) || !one.placement.fromCart',
    to: 'isRefusal(one)',
  },
  {
    ...model,
    file: 'core/orders/cancel-order.ts',
    name: 'a checkout costs as much as before when a part of it is cancelled',
    from: 'await lowerDue(tx, checkoutId, amountMinor);',
    to: 'await lowerDue(tx, checkoutId, 0 * amountMinor);',
  },
  {
    ...life,
    file: 'core/orders/confirm-order.ts',
    name: 'a line of which nothing is left is a sale',
    from: '.filter(({ quantity }) => quantity > 0)',
    to: '',
    only: 'of which a line was cancelled',
  },
  {
    ...model,
    file: 'core/orders/return-order.ts',
    name: 'what cannot be sold again goes back into stock',
    from: 'if (taken.restock)',
    to: 'if (taken.restock !== undefined)',
  },
  {
    ...entries,
    file: 'core/feed/import/check-refunds.ts',
    name: 'a file brings refunds with ids of the shop',
    from: 'if (isShopId(entry.refundId))',
    to: 'if (isShopId(entry.reason))',
    only: 'brings no refund id of the shop',
  },
  {
    ...entries,
    file: 'core/feed/rules/refund.ts',
    name: 'a file gives money back for what the shop sold',
    from: "if (source === 'file' && soldByShop)",
    to: "if (source === 'file' && soldByShop && taken < 0)",
    only: 'refunds no line that the shop sold',
  },
  {
    ...entries,
    file: 'core/feed/shop-entries.ts',
    name: 'the shop writes into a date whose door is shut',
    from: "statuses.get(date) === 'OPEN'",
    to: 'statuses.has(date)',
    only: 'waits for a door that is being shut',
  },
  {
    ...entries,
    file: 'core/feed/shop-entries.ts',
    name: 'a return is settled on a date that its transaction does not keep open',
    from: 'if (!on.shared.has(settledOn))',
    to: "if (!on.shared.has(settledOn) && settledOn === '')",
    only: 'is neither dated nor settled before its sale',
  },
  {
    file: 'infra/group-work.ts',
    tests: 'test/api/edge/grouped.test.ts',
    name: 'a member of a group is carried out again that was answered',
    from: "known[i] === undefined || known[i].outcome === 'claimed'",
    to: "known[i]?.outcome !== 'reused'",
  },
];
