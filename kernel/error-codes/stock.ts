/** Units that can be sold, and how many of them there are. */
import type { ErrorDefinition } from './definition.js';

export const stockErrors = {
  CHECKOUT_EXPIRED: {
    http: 409,
    exit: 1,
    meaning: 'The time to pay has passed, and what the checkout held is for others again; check out once more.',
  },
  INSUFFICIENT_STOCK: {
    http: 409,
    exit: 1,
    meaning: 'There are not as many of a unit as were asked for; the details name the unit and what is available.',
  },
  STOCK_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'Too many order the same products at this moment; try again.',
  },
  STOCK_DIFFERS: {
    http: 500,
    exit: 4,
    meaning: 'The stock of some units is not what their journal or their reservations come to; each is named.',
  },
  STOCK_INSUFFICIENT_TO_ADJUST: {
    http: 409,
    exit: 1,
    meaning: 'The adjustment would take away more than is available; what is held or sold cannot be adjusted.',
  },
  UNIT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no unit with this id.' },
  UNIT_RETIRED: {
    http: 409,
    exit: 1,
    meaning: 'The unit is no longer offered: its option was removed, or its product has got options.',
  },
} as const satisfies Record<string, ErrorDefinition>;
