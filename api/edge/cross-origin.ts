/** Pages of other origins that may call the API (CORS). Calls carry a bearer token and no cookie, so no credentials are allowed. */
import cors from 'cors';
import type { RequestHandler } from 'express';

/** For how long a browser keeps the answer to its question whether it may call (s). */
const PREFLIGHT_SECONDS = 600;

/** Request headers that our calls take beside those that every page may send. */
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
 * Lets pages of these origins call, then goes on with `next`. The question of a browser whether it may (a preflight) is answered here: it carries no token, so nobody has
 * to sign in for it. Every answer says that it varies by origin, so that no cache gives one origin's answer to another.
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
    // Other questions about a path (OPTIONS) are not the browser's, and have their own answer.
    if (req.method === 'OPTIONS' && !asksWhetherItMay) return next(req, res, done);
    let goesOn = false;
    allow(req, res, () => {
      goesOn = true; // at once: the origins are a list
    });
    return goesOn ? next(req, res, done) : undefined;
  };
}
