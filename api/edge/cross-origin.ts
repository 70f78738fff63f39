/** Pages of other origins that may call the API (CORS). Calls carry a bearer token and no cookie, so credentials are not allowed. */
import cors from 'cors';
import type { RequestHandler } from 'express';

/** How long a browser keeps the answer to a preflight request (s). */
const PREFLIGHT_SECONDS = 600;

/** Request headers of the API, apart from those that every page may send. */
const ALLOWED = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'X-Request-Id',
];

/** Headers of answers that a page may read. */
const EXPOSED = [
  'Content-Disposition',
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

/**
 * Lets pages of these origins call, then calls `next`. Preflight requests of browsers are answered here; they carry no token, so they need no sign-in. Every answer says that it
 * varies by origin, so that no cache gives one origin's answer to another.
 */
export function crossOrigin(origins: readonly string[], next: RequestHandler): RequestHandler {
  if (origins.length === 0) return next;
  const allow = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ALLOWED,
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
  return (req, res, done) => {
    const asksWhetherItMay =
      req.headers.origin !== undefined && req.headers['access-control-request-method'] !== undefined;
    // Other OPTIONS requests are not preflight requests, and have their own answer.
    if (req.method === 'OPTIONS' && !asksWhetherItMay) return next(req, res, done);
    let goesOn = false;
    allow(req, res, () => {
      goesOn = true; // it is called synchronously, because the origins are a list
    });
    return goesOn ? next(req, res, done) : undefined;
  };
}
