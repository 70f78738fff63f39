/** Webhook endpoints: the addresses to which events are sent. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { listDeliveries, replayEvents } from './deliveries.js';
import {
  deleteEndpointRoute,
  editEndpoint,
  listEndpointsRoute,
  makeEndpoint,
  rotateSecret,
  showEndpoint,
} from './endpoints.js';
import { testEndpoint } from './test-endpoint.js';

export const webhookEndpointRoutes = (context: ApiContext): Route[] => [
  makeEndpoint(context),
  listEndpointsRoute(context),
  showEndpoint(context),
  editEndpoint(context),
  deleteEndpointRoute(context),
  rotateSecret(context),
  listDeliveries(context),
  replayEvents(context),
  testEndpoint(context),
];
