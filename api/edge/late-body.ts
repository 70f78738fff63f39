/** A body that continues after its request was answered: a refused upload, or a client that keeps the server reading. */
import type { Request } from 'express';

/** A client has this long to read the answer and to stop (ms). If it were cut off at once, it might lose the answer. */
const PATIENCE_MS = 2_000;

/** Cuts the connection of an answered request if its body is still coming when the time is over. */
export function cutOffLateBody(req: Request): void {
  if (req.complete || req.socket.destroyed) return;
  setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, PATIENCE_MS).unref();
}
