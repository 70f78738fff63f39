/** The routes of verifications. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { listVerifications, showVerification } from './read-verifications.js';
import { requestVerification } from './request-verification.js';

export const verificationRoutes = (context: ApiContext): Route[] => [
  requestVerification(context),
  listVerifications(context),
  showVerification(context),
];
