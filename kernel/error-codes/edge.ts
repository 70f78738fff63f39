/** The HTTP edge itself: requests that reach no use case, or reach it in the wrong form. */
import type { ErrorDefinition } from './definition.js';

export const edgeErrors = {
  BODY_TOO_LARGE: {
    http: 413,
    exit: 1,
    meaning: 'The body of the request is larger than the call takes.',
    ko: '요청 본문이 허용된 크기를 초과했습니다.',
  },
  CURSOR_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The cursor was not given out by this list; start without one.',
    ko: '이 목록에서 발급한 커서가 아닙니다. 커서 없이 처음부터 다시 조회해 주세요.',
  },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    http: 409,
    exit: 1,
    meaning: 'A call with this Idempotency-Key is being carried out; ask again for its answer.',
    ko: '같은 Idempotency-Key의 요청을 처리하고 있습니다. 잠시 후 다시 요청해 주세요.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    http: 422,
    exit: 1,
    meaning: 'This Idempotency-Key was used for another call or another body; take a new key.',
    ko: '이 Idempotency-Key는 다른 요청에 이미 사용되었습니다. 새 키를 사용해 주세요.',
  },
  JSON_MALFORMED: {
    http: 400,
    exit: 1,
    meaning: 'The body is not JSON.',
    ko: '요청 본문이 올바른 JSON 형식이 아닙니다.',
  },
  METHOD_NOT_ALLOWED: {
    http: 405,
    exit: 1,
    meaning: 'The address exists, but not with this method; see the Allow header.',
    ko: '이 주소에서는 지원하지 않는 메서드입니다. Allow 헤더를 확인해 주세요.',
  },
  RATE_LIMITED: {
    http: 429,
    exit: 1,
    meaning: 'Too many requests; wait as long as the Retry-After header says.',
    ko: '요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.',
  },
  REQUEST_INVALID: {
    http: 400,
    exit: 1,
    meaning: 'The request breaks its schema; errors names each place and reason.',
    ko: '요청 형식이 올바르지 않습니다. errors에서 잘못된 위치와 이유를 확인해 주세요.',
  },
  ROUTE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is nothing at this address.',
    ko: '요청하신 주소를 찾을 수 없습니다.',
  },
  SERVER_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'The server carries out as many calls as it may at once; try again as the Retry-After header says.',
    ko: '서버에 요청이 몰려 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  STREAM_SHARE_USED: {
    http: 429,
    exit: 1,
    meaning: 'The account has as many downloads or event streams open as it may; wait for one of them to end.',
    ko: '계정당 동시에 열 수 있는 다운로드 또는 이벤트 스트림 수를 초과했습니다. 진행 중인 것이 끝난 후 다시 시도해 주세요.',
  },
  TOO_MANY_WAITING: {
    http: 503,
    exit: 1,
    meaning: 'Too many calls wait for the same thing at this moment; try again as the Retry-After header says.',
    ko: '요청이 몰려 더 이상 받을 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    http: 415,
    exit: 1,
    meaning: 'The call does not take a body of this content type or encoding.',
    ko: '지원하지 않는 콘텐츠 형식 또는 인코딩입니다.',
  },
  VERSION_CONFLICT: {
    http: 412,
    exit: 1,
    meaning: 'Somebody else has changed it since: the call names another version than it has now; read it again.',
    ko: '그사이 다른 사용자가 내용을 변경했습니다. 다시 조회한 후 시도해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
