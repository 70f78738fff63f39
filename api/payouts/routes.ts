/** Payouts: what sellers and operators read of them, and what operators do to them. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { approvePayoutRoute, changePayoutRoute, proposePayoutRoute } from './change-payouts.js';
import { listPayoutCases, showNextPayout, showOwnNextPayout } from './next-payout.js';
import { explainPayoutRoute, listPayoutsRoute, showPayout } from './read-payouts.js';

export const payoutRoutes = (context: ApiContext): Route[] => [
  listPayoutsRoute(context),
  showPayout(context),
  explainPayoutRoute(context),
  showNextPayout(context),
  showOwnNextPayout(context),
  listPayoutCases(context),
  proposePayoutRoute(context),
  approvePayoutRoute(),
  changePayoutRoute('hold'),
  changePayoutRoute('release'),
  changePayoutRoute('cancel'),
  changePayoutRoute('retry'),
];
