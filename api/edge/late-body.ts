/** A body that goes on after its request was answered: a refused upload, or somebody who keeps the server reading. */
import type { Request } from 'express';

/** A client has this long to see the answer and to stop (ms). Cut off at once it might lose the answer, too. */
const PATIENCE_MS = 2_000;

/** Cuts the connection of an answered request whose body is still coming when the time is over. */
export function cutOffLateBody(req: Request): void {
  if (req.complete || req.socket.destroyed) return;
  setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, PATIENCE_MS).unref();
}
