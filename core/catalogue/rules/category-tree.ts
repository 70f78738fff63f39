/**
 * The category tree: one to three levels, products only in leaves. A category never moves, so the path of a product changes
 * only when the product is put elsewhere.
 */
import { type Refusal, refuse } from '../../../kernel/errors.js';

const CATEGORY_LEVELS_MAX = 3;
export const CATEGORY_NAME_MAX = 64;

export interface CategoryNode {
  readonly categoryId: number;
  readonly parentId: number | null;
  /** 1 for a root. */
  readonly level: number;
}

/** The level of a new category below `parent`. Refuses with CATEGORY_TOO_DEEP or CATEGORY_HAS_PRODUCTS. */
export function levelBelow(
  parent: (Pick<CategoryNode, 'categoryId' | 'level'> & { readonly hasProducts: boolean }) | null,
): number | Refusal {
  if (parent === null) return 1;
  if (parent.level >= CATEGORY_LEVELS_MAX) return refuse('CATEGORY_TOO_DEEP', { parentId: parent.categoryId });
  if (parent.hasProducts) return refuse('CATEGORY_HAS_PRODUCTS', { parentId: parent.categoryId });
  return parent.level + 1;
}
