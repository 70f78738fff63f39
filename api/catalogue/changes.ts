/** What every change of the catalogue has in common. */

import type { ProductPlace } from '../../core/catalogue/catalogue-cache.js';
import { type CategoryPlace, readCategoryPlace, shareCategory } from '../../core/catalogue/stores/category.js';
import { lockProduct, type ProductSummary } from '../../core/catalogue/stores/product.js';
import type { Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { type ProductPage, readProductPage } from './product-page.js';

export const notFound = (productId: number): MagamError =>
  new MagamError('PRODUCT_NOT_FOUND', undefined, { productId });

/** A product, locked. Throws PRODUCT_NOT_FOUND. */
export async function requireProduct(
  tx: Tx,
  productId: number,
): Promise<ProductSummary & { readonly description: string }> {
  return found(await lockProduct(tx, productId), 'PRODUCT_NOT_FOUND', { productId });
}

/** A product that was just written, as its page shows it. */
export async function requireDetail(tx: Tx, productId: number): Promise<ProductPage> {
  return found(await readProductPage(tx, productId), 'PRODUCT_NOT_FOUND', { productId }).page;
}

/** Checks that a product may be put into a category. Throws CATEGORY_NOT_FOUND or CATEGORY_NOT_LEAF. */
export async function requireLeaf(tx: Tx, categoryId: number): Promise<CategoryPlace> {
  const place = found(await shareCategory(tx, categoryId), 'CATEGORY_NOT_FOUND', { categoryId });
  if (!place.isLeaf) throw new MagamError('CATEGORY_NOT_LEAF', undefined, { categoryId });
  return place;
}

/** Where a product is found, for the cache and for its terms. */
export async function placeOf(tx: Tx, product: ProductSummary): Promise<ProductPlace> {
  const { productId, sellerId, categoryId } = product;
  const place = await readCategoryPlace(tx, categoryId);
  return { productId, sellerId, categoryPath: place?.path ?? [categoryId] };
}
