/** How often products were sold: single changes, and their sums in `product` and `product_term`. */
import { change, select, type Tx } from '../../../infra/database.js';
import type { CategoryNode } from '../rules/category-tree.js';

export interface SalesChange {
  readonly productId: number;
  /** Negative: units were given back. */
  readonly quantity: number;
}

/** Records changes without touching the products. */
export async function insertSalesChanges(tx: Tx, changes: readonly SalesChange[]): Promise<void> {
  if (changes.length === 0) return;
  await change(
    tx,
    `INSERT INTO sales_count_change (product_id, quantity) VALUES ${changes.map(() => '(?, ?)').join(', ')}`,
    changes.flatMap(({ productId, quantity }) => [productId, quantity]),
  );
}

/** The oldest changes, locked until the commit. */
export const lockSalesChanges = (tx: Tx, rowsMax: number): Promise<(SalesChange & { readonly changeId: number })[]> =>
  select(
    tx,
    `SELECT change_id AS changeId, product_id AS productId, quantity FROM sales_count_change FORCE INDEX (PRIMARY)
     ORDER BY change_id LIMIT ? FOR UPDATE`,
    [rowsMax],
  );

export async function deleteSalesChanges(tx: Tx, changeIds: readonly number[]): Promise<void> {
  await change(tx, 'DELETE FROM sales_count_change WHERE change_id IN (?)', [changeIds]);
}

/**
 * Adds to the sales of products, each once, and updates the rows by which they are found: two statements. A count never falls below 0. The version stays,
 * because it counts only the seller's changes.
 */
export async function addSales(tx: Tx, changes: readonly SalesChange[]): Promise<void> {
  const productIds = changes.map(({ productId }) => productId);
  await change(
    tx,
    `UPDATE product FORCE INDEX (PRIMARY)
     SET sales_count = GREATEST(0, CAST(sales_count AS SIGNED) + CASE product_id ${changes.map(() => 'WHEN ? THEN ?').join(' ')} END)
     WHERE product_id IN (?)`,
    [...changes.flatMap(({ productId, quantity }) => [productId, quantity]), productIds],
  );
  await change(
    tx,
    `UPDATE product p FORCE INDEX (PRIMARY) STRAIGHT_JOIN product_term t FORCE INDEX (product_term_product) ON t.product_id = p.product_id
     SET t.sales_count = p.sales_count WHERE p.product_id IN (?)`,
    [productIds],
  );
}

/** Where products are found: their sellers, and their categories with those above. */
export async function readPlaces(
  tx: Tx,
  productIds: readonly number[],
): Promise<{ readonly productId: number; readonly sellerId: string; readonly categoryPath: readonly number[] }[]> {
  const rows = await select<
    { productId: number; sellerId: string } & Record<'leaf' | 'middle' | 'root', CategoryNode['parentId']>
  >(
    tx,
    `SELECT p.product_id AS productId, p.seller_id AS sellerId, c.category_id AS leaf, m.category_id AS middle, r.category_id AS root
     FROM product p FORCE INDEX (PRIMARY) JOIN category c ON c.category_id = p.category_id
     LEFT JOIN category m ON m.category_id = c.parent_id LEFT JOIN category r ON r.category_id = m.parent_id WHERE p.product_id IN (?)`,
    [productIds],
  );
  return rows.map(({ productId, sellerId, root, middle, leaf }) => ({
    productId,
    sellerId,
    categoryPath: [root, middle, leaf].filter((categoryId) => categoryId !== null),
  }));
}
