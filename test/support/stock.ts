/** Units with stock for tests, and what the tables say of them. */
import { insertCategory } from '../../core/catalogue/stores/category.js';
import { insertProduct, readProduct } from '../../core/catalogue/stores/product.js';
import { receiveStock } from '../../core/stock/receive-stock.js';
import { readStock } from '../../core/stock/stores/stock.js';
import { verifyStock } from '../../core/stock/verify-stock.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';

let made = 0;

/** Products without options, one for each of these quantities, all of one seller. @returns their units; the last has the highest id */
export async function makeUnits(db: Db, quantities: readonly number[], sellerId = 'S1'): Promise<number[]> {
  const unitIds: number[] = [];
  for (const quantity of quantities) {
    made += 1;
    const externalId = `U${made}`;
    const unitId = await inTransaction(db, async (tx) => {
      const categoryId = decided(await insertCategory(tx, { parentId: null, level: 1, name: externalId }));
      const content = { categoryId, name: externalId, description: '', status: 'ACTIVE' as const };
      const price = { currency: 'KRW', priceMinor: 1_000, salePriceMinor: null };
      const productId = decided(await insertProduct(tx, { ...content, ...price, sellerId, externalId }));
      return (await readProduct(tx, productId))?.product.unitId as number;
    });
    if (quantity > 0) await receive(db, unitId, quantity);
    unitIds.push(unitId);
  }
  return unitIds;
}

export const receive = (db: Db, unitId: number, quantity: number) =>
  inTransaction(db, async (tx) =>
    decided(await receiveStock(tx, { unitId, quantity, reason: 'delivery', requestedBy: 'test' })),
  );

/** The stock of a unit as `[received, available, held, sold]`. */
export async function stockOf(db: Db, unitId: number): Promise<number[]> {
  const [stock] = await readStock(db, [unitId]);
  return stock === undefined ? [0, 0, 0, 0] : [stock.received, stock.available, stock.held, stock.sold];
}

/** What `magam stock verify` would name. */
export const differences = async (db: Db) => (await verifyStock(db)).differences;
