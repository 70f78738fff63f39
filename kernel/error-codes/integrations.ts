/** Other systems: API keys, the event feed, webhooks. */
import type { ErrorDefinition } from './definition.js';

export const integrationErrors = {
  API_KEY_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no API key with this id.',
    whatToDo: 'List the keys: `GET /v1/api-keys`.',
    ko: '해당 API 키를 찾을 수 없습니다.',
  },
  API_KEY_PERMISSION_MISSING: {
    http: 403,
    exit: 1,
    meaning: 'The API key was not given the permission that this call needs; make a key that has it.',
    whatToDo: '`details.permission` names it; a key keeps the permissions that it was made with.',
    ko: '이 API 키에는 요청에 필요한 권한이 없습니다. 해당 권한이 있는 키를 발급해 주세요.',
  },
  API_KEY_PERMISSIONS_REFUSED: {
    http: 422,
    exit: 1,
    meaning: 'An API key cannot be given these permissions: its maker does not have them, or no key may have them.',
    whatToDo: '`details.refused` names them, `details.possible` those that you can give.',
    ko: '이 권한은 API 키에 부여할 수 없습니다. 본인에게 없는 권한이거나 키에 허용되지 않는 권한입니다.',
  },
  API_KEYS_EXHAUSTED: {
    http: 409,
    exit: 1,
    meaning: 'The account or the seller has the largest number of API keys allowed; revoke one first.',
    whatToDo: 'Revoke a key that is not used; `lastUsedAt` says when a key was used last.',
    ko: '발급할 수 있는 API 키 수를 초과했습니다. 사용하지 않는 키를 먼저 폐기해 주세요.',
  },
  EVENT_ID_UNKNOWN: {
    http: 400,
    exit: 1,
    meaning:
      'No event has had this id yet; if the database was restored from a backup, read the feed from its beginning.',
    whatToDo: '`details.lastId` is the newest id.',
    ko: '아직 발급되지 않은 이벤트 ID입니다. 이벤트 목록을 처음부터 다시 조회해 주세요.',
  },
  EVENT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no event with this id for this endpoint, or the event was too old and is deleted.',
    whatToDo: 'Look at `GET /v1/events`.',
    ko: '해당 이벤트를 찾을 수 없거나 보관 기간이 지나 삭제되었습니다.',
  },
  EVENT_TYPE_REFUSED: {
    http: 403,
    exit: 1,
    meaning: 'Sellers do not get events of this type.',
    whatToDo: '`details.possible` names the types for sellers.',
    ko: '판매자에게 제공되지 않는 이벤트 유형입니다.',
  },
  EVENTS_GONE: {
    http: 410,
    exit: 1,
    meaning:
      'Events after this id were too old and are deleted; read the objects that they were about, then go on from oldestId.',
    whatToDo:
      'Read runs, imports and settlements once, then read the feed from `details.oldestId` − 1. Read it more often than every `MAGAM_EVENT_DAYS`.',
    ko: '요청하신 ID 이후의 이벤트가 보관 기간이 지나 삭제되었습니다. oldestId부터 다시 조회해 주세요.',
  },
  WEBHOOK_ENDPOINT_DISABLED: {
    http: 409,
    exit: 1,
    meaning: 'The endpoint is disabled, so nothing is sent to it; enable it first.',
    whatToDo: 'Repair the receiver, then set `status` to `ACTIVE`.',
    ko: '비활성화된 웹훅 주소입니다. 먼저 활성화해 주세요.',
  },
  WEBHOOK_ENDPOINT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no webhook endpoint with this id.',
    whatToDo: 'List the endpoints: `GET /v1/webhook-endpoints`.',
    ko: '해당 웹훅 주소를 찾을 수 없습니다.',
  },
  WEBHOOK_ENDPOINTS_EXHAUSTED: {
    http: 409,
    exit: 1,
    meaning: 'The platform or the seller has the largest number of webhook endpoints allowed; delete one first.',
    whatToDo: 'Delete one that is not used.',
    ko: '등록할 수 있는 웹훅 주소 수를 초과했습니다. 사용하지 않는 주소를 먼저 삭제해 주세요.',
  },
  WEBHOOK_URL_REFUSED: {
    http: 422,
    exit: 1,
    meaning: 'Webhooks are not sent to this address; details.reason says why.',
    whatToDo:
      "Give an address that begins with https and that everybody in the internet can reach; on a developer's machine set `MAGAM_WEBHOOK_PRIVATE_ADDRESSES=on`.",
    ko: '이 주소로는 웹훅을 보낼 수 없습니다. details.reason에서 이유를 확인해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
