/** The stock of units. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { askStock } from './ask-stock.js';
import { adjustStockRoute, receiveStockRoute } from './move-stock.js';
import { listMovementsRoute, listStock, showStock } from './read-stock.js';

export const stockRoutes = (context: ApiContext): Route[] => [
  askStock(context),
  listStock(context),
  showStock(context),
  receiveStockRoute(context),
  adjustStockRoute(context),
  listMovementsRoute(context),
];
