/** Accounts, sign-in, sellers. */
import type { ErrorDefinition } from './definition.js';

export const accountErrors = {
  ACCOUNT_LOCKED: { http: 403, exit: 1, meaning: 'The account is locked; an operator can unlock it.' },
  ACCOUNT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no account with this id.' },
  EMAIL_INVALID: { http: 422, exit: 1, meaning: 'This is not an e-mail address.' },
  EMAIL_TAKEN: { http: 409, exit: 1, meaning: 'There is an account with this e-mail address.' },
  FORBIDDEN: {
    http: 403,
    exit: 1,
    meaning: 'The role of the account does not allow this, or it belongs to somebody else.',
  },
  INVALID_CREDENTIALS: {
    http: 401,
    exit: 1,
    meaning: 'There is no account with this e-mail address and this password.',
  },
  LAST_ADMIN: { http: 409, exit: 1, meaning: 'This is the last admin who can sign in, and one has to stay.' },
  PASSWORD_CHANGE_NEEDED: {
    http: 403,
    exit: 1,
    meaning: 'The password was given for one sign-in only: sign in with newPassword to replace it.',
  },
  PASSWORD_WEAK: {
    http: 422,
    exit: 1,
    meaning: 'The password is too short, too long, the e-mail address, or one of those that are tried first.',
  },
  PASSWORD_WRONG: { http: 403, exit: 1, meaning: 'The present password is another one.' },
  REFRESH_TOKEN_INVALID: {
    http: 401,
    exit: 1,
    meaning: 'The refresh token is not valid: unknown, expired or signed out; sign in again.',
  },
  REFRESH_TOKEN_REUSED: {
    http: 401,
    exit: 1,
    meaning: 'The refresh token was used before, so it may be stolen; whoever holds one of its family is signed out.',
  },
  SELLER_EXISTS: { http: 409, exit: 1, meaning: 'There is a seller with this id.' },
  SELLER_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no seller with this id.' },
  SESSION_NOT_FOUND: { http: 404, exit: 1, meaning: 'The account has no session with this id.' },
  SIGN_IN_BUSY: { http: 503, exit: 1, meaning: 'Too many passwords are being checked at this moment; try again.' },
  SIGN_IN_REQUIRED: {
    http: 401,
    exit: 1,
    meaning: 'The call needs an access token: sign in and send it as a bearer token.',
  },
  TOKEN_INVALID: {
    http: 401,
    exit: 1,
    meaning: 'The access token is not valid: malformed, expired or signed out; refresh it or sign in again.',
  },
} as const satisfies Record<string, ErrorDefinition>;
