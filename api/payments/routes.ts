/** Payments and the webhooks of their providers. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { openPaymentRoute } from './open-payment.js';
import { listPaymentsRoute, showPayment } from './read-payments.js';
import { confirmPaymentRoute, inquirePaymentRoute } from './settle-routes.js';
import { webhookRoute } from './webhooks.js';

export const paymentRoutes = (context: ApiContext): Route[] => [
  openPaymentRoute(context),
  listPaymentsRoute(context),
  showPayment(context),
  confirmPaymentRoute(context),
  inquirePaymentRoute(context),
  webhookRoute(context),
];
