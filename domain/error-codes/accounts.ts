/** Accounts, sign-in, sellers. */
import type { ErrorDefinition } from './definition.js';

export const accountErrors = {
  ACCOUNT_LOCKED: { http: 403, exit: 1, meaning: 'The account is locked; an operator can unlock it.' },
  ACCOUNT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no account with this id.' },
  FORBIDDEN: {
    http: 403,
    exit: 1,
    meaning: 'The role of the account does not allow this, or it belongs to somebody else.',
  },
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
