/** Routes of accounts, one's own and everybody's for staff; of signing in; and of sellers. */
import { accessTokens } from '../../core/accounts/access-token.js';
import { deviceTokens } from '../../core/accounts/device-token.js';
import { openPasswords } from '../../core/accounts/passwords.js';
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { assignRole } from './assign-role.js';
import { changePassword } from './change-password.js';
import type { AccountsContext } from './context.js';
import { giveOneTimePassword } from './give-one-time-password.js';
import { invitationRoutes } from './invitations/routes.js';
import { linkPages } from './links/pages.js';
import { askForProof, proveOwnAddress } from './links/prove-address.js';
import { askForReset, completeReset } from './links/reset-password.js';
import { lockOut, unlock } from './lock-account.js';
import { editProfile, readProfile } from './profile.js';
import { findAccounts, showAccount } from './read-accounts.js';
import { secondFactorRoutes } from './second-factor/routes.js';
import { sellerRoutes } from './sellers/routes.js';
import { sessionRoutes } from './sessions/routes.js';
import { signInLimits } from './sessions/sign-in-limit.js';
import { signUp } from './sign-up.js';

export function accountRoutes(context: ApiContext): Route[] {
  const devices = deviceTokens(context.config.tokenKey, context.config.formerTokenKeys);
  const accounts: AccountsContext = {
    ...context,
    passwords: openPasswords(),
    tokens: accessTokens(context.config.tokenKey, context.config.formerTokenKeys),
    devices,
    limits: signInLimits(context.db, devices),
  };
  return [
    ...sessionRoutes(accounts),
    signUp(accounts),
    readProfile(accounts),
    editProfile(),
    changePassword(accounts),
    findAccounts(accounts),
    showAccount(accounts),
    lockOut(),
    unlock(),
    assignRole(),
    giveOneTimePassword(accounts),
    ...secondFactorRoutes(accounts),
    ...invitationRoutes(accounts),
    proveOwnAddress(accounts),
    askForProof(accounts),
    askForReset(accounts),
    completeReset(accounts),
    ...linkPages(),
    ...sellerRoutes(accounts),
  ];
}
