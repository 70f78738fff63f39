/** Carts, checkouts, orders, shipping terms, promotions. */
import type { ErrorDefinition } from './definition.js';

export const orderErrors = {
  ALREADY_IN_CART: { http: 409, exit: 1, meaning: 'The unit is in the cart already; set its quantity instead.' },
  CART_EMPTY: { http: 409, exit: 1, meaning: 'There is nothing in the cart to check out.' },
  CART_FULL: { http: 409, exit: 1, meaning: 'The cart has as many units as a cart can have.' },
  CART_ITEM_NOT_FOUND: { http: 404, exit: 1, meaning: 'The unit is not in the cart.' },
  CHECKOUT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no checkout with this id.' },
  CHECKOUT_STATE_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The checkout waits for no payment any more: it was paid or cancelled.',
  },
  CURRENCY_MIXED: {
    http: 409,
    exit: 1,
    meaning: 'The units have prices in several currencies; check out those of one currency at a time.',
  },
  ORDER_LINE_NOT_FOUND: { http: 404, exit: 1, meaning: 'The order has no line with this number.' },
  ORDER_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no order with this id.' },
  ORDER_STATE_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The state of the order does not allow this step; the details name the states that do.',
  },
  PAYMENT_UNAVAILABLE: {
    http: 403,
    exit: 1,
    meaning: 'A checkout is marked as paid by hand only outside production.',
  },
  PRICE_CHANGED: {
    http: 409,
    exit: 1,
    meaning: 'The amount to pay is another one than expected; the details name both. Nothing was ordered.',
  },
  PROMOTION_EXISTS: { http: 409, exit: 1, meaning: 'There is a promotion with this code already.' },
  PROMOTION_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'The terms of the promotion contradict each other: a percentage has a rate, an amount has an amount, and it ends after it starts.',
  },
  PROMOTION_NOT_APPLICABLE: {
    http: 409,
    exit: 1,
    meaning:
      'The promotion of this code is not in force, is of another currency, or the goods cost less than it asks for.',
  },
  PROMOTION_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no promotion with this id.' },
  QUANTITY_EXCEEDS_ORDER: {
    http: 409,
    exit: 1,
    meaning: 'The line has fewer units left than are to be cancelled or returned.',
  },
  SHIPPING_TERM_NOT_FOUND: { http: 404, exit: 1, meaning: 'The seller has no shipping terms in this currency.' },
  UNIT_NOT_FOR_SALE: {
    http: 409,
    exit: 1,
    meaning: 'The unit cannot be bought: its product is not sold, or its option was removed.',
  },
  UNIT_OF_OTHER_PRODUCT: {
    http: 409,
    exit: 1,
    meaning: 'A unit in the cart can only be changed to another option of the same product.',
  },
} as const satisfies Record<string, ErrorDefinition>;
