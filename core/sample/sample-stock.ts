/** Stock for the sample catalogue: the quantity of each unit is computed from the number of its product alone. */
import { type Db, inTransaction } from '../../infra/database.js';
import { findUnits } from '../catalogue/stores/product-batch.js';
import { receiveFirstStock } from '../stock/receive-stock.js';
import { drawsOf } from './rules/draws.js';
import { syntheticProductId, syntheticSellerId } from './rules/synthetic-feed.js';

/** Products of one transaction. */
const BATCH = 500;
/** Keeps these random draws apart from those of the catalogue. */
const SALT = 0x5eed_0001;

/** A unit of the sample catalogue with the goods that came in first. */
export interface StockedUnit {
  readonly unitId: number;
  readonly sellerId: string;
  readonly quantity: number;
}

/** The units of sample products `from` to `to`, in the order of the products and their options. Those that are sold out have quantity 0. */
export async function readSampleUnits(
  db: Db,
  { from, to, sellers }: { readonly from: number; readonly to: number; readonly sellers: number },
): Promise<StockedUnit[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const keys = numbers.map((number) => ({
    sellerId: syntheticSellerId(1 + ((number - 1) % sellers)),
    externalId: syntheticProductId(number),
  }));
  const units = (await findUnits(db, keys)).toSorted((a, b) => a.unitId - b.unitId);
  return numbers.flatMap((number, at) => {
    const draw = drawsOf(SALT + number);
    return units
      .filter(({ externalId, sellerId }) => externalId === keys[at]?.externalId && sellerId === keys[at]?.sellerId)
      .map(({ unitId, sellerId }) => ({ unitId, sellerId, quantity: firstGoods(draw(100), draw) }));
  });
}

/** Of a hundred units five are sold out and ten nearly so. */
function firstGoods(luck: number, draw: (below: number) => number): number {
  if (luck < 5) return 0;
  return luck < 15 ? 1 + draw(3) : 20 + draw(200);
}

/** Adds stock to the units of the first `products` sample products that never had any. @returns how many units got stock now */
export async function makeSampleStock(
  db: Db,
  { products, sellers }: { readonly products: number; readonly sellers: number },
): Promise<number> {
  let stocked = 0;
  for (let from = 1; from <= products; from += BATCH) {
    const units = await readSampleUnits(db, { from, to: Math.min(products, from + BATCH - 1), sellers });
    const goods = units.filter(({ quantity }) => quantity > 0);
    stocked += await inTransaction(db, (tx) =>
      receiveFirstStock(tx, goods, { reason: 'sample', requestedBy: 'sample' }),
    );
  }
  return stocked;
}
