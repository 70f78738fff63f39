/** A cart as its owner sees it, with current prices and stock, which the checkout reads again. */
import type { Db } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { isForSale, readUnitsForSale, type UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { readOrderable } from '../stock/stores/stock-list.js';
import { priceUnits } from './price-units.js';
import type { Amounts, BasketItem } from './rules/price-basket.js';
import { type CartItem, readCart } from './stores/cart.js';

export interface ShownItem extends CartItem {
  /** Null: the unit does not exist any more. */
  readonly unit: UnitForSale | null;
  readonly forSale: boolean;
  /** How many could be ordered now. */
  readonly available: number;
}

export interface CartTotal extends Amounts {
  readonly currency: string;
}

export interface ShownCart {
  readonly items: readonly ShownItem[];
  /** The price of a checkout of everything that is for sale, for each currency. */
  readonly totals: readonly CartTotal[];
}

/**
 * The cart of an account, with its totals under a promotion code. Refuses with PROMOTION_NOT_APPLICABLE where the code takes nothing off any
 * of them.
 */
export async function showCart(
  db: Db,
  accountId: number,
  promotionCode: string | null = null,
): Promise<ShownCart | Refusal> {
  const cart = await readCart(db, accountId);
  const unitIds = cart.map(({ unitId }) => unitId);
  if (unitIds.length === 0) return { items: [], totals: [] };
  const units = new Map((await readUnitsForSale(db, unitIds)).map((unit) => [unit.unitId, unit]));
  const orderable = await readOrderable(db, unitIds);
  const items = cart.map((item): ShownItem => {
    const unit = units.get(item.unitId) ?? null;
    return { ...item, unit, forSale: unit !== null && isForSale(unit), available: orderable.get(item.unitId) ?? 0 };
  });
  const totals = await totalsOf(db, items, promotionCode);
  return isRefusal(totals) ? totals : { items, totals };
}

async function totalsOf(
  db: Db,
  items: readonly ShownItem[],
  promotionCode: string | null,
): Promise<readonly CartTotal[] | Refusal> {
  const baskets = new Map<string, BasketItem<UnitForSale>[]>();
  for (const { unit, forSale, quantity } of items) {
    if (unit === null || !forSale) continue;
    baskets.set(unit.currency, [...(baskets.get(unit.currency) ?? []), { unit, quantity }]);
  }
  const totals: CartTotal[] = [];
  let applied = promotionCode === null || baskets.size === 0;
  for (const basket of baskets.values()) {
    const named = await priceUnits(db, basket, promotionCode);
    // A promotion has one currency; the prices in other currencies stay as without the code.
    const other = isRefusal(named) && named.refused === 'PROMOTION_NOT_APPLICABLE';
    const priced = other ? await priceUnits(db, basket, null) : named;
    applied ||= !other;
    if (!isRefusal(priced)) totals.push(priced); // otherwise the total is larger than an amount can be, which the checkout refuses
  }
  return applied ? totals : refuse('PROMOTION_NOT_APPLICABLE', { promotionCode });
}
