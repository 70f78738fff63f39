/** Error codes of KakaoPay: https://developers.kakaopay.com/docs/payment/online/common and https://developers.kakao.com/docs/latest/ko/rest-api/error-code */
import { meanings } from '../api-call.js';

/** Server error, maintenance, quota, time-out within the platform. */
const TEMPORARY = ['-1', '-7', '-10', '-603', '-9798'];

/** The key or the merchant's code is wrong, or may not do this; our address or our domain is not registered at the provider. */
const KEY_REFUSED = ['-3', '-4', '-5', '-8', '-12', '-401', '-730', '-731', '-733', '-798', '-799'];

export const READY_MEANINGS = meanings({
  unknown: TEMPORARY,
  'key-refused': KEY_REFUSED,
  declined: ['-2', '-722', '-724', '-797'],
});

export const APPROVE_MEANINGS = meanings({
  'done-already': ['-702'],
  'not-approved': ['-701'],
  unknown: TEMPORARY,
  'key-refused': KEY_REFUSED,
  declined: [
    '-2', // a parameter is wrong
    '-703', // wrong points
    '-704', // wrong amount
    '-705', // a payment method that is not supported
    '-706', // another order
    '-707', // another buyer
    '-708', // wrong token
    '-721', // no such payment
    '-722', // wrong amounts
    '-723', // too late
    '-724', // too little or too much
    '-780', // refused by the payment method
    '-797', // above the limit of one payment
  ],
});

export const CANCEL_MEANINGS = meanings({
  'done-already': ['-710', '-784'], // more than can be cancelled; a state in which nothing can be cancelled
  unknown: [...TEMPORARY, '-781', '-785'],
  'key-refused': KEY_REFUSED,
  declined: ['-2', '-721', '-722'],
});

export const LOOK_UP_MEANINGS = meanings({ unknown: TEMPORARY, 'key-refused': KEY_REFUSED, declined: ['-721'] });

/** Reasons for a refusal by the payment method (`-780`) that are temporary: another transaction of the buyer, which may be this very payment, is under way. */
export const BUSY_RESULTS: ReadonlySet<string> = new Set(['USER_LOCKED']);
