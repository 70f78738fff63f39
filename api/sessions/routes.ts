/** Routes of signing in. */
import type { AccessContext } from '../access/context.js';
import type { Route } from '../edge/route.js';
import { signOutElsewhere } from './end-session.js';
import { listSessions } from './list-sessions.js';
import { listOwnSignIns } from './list-sign-ins.js';
import { oauthToken } from './oauth-token.js';
import { refresh } from './refresh.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';

export const sessionRoutes = (access: AccessContext): Route[] => [
  signIn(access),
  refresh(access),
  signOut(access),
  oauthToken(access),
  listSessions(access),
  signOutElsewhere(access),
  listOwnSignIns(access),
];
