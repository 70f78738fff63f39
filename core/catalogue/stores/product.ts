/** Products: the rows themselves, as they are shown and as they are changed. product-search.ts finds them. */

import {
  change,
  type Db,
  insertReturningId,
  isDuplicateKey,
  isoTime,
  select,
  type Tx,
} from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { averageStars, type ProductStatus } from '../rules/product.js';
import { foldText } from '../rules/search-terms.js';
import { type OptionRecord, readOptions } from './product-option.js';

/** A product as lists show it. Amounts in minor units. */
export interface ProductSummary {
  readonly productId: number;
  readonly sellerId: string;
  readonly externalId: string;
  readonly categoryId: number;
  readonly name: string;
  readonly status: ProductStatus;
  readonly currency: string;
  readonly priceMinor: number;
  readonly salePriceMinor: number | null;
  readonly salesCount: number;
  readonly reviewCount: number;
  /** Mean of the stars, one decimal. */
  readonly averageStars: number | null;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface ProductDetail extends ProductSummary {
  readonly description: string;
  /** The category and those above it, the root first. */
  readonly categoryPath: readonly { readonly categoryId: number; readonly name: string }[];
  readonly options: readonly OptionRecord[];
  readonly updatedAt: string;
}

export interface SummaryRow {
  readonly product_id: number;
  readonly seller_id: string;
  readonly external_id: string;
  readonly category_id: number;
  readonly name: string;
  readonly status: ProductStatus;
  readonly currency: string;
  readonly price_minor: number;
  readonly sale_price_minor: number | null;
  readonly sales_count: number;
  readonly review_count: number;
  readonly star_sum: number;
  readonly version: number;
  readonly created_at: string;
}

export const SUMMARY_COLUMNS = `p.product_id, p.seller_id, p.external_id, p.category_id, p.name, p.status, p.currency, p.price_minor,
  p.sale_price_minor, p.sales_count, p.review_count, p.star_sum, p.version, p.created_at`;

export const toSummary = (row: SummaryRow): ProductSummary => ({
  productId: row.product_id,
  sellerId: row.seller_id,
  externalId: row.external_id,
  categoryId: row.category_id,
  name: row.name,
  status: row.status,
  currency: row.currency,
  priceMinor: row.price_minor,
  salePriceMinor: row.sale_price_minor,
  salesCount: row.sales_count,
  reviewCount: row.review_count,
  averageStars: averageStars(row.star_sum, row.review_count),
  version: row.version,
  createdAt: isoTime(row.created_at),
});

interface DetailRow extends SummaryRow {
  readonly description: string;
  readonly updated_at: string;
  readonly leaf_name: string;
  readonly parent_id: number | null;
  readonly parent_name: string | null;
  readonly root_id: number | null;
  readonly root_name: string | null;
}

/** A product with all that its page shows: two statements. */
export async function readProduct(db: Db, productId: number): Promise<ProductDetail | undefined> {
  const [row] = await select<DetailRow>(
    db,
    `SELECT ${SUMMARY_COLUMNS}, p.description, p.updated_at, c.name AS leaf_name, m.category_id AS parent_id, m.name AS parent_name,
       r.category_id AS root_id, r.name AS root_name
     FROM product p JOIN category c ON c.category_id = p.category_id
     LEFT JOIN category m ON m.category_id = c.parent_id LEFT JOIN category r ON r.category_id = m.parent_id
     WHERE p.product_id = ?`,
    [productId],
  );
  if (row === undefined) return undefined;
  const path = [
    { categoryId: row.root_id, name: row.root_name },
    { categoryId: row.parent_id, name: row.parent_name },
    { categoryId: row.category_id, name: row.leaf_name },
  ];
  return {
    ...toSummary(row),
    description: row.description,
    categoryPath: path.flatMap(({ categoryId, name }) =>
      categoryId === null || name === null ? [] : [{ categoryId, name }],
    ),
    options: await readOptions(db, productId),
    updatedAt: isoTime(row.updated_at),
  };
}

/** Whose a product is; undefined when there is none. */
export async function readProductSeller(db: Db, productId: number): Promise<string | undefined> {
  const [row] = await select<{ seller_id: string }>(db, 'SELECT seller_id FROM product WHERE product_id = ?', [
    productId,
  ]);
  return row?.seller_id;
}

/** A product without its page's trimmings, locked for a change. */
export async function lockProduct(
  tx: Tx,
  productId: number,
): Promise<(ProductSummary & { readonly description: string }) | undefined> {
  const [row] = await select<SummaryRow & { readonly description: string }>(
    tx,
    `SELECT ${SUMMARY_COLUMNS}, p.description FROM product p WHERE p.product_id = ? FOR UPDATE`,
    [productId],
  );
  return row === undefined ? undefined : { ...toSummary(row), description: row.description };
}

/** What its seller writes of a product. */
export interface ProductContent {
  readonly categoryId: number;
  readonly name: string;
  readonly description: string;
  readonly status: ProductStatus;
  readonly currency: string;
  readonly priceMinor: number;
  readonly salePriceMinor: number | null;
}

/** A name as it is compared in searches, as long as its column. */
const foldedName = (name: string): string => [...foldText(name)].slice(0, 400).join('');

export type NewProduct = ProductContent & { readonly sellerId: string; readonly externalId: string };

/** What the product has of others; nothing while nobody has bought or reviewed it. */
export interface ProductCounts {
  readonly salesCount: number;
  readonly reviewCount: number;
  readonly starSum: number;
}

/** The statement that stores products up to its VALUES, a row of it, and what stands in that row. */
export const INSERT_PRODUCT = `INSERT INTO product (seller_id, external_id, category_id, name, folded_name, description, status, currency,
  price_minor, sale_price_minor, sales_count, review_count, star_sum, version, created_at, updated_at)`;
export const PRODUCT_ROW = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))';
export const productRow = (product: NewProduct, counts: ProductCounts): (string | number | null)[] => [
  product.sellerId,
  product.externalId,
  product.categoryId,
  product.name,
  foldedName(product.name),
  product.description,
  product.status,
  product.currency,
  product.priceMinor,
  product.salePriceMinor,
  counts.salesCount,
  counts.reviewCount,
  counts.starSum,
];

/** Stores a product. Throws PRODUCT_EXISTS. */
export async function insertProduct(tx: Tx, product: NewProduct): Promise<number> {
  try {
    return await insertReturningId(
      tx,
      `${INSERT_PRODUCT} VALUES ${PRODUCT_ROW}`,
      productRow(product, { salesCount: 0, reviewCount: 0, starSum: 0 }),
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    throw new MagamError('PRODUCT_EXISTS', undefined, { sellerId: product.sellerId, externalId: product.externalId });
  }
}

/** Writes the content of a locked product and moves its version. */
export async function updateProduct(tx: Tx, productId: number, product: ProductContent): Promise<void> {
  await change(
    tx,
    `UPDATE product SET category_id = ?, name = ?, folded_name = ?, description = ?, status = ?, price_minor = ?, sale_price_minor = ?,
       version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE product_id = ?`,
    [
      product.categoryId,
      product.name,
      foldedName(product.name),
      product.description,
      product.status,
      product.priceMinor,
      product.salePriceMinor,
      productId,
    ],
  );
}

/** Moves the version of a locked product whose options changed. */
export async function touchProduct(tx: Tx, productId: number): Promise<void> {
  await change(tx, 'UPDATE product SET version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE product_id = ?', [
    productId,
  ]);
}

/** Adds to the number of reviews and the sum of their stars; the version is that of what the seller writes and stays. */
export async function addReviews(tx: Tx, productId: number, reviews: number, stars: number): Promise<void> {
  await change(tx, 'UPDATE product SET review_count = review_count + ?, star_sum = star_sum + ? WHERE product_id = ?', [
    reviews,
    stars,
    productId,
  ]);
}

/** Whether a category holds products. */
export async function hasProducts(tx: Tx, categoryId: number): Promise<boolean> {
  const rows = await select(tx, 'SELECT product_id FROM product WHERE category_id = ? LIMIT 1', [categoryId]);
  return rows.length > 0;
}

/** A seller's products, newest first, whatever their status or of one status. */
export async function listProductsOfSeller(
  db: Db,
  list: {
    readonly sellerId: string;
    readonly status?: ProductStatus | undefined;
    readonly before?: number | undefined;
  },
  limit: number,
): Promise<ProductSummary[]> {
  const { sellerId, status, before } = list;
  const key = status === undefined ? 'product_seller' : 'product_seller_status';
  const where = ['p.seller_id = ?', ...(status === undefined ? [] : ['p.status = ?'])];
  if (before !== undefined) where.push('p.product_id < ?');
  const rows = await select<SummaryRow>(
    db,
    `SELECT ${SUMMARY_COLUMNS} FROM product p FORCE INDEX (${key}) WHERE ${where.join(' AND ')} ORDER BY p.product_id DESC LIMIT ?`,
    [sellerId, status, before, limit].filter((value) => value !== undefined),
  );
  return rows.map(toSummary);
}
