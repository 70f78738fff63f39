/** Changes of a cart. */
import type { Db, Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { readUnitsForSale } from '../catalogue/stores/sellable-unit.js';
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
  const products = await productsOf(tx, [unitId, otherId]);
  if (products.size > 1) return refuse('UNIT_OF_OTHER_PRODUCT', { unitId, otherUnitId: otherId });
  if (unitId === otherId) return undefined;
  return changeCartUnit(tx, accountId, unitId, otherId);
}

const productsOf = async (db: Db, unitIds: readonly number[]): Promise<Set<number>> =>
  new Set((await readUnitsForSale(db, unitIds)).map(({ productId }) => productId));
