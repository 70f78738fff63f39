/** Products, options, categories, reviews. */

import { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { createCategory, editCategory, listCategories, showCategory } from './categories.js';
import { addOption, editOption, removeOption } from './change-options.js';
import type { CatalogueContext } from './context.js';
import { createProduct } from './create-product.js';
import { editProduct } from './edit-product.js';
import { listProducts } from './list-products.js';
import { listProductsOfSellerRoute } from './list-products-of-seller.js';
import { listReviewsRoute, showReview } from './read-reviews.js';
import { showProduct } from './show-product.js';
import { editReview, removeReviewRoute, writeReview } from './write-reviews.js';

export function catalogueRoutes(context: ApiContext): Route[] {
  const catalogue: CatalogueContext = { ...context, cache: new CatalogueCache(context.redis) };
  return [
    listProducts(catalogue),
    showProduct(catalogue),
    createProduct(catalogue),
    editProduct(catalogue),
    addOption(catalogue),
    editOption(catalogue),
    removeOption(catalogue),
    listProductsOfSellerRoute(catalogue),
    listCategories(catalogue),
    showCategory(catalogue),
    createCategory(catalogue),
    editCategory(catalogue),
    listReviewsRoute(catalogue),
    showReview(catalogue),
    writeReview(catalogue),
    editReview(catalogue),
    removeReviewRoute(catalogue),
  ];
}
