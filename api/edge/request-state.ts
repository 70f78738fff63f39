/** What the edge knows of a request while it is answered; the request's log line and its metrics are made of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Caller } from '../../kernel/access.js';
import type { MagamError } from '../../kernel/errors.js';

export interface RequestState {
  readonly requestId: string;
  /** performance.now() when the request came. */
  readonly startedAt: number;
  /** The route's pattern; undefined while none matches. */
  route?: string;
  caller?: Caller;
  failure?: MagamError;
  /** What was thrown, where it was no refusal. */
  cause?: unknown;
}

const current = new AsyncLocalStorage<RequestState>();
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Id of the request on whose behalf this runs, if any; every log line carries it. */
export const currentRequestId = (): string | undefined => current.getStore()?.requestId;

/** Takes the client's X-Request-Id if it is harmless, else makes one; it is in every answer. */
export const beginRequest: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
  const state: RequestState = { requestId, startedAt: performance.now() };
  res.locals.state = state;
  res.set('X-Request-Id', requestId);
  current.run(state, next);
};

export const requestState = (res: Response): RequestState => res.locals.state as RequestState;
