/** Routes of accounts: one's own, and everybody's for staff. */
import type { AccessContext } from '../access/context.js';
import type { Route } from '../edge/route.js';
import { assignRole } from './assign-role.js';
import { changePassword } from './change-password.js';
import { giveOneTimePassword } from './give-one-time-password.js';
import { lockOut, unlock } from './lock-account.js';
import { editProfile, readProfile } from './profile.js';
import { findAccounts, showAccount } from './read-accounts.js';
import { signUp } from './sign-up.js';

export const accountRoutes = (access: AccessContext): Route[] => [
  signUp(access),
  readProfile(access),
  editProfile(),
  changePassword(access),
  findAccounts(access),
  showAccount(access),
  lockOut(),
  unlock(),
  assignRole(),
  giveOneTimePassword(access),
];
