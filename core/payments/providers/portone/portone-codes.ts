/** Error types of PortOne, version 2: https://developers.portone.io/api/rest-v2/payment */
import { meanings } from '../api-call.js';

const TEMPORARY = ['PG_PROVIDER', 'IDEMPOTENCY_OUTSTANDING_REQUEST'];

const KEY_REFUSED = ['UNAUTHORIZED', 'FORBIDDEN', 'INVALID_TOKEN'];

export const LOOK_UP_MEANINGS = meanings({
  unknown: TEMPORARY,
  'key-refused': KEY_REFUSED,
  declined: ['PAYMENT_NOT_FOUND'],
});

/** A look-up follows every refusal of a cancellation; only permanent refusals are final after it. */
export const CANCEL_MEANINGS = meanings({
  'done-already': ['PAYMENT_ALREADY_CANCELLED', 'CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN'],
  unknown: TEMPORARY,
  'key-refused': KEY_REFUSED,
  declined: [
    'CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT',
    'CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT',
    'CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT',
    'INVALID_REQUEST',
    'NEGATIVE_PROMOTION_ADJUSTED_CANCEL_AMOUNT',
    'PAYMENT_NOT_FOUND',
    'PAYMENT_NOT_PAID',
    'PROMOTION_DISCOUNT_RETAIN_OPTION_SHOULD_NOT_BE_CHANGED',
    'SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT',
  ],
});
