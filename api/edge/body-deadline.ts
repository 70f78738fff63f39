/** The time limit for small bodies to arrive. The server's own limit has to allow for a file of hundreds of megabytes on a slow connection. */
import type { RequestHandler } from 'express';

/** Cuts the connection of a request whose body is not there in time (ms), so that bodies sent byte by byte do not pile up. */
export const bodyWithin =
  (ms: number): RequestHandler =>
  (req, _res, next) => {
    const late = setTimeout(() => req.destroy(), ms);
    const done = (): void => clearTimeout(late);
    req.once('end', done).once('close', done);
    next();
  };
