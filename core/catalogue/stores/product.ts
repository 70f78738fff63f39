/** Products: reading and changing their rows. product-search.ts finds them. */

import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  isTrue,
  orRefusal,
  select,
  type Tx,
} from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { averageStars, isListed, type ProductStatus } from '../rules/product.js';
import { foldText } from '../rules/search-terms.js';
import { type OptionRecord, readOptions } from './product-option.js';
import { offerProduct } from './sellable-unit.js';

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
  /** The unit of the product itself; null where it has options, each of which is a unit. */
  readonly unitId: number | null;
  readonly options: readonly OptionRecord[];
  readonly updatedAt: string;
}

export const SUMMARY_COLUMNS = `p.product_id AS productId, p.seller_id AS sellerId, p.external_id AS externalId, p.category_id AS categoryId,
  p.name, p.status, p.currency, p.price_minor AS priceMinor, p.sale_price_minor AS salePriceMinor, p.sales_count AS salesCount,
  p.review_count AS reviewCount, p.star_sum AS starSum, p.version, p.created_at AS createdAt`;

export type SummaryRow = Omit<ProductSummary, 'averageStars'> & { readonly starSum: number };

/** The mean of the stars in place of their sum. */
export const withAverage = <Row extends SummaryRow>({ starSum, ...row }: Row) => ({
  ...row,
  averageStars: averageStars(starSum, row.reviewCount),
});

/** The names of the category and those above it, which the page shows. */
interface PageRow extends SummaryRow {
  readonly description: string;
  readonly updatedAt: string;
  readonly unitId: number | null;
  readonly leafName: string;
  readonly parentId: number | null;
  readonly parentName: string | null;
  readonly rootId: number | null;
  readonly rootName: string | null;
  readonly sellerMaySell: boolean;
}

/**
 * Restricts a statement about products `p` to sellers that are not suspended; a seller without a row is not suspended. The key is named, because lists would be
 * sorted otherwise.
 */
export const NOT_SUSPENDED = {
  join: `LEFT JOIN seller x FORCE INDEX (PRIMARY) ON x.seller_id = p.seller_id AND x.status = 'SUSPENDED'`,
  where: 'x.seller_id IS NULL',
} as const;

/** A product with everything that its page shows, and whether everybody may see it: it is listed, and its seller is not suspended. Two statements. */
export async function readProduct(
  db: Db,
  productId: number,
): Promise<{ readonly product: ProductDetail; readonly forEverybody: boolean } | undefined> {
  const [row] = await select<PageRow>(
    db,
    `SELECT ${SUMMARY_COLUMNS}, p.description, p.updated_at AS updatedAt, u.unit_id AS unitId, c.name AS leafName, m.category_id AS parentId,
       m.name AS parentName, r.category_id AS rootId, r.name AS rootName, ${NOT_SUSPENDED.where} AS sellerMaySell
     FROM product p JOIN category c ON c.category_id = p.category_id
     LEFT JOIN category m ON m.category_id = c.parent_id LEFT JOIN category r ON r.category_id = m.parent_id
     LEFT JOIN sellable_unit u ON u.product_id = p.product_id AND u.option_id = 0 AND u.status = 'OFFERED'
     ${NOT_SUSPENDED.join} WHERE p.product_id = ?`,
    [productId],
    { createdAt: isoTime, updatedAt: isoTime, sellerMaySell: isTrue },
  );
  if (row === undefined) return undefined;
  const { leafName, parentId, parentName, rootId, rootName, sellerMaySell, ...shown } = withAverage(row);
  const path = [
    { categoryId: rootId, name: rootName },
    { categoryId: parentId, name: parentName },
    { categoryId: row.categoryId, name: leafName },
  ];
  const product = {
    ...shown,
    categoryPath: path.flatMap(({ categoryId, name }) =>
      categoryId === null || name === null ? [] : [{ categoryId, name }],
    ),
    options: await readOptions(db, productId),
  };
  return { product, forEverybody: sellerMaySell && isListed(row.status) };
}

/** The seller of a product; undefined when there is no such product. */
export async function readProductSeller(db: Db, productId: number): Promise<string | undefined> {
  const sql = 'SELECT seller_id AS sellerId FROM product WHERE product_id = ?';
  return (await select<{ sellerId: string }>(db, sql, [productId]))[0]?.sellerId;
}

/** A product without the other parts of its page, locked for a change. */
export async function lockProduct(
  tx: Tx,
  productId: number,
): Promise<(ProductSummary & { readonly description: string }) | undefined> {
  const rows = await select<SummaryRow & { readonly description: string }>(
    tx,
    `SELECT ${SUMMARY_COLUMNS}, p.description FROM product p WHERE p.product_id = ? FOR UPDATE`,
    [productId],
    { createdAt: isoTime },
  );
  return rows.map(withAverage)[0];
}

/** The content of a product that its seller writes. */
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

/** The sales and reviews of a product: zero while nobody has bought or reviewed it. */
export interface ProductCounts {
  readonly salesCount: number;
  readonly reviewCount: number;
  readonly starSum: number;
}

/** The statement that stores products up to its VALUES, a row of it, and the values of that row. */
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

/** Stores a product, which is a unit until it gets options. @returns its id, or PRODUCT_EXISTS */
export async function insertProduct(tx: Tx, product: NewProduct): Promise<number | Refusal> {
  const { sellerId, externalId } = product;
  const inserted = insertReturningId(
    tx,
    `${INSERT_PRODUCT} VALUES ${PRODUCT_ROW}`,
    productRow(product, { salesCount: 0, reviewCount: 0, starSum: 0 }),
  );
  const productId = await orRefusal(inserted, refuse('PRODUCT_EXISTS', { sellerId, externalId }));
  if (!isRefusal(productId)) await offerProduct(tx, { productId, sellerId });
  return productId;
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

/** Adds to the number of reviews and the sum of their stars. The version stays, because it counts only the seller's changes. */
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

/** A seller's products, newest first, of all statuses or of one. */
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
    { createdAt: isoTime },
  );
  return rows.map(withAverage);
}
