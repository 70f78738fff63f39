/** What the routes of accounts, sessions and sellers share. */
import type { AccessTokens } from '../../core/accounts/access-token.js';
import type { Passwords } from '../../core/accounts/passwords.js';
import type { ApiContext } from '../context.js';
import type { SignInLimits } from '../sessions/sign-in-limit.js';

export interface AccessContext extends ApiContext {
  readonly passwords: Passwords;
  readonly tokens: AccessTokens;
  readonly limits: SignInLimits;
}
