/** The routes of settlements and lines. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { explainLineRoute } from './explain-line.js';
import { listLines } from './list-lines.js';
import { listSettlements } from './list-settlements.js';

export const settlementRoutes = (context: ApiContext): Route[] => [
  listSettlements(context),
  listLines(context),
  explainLineRoute(context),
];
