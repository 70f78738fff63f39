/** An open shop: stock for the sample catalogue, a drop, orders in every state, and the terms and policies for their prices and settlement. */
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { readAccountByEmail } from '../accounts/stores/account.js';
import type { UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { scheduleDrop } from '../stock/drops.js';
import { refuseInProduction } from './refuse-in-production.js';
import { syntheticSellerId } from './rules/synthetic-feed.js';
import type { SampleSignIn } from './sample-accounts.js';
import { makeSampleOrders, planCheckouts, type SampleCheckout, unitsForSale } from './sample-orders.js';
import { makeSampleStock, readSampleUnits } from './sample-stock.js';
import { makeSampleTerms } from './sample-terms.js';

export interface SampleShopOptions {
  readonly products: number;
  readonly sellers: number;
  /** Checkouts; each has one order for each of its sellers. */
  readonly checkouts: number;
  /** Who sells, buys and operates. */
  readonly signIns: readonly SampleSignIn[];
}

/** The rows made now; existing ones are not counted. */
export interface SampleShop {
  /** Units that got stock. */
  readonly stockedUnits: number;
  readonly checkouts: number;
  /** The unit that is sold in an open drop; null: the catalogue has none for it. */
  readonly drop: { readonly productId: number; readonly unitId: number } | null;
}

/** Products that are ordered: the first of the catalogue. */
const ORDERED_PRODUCTS = 300;
/** With fewer units than this a product is not ordered. */
const PLENTY = 20;
const DROP_LIMIT_PER_BUYER = 1;
/** It has begun, so everybody may buy. */
const DROP_OPENS_AT = '2020-01-01T00:00:00.000Z';

/**
 * Makes stock, terms and orders, or the missing part of them. Throws CONFIG_INVALID in production.
 * @param options of a catalogue that `makeSampleCatalogue` has made with the same numbers
 */
export async function makeSampleShop(
  db: Db,
  config: Pick<Config, 'production' | 'timeZone' | 'checkoutMinutes' | 'encryptionKey'>,
  options: SampleShopOptions,
): Promise<SampleShop> {
  refuseInProduction(config);
  const { products, sellers, signIns } = options;
  const stockedUnits = await makeSampleStock(db, { products, sellers });
  const ranks = Math.min(sellers, ORDERED_PRODUCTS);
  await makeSampleTerms(
    db,
    Array.from({ length: ranks }, (_, at) => syntheticSellerId(at + 1)),
  );
  const ordered = await readSampleUnits(db, { from: 1, to: Math.min(products, ORDERED_PRODUCTS), sellers });
  const plenty = ordered.filter(({ quantity }) => quantity >= PLENTY).map(({ unitId }) => unitId);
  const accountIds = await accountsOf(db, signIns.slice(0, 3 + ranks));
  const idsOf = (role: SampleSignIn['role']): number[] =>
    signIns.flatMap((one) => (one.role === role ? (accountIds.get(one.email) ?? []) : []));
  const [operatorId = 0] = idsOf('operator');
  const sellerIds = new Map(
    signIns.flatMap(({ sellerId, email }) => {
      const accountId = accountIds.get(email);
      return sellerId === null || accountId === undefined ? [] : [[sellerId, accountId] as const];
    }),
  );
  const forSale = await unitsForSale(db, plenty);
  const dropped = await makeDrop(db, forSale);
  const others = forSale.filter(({ productId }) => productId !== dropped?.productId);
  const plan = [
    ...planCheckouts(options.checkouts, others, idsOf('buyer')),
    ...(dropped === undefined || options.checkouts === 0 ? [] : buyInDrop(dropped, idsOf('buyer'))),
  ];
  return {
    stockedUnits,
    checkouts: await makeSampleOrders(db, config, plan, { operatorId, sellerIds }),
    drop: dropped === undefined ? null : { productId: dropped.productId, unitId: dropped.unitId },
  };
}

/** Puts the first product that has no options into a drop, unless it is in one. @returns its unit */
async function makeDrop(db: Db, units: readonly UnitForSale[]): Promise<UnitForSale | undefined> {
  const unit = units.find(({ optionName }) => optionName === null);
  if (unit === undefined) return undefined;
  const { productId, sellerId } = unit;
  const drop = {
    productId,
    sellerId,
    opensAt: DROP_OPENS_AT,
    limitPerBuyer: DROP_LIMIT_PER_BUYER,
    requestedBy: 'sample',
  };
  await inTransaction(db, (tx) => scheduleDrop(tx, drop)); // a refusal says that it is in one
  return unit;
}

/** Every buyer has bought one, so that the audit of the drop has rows to show. */
const buyInDrop = ({ unitId }: UnitForSale, buyerIds: readonly number[]): SampleCheckout[] =>
  buyerIds.map((buyerId, at) => ({
    name: `drop ${at + 1}`,
    buyerId,
    items: [{ unitId, quantity: DROP_LIMIT_PER_BUYER }],
    promotionCode: null,
    life: ['pay'],
  }));

async function accountsOf(db: Db, signIns: readonly SampleSignIn[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const { email } of signIns) {
    const account = await readAccountByEmail(db, email);
    if (account !== undefined) ids.set(email, account.accountId);
  }
  return ids;
}
