/**
 * Pages of the catalogue say which units are out of stock, not how many there are. So a page is evicted when a unit of its product has reached or left 0, and
 * at no other change of stock.
 */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import type { CatalogueCache } from '../catalogue/catalogue-cache.js';
import { readProductsOfUnits } from '../catalogue/stores/sellable-unit.js';
import { crossedUnits } from './stores/crossings.js';

/** Where pages are evicted. */
export type Pages = Pick<CatalogueCache, 'stockChanged'>;

/** The products whose pages the transaction has made wrong so far. */
const changedProducts = (tx: Tx): Promise<number[]> => readProductsOfUnits(tx, crossedUnits(tx));

/** Evicts those pages. Called when the transaction has changed all its stock; `afterCommit` runs the work after the commit. */
export async function evictChanged(
  tx: Tx,
  cache: Pages,
  afterCommit: (next: () => Promise<void>) => void,
): Promise<void> {
  const productIds = await changedProducts(tx);
  if (productIds.length > 0) afterCommit(() => cache.stockChanged(productIds));
}

/**
 * A transaction of its own that changes stock; after its commit pages are evicted, where there is a cache of them. Also when the commit failed, because nobody
 * knows whether it was carried out.
 */
export async function inStockTransaction<T>(
  db: Db,
  cache: Pages | undefined,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  let productIds: readonly number[] = [];
  try {
    return await inTransaction(db, async (tx) => {
      productIds = [];
      const result = await work(tx);
      productIds = await changedProducts(tx);
      return result;
    });
  } finally {
    await cache?.stockChanged(productIds);
  }
}
