/** Whether a process can work: its database with its schema, Redis, and the circuit breakers of its calls to other systems. */
import type { Db } from './database.js';
import { asMagamError } from './database-errors.js';
import { requireCurrentSchema } from './migrate.js';
import type { OutboundClient } from './outbound/outbound-client.js';
import { readPlatformTime } from './platform-time.js';
import { type RedisLink, redisAnswers } from './redis.js';

/** A database that takes longer than this to answer counts as unavailable (ms). */
const CHECK_MS = 3_000;
/** A result is reused for this long (ms), so that many probes do not load the database. */
const KEPT_MS = 250;

export interface ReadinessContext {
  readonly db: Db;
  readonly redis: RedisLink;
  readonly timeZone: string;
  readonly migrationsFolder: URL;
  /** Aborted: the process was told to stop. */
  readonly draining: AbortSignal;
  /** The clients through which other systems are called. */
  readonly outbound: readonly OutboundClient[];
}

export interface Readiness {
  readonly status: 'ok' | 'degraded' | 'unavailable' | 'draining';
  /** `ok`, the code of what is wrong, or `unknown` while it drains. */
  readonly database: string;
  readonly redis: 'ok' | 'away';
  /** A service and the kind of its calls that are held back, such as `TOSS look-up`. */
  readonly openBreakers: string[];
}

/** Makes the probe of a process. `unavailable` and `draining` mean that it should get no work. */
export function readinessOf(context: ReadinessContext): () => Promise<Readiness> {
  const { db, redis, timeZone, migrationsFolder, draining, outbound } = context;
  const states = keptFor(KEPT_MS, () =>
    Promise.all([redisState(redis), databaseState(db, timeZone, migrationsFolder)]),
  );
  return async () => {
    const openBreakers = openBreakersOf(outbound);
    if (draining.aborted)
      return { status: 'draining', database: 'unknown', redis: await redisState(redis), openBreakers };
    const [cache, database] = await states();
    if (database !== 'ok') return { status: 'unavailable', database, redis: cache, openBreakers };
    const status = cache === 'ok' && openBreakers.length === 0 ? 'ok' : 'degraded';
    return { status, database, redis: cache, openBreakers };
  };
}

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
