/** Products, categories, reviews. */
import type { ErrorDefinition } from './definition.js';

export const catalogueErrors = {
  PRODUCT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no product with this id, or it is not for you to see.' },
} as const satisfies Record<string, ErrorDefinition>;
