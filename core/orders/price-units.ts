/** The current prices of units: catalogue, shipping terms and promotions, read before any transaction. */
import type { Db } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { isForSale, readUnitsForSale, type UnitForSale } from '../catalogue/stores/sellable-unit.js';
import type { Promotion } from '../promotions/rules/promotion.js';
import { readPromotionsInForce } from '../promotions/stores/promotion.js';
import { type BasketItem, type PricedBasket, priceBasket } from './rules/price-basket.js';
import { readShippingTerms, type ShippingTermRecord } from './stores/shipping-term.js';

export interface WantedUnit {
  readonly unitId: number;
  readonly quantity: number;
}

/** The units to buy, and the promotion. */
export interface WantedBasket {
  readonly items: readonly WantedUnit[];
  readonly promotionCode: string | null;
}

type Items = readonly BasketItem<UnitForSale>[];

/** The units with their quantities. Refuses with UNIT_NOT_FOUND or UNIT_NOT_FOR_SALE. */
export async function readBasket(db: Db, wanted: readonly WantedUnit[]): Promise<Items | Refusal> {
  return itemsOf(wanted, await readUnits(db, [wanted]));
}

/** Prices units. Refuses with CURRENCY_MIXED, AMOUNT_OUT_OF_RANGE or PROMOTION_NOT_APPLICABLE. */
export async function priceUnits(
  db: Db,
  items: Items,
  promotionCode: string | null,
): Promise<PricedBasket<UnitForSale> | Refusal> {
  return priceWith(await readTerms(db, [items], [promotionCode]), items, promotionCode);
}

/** Reads and prices baskets, as `readBasket` and `priceUnits` do, with three statements for any number of them. @returns the outcome of each */
export async function priceBaskets(
  db: Db,
  baskets: readonly WantedBasket[],
): Promise<(PricedBasket<UnitForSale> | Refusal)[]> {
  const units = await readUnits(
    db,
    baskets.map(({ items }) => items),
  );
  const read = baskets.map(({ items }) => itemsOf(items, units));
  const terms = await readTerms(
    db,
    read.flatMap((items) => (isRefusal(items) ? [] : [items])),
    baskets.map(({ promotionCode }) => promotionCode),
  );
  return baskets.map(({ promotionCode }, at) => {
    const items = read[at] as Items | Refusal;
    return isRefusal(items) ? items : priceWith(terms, items, promotionCode);
  });
}

type Units = ReadonlyMap<number, UnitForSale>;

async function readUnits(db: Db, baskets: readonly (readonly WantedUnit[])[]): Promise<Units> {
  const units = await readUnitsForSale(db, distinct(baskets.flat().map(({ unitId }) => unitId)));
  return new Map(units.map((unit) => [unit.unitId, unit]));
}

function itemsOf(wanted: readonly WantedUnit[], units: Units): Items | Refusal {
  const items: BasketItem<UnitForSale>[] = [];
  for (const { unitId, quantity } of wanted) {
    const unit = units.get(unitId);
    if (unit === undefined) return refuse('UNIT_NOT_FOUND', { unitId });
    if (!isForSale(unit)) return refuse('UNIT_NOT_FOR_SALE', { unitId });
    items.push({ unit, quantity });
  }
  return items;
}

/** The data beside the units on which the prices of some baskets depend. */
interface Terms {
  readonly shipping: readonly ShippingTermRecord[];
  readonly promotions: readonly Promotion[];
}

async function readTerms(db: Db, baskets: readonly Items[], codes: readonly (string | null)[]): Promise<Terms> {
  const units = baskets.flat().map(({ unit }) => unit);
  const shipping = await readShippingTerms(db, distinct(units.map(({ sellerId }) => sellerId)));
  const currencies = distinct(units.map(({ currency }) => currency));
  return {
    shipping,
    promotions: await readPromotionsInForce(db, currencies, distinct(codes.filter((code) => code !== null))),
  };
}

function priceWith(terms: Terms, items: Items, promotionCode: string | null): PricedBasket<UnitForSale> | Refusal {
  const currency = items[0]?.unit.currency;
  const sellers = new Set(items.map(({ unit }) => unit.sellerId));
  const own = terms.shipping.filter((one) => one.currency === currency && sellers.has(one.sellerId));
  const shipping = new Map(own.map((one) => [one.sellerId, one]));
  const promotions = terms.promotions.filter((promotion) => promotion.currency === currency);
  return priceBasket(items, { shipping, promotions, promotionCode });
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
