/** Operating the batch over HTTP. */
import type { ErrorDefinition } from './definition.js';

export const operationErrors = {
  VERIFICATION_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no verification with this id.' },
} as const satisfies Record<string, ErrorDefinition>;
