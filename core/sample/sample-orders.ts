/**
 * Sample orders: checkouts of the sample buyers, placed and taken through their lives by the use cases of all orders, so that their sums, the
 * journal of stock, the settlement feed and the histories are true. Checkout number n is computed from n alone and is one transaction; its
 * reference is fixed, so an existing one is not made again.
 */
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { isDuplicateKey } from '../../infra/database-errors.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal } from '../../kernel/errors.js';
import { isForSale, readUnitsForSale, type UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { shareShopDates, withShopDates } from '../feed/shop-entries.js';
import { expireCheckouts } from '../orders/expire-checkouts.js';
import { placeOrders } from '../orders/place-orders.js';
import { type Placement, prepareCheckout } from '../orders/prepare-checkout.js';
import type { WantedUnit } from '../orders/price-units.js';
import { type Receiver, sealReceiver } from '../orders/receiver.js';
import { refuseInProduction } from './refuse-in-production.js';
import { drawsOf, pick } from './rules/draws.js';
import { SAMPLE_LIVES, type SampleStep } from './rules/sample-lives.js';
import { live, type SampleParties } from './sample-steps.js';
import { SAMPLE_PROMOTION } from './sample-terms.js';

type OrderConfig = Pick<Config, 'production' | 'timeZone' | 'checkoutMinutes' | 'encryptionKey'>;

/** Keeps these random draws apart from those of the catalogue and the stock. */
const SALT = 0x0cde_0001;
/** Orders wait for their payment for a week, so that there are some to look at. */
const PENDING_MINUTES = 7 * 24 * 60;
const EXPIRED_AT_ONCE = 100;

/** A checkout to make. */
export interface SampleCheckout {
  /** Names it among all sample checkouts. */
  readonly name: string;
  readonly buyerId: number;
  readonly items: readonly WantedUnit[];
  readonly promotionCode: string | null;
  readonly life: readonly SampleStep[];
}

/** The units among these that are for sale, in their order. */
export async function unitsForSale(db: Db, unitIds: readonly number[]): Promise<UnitForSale[]> {
  const units = new Map((await readUnitsForSale(db, unitIds)).map((unit) => [unit.unitId, unit]));
  return unitIds.flatMap((unitId) => {
    const unit = units.get(unitId);
    return unit !== undefined && isForSale(unit) ? [unit] : [];
  });
}

/** Sample checkouts 1 to `count`, of these units and buyers. */
export function planCheckouts(
  count: number,
  units: readonly UnitForSale[],
  buyerIds: readonly number[],
): SampleCheckout[] {
  if (units.length === 0 || buyerIds.length === 0) return [];
  return Array.from({ length: count }, (_, at) => {
    const draw = drawsOf(SALT + at);
    const { currency } = pick(units, draw);
    const same = units.filter((unit) => unit.currency === currency);
    const unitIds = new Set(Array.from({ length: 1 + draw(3) }, () => pick(same, draw).unitId));
    return {
      name: `checkout ${at + 1}`,
      buyerId: pick(buyerIds, draw),
      // At least three, so that a part can be cancelled and another returned.
      items: [...unitIds].map((unitId) => ({ unitId, quantity: 3 + draw(2) })),
      promotionCode: currency === SAMPLE_PROMOTION.currency && draw(3) === 0 ? SAMPLE_PROMOTION.code : null,
      life: SAMPLE_LIVES[at % SAMPLE_LIVES.length] ?? [],
    };
  });
}

/**
 * Makes the checkouts that do not exist yet. One that cannot be placed (sold out, or no longer for sale) is left out.
 * @returns how many were made now. Throws CONFIG_INVALID in production
 */
export async function makeSampleOrders(
  db: Db,
  config: OrderConfig,
  checkouts: readonly SampleCheckout[],
  parties: SampleParties,
): Promise<number> {
  refuseInProduction(config);
  let made = 0;
  for (const checkout of checkouts) if (await makeCheckout(db, config, checkout, parties)) made += 1;
  while ((await expireCheckouts(db, { rowsMax: EXPIRED_AT_ONCE })).expired === EXPIRED_AT_ONCE);
  return made;
}

async function makeCheckout(
  db: Db,
  config: OrderConfig,
  checkout: SampleCheckout,
  parties: SampleParties,
): Promise<boolean> {
  const placement = await prepare(db, config, checkout);
  if (placement === undefined) return false;
  try {
    return await withShopDates(db, config, (dates) =>
      inTransaction(db, async (tx) => {
        const on = await shareShopDates(tx, dates);
        const [placed] = await placeOrders(tx, [placement]);
        if (placed === undefined || isRefusal(placed)) return false;
        await live(tx, on, placed, checkout.life, parties);
        return true;
      }),
    );
  } catch (error) {
    if (isDuplicateKey(error)) return false; // its reference exists
    throw error;
  }
}

const RECEIVER: Receiver = {
  name: '홍길동',
  phone: '010-0000-0000',
  postalCode: '04524',
  address: '서울특별시 중구 세종대로 110',
  note: '문 앞에 놓아 주세요.',
};

async function prepare(
  db: Db,
  config: OrderConfig,
  { name, buyerId, items, promotionCode, life }: SampleCheckout,
): Promise<Placement | undefined> {
  const [first] = life;
  const checkoutMinutes = first === 'expire' ? 0 : first === undefined ? PENDING_MINUTES : config.checkoutMinutes;
  const ask = { buyerId, items, unitIds: null, promotionCode, expectedAmountMinor: null, receiver: RECEIVER };
  const placement = await prepareCheckout(db, { ...config, checkoutMinutes }, ask);
  if (isRefusal(placement)) return undefined;
  const reference = referenceOf(name);
  return { ...placement, reference, receiver: sealReceiver(config.encryptionKey, reference, RECEIVER) };
}

/** Has the form of any checkout's reference. */
const referenceOf = (name: string): string =>
  sha256(`magam sample ${name}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
