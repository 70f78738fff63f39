/** What units cost now: catalogue, shipping terms and promotions, as they are read before any transaction. */
import type { Db } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { isForSale, readUnitsForSale, type UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { readPromotionsInForce } from '../promotions/stores/promotion.js';
import { type BasketItem, type PricedBasket, priceBasket } from './rules/price-basket.js';
import { readShippingTerms } from './stores/shipping-term.js';

export interface WantedUnit {
  readonly unitId: number;
  readonly quantity: number;
}

/** The units with their quantities. Refuses with UNIT_NOT_FOUND or UNIT_NOT_FOR_SALE. */
export async function readBasket(
  db: Db,
  wanted: readonly WantedUnit[],
): Promise<readonly BasketItem<UnitForSale>[] | Refusal> {
  const units = await readUnitsForSale(
    db,
    wanted.map(({ unitId }) => unitId),
  );
  const byId = new Map(units.map((unit) => [unit.unitId, unit]));
  const items: BasketItem<UnitForSale>[] = [];
  for (const { unitId, quantity } of wanted) {
    const unit = byId.get(unitId);
    if (unit === undefined) return refuse('UNIT_NOT_FOUND', { unitId });
    if (!isForSale(unit)) return refuse('UNIT_NOT_FOR_SALE', { unitId });
    items.push({ unit, quantity });
  }
  return items;
}

/** Prices units. Refuses with CURRENCY_MIXED, AMOUNT_OUT_OF_RANGE or PROMOTION_NOT_APPLICABLE. */
export async function priceUnits(
  db: Db,
  items: readonly BasketItem<UnitForSale>[],
  promotionCode: string | null,
): Promise<PricedBasket<UnitForSale> | Refusal> {
  const sellerIds = [...new Set(items.map(({ unit }) => unit.sellerId))];
  const currencies = [...new Set(items.map(({ unit }) => unit.currency))];
  const [currency] = currencies;
  const terms = await readShippingTerms(db, sellerIds);
  const shipping = new Map(terms.filter((one) => one.currency === currency).map((one) => [one.sellerId, one]));
  const promotions = await readPromotionsInForce(db, currencies, promotionCode === null ? [] : [promotionCode]);
  return priceBasket(items, { shipping, promotions, promotionCode });
}
