/** Adjustments, chargebacks and write-offs of two people; what sellers owe. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { decideAdjustmentRoute, loseDisputeRoute, proposeAdjustmentRoute } from './decide-adjustments.js';
import { listAdjustmentsRoute, listReceivablesRoute, showAdjustment } from './read-adjustments.js';

export const adjustmentRoutes = (context: ApiContext): Route[] => [
  listAdjustmentsRoute(context),
  showAdjustment(context),
  proposeAdjustmentRoute(context),
  decideAdjustmentRoute(context, 'approval'),
  decideAdjustmentRoute(context, 'refusal'),
  decideAdjustmentRoute(context, 'cancellation'),
  loseDisputeRoute(context),
  listReceivablesRoute(context),
];
