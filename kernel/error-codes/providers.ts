/** Payment providers outside. */
import type { ErrorDefinition } from './definition.js';

export const providerErrors = {
  PROVIDER_NOT_CONFIGURED: {
    http: 409,
    exit: 1,
    meaning: 'Payments through this provider are not offered here.',
    ko: '사용할 수 없는 결제 수단입니다. 다른 결제 수단을 선택해 주세요.',
  },
  PROVIDER_UNAVAILABLE: {
    http: 503,
    exit: 1,
    meaning:
      'The payment provider cannot be reached at this moment, and nothing happened; try again as the Retry-After header says.',
    ko: '결제사에 연결할 수 없어 결제가 진행되지 않았습니다. 잠시 후 다시 시도해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
