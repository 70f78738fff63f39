/** A client that asks and does not read its answer would hold the answer, and the place of its call, for as long as it likes. */
import type { Response } from 'express';
import { requestState } from './request-state.js';

/** A client has this long to read an answer once it is there (ms); a download has a deadline of its own. */
export const READ_MS = 60_000;

/** Cuts the connection if the answer was not read in time. */
export function cutOffLateReader(res: Response, readMs: number): void {
  requestState(res).readBy = setTimeout(() => res.destroy(), readMs).unref();
}
