/** The first half of a checkout, before its transaction: the units' current prices, and every refusal that needs no lock. */
import { randomUUID } from 'node:crypto';
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { gathered } from '../../infra/gathered.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import type { UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { priceBaskets, type WantedBasket, type WantedUnit } from './price-units.js';
import { type Receiver, sealReceiver } from './receiver.js';
import type { PricedBasket } from './rules/price-basket.js';
import { readCart } from './stores/cart.js';
import type { StoredReceiver } from './stores/checkout.js';

export interface CheckoutAsk {
  readonly buyerId: number;
  /** Units that are bought directly; null: the units in the cart. */
  readonly items: readonly WantedUnit[] | null;
  /** The units of the cart that are bought; null: all of them. */
  readonly unitIds: readonly number[] | null;
  readonly promotionCode: string | null;
  /** The amount to pay that the buyer saw, in minor units; null accepts every amount. */
  readonly expectedAmountMinor: number | null;
  readonly receiver: Receiver;
}

/** A checkout that is ready to be placed. */
export interface Placement {
  readonly buyerId: number;
  readonly reference: string;
  readonly basket: PricedBasket<UnitForSale>;
  /** Business date in the platform's zone. */
  readonly orderedOn: string;
  readonly receiver: StoredReceiver;
  readonly expiresInMs: number;
  /** Its units leave the cart. */
  readonly fromCart: boolean;
}

/** At most this many checkouts are priced together. */
const CHECKOUTS_MAX = 64;

/**
 * Prices checkouts by statements without a transaction; requests in the same turn of the event loop share the statements. Refuses with CART_EMPTY,
 * CART_ITEM_NOT_FOUND, UNIT_NOT_FOUND, UNIT_NOT_FOR_SALE, CURRENCY_MIXED, AMOUNT_OUT_OF_RANGE, PROMOTION_NOT_APPLICABLE or PRICE_CHANGED. Throws
 * TIME_ZONE_DIFFERS and CLOCK_DIFFERS.
 */
export function checkoutPreparer(
  db: Db,
  config: Pick<Config, 'timeZone' | 'checkoutMinutes' | 'encryptionKey'>,
): (ask: CheckoutAsk) => Promise<Placement | Refusal> {
  const price = gathered(async (baskets: readonly WantedBasket[]) => {
    const priced = await priceBaskets(db, baskets);
    const { date: orderedOn } = await readPlatformTime(db, config.timeZone);
    return priced.map((basket) => (isRefusal(basket) ? basket : { basket, orderedOn }));
  }, CHECKOUTS_MAX);
  return async (ask) => {
    const { promotionCode, expectedAmountMinor } = ask;
    const items = ask.items ?? (await wantedOfCart(db, ask));
    if (isRefusal(items)) return items;
    const priced = await price({ items, promotionCode });
    if (isRefusal(priced)) return priced;
    const { amountMinor } = priced.basket;
    if (expectedAmountMinor !== null && expectedAmountMinor !== amountMinor)
      return refuse('PRICE_CHANGED', { expectedAmountMinor, amountMinor });
    const reference = randomUUID();
    return {
      ...priced,
      buyerId: ask.buyerId,
      reference,
      receiver: sealReceiver(config.encryptionKey, reference, ask.receiver),
      expiresInMs: config.checkoutMinutes * 60_000,
      fromCart: ask.items === null,
    };
  };
}

/** Prices one checkout, as `checkoutPreparer` does. */
export const prepareCheckout = (
  db: Db,
  config: Parameters<typeof checkoutPreparer>[1],
  ask: CheckoutAsk,
): Promise<Placement | Refusal> => checkoutPreparer(db, config)(ask);

async function wantedOfCart(db: Db, { buyerId, unitIds }: CheckoutAsk): Promise<readonly WantedUnit[] | Refusal> {
  const cart = await readCart(db, buyerId);
  const missing = unitIds?.find((unitId) => !cart.some((item) => item.unitId === unitId));
  if (missing !== undefined) return refuse('CART_ITEM_NOT_FOUND', { unitId: missing });
  const wanted = cart.filter(({ unitId }) => unitIds?.includes(unitId) ?? true);
  return wanted.length === 0 ? refuse('CART_EMPTY') : wanted;
}
