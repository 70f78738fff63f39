/** What every change of the catalogue has in common. */

import { type CategoryPlace, readCategoryPlace, shareCategory } from '../../core/catalogue/stores/category.js';
import {
  lockProduct,
  type ProductDetail,
  type ProductSummary,
  readProduct,
} from '../../core/catalogue/stores/product.js';
import type { Tx } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { isStaff } from '../../kernel/access.js';
import { isRefusal, MagamError, type Refusal } from '../../kernel/errors.js';
import type { Reply } from '../edge/reply.js';
import type { Call } from '../edge/route.js';
import type { CatalogueCache, ProductPlace } from './catalogue-cache.js';

/** The decision, or its refusal as an error of the edge. */
export function decided<T>(decision: T | Refusal): T {
  if (isRefusal(decision)) throw new MagamError(decision.refused, undefined, decision.details);
  return decision as T;
}

export const notFound = (productId: number): MagamError =>
  new MagamError('PRODUCT_NOT_FOUND', undefined, { productId });

/** A product, locked. Throws PRODUCT_NOT_FOUND. */
export async function requireProduct(
  tx: Tx,
  productId: number,
): Promise<ProductSummary & { readonly description: string }> {
  const product = await lockProduct(tx, productId);
  if (product === undefined) throw notFound(productId);
  return product;
}

/** A product that was just written, as its page shows it. */
export async function requireDetail(tx: Tx, productId: number): Promise<ProductDetail> {
  const product = await readProduct(tx, productId);
  if (product === undefined) throw notFound(productId);
  return product;
}

/** Where a product may be put. Throws CATEGORY_NOT_FOUND or CATEGORY_NOT_LEAF. */
export async function requireLeaf(tx: Tx, categoryId: number): Promise<CategoryPlace> {
  const place = await shareCategory(tx, categoryId);
  if (place === undefined) throw new MagamError('CATEGORY_NOT_FOUND', undefined, { categoryId });
  if (!place.isLeaf) throw new MagamError('CATEGORY_NOT_LEAF', undefined, { categoryId });
  return place;
}

/** Where a product is found, for the cache and for its terms. */
export async function placeOf(tx: Tx, product: ProductSummary): Promise<ProductPlace> {
  const { productId, sellerId, categoryId } = product;
  const place = await readCategoryPlace(tx, categoryId);
  return { productId, sellerId, categoryPath: place?.path ?? [categoryId] };
}

/**
 * Changes a product and, after the commit, evicts what shows it where it was and where it is now, as `work` names them by `shown`. Also when the
 * commit failed: nobody may know whether it was carried out, and evicting what did not change does no harm.
 */
export async function changeShown<R extends Reply>(
  transact: Call<unknown, unknown, unknown>['transact'],
  cache: CatalogueCache,
  work: (tx: Tx, shown: (...places: readonly ProductPlace[]) => void) => Promise<R>,
): Promise<R> {
  let places: readonly ProductPlace[] = [];
  try {
    return await transact((tx) =>
      work(tx, (...named) => {
        places = named;
      }),
    );
  } finally {
    await cache.productChanged(...places);
  }
}

/** Staff answer for what they change; sellers and buyers change what is their own. */
export async function auditStaff(
  tx: Tx,
  { signedIn, requestId }: Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'requestId'>,
  entry: {
    readonly action: string;
    readonly subjectType: 'product' | 'category' | 'review';
    readonly subjectId: number;
    readonly before: unknown;
    readonly after: unknown;
  },
): Promise<void> {
  if (!isStaff(signedIn.role)) return;
  await recordAudit(tx, { caller: signedIn, requestId, ...entry, subjectId: String(entry.subjectId) });
}
