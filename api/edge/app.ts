/** The HTTP application: the steps of every request, in order, and the routes. */
import express, { type Express } from 'express';
import { MagamError } from '../../kernel/errors.js';
import { crossOrigin } from './cross-origin.js';
import { mountDocuments } from './documents.js';
import { type EveryRequest, everyRequest } from './every-request.js';
import { openApiDocument } from './openapi.js';
import { problems } from './problem.js';
import { directly, type Edge, endpointsOf, register } from './register.js';
import type { Route } from './route.js';

export interface AppContext extends Edge, EveryRequest {
  readonly trustProxy: number;
  readonly version: string;
  /** Whether there is a page where every call can be tried. */
  readonly docsPage: boolean;
  /** Origins whose pages may call the API. Default: none. */
  readonly corsOrigins?: readonly string[];
}

/** Builds the application. */
export function createApp(routes: readonly Route[], context: AppContext): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', context.trustProxy);
  app.set('query parser', 'simple');
  const endpoints = endpointsOf(routes, context);
  app.use(everyRequest(app, context, crossOrigin(context.corsOrigins ?? [], directly(endpoints))));
  mountDocuments(app, () => openApiDocument(routes, context.version), context);
  register(app, endpoints);
  app.use(() => {
    throw new MagamError('ROUTE_NOT_FOUND');
  });
  app.use(problems);
  return app;
}
