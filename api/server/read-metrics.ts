/** Metrics for Prometheus. They need the token of the settings, or the access token of somebody who may read them. */
import { timingSafeEqual } from 'node:crypto';
import { OUTAGE_CODES } from '../../infra/database-errors.js';
import { sha256 } from '../../infra/sha256.js';
import { type Caller, grantTo } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import type { Metrics } from '../edge/metrics.js';
import { type Route, route } from '../edge/route.js';

export const readMetrics = (
  metrics: Metrics,
  metricsToken: string | null,
  authenticate: (token: string) => Promise<Caller>,
): Route =>
  route({
    method: 'get',
    path: '/metrics',
    operationId: 'readMetrics',
    tag: 'Server',
    summary: 'Read the metrics',
    description:
      'In the text format of Prometheus. The bearer token is MAGAM_METRICS_TOKEN, or the access token or API key of an operator.',
    permission: 'server.probe',
    probe: true,
    answer: { status: 200, description: 'The metrics.', contentType: 'text/plain' },
    refusals: [
      'SIGN_IN_REQUIRED',
      'TOKEN_INVALID',
      'ACCOUNT_LOCKED',
      'FORBIDDEN',
      'SECOND_FACTOR_REQUIRED',
      ...OUTAGE_CODES,
    ],
    handle: async ({ request }) => {
      const given = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
      if (given === undefined) throw new MagamError('SIGN_IN_REQUIRED');
      if (metricsToken === null || !isSame(given, metricsToken)) await requireReader(given, authenticate);
      const text = await metrics.text();
      return {
        status: 200,
        contentType: metrics.contentType,
        write: async (out) => void out.write(text),
      };
    },
  });

async function requireReader(token: string, authenticate: (token: string) => Promise<Caller>): Promise<void> {
  const caller = await authenticate(token);
  if (grantTo('metrics.read', caller) === undefined) throw new MagamError('FORBIDDEN');
  if (caller.secondFactorMissing === true) throw new MagamError('SECOND_FACTOR_REQUIRED');
}

/** Compares in constant time. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
