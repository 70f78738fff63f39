/** One JSON line per request, and the logger they go to. */
import type { Request, Response } from 'express';
import type { DestinationStream, Logger } from 'pino';
import { errorText } from '../../infra/database-errors.js';
import { openPlainLog, openProcessLog } from '../../infra/log.js';
import { currentRequestId, requestState } from './request-state.js';

/** The loggers of a server; both write to the same place. */
export interface ServerLog {
  /** For everything. Each line carries the id of the request it belongs to. */
  readonly log: Logger;
  /**
   * Only for the line of a request, whose fields are listed in this file: none of them has the name of a secret, and the id is one of them. In a profile of an answer from the
   * cache, searching this line for secrets took a twentieth of the time.
   */
  readonly requests: Logger;
}

/** The server's loggers: JSON lines. */
export function openLog(level: string, destination: DestinationStream): ServerLog {
  const requestOf = (): object => {
    const requestId = currentRequestId();
    return requestId === undefined ? {} : { requestId };
  };
  return {
    log: openProcessLog(level, 'api', destination, requestOf),
    requests: openPlainLog(level, 'api', destination),
  };
}

/** A function that logs a request when its answer is sent, or when its client disconnects before that. */
export function requestLogger({ log, requests }: ServerLog): (req: Request, res: Response) => void {
  return (req, res) => {
    const { requestId, startedAt, route, caller, failure, cause, ip } = requestState(res);
    const fields = {
      requestId,
      method: req.method,
      path: pathOf(req.originalUrl).slice(0, 200), // the query may contain private data
      route,
      status: res.statusCode,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ip,
      accountId: caller?.accountId, // undefined fields are left out of the line
      role: caller?.role,
      apiKeyId: caller?.apiKey?.keyId,
      code: failure?.code,
      aborted: res.writableFinished ? undefined : true,
    };
    if (cause === undefined) requests.info(fields, 'request');
    else log.error({ ...fields, error: errorText(cause), stack: stackOf(cause) }, 'request failed');
  };
}

/** The path of a request's address, without its query. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

const stackOf = (cause: unknown): string | undefined => (cause instanceof Error ? cause.stack : undefined);
