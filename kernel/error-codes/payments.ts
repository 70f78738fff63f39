/** Payments and their providers. */
import type { ErrorDefinition } from './definition.js';

export const paymentErrors = {
  PAYMENT_AMOUNT_CHANGED: {
    http: 409,
    exit: 1,
    meaning:
      'The amount of the checkout has changed since the payment was opened; the details name both. Open another payment.',
    whatToDo: 'Open another payment; it takes the amount that is due now.',
    ko: '결제 금액이 변경되었습니다. 결제를 다시 시작해 주세요.',
  },
  PAYMENT_DECLINED: {
    http: 402,
    exit: 1,
    meaning: 'The provider declined the payment, and nothing was charged; the details say why. Pay in another way.',
    whatToDo: 'Open another payment, with another card or provider, while the checkout can be paid.',
    ko: '결제가 거절되었습니다. 다른 결제 수단으로 다시 시도해 주세요.',
  },
  PAYMENT_EXPIRED: {
    http: 409,
    exit: 1,
    meaning:
      'The payment was not made in time, and nothing was charged; open another one while the checkout can be paid.',
    whatToDo: 'Open another payment, or check out again.',
    ko: '결제 시간이 지났습니다. 결제를 다시 시작해 주세요.',
  },
  PAYMENT_IN_PROGRESS: {
    http: 409,
    exit: 1,
    meaning: 'A payment of the checkout is being made or its outcome is not known yet; wait for it.',
    whatToDo: 'Look at the payments of the checkout (`GET /v1/payments?checkoutId=…`) until its outcome is known.',
    ko: '이미 진행 중인 결제가 있습니다. 결제 결과를 확인해 주세요.',
  },
  PAYMENT_LIMIT_REACHED: {
    http: 409,
    exit: 1,
    meaning:
      'The checkout has too many open payments; the details say how many it may have. Approve and confirm one of them.',
    whatToDo:
      '`GET /v1/payments?checkoutId=…&status=READY` lists them. A shop that opens a payment each time its page is loaded should go on with the one that it has.',
    ko: '진행할 수 있는 결제 수를 초과했습니다. 이미 열린 결제창에서 결제를 완료해 주세요.',
  },
  PAYMENT_NOT_ACCEPTED: {
    http: 409,
    exit: 1,
    meaning: 'The charge did not match the checkout, so it was not accepted and will be refunded. The details say why.',
    whatToDo:
      'Nothing: the money is refunded automatically, and the payment says when that is done. docs/payments.md lists the reasons.',
    ko: '결제를 완료할 수 없어 결제 금액을 환불합니다.',
  },
  PAYMENT_NOT_APPROVED: {
    http: 409,
    exit: 1,
    meaning: 'The buyer has not approved the payment at the provider, and nothing was charged.',
    whatToDo:
      'Send the buyer to the provider again, then confirm under another `Idempotency-Key`, or open another payment.',
    ko: '아직 승인되지 않은 결제입니다. 결제창에서 결제를 완료해 주세요.',
  },
  PAYMENT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no payment with this id.',
    whatToDo: '`GET /v1/payments` lists the payments.',
    ko: '존재하지 않는 결제입니다.',
  },
  PAYMENTS_DIFFER: {
    http: 500,
    exit: 4,
    meaning: 'The payments differ from the amounts of the orders; each checkout that differs is named.',
    whatToDo:
      'See docs/payments.md for what each part means. Compare the payments of the checkout (`GET /v1/payments?checkoutId=…`) with the page of the provider.',
  },
  PROVIDER_CURRENCY_UNSUPPORTED: {
    http: 409,
    exit: 1,
    meaning: 'The provider does not take payments in the currency of the checkout; choose another one.',
    whatToDo: 'The details name the currencies that it takes.',
    ko: '선택하신 결제 수단은 이 통화를 지원하지 않습니다. 다른 결제 수단을 선택해 주세요.',
  },
  PROVIDER_NOT_CONFIGURED: {
    http: 409,
    exit: 1,
    meaning: 'The platform has no payment provider of this name.',
    whatToDo: 'Choose another one. An operator offers one by setting its keys (docs/payments-providers.md).',
    ko: '사용할 수 없는 결제 수단입니다. 다른 결제 수단을 선택해 주세요.',
  },
  PROVIDER_UNAVAILABLE: {
    http: 503,
    exit: 1,
    retryAfterSeconds: 10,
    meaning:
      'The payment provider cannot be reached, and nothing was charged; try again as the Retry-After header says.',
    whatToDo:
      'Send the same call again, under the same `Idempotency-Key`, or choose another provider. `/metrics` and `/readyz` tell an operator what is wrong (docs/payments-providers.md).',
    ko: '결제 서비스에 연결할 수 없습니다. 결제되지 않았으니 잠시 후 다시 시도해 주세요.',
  },
  WEBHOOK_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The body is not a webhook of this provider, or its signature is wrong.',
    whatToDo: 'Compare the secret of the webhooks at the provider with that of the server.',
    ko: '올바르지 않은 웹훅입니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
