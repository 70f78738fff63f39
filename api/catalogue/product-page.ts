/** A product as its page shows it: the seller's text, and which of its units are out of stock. */
import { type ProductDetail, readProduct } from '../../core/catalogue/stores/product.js';
import type { OptionRecord } from '../../core/catalogue/stores/product-option.js';
import { readStock } from '../../core/stock/stores/stock.js';
import type { Db } from '../../infra/database.js';

export interface ProductPage extends ProductDetail {
  /** Whether the product, as a unit without options, is out of stock; null if it has options. */
  readonly outOfStock: boolean | null;
  readonly options: readonly (OptionRecord & { readonly outOfStock: boolean })[];
}

/** The page of a product, and whether everybody may see it; undefined when there is none. Three statements. */
export async function readProductPage(
  db: Db,
  productId: number,
): Promise<{ readonly page: ProductPage; readonly forEverybody: boolean } | undefined> {
  const read = await readProduct(db, productId);
  if (read === undefined) return undefined;
  const { product, forEverybody } = read;
  const { unitId, options } = product;
  const unitIds = [...(unitId === null ? [] : [unitId]), ...options.map((option) => option.unitId)];
  const stock = await readStock(db, unitIds);
  const there = new Set(stock.flatMap((one) => (one.available > 0 ? [one.unitId] : [])));
  const page = {
    ...product,
    outOfStock: unitId === null ? null : !there.has(unitId),
    options: options.map((option) => ({ ...option, outOfStock: !there.has(option.unitId) })),
  };
  return { page, forEverybody };
}
