/** Payments and their providers. */
import type { ErrorDefinition } from './definition.js';

export const paymentErrors = {
  PROVIDER_NOT_CONFIGURED: {
    http: 409,
    exit: 1,
    meaning: 'The platform has no payment provider of this name.',
    ko: '사용할 수 없는 결제 수단입니다. 다른 결제 수단을 선택해 주세요.',
  },
  PROVIDER_UNAVAILABLE: {
    http: 503,
    exit: 1,
    retryAfterSeconds: 10,
    meaning:
      'The payment provider cannot be reached, and nothing was charged; try again as the Retry-After header says.',
    ko: '결제 서비스에 연결할 수 없습니다. 결제되지 않았으니 잠시 후 다시 시도해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
