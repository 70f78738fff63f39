/** Accounts, sign-in, sellers. */
import type { ErrorDefinition } from './definition.js';

export const accountErrors = {
  ACCOUNT_LOCKED: {
    http: 403,
    exit: 1,
    meaning: 'The account is locked; an operator can unlock it.',
    ko: '잠긴 계정입니다. 운영자에게 잠금 해제를 요청해 주세요.',
  },
  ACCOUNT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no account with this id.',
    ko: '존재하지 않는 계정입니다.',
  },
  EMAIL_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'This is not an e-mail address.',
    ko: '이메일 주소 형식이 올바르지 않습니다.',
  },
  EMAIL_TAKEN: {
    http: 409,
    exit: 1,
    meaning: 'There is an account with this e-mail address.',
    ko: '이미 사용 중인 이메일 주소입니다.',
  },
  FORBIDDEN: {
    http: 403,
    exit: 1,
    meaning: 'The role of the account does not allow this, or it belongs to somebody else.',
    ko: '이 작업을 할 수 있는 권한이 없습니다.',
  },
  INVALID_CREDENTIALS: {
    http: 401,
    exit: 1,
    meaning: 'There is no account with this e-mail address and this password.',
    ko: '이메일 주소 또는 비밀번호가 올바르지 않습니다.',
  },
  LAST_ADMIN: { http: 409, exit: 1, meaning: 'This is the last admin who can sign in, and one has to stay.' },
  PASSWORD_CHANGE_NEEDED: {
    http: 403,
    exit: 1,
    meaning: 'The password was given for one sign-in only: sign in with newPassword to replace it.',
    ko: '일회용 비밀번호입니다. newPassword에 새 비밀번호를 넣어 로그인해 주세요.',
  },
  PASSWORD_WEAK: {
    http: 422,
    exit: 1,
    meaning: 'The password is too short, too long, the e-mail address, or one of those that are tried first.',
    ko: '비밀번호가 너무 짧거나 길거나, 이메일 주소와 같거나, 쉽게 추측할 수 있습니다.',
  },
  PASSWORD_WRONG: {
    http: 403,
    exit: 1,
    meaning: 'The present password is another one.',
    ko: '현재 비밀번호가 일치하지 않습니다.',
  },
  REFRESH_TOKEN_INVALID: {
    http: 401,
    exit: 1,
    meaning: 'The refresh token is not valid: unknown, expired or signed out; sign in again.',
    ko: '리프레시 토큰이 유효하지 않습니다. 다시 로그인해 주세요.',
  },
  REFRESH_TOKEN_REUSED: {
    http: 401,
    exit: 1,
    meaning: 'The refresh token was used before, so it may be stolen; whoever holds one of its family is signed out.',
    ko: '이미 사용된 리프레시 토큰입니다. 도용되었을 수 있어 로그아웃되었으니 다시 로그인해 주세요.',
  },
  SELLER_EXISTS: { http: 409, exit: 1, meaning: 'There is a seller with this id.', ko: '이미 존재하는 판매자입니다.' },
  SELLER_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no seller with this id.',
    ko: '존재하지 않는 판매자입니다.',
  },
  SESSION_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The account has no session with this id.',
    ko: '존재하지 않는 로그인 세션입니다.',
  },
  SIGN_IN_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'Too many passwords are being checked at this moment; try again.',
    ko: '로그인 요청이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  SIGN_IN_REQUIRED: {
    http: 401,
    exit: 1,
    meaning: 'The call needs an access token: sign in and send it as a bearer token.',
    ko: '로그인이 필요합니다.',
  },
  TOKEN_INVALID: {
    http: 401,
    exit: 1,
    meaning: 'The access token is not valid: malformed, expired or signed out; refresh it or sign in again.',
    ko: '액세스 토큰이 유효하지 않습니다. 토큰을 갱신하거나 다시 로그인해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
