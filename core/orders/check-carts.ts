/** Checks that carts still have the content that their checkouts were priced with: two checkouts of one cart at the same moment order it once. */
import type { Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import type { UnitQuantity } from '../stock/rules/stock.js';
import { lockCartItems } from './stores/cart.js';

/** The items that a checkout takes out of the cart of an account. */
export interface FromCart {
  readonly accountId: number;
  readonly units: readonly UnitQuantity[];
}

/**
 * Locks the items that the checkouts take out of carts, before any other row of theirs. When two checkouts of this transaction take the same items, the later
 * one is refused.
 * @param members null: a checkout that takes nothing out of a cart
 * @returns for each undefined, or CART_CHANGED where a unit has left the cart since it was read, or its quantity is another one
 */
export async function checkCarts(tx: Tx, members: readonly (FromCart | null)[]): Promise<(Refusal | undefined)[]> {
  const taking = members.filter((member) => member !== null);
  const rows = await lockCartItems(
    tx,
    taking.map(({ accountId, units }) => ({ accountId, unitIds: units.map(({ unitId }) => unitId) })),
  );
  const there = new Map(rows.map((row) => [keyOf(row.accountId, row.unitId), row.quantity]));
  return members.map((member) => {
    if (member === null) return undefined;
    const { accountId, units } = member;
    const changed = units.find(({ unitId, quantity }) => there.get(keyOf(accountId, unitId)) !== quantity);
    if (changed !== undefined) return refuse('CART_CHANGED', { unitId: changed.unitId });
    for (const { unitId } of units) there.delete(keyOf(accountId, unitId));
    return undefined;
  });
}

const keyOf = (accountId: number, unitId: number): string => `${accountId}.${unitId}`;
