/** The options of products. They change under the lock of their product. */

import { change, type Db, insertReturningId, orRefusal, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';

export interface OptionRecord {
  readonly optionId: number;
  readonly sku: string;
  readonly name: string;
  /** Added to the price of the product; may be below 0. */
  readonly priceDifferenceMinor: number;
}

export type OptionContent = Omit<OptionRecord, 'optionId'>;

/** The options of a product in the order they were made. */
export async function readOptions(db: Db, productId: number): Promise<OptionRecord[]> {
  return select<OptionRecord>(
    db,
    `SELECT option_id AS optionId, sku, name, price_difference_minor AS priceDifferenceMinor FROM product_option
     WHERE product_id = ? ORDER BY option_id`,
    [productId],
  );
}

/** Stores an option. @returns its id, or SKU_TAKEN */
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
  return orRefusal(inserted, refuse('SKU_TAKEN', { sku }));
}

/** Writes the content of an option. @returns SKU_TAKEN when another has it */
export async function updateOption(tx: Tx, option: OptionRecord): Promise<Refusal | undefined> {
  const { optionId, sku, name, priceDifferenceMinor } = option;
  const updated = change(
    tx,
    'UPDATE product_option SET sku = ?, name = ?, price_difference_minor = ? WHERE option_id = ?',
    [sku, name, priceDifferenceMinor, optionId],
  );
  const outcome = await orRefusal(updated, refuse('SKU_TAKEN', { sku }));
  return isRefusal(outcome) ? outcome : undefined;
}

export async function deleteOption(tx: Tx, optionId: number): Promise<void> {
  await change(tx, 'DELETE FROM product_option WHERE option_id = ?', [optionId]);
}
