/** The probes: whether the server is alive, and whether it is ready for requests. */
import type { Request, Response } from 'express';
import * as z from 'zod';
import { type ReadinessContext, readinessOf } from '../../infra/readiness.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

interface ProbeContext extends ReadinessContext {
  /** Counts the caller. Throws RATE_LIMITED. */
  readonly limit?: (req: Request, res: Response) => Promise<void>;
}

export const readHealth = (): Route =>
  route({
    method: 'get',
    path: '/healthz',
    operationId: 'readHealth',
    tag: 'Server',
    summary: 'Tell that the process is alive',
    permission: 'server.probe',
    probe: true,
    answer: { status: 200, description: 'It lives.', schema: z.object({ status: z.literal('ok') }) },
    handle: async () => ok({ status: 'ok' as const }),
  });

export const readReadiness = (context: ProbeContext): Route => {
  const probe = readinessOf(context);
  return route({
    method: 'get',
    path: '/readyz',
    operationId: 'readReadiness',
    tag: 'Server',
    summary: 'Tell whether requests may be sent here',
    description:
      'Without an answer from Redis the server is `degraded`: everything works, but some of it is slower. It is also `degraded` while calls to a payment provider are held back. A server that was told to stop is `draining`.',
    permission: 'server.probe',
    probe: true,
    answer: {
      status: 200,
      description: 'Send requests.',
      schema: z
        .object({
          status: z.enum(['ok', 'degraded', 'unavailable', 'draining']),
          database: z.string().meta({ description: '`ok`, or the code of what is wrong.' }),
          redis: z.enum(['ok', 'away']),
          openBreakers: z.array(z.string()).meta({
            description: 'Payment providers and the kind of calls that are held back, such as `TOSS look-up`.',
          }),
        })
        .meta({ id: 'Readiness' }),
    },
    ...(context.limit === undefined ? {} : { limit: context.limit }),
    refusals: ['RATE_LIMITED'],
    otherAnswer: { status: 503, description: 'Send requests elsewhere: the server is `unavailable` or `draining`.' },
    handle: async () => {
      const body = await probe();
      return body.status === 'ok' || body.status === 'degraded' ? ok(body) : { status: 503, body };
    },
  });
};
