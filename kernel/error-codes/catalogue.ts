/** Products, categories, reviews. */
import type { ErrorDefinition } from './definition.js';

export const catalogueErrors = {
  CATEGORY_EXISTS: { http: 409, exit: 1, meaning: 'The parent has a category of this name already.' },
  CATEGORY_HAS_PRODUCTS: {
    http: 409,
    exit: 1,
    meaning: 'The category holds products, so none can be made below it; products are only in leaves of the tree.',
  },
  CATEGORY_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no category with this id.' },
  CATEGORY_NOT_LEAF: {
    http: 409,
    exit: 1,
    meaning: 'The category has others below it; put the product in one of them.',
  },
  CATEGORY_TOO_DEEP: { http: 409, exit: 1, meaning: 'The category tree has at most three levels.' },
  OPTION_NOT_FOUND: { http: 404, exit: 1, meaning: 'The product has no option with this id.' },
  OPTIONS_TOO_MANY: { http: 409, exit: 1, meaning: 'The product has as many options as a product can have.' },
  PRICE_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'The prices contradict each other: a price is above 0, a sale price below the price, and an option must leave the price above 0.',
  },
  PRODUCT_EXISTS: { http: 409, exit: 1, meaning: 'The seller has a product with this external id already.' },
  PRODUCT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no product with this id, or it is not for you to see.' },
  PRODUCT_STATUS_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The product cannot go from its status to this one; the details name those it can go to.',
  },
  REVIEW_EXISTS: { http: 409, exit: 1, meaning: 'The account has reviewed this product already.' },
  REVIEW_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no review with this id.' },
  SKU_TAKEN: { http: 409, exit: 1, meaning: 'The seller has an option with this SKU already.' },
} as const satisfies Record<string, ErrorDefinition>;
