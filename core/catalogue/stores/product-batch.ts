/** Products by the thousand, for sample data: the rows of many in one statement each. */

import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { effectivePrice, type ProductStatus } from '../rules/product.js';
import { type FindableProduct, termsOf } from '../rules/search-terms.js';
import { INSERT_PRODUCT, type NewProduct, PRODUCT_ROW, productRow } from './product.js';
import type { OptionContent } from './product-option.js';
import { INSERT_UNIT, UNIT_ROW } from './sellable-unit.js';

export interface ProductKey {
  readonly sellerId: string;
  readonly externalId: string;
}

export interface BatchProduct extends NewProduct, FindableProduct {
  readonly status: ProductStatus;
  readonly salesCount: number;
  readonly options: readonly OptionContent[];
  readonly reviews: readonly { readonly accountId: number; readonly stars: number; readonly body: string }[];
}

const keyOf = ({ sellerId, externalId }: ProductKey): string => `${sellerId} ${externalId}`;

/** The ids of those products that exist, by `seller external-id`. */
async function findProductIds(db: Db, keys: readonly ProductKey[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await select<ProductKey & { readonly productId: number }>(
    db,
    `SELECT product_id AS productId, seller_id AS sellerId, external_id AS externalId FROM product FORCE INDEX (product_external)
     WHERE (seller_id, external_id) IN (${keys.map(() => '(?, ?)').join(', ')})`,
    keys.flatMap(({ sellerId, externalId }) => [sellerId, externalId]),
  );
  return new Map(rows.map((row) => [keyOf(row), row.productId]));
}

/** The units of these products that are sold, by product and option; retired ones are left out. */
export async function findUnits(
  db: Db,
  keys: readonly ProductKey[],
): Promise<(ProductKey & { readonly unitId: number })[]> {
  if (keys.length === 0) return [];
  return select(
    db,
    `SELECT p.seller_id AS sellerId, p.external_id AS externalId, u.unit_id AS unitId FROM product p FORCE INDEX (product_external)
     STRAIGHT_JOIN sellable_unit u FORCE INDEX (sellable_unit_of) ON u.product_id = p.product_id AND u.status = 'OFFERED'
     WHERE (p.seller_id, p.external_id) IN (${keys.map(() => '(?, ?)').join(', ')})`,
    keys.flatMap(({ sellerId, externalId }) => [sellerId, externalId]),
  );
}

/** Stores the products that do not exist yet, with options, units, reviews and terms. Returns how many that were. */
export async function insertMissingProducts(tx: Tx, products: readonly BatchProduct[]): Promise<number> {
  const known = await findProductIds(tx, products);
  const missing = products.filter((product) => !known.has(keyOf(product)));
  if (missing.length === 0) return 0;
  await insertRows(
    tx,
    INSERT_PRODUCT,
    PRODUCT_ROW,
    missing.map((product) =>
      productRow(product, {
        salesCount: product.salesCount,
        reviewCount: product.reviews.length,
        starSum: product.reviews.reduce((sum, { stars }) => sum + stars, 0),
      }),
    ),
  );
  const ids = await findProductIds(tx, missing);
  const idOf = (product: BatchProduct): number => ids.get(keyOf(product)) ?? 0;
  await insertRows(
    tx,
    'INSERT INTO product_option (product_id, seller_id, sku, name, price_difference_minor)',
    '(?, ?, ?, ?, ?)',
    missing.flatMap((product) =>
      product.options.map(({ sku, name, priceDifferenceMinor }) => [
        idOf(product),
        product.sellerId,
        sku,
        name,
        priceDifferenceMinor,
      ]),
    ),
  );
  await insertUnits(tx, missing, idOf);
  await insertRows(
    tx,
    'INSERT INTO review (product_id, account_id, stars, body, status, version, created_at, updated_at)',
    `(?, ?, ?, ?, 'SHOWN', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    missing.flatMap((product) =>
      product.reviews.map(({ accountId, stars, body }) => [idOf(product), accountId, stars, body]),
    ),
  );
  await insertTerms(tx, missing, idOf);
  return missing.length;
}

/** A unit for each option, or for the product that has none. */
async function insertUnits(
  tx: Tx,
  products: readonly BatchProduct[],
  idOf: (product: BatchProduct) => number,
): Promise<void> {
  const options = await readOptionIds(tx, products.map(idOf));
  const rows = products.flatMap((product) => {
    const productId = idOf(product);
    return (options.get(productId) ?? [0]).map((optionId) => [productId, optionId, product.sellerId]);
  });
  await insertRows(tx, INSERT_UNIT, UNIT_ROW, rows);
}

/** The ids of the options of products, in the order they were made. Products without options are missing. */
async function readOptionIds(db: Db, productIds: readonly number[]): Promise<Map<number, number[]>> {
  const rows = await select<{ readonly productId: number; readonly optionId: number }>(
    db,
    `SELECT product_id AS productId, option_id AS optionId FROM product_option FORCE INDEX (product_option_product)
     WHERE product_id IN (${productIds.map(() => '?').join(', ')}) ORDER BY product_id, option_id`,
    productIds,
  );
  const ids = new Map<number, number[]>();
  for (const { productId, optionId } of rows) ids.set(productId, [...(ids.get(productId) ?? []), optionId]);
  return ids;
}

async function insertTerms(
  tx: Tx,
  products: readonly BatchProduct[],
  idOf: (product: BatchProduct) => number,
): Promise<void> {
  const rows = products.flatMap((product) => {
    const keys = [idOf(product), product.currency, effectivePrice(product), product.salesCount];
    return termsOf(product).map((term): readonly (string | number)[] => [term, ...keys]);
  });
  // In the order of the primary key, so that the pages are filled one after the other.
  rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  await insertRows(
    tx,
    'INSERT INTO product_term (term, product_id, currency, price_minor, sales_count)',
    '(?, ?, ?, ?, ?)',
    rows,
  );
}

/** Rows of one statement. */
const ROWS_MAX = 2_000;

async function insertRows(
  tx: Tx,
  insert: string,
  values: string,
  rows: readonly (readonly (string | number | null)[])[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    const part = rows.slice(at, at + ROWS_MAX);
    await change(tx, `${insert} VALUES ${part.map(() => values).join(', ')}`, part.flat());
  }
}
