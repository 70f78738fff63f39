/** Checkouts, orders, and what sellers charge for shipping. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { checkOut, markPaid, showCheckout } from './checkouts.js';
import {
  cancelOrderRoute,
  confirmOrderRoute,
  deliverOrder,
  prepareOrder,
  returnOrderRoute,
  shipOrder,
} from './order-steps.js';
import { listOrdersRoute, listRefundsRoute, showOrder } from './read-orders.js';
import { listShippingTerms, removeShippingTerm, setShippingTerm } from './shipping-terms.js';

export const orderRoutes = (context: ApiContext): Route[] => [
  checkOut(context),
  showCheckout(context),
  markPaid(context),
  listOrdersRoute(context),
  showOrder(context),
  listRefundsRoute(context),
  prepareOrder(context),
  shipOrder(context),
  deliverOrder(context),
  confirmOrderRoute(context),
  cancelOrderRoute(context),
  returnOrderRoute(context),
  listShippingTerms(context),
  setShippingTerm(),
  removeShippingTerm(),
];
