/** Routes of signing in. */

import type { Route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { signOutElsewhere } from './end-session.js';
import { listSessions } from './list-sessions.js';
import { listOwnSignIns } from './list-sign-ins.js';
import { oauthToken } from './oauth-token.js';
import { refresh } from './refresh.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';

export const sessionRoutes = (accounts: AccountsContext): Route[] => [
  signIn(accounts),
  refresh(accounts),
  signOut(accounts),
  oauthToken(accounts),
  listSessions(accounts),
  signOutElsewhere(accounts),
  listOwnSignIns(accounts),
];
