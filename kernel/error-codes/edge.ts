/** The HTTP edge itself: requests that reach no use case, or reach it in the wrong form. */
import type { ErrorDefinition } from './definition.js';

export const edgeErrors = {
  BODY_TOO_LARGE: { http: 413, exit: 1, meaning: 'The body of the request is larger than the call takes.' },
  CURSOR_INVALID: { http: 400, exit: 1, meaning: 'The cursor was not given out by this list; start without one.' },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    http: 409,
    exit: 1,
    meaning: 'A call with this Idempotency-Key is being carried out; ask again for its answer.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    http: 422,
    exit: 1,
    meaning: 'This Idempotency-Key was used for another call or another body; take a new key.',
  },
  JSON_MALFORMED: { http: 400, exit: 1, meaning: 'The body is not JSON.' },
  METHOD_NOT_ALLOWED: {
    http: 405,
    exit: 1,
    meaning: 'The address exists, but not with this method; see the Allow header.',
  },
  RATE_LIMITED: { http: 429, exit: 1, meaning: 'Too many requests; wait as long as the Retry-After header says.' },
  REQUEST_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The request breaks its schema; errors names each place and reason.',
  },
  ROUTE_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is nothing at this address.' },
  TOO_MANY_WAITING: {
    http: 503,
    exit: 1,
    meaning: 'Too many calls wait for the same thing at this moment; try again as the Retry-After header says.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    http: 415,
    exit: 1,
    meaning: 'The call does not take a body of this content type or encoding.',
  },
  VERSION_CONFLICT: {
    http: 412,
    exit: 1,
    meaning: 'Somebody else has changed it since: If-Match names another version; read it again.',
  },
} as const satisfies Record<string, ErrorDefinition>;
