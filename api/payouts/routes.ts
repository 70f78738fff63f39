/** Payouts: what sellers and operators read of them, and what operators do to them. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { exportPayoutsRoute, markFileSentRoute, voidFileRoute } from './change-payout-files.js';
import { approvePayoutRoute, changePayoutRoute, proposePayoutRoute } from './change-payouts.js';
import { listPayoutCases, showNextPayout, showOwnNextPayout } from './next-payout.js';
import { listResults, showResult, uploadResult } from './payout-results.js';
import { downloadPayoutFile, listPayoutFilesRoute, listTransfersOfFile, showPayoutFile } from './read-payout-files.js';
import { explainPayoutRoute, listPayoutsRoute, showPayout } from './read-payouts.js';
import { sendAllPayoutsRoute, sendPayoutRoute } from './send-payouts.js';

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
  sendPayoutRoute(context),
  sendAllPayoutsRoute(context),
  listPayoutFilesRoute(context),
  exportPayoutsRoute(context),
  showPayoutFile(context),
  listTransfersOfFile(context),
  downloadPayoutFile(context),
  markFileSentRoute(),
  voidFileRoute(),
  uploadResult(context),
  listResults(context),
  showResult(context),
];
