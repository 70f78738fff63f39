/** The options of products. They change under the lock of their product. */

import { change, type Db, insertReturningId, isDuplicateKey, select, type Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';

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
  const rows = await select<{ option_id: number; sku: string; name: string; price_difference_minor: number }>(
    db,
    `SELECT option_id, sku, name, price_difference_minor FROM product_option WHERE product_id = ? ORDER BY option_id`,
    [productId],
  );
  return rows.map((row) => ({
    optionId: row.option_id,
    sku: row.sku,
    name: row.name,
    priceDifferenceMinor: row.price_difference_minor,
  }));
}

/** Stores an option. Throws SKU_TAKEN. */
export async function insertOption(
  tx: Tx,
  product: { readonly productId: number; readonly sellerId: string },
  option: OptionContent,
): Promise<number> {
  return takingSku(option.sku, () =>
    insertReturningId(
      tx,
      'INSERT INTO product_option (product_id, seller_id, sku, name, price_difference_minor) VALUES (?, ?, ?, ?, ?)',
      [product.productId, product.sellerId, option.sku, option.name, option.priceDifferenceMinor],
    ),
  );
}

/** Writes the content of an option. Throws SKU_TAKEN. */
export async function updateOption(tx: Tx, option: OptionRecord): Promise<void> {
  await takingSku(option.sku, () =>
    change(tx, 'UPDATE product_option SET sku = ?, name = ?, price_difference_minor = ? WHERE option_id = ?', [
      option.sku,
      option.name,
      option.priceDifferenceMinor,
      option.optionId,
    ]),
  );
}

export async function deleteOption(tx: Tx, optionId: number): Promise<void> {
  await change(tx, 'DELETE FROM product_option WHERE option_id = ?', [optionId]);
}

async function takingSku<T>(sku: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw isDuplicateKey(error) ? new MagamError('SKU_TAKEN', undefined, { sku }) : error;
  }
}
