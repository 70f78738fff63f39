/** The probes: whether the server is alive, and whether it is ready for requests. */
import type { Request, Response } from 'express';
import * as z from 'zod';
import type { Db } from '../../infra/database.js';
import { asMagamError } from '../../infra/database-errors.js';
import { requireCurrentSchema } from '../../infra/migrate.js';
import type { OutboundClient } from '../../infra/outbound/outbound-client.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { type RedisLink, redisAnswers } from '../../infra/redis.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

export interface ReadinessContext {
  readonly db: Db;
  readonly redis: RedisLink;
  readonly timeZone: string;
  readonly migrationsFolder: URL;
  readonly draining: AbortSignal;
  /** The clients through which payment providers are called. */
  readonly outbound: readonly OutboundClient[];
  /** Counts the caller. Throws RATE_LIMITED. */
  readonly limit?: (req: Request, res: Response) => Promise<void>;
}

/** A database that takes longer than this to answer counts as unavailable (ms). */
const CHECK_MS = 3_000;
/** A result is reused for this long (ms), so that many probes do not load the database. */
const KEPT_MS = 250;

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

export const readReadiness = (context: ReadinessContext): Route => {
  const { db, timeZone, migrationsFolder } = context;
  const states = keptFor(KEPT_MS, () =>
    Promise.all([redisState(context.redis), databaseState(db, timeZone, migrationsFolder)]),
  );
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
      const openBreakers = openBreakersOf(context.outbound);
      if (context.draining.aborted) {
        const body = {
          status: 'draining',
          database: 'unknown',
          redis: await redisState(context.redis),
          openBreakers,
        } as const;
        return { status: 503, body } as const;
      }
      const [redis, database] = await states();
      if (database !== 'ok')
        return { status: 503, body: { status: 'unavailable', database, redis, openBreakers } } as const;
      const status = redis === 'ok' && openBreakers.length === 0 ? 'ok' : 'degraded';
      return ok({ status, database, redis, openBreakers } as const);
    },
  });
};

/** One check serves all probes that arrive at the same time or soon after. */
function keptFor<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | undefined;
  return () => {
    if (kept !== undefined) return kept;
    const asked = ask();
    kept = asked;
    const forget = (): void => {
      kept = undefined;
    };
    asked.then(() => setTimeout(forget, ms).unref(), forget);
    return asked;
  };
}

const redisState = async (redis: RedisLink): Promise<'ok' | 'away'> => ((await redisAnswers(redis)) ? 'ok' : 'away');

const openBreakersOf = (clients: readonly OutboundClient[]): string[] =>
  clients
    .flatMap((client) => client.states())
    .filter(({ breaker }) => breaker === 'open')
    .map(({ service, kind }) => `${service} ${kind}`);

/** `ok`, or the code of what is wrong with the database or its schema, or between its clock and zone and those of this process. */
async function databaseState(db: Db, timeZone: string, migrationsFolder: URL): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, 'DATABASE_UNAVAILABLE');
  });
  const check = async (): Promise<string> => {
    await requireCurrentSchema(db, migrationsFolder);
    await readPlatformTime(db, timeZone);
    return 'ok';
  };
  const checked = check().catch((error: unknown) => (asMagamError(error) as { code?: string }).code ?? 'INTERNAL');
  try {
    return await Promise.race([checked, late]);
  } finally {
    clearTimeout(timer);
  }
}
