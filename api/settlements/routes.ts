/** The routes of settlements and lines. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { explainLineRoute } from './explain-line.js';
import { downloadLines, listLines } from './list-lines.js';
import { downloadSettlements, listSettlements } from './list-settlements.js';
import { totalSettlementsRoute } from './total-settlements.js';

export const settlementRoutes = (context: ApiContext): Route[] => [
  listSettlements(context),
  totalSettlementsRoute(context),
  downloadSettlements(context, 'csv'),
  downloadSettlements(context, 'xlsx'),
  listLines(context),
  downloadLines(context, 'csv'),
  downloadLines(context, 'xlsx'),
  explainLineRoute(context),
];
