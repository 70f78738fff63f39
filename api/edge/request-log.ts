/** One JSON line per request, and the logger they go to. */
import type { Request, Response } from 'express';
import { type DestinationStream, type Logger, pino } from 'pino';
import { errorText } from '../../infra/database-errors.js';
import { openPlainLog, openProcessLog } from '../../infra/log.js';
import { currentRequestId, requestState } from './request-state.js';

/** The loggers of a server; both write to the same place. */
export interface ServerLog {
  /** For everything. Each line carries the id of the request it belongs to. */
  readonly log: Logger;
  /**
   * For the line of a request alone, whose fields are named in this file: none of them has the name of a secret, and the id is among them. A profile
   * of an answer from the cache had a twentieth of its time in looking for secrets in this line.
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

/** Lines gather up to this size before they are written (bytes), and no longer than this (ms). */
const GATHERED_BYTES = 16_384;
const GATHERED_MS = 100;
/** A write takes up to this many (bytes). */
const WRITE_BYTES_MAX = 65_536;

/**
 * Standard error, written in the background: a line at a time costs more than making it. What has been gathered is written when the process
 * ends by itself, by `process.exit` or by an exception.
 */
export const standardError = (): DestinationStream =>
  pino.destination({
    dest: 2,
    sync: false,
    minLength: GATHERED_BYTES,
    maxWrite: WRITE_BYTES_MAX,
    periodicFlush: GATHERED_MS,
  });

/** A function that logs a request whose answer is sent, or whose client has gone before. */
export function requestLogger({ log, requests }: ServerLog): (req: Request, res: Response) => void {
  return (req, res) => {
    const { requestId, startedAt, route, caller, failure, cause, ip } = requestState(res);
    const fields = {
      requestId,
      method: req.method,
      path: pathOf(req.originalUrl).slice(0, 200), // the query may hold what is nobody's business
      route,
      status: res.statusCode,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ip,
      accountId: caller?.accountId, // what is undefined has no place in the line
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
