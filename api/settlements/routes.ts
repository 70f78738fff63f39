/** The routes of settlements and lines. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import type { SettlementsContext } from './context.js';
import { Downloads } from './download.js';
import { explainLineRoute } from './explain-line.js';
import { downloadLines, listLines } from './list-lines.js';
import { downloadSettlements, listSettlements } from './list-settlements.js';

export function settlementRoutes(api: ApiContext): Route[] {
  // A quarter of the pool: the other calls keep the rest.
  const downloads = new Downloads(Math.max(1, Math.floor(api.config.httpPool / 4)));
  const context: SettlementsContext = { ...api, downloads };
  return [
    listSettlements(context),
    downloadSettlements(context),
    listLines(context),
    downloadLines(context),
    explainLineRoute(context),
  ];
}
