/** Accounts, sessions, sellers, audit log: the routes that share the password hasher and the limits of sign-in. */
import { accessTokens } from '../../core/accounts/access-token.js';
import { openPasswords } from '../../core/accounts/passwords.js';
import { accountRoutes } from '../accounts/routes.js';
import { auditRoutes } from '../audit/routes.js';
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { sellerRoutes } from '../sellers/routes.js';
import { sessionRoutes } from '../sessions/routes.js';
import { signInLimits } from '../sessions/sign-in-limit.js';
import type { AccessContext } from './context.js';

export function accessRoutes(context: ApiContext): Route[] {
  const access: AccessContext = {
    ...context,
    passwords: openPasswords(),
    tokens: accessTokens(context.config.tokenKey),
    limits: signInLimits(context.db),
  };
  return [...sessionRoutes(access), ...accountRoutes(access), ...sellerRoutes(access), ...auditRoutes(access)];
}
