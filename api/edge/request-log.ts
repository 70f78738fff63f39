/** One JSON line per request, and the logger they go to. Secrets are cut out by name wherever they stand. */
import type { RequestHandler } from 'express';
import { type DestinationStream, type Logger, pino } from 'pino';
import { errorText } from '../../infra/database.js';
import { currentRequestId, requestState } from './request-state.js';

const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'newPassword',
  'currentPassword',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'accountNumber',
];

/** The server's logger: JSON lines; each carries the id of the request it belongs to. */
export const openLog = (level: string, destination: DestinationStream): Logger =>
  pino(
    {
      level,
      name: 'api',
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
      mixin: () => {
        const requestId = currentRequestId();
        return requestId === undefined ? {} : { requestId };
      },
    },
    destination,
  );

/** Logs each request when its answer is sent, or when the client goes away before. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    res.on('close', () => {
      const { requestId, startedAt, route, caller, failure, cause } = requestState(res);
      const fields = {
        requestId,
        method: req.method,
        path: req.originalUrl.split('?', 1)[0]?.slice(0, 200), // the query may hold what is nobody's business
        route,
        status: res.statusCode,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ip: req.ip,
        ...(caller === undefined ? {} : { accountId: caller.accountId, role: caller.role }),
        ...(failure === undefined ? {} : { code: failure.code }),
        ...(res.writableFinished ? {} : { aborted: true }),
      };
      if (cause !== undefined)
        log.error({ ...fields, error: errorText(cause), stack: stackOf(cause) }, 'request failed');
      else log.info(fields, 'request');
    });
    next();
  };
}

const stackOf = (cause: unknown): string | undefined => (cause instanceof Error ? cause.stack : undefined);
