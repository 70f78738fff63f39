/** Every route of the API, capability by capability, in the order of the OpenAPI document. */
import type { ApiContext } from './context.js';
import type { Route } from './edge/route.js';

export const apiRoutes = (_context: ApiContext): Route[] => [];
