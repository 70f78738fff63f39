/** The options of products. They change under the lock of their product. */

import { change, type Db, insertReturningId, orRefusal, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { offerOption, offerProduct, withdrawOption } from './sellable-unit.js';

export interface OptionRecord {
  readonly optionId: number;
  readonly sku: string;
  readonly name: string;
  /** Added to the price of the product; may be below 0. */
  readonly priceDifferenceMinor: number;
  /** What carts, stock and orders name. */
  readonly unitId: number;
}

export type OptionContent = Omit<OptionRecord, 'optionId' | 'unitId'>;

/** The options of a product in the order they were made, without those that are retired. */
export async function readOptions(db: Db, productId: number): Promise<OptionRecord[]> {
  return select<OptionRecord>(
    db,
    `SELECT o.option_id AS optionId, o.sku, o.name, o.price_difference_minor AS priceDifferenceMinor, u.unit_id AS unitId
     FROM product_option o JOIN sellable_unit u ON u.product_id = o.product_id AND u.option_id = o.option_id
     WHERE o.product_id = ? AND o.retired_at IS NULL ORDER BY o.option_id`,
    [productId],
  );
}

/** Stores an option and offers its unit. @returns its id, or SKU_TAKEN */
export async function insertOption(
  tx: Tx,
  product: { readonly productId: number; readonly sellerId: string },
  { sku, name, priceDifferenceMinor }: OptionContent,
): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    'INSERT INTO product_option (product_id, seller_id, sku, name, price_difference_minor) VALUES (?, ?, ?, ?, ?)',
    [product.productId, product.sellerId, sku, name, priceDifferenceMinor],
  );
  const optionId = await orRefusal(inserted, refuse('SKU_TAKEN', { sku }));
  if (!isRefusal(optionId)) await offerOption(tx, product, optionId);
  return optionId;
}

/** Writes the content of an option. @returns SKU_TAKEN when another option has the SKU */
export async function updateOption(tx: Tx, option: Omit<OptionRecord, 'unitId'>): Promise<Refusal | undefined> {
  const { optionId, sku, name, priceDifferenceMinor } = option;
  const updated = change(
    tx,
    'UPDATE product_option SET sku = ?, name = ?, price_difference_minor = ? WHERE option_id = ?',
    [sku, name, priceDifferenceMinor, optionId],
  );
  const outcome = await orRefusal(updated, refuse('SKU_TAKEN', { sku }));
  return isRefusal(outcome) ? outcome : undefined;
}

/** Removes an option. Where its unit has had stock it is retired, and its SKU stays taken. When the last option is removed the product itself is offered. */
export async function removeOption(
  tx: Tx,
  product: { readonly productId: number; readonly sellerId: string },
  optionId: number,
): Promise<void> {
  const inUse = await withdrawOption(tx, product.productId, optionId);
  await change(
    tx,
    inUse
      ? 'UPDATE product_option SET retired_at = UTC_TIMESTAMP(3) WHERE option_id = ?'
      : 'DELETE FROM product_option WHERE option_id = ?',
    [optionId],
  );
  if ((await readOptions(tx, product.productId)).length === 0) await offerProduct(tx, product);
}
