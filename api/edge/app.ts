/** The HTTP application: what every request passes through, in order, and the routes. */
import compression from 'compression';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { MagamError } from '../../kernel/errors.js';
import { mountDocuments } from './documents.js';
import type { Metrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { problems } from './problem.js';
import { type Edge, register } from './register.js';
import { logRequests } from './request-log.js';
import { beginRequest } from './request-state.js';
import type { Route } from './route.js';

export interface AppContext extends Edge {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly trustProxy: number;
  readonly version: string;
  /** Whether there is a page on which every call can be tried. */
  readonly docsPage: boolean;
}

/** Smaller answers do not get smaller by compression (bytes). */
const COMPRESSED_FROM = 1_024;

/** Puts the application together. */
export function createApp(routes: readonly Route[], context: AppContext): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', context.trustProxy);
  app.set('query parser', 'simple');
  app.use(beginRequest, logRequests(context.log), context.metrics.observe);
  app.use(
    helmet({ contentSecurityPolicy: { directives: { 'script-src': ["'self'"], 'upgrade-insecure-requests': null } } }),
  );
  app.use(compression({ threshold: COMPRESSED_FROM }));
  app.use((_req, res, next) => {
    if (context.draining.aborted) res.set('Connection', 'close');
    next();
  });
  mountDocuments(app, () => openApiDocument(routes, context.version), context.docsPage);
  register(app, routes, context);
  app.use(() => {
    throw new MagamError('ROUTE_NOT_FOUND');
  });
  app.use(problems);
  return app;
}
