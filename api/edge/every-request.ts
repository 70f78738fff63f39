/**
 * What is done for every request, whatever its address: id, log line, metrics, headers, compression. There is one function and one listener for each request, because each layer
 * of Express and each wrapped method cost as much as the work in them.
 */
import compression from 'compression';
import type { Express, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { cutOffLateBody } from './late-body.js';
import type { Metrics } from './metrics.js';
import { requestLogger, type ServerLog } from './request-log.js';
import { beginRequest, requestState } from './request-state.js';

/** Smaller answers do not get smaller by compression (bytes). */
const COMPRESSED_FROM = 1_024;

const protect = helmet({
  contentSecurityPolicy: { directives: { 'script-src': ["'self'"], 'upgrade-insecure-requests': null } },
});

/** The headers that helmet sets. They are the same for all requests, so helmet is called once. */
function protectiveHeaders(): readonly (readonly [string, string])[] {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  protect({} as Request, response as unknown as Response, (error) => {
    if (error !== undefined) throw error;
  });
  if (headers.size === 0) throw new Error('helmet did not set its headers at once');
  return [...headers];
}

export interface EveryRequest {
  readonly log: ServerLog;
  readonly metrics: Metrics;
  /** Aborted when the server is told to stop. */
  readonly draining: AbortSignal;
}

/** The first handler of the app: it does its part, then calls `first`. */
export function everyRequest(
  app: Express,
  { log, metrics, draining }: EveryRequest,
  first: RequestHandler,
): RequestHandler {
  const headers = protectiveHeaders();
  const compress = compression({ threshold: COMPRESSED_FROM });
  const logRequest = requestLogger(log);
  varyByEncoding(app);
  function onClose(this: Response): void {
    const { leave, readBy } = requestState(this);
    leave?.();
    clearTimeout(readBy);
    cutOffLateBody(this.req);
    logRequest(this.req, this);
    metrics.observe(this.req, this);
  }
  return (req, res, next) =>
    beginRequest(req, res, () => {
      res.on('close', onClose);
      for (const [name, value] of headers) res.setHeader(name, value);
      if (draining.aborted) res.setHeader('Connection', 'close');
      if (req.headers['accept-encoding'] !== undefined) compress(req, res, () => undefined); // helmet calls it synchronously
      return first(req, res, next);
    });
}

/**
 * Sets `Vary: Accept-Encoding` as the compression would. The compression wraps three methods of every answer that passes through it, so only answers that may be compressed do;
 * this function serves the others.
 */
function varyByEncoding(app: Express): void {
  const writeHead = app.response.writeHead as (this: Response, ...args: unknown[]) => Response;
  app.response.writeHead = function (this: Response, ...args: unknown[]) {
    const { req } = this;
    if (req.headers['accept-encoding'] === undefined && compression.filter(req, this) && mayTransform(this))
      this.vary('Accept-Encoding');
    return writeHead.apply(this, args);
  } as typeof app.response.writeHead;
}

const mayTransform = (res: Response): boolean => !String(res.getHeader('Cache-Control') ?? '').includes('no-transform');
