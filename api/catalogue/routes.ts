/** Products, options, categories, reviews. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { CatalogueCache } from './catalogue-cache.js';
import { createCategory, editCategory, listCategories, showCategory } from './categories.js';
import { addOption, editOption, removeOption } from './change-options.js';
import { createProduct } from './create-product.js';
import { editProduct } from './edit-product.js';
import { listProducts } from './list-products.js';
import { listProductsOfSellerRoute } from './list-products-of-seller.js';
import { listReviewsRoute, showReview } from './read-reviews.js';
import { showProduct } from './show-product.js';
import { editReview, removeReviewRoute, writeReview } from './write-reviews.js';

export function catalogueRoutes({ db, redis }: ApiContext): Route[] {
  const cache = new CatalogueCache(redis);
  return [
    listProducts(db, cache),
    showProduct(db, cache),
    createProduct(cache),
    editProduct(db, cache),
    addOption(db, cache),
    editOption(db, cache),
    removeOption(db, cache),
    listProductsOfSellerRoute(db),
    listCategories(db, cache),
    showCategory(db),
    createCategory(cache),
    editCategory(cache),
    listReviewsRoute(db),
    showReview(db),
    writeReview(cache),
    editReview(db, cache),
    removeReviewRoute(db, cache),
  ];
}
