/** The stock of units, and drops. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { askStock } from './ask-stock.js';
import {
  endDropRoute,
  listDropPurchases,
  listDropsOfSellerRoute,
  listDropsRoute,
  makeDrop,
  showDrop,
} from './drops.js';
import { adjustStockRoute, receiveStockRoute } from './move-stock.js';
import { listMovementsRoute, listStock, showStock } from './read-stock.js';

export const stockRoutes = (context: ApiContext): Route[] => [
  askStock(context),
  listStock(context),
  showStock(context),
  receiveStockRoute(context),
  adjustStockRoute(context),
  listMovementsRoute(context),
  makeDrop(context),
  endDropRoute(context),
  listDropsRoute(context),
  showDrop(context),
  listDropsOfSellerRoute(context),
  listDropPurchases(context),
];
