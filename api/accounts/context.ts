/** What the routes of accounts, signing in and sellers take: the password hasher, the tokens and the limits of sign-in, opened once. */
import type { AccessTokens } from '../../core/accounts/access-token.js';
import type { DeviceTokens } from '../../core/accounts/device-token.js';
import type { Passwords } from '../../core/accounts/passwords.js';
import type { ApiContext } from '../context.js';
import type { SignInLimits } from './sessions/sign-in-limit.js';

export interface AccountsContext extends ApiContext {
  readonly passwords: Passwords;
  readonly tokens: AccessTokens;
  readonly devices: DeviceTokens;
  readonly limits: SignInLimits;
}
