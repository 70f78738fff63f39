/** The routes of verifications, of dates and of the books. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { listBooksVerifications, requestBooksVerification, showBooksVerification } from './books.js';
import { listVerifications, showVerification } from './read-verifications.js';
import { requestVerification } from './request-verification.js';

export const verificationRoutes = (context: ApiContext): Route[] => [
  requestVerification(context),
  listVerifications(context),
  showVerification(context),
  requestBooksVerification(context),
  listBooksVerifications(context),
  showBooksVerification(context),
];
