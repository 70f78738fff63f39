/** The HTTP edge itself: requests that reach no use case, or reach it in the wrong form. */
import type { ErrorDefinition } from './definition.js';

export const edgeErrors = {
  BODY_TOO_LARGE: {
    http: 413,
    exit: 1,
    meaning: 'The body of the request is too large for this call.',
    whatToDo: 'Send less; a file goes to the address for imports.',
    ko: '요청 본문이 허용된 크기를 초과했습니다.',
  },
  CURSOR_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The cursor was not given out by this list; start without one.',
    whatToDo: 'Start the list again without a cursor.',
    ko: '이 목록에서 발급한 커서가 아닙니다. 커서 없이 처음부터 다시 조회해 주세요.',
  },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    http: 409,
    exit: 1,
    meaning: 'A call with this Idempotency-Key is being carried out; ask again for its answer.',
    whatToDo: 'Send the same call again in a moment.',
    ko: '같은 Idempotency-Key의 요청을 처리하고 있습니다. 잠시 후 다시 요청해 주세요.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    http: 422,
    exit: 1,
    meaning: 'This Idempotency-Key was used for another call or another body; take a new key.',
    whatToDo: 'Make a new key for every new intention.',
    ko: '이 Idempotency-Key는 다른 요청에 이미 사용되었습니다. 새 키를 사용해 주세요.',
  },
  JSON_MALFORMED: {
    http: 400,
    exit: 1,
    meaning: 'The body is not JSON.',
    whatToDo: 'Send JSON with `Content-Type: application/json`.',
    ko: '요청 본문이 올바른 JSON 형식이 아닙니다.',
  },
  METHOD_NOT_ALLOWED: {
    http: 405,
    exit: 1,
    meaning: 'The address does not support this method; see the Allow header.',
    whatToDo: 'Use a method of the `Allow` header.',
    ko: '이 주소에서는 지원하지 않는 메서드입니다. Allow 헤더를 확인해 주세요.',
  },
  RATE_LIMITED: {
    http: 429,
    exit: 1,
    meaning: 'Too many requests; wait as long as the Retry-After header says.',
    whatToDo: 'Wait as long as `Retry-After` says (seconds).',
    ko: '요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.',
  },
  REQUEST_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The request breaks its schema; errors names each place and reason.',
    whatToDo: '`errors` names every place by a JSON pointer; `/openapi.json` has the schema.',
    ko: '요청 형식이 올바르지 않습니다. errors에서 잘못된 위치와 이유를 확인해 주세요.',
  },
  ROUTE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is nothing at this address.',
    whatToDo: 'Look the address up in `/docs`.',
    ko: '요청하신 주소를 찾을 수 없습니다.',
  },
  SERVER_BUSY: {
    http: 503,
    exit: 1,
    meaning:
      'The server is busy with the largest number of calls it takes at once; try again as the Retry-After header says.',
    whatToDo: 'Send it again as `Retry-After` says. If it lasts: more servers, or a larger `MAGAM_REQUESTS_MAX`.',
    ko: '서버에 요청이 몰려 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  STREAM_SHARE_USED: {
    http: 429,
    exit: 1,
    meaning:
      'The account has the largest number of downloads or event streams open that it may have; wait for one to end.',
    whatToDo: 'Wait for one of them to end, or close one.',
    ko: '계정당 동시에 열 수 있는 다운로드 또는 이벤트 스트림 수를 초과했습니다. 진행 중인 것이 끝난 후 다시 시도해 주세요.',
  },
  TOO_MANY_WAITING: {
    http: 503,
    exit: 1,
    meaning: 'Too many calls wait for the same thing at this moment; try again as the Retry-After header says.',
    whatToDo: 'Send the call again under the same `Idempotency-Key`; what was sold out meanwhile is refused at once.',
    ko: '요청이 몰려 더 이상 받을 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    http: 415,
    exit: 1,
    meaning: 'The call does not accept a body of this content type or encoding.',
    whatToDo: 'Send `application/json` in UTF-8, plain or packed with gzip, deflate or br.',
    ko: '지원하지 않는 콘텐츠 형식 또는 인코딩입니다.',
  },
  VERSION_CONFLICT: {
    http: 412,
    exit: 1,
    meaning: 'Somebody else has changed it since: the call names another version than it has now; read it again.',
    whatToDo:
      'Read it again, decide again, and send the new `ETag` as `If-Match` (or the new `version` in the body, where the call takes it there).',
    ko: '그사이 다른 사용자가 내용을 변경했습니다. 다시 조회한 후 시도해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
