/** Checkouts of a cart were priced before their transaction: what they order must still be in it, or two at once would order it twice. */
import type { Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { type CartUnits, lockCartItems } from './stores/cart.js';

/**
 * Locks what the checkouts take out of carts, before they lock any stock. Of two that want the same unit of a cart the first gets it.
 * @param checkouts null: not one of a cart
 * @returns for each undefined, or CART_ITEM_NOT_FOUND
 */
export async function checkCarts(tx: Tx, checkouts: readonly (CartUnits | null)[]): Promise<(Refusal | undefined)[]> {
  const wanted = checkouts.filter((one) => one !== null);
  const keyOf = (accountId: number, unitId: number): string => `${accountId}.${unitId}`;
  const there = new Set((await lockCartItems(tx, wanted)).map(({ accountId, unitId }) => keyOf(accountId, unitId)));
  return checkouts.map((one) => {
    if (one === null) return undefined;
    const { accountId, unitIds } = one;
    const missing = unitIds.find((unitId) => !there.has(keyOf(accountId, unitId)));
    if (missing !== undefined) return refuse('CART_ITEM_NOT_FOUND', { unitId: missing });
    for (const unitId of unitIds) there.delete(keyOf(accountId, unitId));
    return undefined;
  });
}
