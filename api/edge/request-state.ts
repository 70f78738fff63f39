/** What the edge knows of a request while it is answered; the request's log line and its metrics are made from it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Caller } from '../../kernel/access.js';
import type { MagamError } from '../../kernel/errors.js';

export interface RequestState {
  readonly requestId: string;
  /** performance.now() when the request came. */
  readonly startedAt: number;
  /** Address of the client, as far as MAGAM_TRUST_PROXY reveals it; looked up once. */
  readonly ip: string | undefined;
  /** The route's pattern; undefined while none matches. */
  route?: string;
  caller?: Caller;
  /** Gives back the place that the call takes up. */
  leave?: () => void;
  /** Cuts the connection if the client has not read the answer by then. */
  readBy?: NodeJS.Timeout;
  failure?: MagamError;
  /** What was thrown, if it was not a refusal. */
  cause?: unknown;
}

const current = new AsyncLocalStorage<RequestState>();
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Id of the request on whose behalf this runs, if any; every log line carries it. */
export const currentRequestId = (): string | undefined => current.getStore()?.requestId;

/** Takes the client's X-Request-Id if it is harmless, else makes one; it is in every answer. Calls `next` in the request's context. */
export function beginRequest<T>(req: Request, res: Response, next: () => T): T {
  const given = req.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  const state: RequestState = { requestId, startedAt: performance.now(), ip: req.ip };
  res.locals.state = state;
  res.setHeader('X-Request-Id', requestId);
  return current.run(state, next);
}

export const requestState = (res: Response): RequestState => res.locals.state as RequestState;
