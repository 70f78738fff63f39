/** Products, options, categories, reviews. */

import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { createCategory, editCategory, listCategories, showCategory } from './categories.js';
import { addOption, editOption, removeOption } from './change-options.js';
import { createProduct } from './create-product.js';
import { editProduct } from './edit-product.js';
import { listProducts } from './list-products.js';
import { listProductsOfSellerRoute } from './list-products-of-seller.js';
import { listReviewsRoute, showReview } from './read-reviews.js';
import { showProduct } from './show-product.js';
import { editReview, removeReviewRoute, writeReview } from './write-reviews.js';

export const catalogueRoutes = (context: ApiContext): Route[] => [
  listProducts(context),
  showProduct(context),
  createProduct(context),
  editProduct(context),
  addOption(context),
  editOption(context),
  removeOption(context),
  listProductsOfSellerRoute(context),
  listCategories(context),
  showCategory(context),
  createCategory(context),
  editCategory(context),
  listReviewsRoute(context),
  showReview(context),
  writeReview(context),
  editReview(context),
  removeReviewRoute(context),
];
