/** A shop that is open: goods of the sample catalogue, orders in every state, and what they are priced and settled with. */
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { readAccountByEmail } from '../accounts/stores/account.js';
import { refuseInProduction } from './refuse-in-production.js';
import { syntheticSellerId } from './rules/synthetic-feed.js';
import type { SampleSignIn } from './sample-accounts.js';
import { makeSampleOrders, planCheckouts, unitsForSale } from './sample-orders.js';
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

/** What was made now; what was there already is not counted. */
export interface SampleShop {
  /** Units that goods came in of. */
  readonly stockedUnits: number;
  readonly checkouts: number;
}

/** Products that are ordered: the first of the catalogue. */
const ORDERED_PRODUCTS = 300;
/** Of fewer nothing is ordered. */
const PLENTY = 20;

/**
 * Makes stock, terms and orders, or what is missing of them. Throws CONFIG_INVALID in production.
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
  const plan = planCheckouts(options.checkouts, await unitsForSale(db, plenty), idsOf('buyer'));
  return { stockedUnits, checkouts: await makeSampleOrders(db, config, plan, { operatorId, sellerIds }) };
}

async function accountsOf(db: Db, signIns: readonly SampleSignIn[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const { email } of signIns) {
    const account = await readAccountByEmail(db, email);
    if (account !== undefined) ids.set(email, account.accountId);
  }
  return ids;
}
