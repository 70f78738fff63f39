/** Changes of a cart. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { readUnit } from '../catalogue/stores/sellable-unit.js';
import { readBasket, type WantedUnit } from './price-units.js';
import { LINES_MAX } from './rules/price-basket.js';
import { changeCartUnit, insertCartItem, lockCart } from './stores/cart.js';

/** Puts a unit into the cart. @returns UNIT_NOT_FOUND, UNIT_NOT_FOR_SALE, CART_FULL or ALREADY_IN_CART */
export async function addToCart(tx: Tx, accountId: number, wanted: WantedUnit): Promise<Refusal | undefined> {
  const basket = await readBasket(tx, [wanted]);
  if (isRefusal(basket)) return basket;
  const items = await lockCart(tx, accountId);
  const refusal = await insertCartItem(tx, accountId, wanted);
  if (refusal !== undefined || items < LINES_MAX) return refusal;
  return refuse('CART_FULL', { most: LINES_MAX });
}

/**
 * Changes a unit of the cart to another option of the same product. @returns UNIT_NOT_FOUND, UNIT_NOT_FOR_SALE, UNIT_OF_OTHER_PRODUCT, ALREADY_IN_CART or
 * CART_ITEM_NOT_FOUND
 */
export async function changeOptionInCart(
  tx: Tx,
  accountId: number,
  unitId: number,
  otherId: number,
): Promise<Refusal | undefined> {
  const basket = await readBasket(tx, [{ unitId: otherId, quantity: 1 }]);
  if (isRefusal(basket)) return basket;
  const former = await readUnit(tx, unitId);
  if (former === undefined) return refuse('UNIT_NOT_FOUND', { unitId });
  if (basket.some(({ unit }) => unit.productId !== former.productId))
    return refuse('UNIT_OF_OTHER_PRODUCT', { unitId, otherUnitId: otherId });
  return changeCartUnit(tx, accountId, unitId, otherId);
}
