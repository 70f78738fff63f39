/** Units with their stock, as their seller and staff see them. A unit that never had stock is shown with 0. */

import { type Db, isTrue, select } from '../../../infra/database.js';
import type { ProductStatus } from '../../catalogue/rules/product.js';
import {
  isForSale,
  SELLER_SUSPENDED,
  type UnitForSale,
  type UnitStatus,
} from '../../catalogue/stores/sellable-unit.js';
import type { StockRecord } from './stock.js';

export interface UnitStock extends StockRecord {
  readonly sellerId: string;
  readonly status: UnitStatus;
  readonly productId: number;
  readonly externalId: string;
  readonly productName: string;
  readonly productStatus: ProductStatus;
  /** Null: the product itself is the unit; name and SKU are null then, too. */
  readonly optionId: number | null;
  readonly optionName: string | null;
  readonly sku: string | null;
}

const selectUnits = (key: string): string =>
  `SELECT u.unit_id AS unitId, u.seller_id AS sellerId, u.status, u.product_id AS productId, p.external_id AS externalId,
     p.name AS productName, p.status AS productStatus, NULLIF(u.option_id, 0) AS optionId, o.name AS optionName, o.sku,
     COALESCE(s.received, 0) AS received, COALESCE(s.available, 0) AS available, COALESCE(s.held, 0) AS held,
     COALESCE(s.sold, 0) AS sold
   FROM sellable_unit u FORCE INDEX (${key}) STRAIGHT_JOIN product p ON p.product_id = u.product_id
   LEFT JOIN product_option o ON o.option_id = u.option_id LEFT JOIN stock s ON s.unit_id = u.unit_id`;

/** One unit; undefined when there is none. */
export async function readUnitStock(db: Db, unitId: number): Promise<UnitStock | undefined> {
  return (await select<UnitStock>(db, `${selectUnits('PRIMARY')} WHERE u.unit_id = ?`, [unitId]))[0];
}

/** A seller's units, in the order in which they were made. */
export async function listStockOfSeller(
  db: Db,
  sellerId: string,
  after: number | undefined,
  limit: number,
): Promise<UnitStock[]> {
  return select<UnitStock>(
    db,
    `${selectUnits('sellable_unit_seller')} WHERE u.seller_id = ? AND u.unit_id > ? ORDER BY u.unit_id LIMIT ?`,
    [sellerId, after ?? 0, limit],
  );
}

/** The units of a product of the seller, in the order of its options; `after` is an option. */
export async function listStockOfProduct(
  db: Db,
  { sellerId, productId }: { readonly sellerId: string; readonly productId: number },
  after: number | undefined,
  limit: number,
): Promise<UnitStock[]> {
  return select<UnitStock>(
    db,
    `${selectUnits('sellable_unit_of')} WHERE u.product_id = ? AND u.option_id > ? AND u.seller_id = ? ORDER BY u.option_id LIMIT ?`,
    [productId, after ?? -1, sellerId, limit],
  );
}

/**
 * How many of each of these units can be ordered: the available quantity where the unit is for sale and no drop of it has still to open. Others are 0, also
 * where the unit does not exist.
 */
export async function readOrderable(db: Db, unitIds: readonly number[]): Promise<Map<number, number>> {
  const orderable = new Map(unitIds.map((unitId) => [unitId, 0]));
  if (unitIds.length === 0) return orderable;
  type Row = Pick<UnitStock & UnitForSale, 'unitId' | 'status' | 'productStatus' | 'sellerSuspended' | 'available'>;
  const rows = await select<Row & { readonly shut: boolean }>(
    db,
    `SELECT u.unit_id AS unitId, u.status, p.status AS productStatus, COALESCE(s.available, 0) AS available,
       COALESCE(d.opens_at > UTC_TIMESTAMP(3), 0) AS shut, ${SELLER_SUSPENDED.column}
     FROM sellable_unit u FORCE INDEX (PRIMARY) STRAIGHT_JOIN product p ON p.product_id = u.product_id
     LEFT JOIN stock s ON s.unit_id = u.unit_id
     LEFT JOIN stock_drop d FORCE INDEX (stock_drop_of) ON d.product_id = u.product_id AND d.live = 1 ${SELLER_SUSPENDED.join}
     WHERE u.unit_id IN (${unitIds.map(() => '?').join(', ')})`,
    unitIds,
    { shut: isTrue, sellerSuspended: isTrue },
  );
  for (const row of rows) if (isForSale(row) && !row.shut) orderable.set(row.unitId, row.available);
  return orderable;
}
