/**
 * Sellable units: what carts, stock and order lines name. A product without options is one unit (option 0); a product with options has one
 * for each of them. They are written under the lock of their product, in the transaction that changes it. A unit that has had stock is in use:
 * it is retired instead of deleted, so that orders and carts that name it can still show it.
 */

import { change, type Db, fromJson, isTrue, select, type Tx } from '../../../infra/database.js';
import type { ProductStatus } from '../rules/product.js';

/** OFFERED: the unit can be bought while its product is sold. RETIRED: its option was removed, or the product got options. */
export type UnitStatus = 'OFFERED' | 'RETIRED';

/** The option of the unit that is the product itself. */
const NO_OPTION = 0;

export interface UnitRecord {
  readonly unitId: number;
  readonly productId: number;
  readonly sellerId: string;
  readonly status: UnitStatus;
  /** It has had stock. */
  readonly inUse: boolean;
}

/** One unit; undefined when there is none. */
export async function readUnit(db: Db, unitId: number): Promise<UnitRecord | undefined> {
  const sql = `SELECT unit_id AS unitId, product_id AS productId, seller_id AS sellerId, status, in_use AS inUse
     FROM sellable_unit WHERE unit_id = ?`;
  return (await select<UnitRecord>(db, sql, [unitId], { inUse: isTrue }))[0];
}

/** The products that these units belong to. */
export async function readProductsOfUnits(db: Db, unitIds: readonly number[]): Promise<number[]> {
  if (unitIds.length === 0) return [];
  const rows = await select<{ productId: number }>(
    db,
    `SELECT product_id AS productId FROM sellable_unit FORCE INDEX (PRIMARY) WHERE unit_id IN (${unitIds.map(() => '?').join(', ')})`,
    unitIds,
  );
  return [...new Set(rows.map(({ productId }) => productId))];
}

interface ProductOfUnits {
  readonly productId: number;
  readonly sellerId: string;
}

/** The statement that stores units up to its VALUES, and a row of it: product, option, seller. */
export const INSERT_UNIT = 'INSERT INTO sellable_unit (product_id, option_id, seller_id, status, created_at)';
export const UNIT_ROW = `(?, ?, ?, 'OFFERED', UTC_TIMESTAMP(3))`;

const insertUnit = (tx: Tx, { productId, sellerId }: ProductOfUnits, optionId: number): Promise<number> =>
  change(tx, `${INSERT_UNIT} VALUES ${UNIT_ROW}`, [productId, optionId, sellerId]);

/** Offers an option of a locked product. The product itself is then no longer a unit. */
export async function offerOption(tx: Tx, product: ProductOfUnits, optionId: number): Promise<void> {
  await insertUnit(tx, product, optionId);
  await withdrawUnit(tx, product.productId, NO_OPTION);
}

/** Offers a locked product that has no options: for the first time, or again. */
export async function offerProduct(tx: Tx, product: ProductOfUnits): Promise<void> {
  const offered = await change(
    tx,
    `UPDATE sellable_unit SET status = 'OFFERED' WHERE product_id = ? AND option_id = ${NO_OPTION}`,
    [product.productId],
  );
  if (offered === 0) await insertUnit(tx, product, NO_OPTION);
}

/** Takes an option of a locked product out of sale. @returns whether its unit was in use, so that the option has to be kept */
export const withdrawOption = (tx: Tx, productId: number, optionId: number): Promise<boolean> =>
  withdrawUnit(tx, productId, optionId);

/** Deletes the unit, or retires it where it is in use. The first delivery of goods locks its row first, so one of the two comes later. */
async function withdrawUnit(tx: Tx, productId: number, optionId: number): Promise<boolean> {
  const deleted = await change(tx, 'DELETE FROM sellable_unit WHERE product_id = ? AND option_id = ? AND in_use = 0', [
    productId,
    optionId,
  ]);
  if (deleted === 1) return false;
  const retired = await change(
    tx,
    `UPDATE sellable_unit SET status = 'RETIRED' WHERE product_id = ? AND option_id = ?`,
    [productId, optionId],
  );
  return retired === 1;
}

/** Marks units as in use from now on, and keeps their rows locked. @returns how many of them there are */
export async function markInUse(tx: Tx, unitIds: readonly number[]): Promise<number> {
  const ids = unitIds.toSorted((a, b) => a - b);
  return change(
    tx,
    `UPDATE sellable_unit SET in_use = 1 WHERE unit_id IN (${ids.map(() => '?').join(', ')}) ORDER BY unit_id`,
    ids,
  );
}

/** Everything about a unit that a checkout freezes. Prices include the option's, in minor units. */
export interface UnitForSale {
  readonly unitId: number;
  readonly productId: number;
  readonly externalId: string;
  readonly name: string;
  /** Null: the product has no options; the SKU is null then, too. */
  readonly optionName: string | null;
  readonly sku: string | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly listPriceMinor: number;
  /** Null: not on sale. */
  readonly salePriceMinor: number | null;
  readonly productStatus: ProductStatus;
  readonly sellerSuspended: boolean;
  readonly status: UnitStatus;
  /** The category and those above it, the root first. */
  readonly categoryPath: readonly number[];
  /** As fee policies name the category. */
  readonly topCategory: string;
  readonly productVersion: number;
}

/** Whether the unit is on sale, whatever its stock is. */
export const isForSale = ({
  status,
  productStatus,
  sellerSuspended,
}: Pick<UnitForSale, 'status' | 'productStatus' | 'sellerSuspended'>): boolean =>
  status === 'OFFERED' && productStatus === 'ACTIVE' && !sellerSuspended;

/** Whether the seller of a unit `u` is suspended: a column, and the join that it needs. A seller without a row is not suspended. */
export const SELLER_SUSPENDED = {
  column: `COALESCE(x.status = 'SUSPENDED', 0) AS sellerSuspended`,
  join: 'LEFT JOIN seller x FORCE INDEX (PRIMARY) ON x.seller_id = u.seller_id',
} as const;

/** The units with these ids that exist, in ascending order: one statement. */
export async function readUnitsForSale(db: Db, unitIds: readonly number[]): Promise<UnitForSale[]> {
  if (unitIds.length === 0) return [];
  return select<UnitForSale>(
    db,
    `SELECT u.unit_id AS unitId, u.product_id AS productId, p.external_id AS externalId, p.name, o.name AS optionName, o.sku,
       u.seller_id AS sellerId, p.currency, p.price_minor + COALESCE(o.price_difference_minor, 0) AS listPriceMinor,
       p.sale_price_minor + COALESCE(o.price_difference_minor, 0) AS salePriceMinor, p.status AS productStatus, u.status,
       ${SELLER_SUSPENDED.column},
       CONCAT('[', CONCAT_WS(',', r.category_id, m.category_id, c.category_id), ']') AS categoryPath,
       COALESCE(r.name, m.name, c.name) AS topCategory, p.version AS productVersion
     FROM sellable_unit u FORCE INDEX (PRIMARY) STRAIGHT_JOIN product p ON p.product_id = u.product_id
     LEFT JOIN product_option o ON o.option_id = u.option_id
     STRAIGHT_JOIN category c FORCE INDEX (PRIMARY) ON c.category_id = p.category_id
     LEFT JOIN category m ON m.category_id = c.parent_id LEFT JOIN category r ON r.category_id = m.parent_id ${SELLER_SUSPENDED.join}
     WHERE u.unit_id IN (${unitIds.map(() => '?').join(', ')}) ORDER BY u.unit_id`,
    unitIds,
    { categoryPath: fromJson, sellerSuspended: isTrue },
  );
}
