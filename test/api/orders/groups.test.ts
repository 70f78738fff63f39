/** Which checkouts come into one transaction when they come at the same moment. */
import { expect, it } from '@jest/globals';
import { groupOf } from '../../../api/orders/checkouts.js';

/** A checkout of these units, each of another seller. */
const checkoutOf = (...unitIds: number[]) =>
  ({ basket: { orders: unitIds.map((unitId) => ({ lines: [{ unit: { unitId } }] })) } }) as unknown as Parameters<
    typeof groupOf
  >[0];

it('is decided by the lowest unit, whatever else is in the basket', () => {
  const hot = groupOf(checkoutOf(7));
  expect([groupOf(checkoutOf(7, 8)), groupOf(checkoutOf(9, 7))]).toEqual([hot, hot]);
});

it('are few groups, so that checkouts of many units share transactions too', () => {
  const groups = new Set(Array.from({ length: 1_000 }, (_, unit) => groupOf(checkoutOf(1 + unit))));
  expect(groups.size).toBe(4);
});
