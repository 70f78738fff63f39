/** Adds up the sales of products: the changes by many payments and refunds are written together. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import type { CatalogueCache, ProductPlace } from './catalogue-cache.js';
import { addSales, deleteSalesChanges, lockSalesChanges, readPlaces } from './stores/sales-count.js';

/** At most this many products a transaction, each with some 25 rows of `product_term`. */
const CHANGES = 400;

/** Writes all waiting changes, batch by batch, and evicts pages and lists once. @returns how many changes there were */
export async function addUpSales(
  db: Db,
  cache: Pick<CatalogueCache, 'productChanged'>,
  signal: AbortSignal,
  rowsMax = CHANGES,
): Promise<number> {
  const places: ProductPlace[] = [];
  let changes = 0;
  try {
    for (let batch = rowsMax; batch === rowsMax && !signal.aborted; changes += batch) {
      const done = await inTransaction(db, (tx) => addUpBatch(tx, rowsMax));
      places.push(...done.places);
      batch = done.changes;
    }
  } finally {
    await cache.productChanged(...places);
  }
  return changes;
}

async function addUpBatch(
  tx: Tx,
  rowsMax: number,
): Promise<{ readonly changes: number; readonly places: readonly ProductPlace[] }> {
  const changes = await lockSalesChanges(tx, rowsMax);
  if (changes.length === 0) return { changes: 0, places: [] };
  const sums = new Map<number, number>();
  for (const { productId, quantity } of changes) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  const changed = [...sums].flatMap(([productId, quantity]) => (quantity === 0 ? [] : [{ productId, quantity }]));
  changed.sort((one, other) => one.productId - other.productId);
  const productIds = changed.map(({ productId }) => productId);
  if (changed.length > 0) await addSales(tx, changed);
  await deleteSalesChanges(
    tx,
    changes.map(({ changeId }) => changeId),
  );
  return { changes: changes.length, places: changed.length === 0 ? [] : await readPlaces(tx, productIds) };
}
