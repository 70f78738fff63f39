/**
 * The general limit: requests a minute of one account, of one API key, or of one address without an account. Counted in Redis for all servers
 * together; while Redis is away each server counts for itself.
 */
import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, MemoryStore, type Options, rateLimit } from 'express-rate-limit';
import { LRUCache } from 'lru-cache';
import { HitCounter, type Hits } from '../../infra/hit-counter.js';
import type { RedisLink } from '../../infra/redis.js';
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { requestState } from './request-state.js';

const WINDOW_MS = 60_000;

/** A limiter whose refusal is the RATE_LIMITED problem; its RateLimit headers follow draft 8 of the IETF. */
export const limiter = (options: Partial<Options>): RequestHandler =>
  rateLimit({
    windowMs: WINDOW_MS,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, _res, next) => next(new MagamError('RATE_LIMITED')),
    ...options,
  });

/** Who is counted, and the header that names the limit. */
interface Counted {
  readonly key: string;
  /** Requests a minute. */
  readonly max: number;
  readonly policy: string;
}

/** The latest callers are remembered, so that addresses are not parsed and names not hashed for every request. */
const REMEMBERED = 10_000;
/** The address that a proxy names may be any text; a text longer than an address is not kept. */
const NAME_MAX = 64;

/**
 * The limit that every call is under, `/docs` and `/openapi.json` too, except the probes. It sets the same headers as `limiter`, which takes a dozen asynchronous steps, too many
 * for every request.
 */
export function limitRequests(redis: RedisLink, perMinute: number): (res: Response) => Promise<void> {
  const counter = new RedisOrMemory(redis, 'limit:');
  const known = new LRUCache<string, Counted>({ max: REMEMBERED });
  const countedOf = (res: Response): Counted => {
    const { caller, ip = '' } = requestState(res);
    const name = nameOfCaller(caller, ip);
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const key = caller === undefined ? `ip:${ipKeyGenerator(ip)}` : name;
    const max = caller?.apiKey?.requestsPerMinute ?? perMinute;
    const counted = {
      key,
      max,
      policy: `"requests"; q=${max}; w=${WINDOW_MS / 1_000}; pk=:${partitionOf(key)}:`,
    };
    if (name.length <= NAME_MAX) known.set(name, counted);
    return counted;
  };
  return async (res) => {
    const { key, max, policy } = countedOf(res);
    const { count, resetAt } = await counter.hit(key);
    const seconds = secondsUntil(resetAt);
    res.setHeader('RateLimit', `"requests"; r=${Math.max(0, max - count)}; t=${seconds}`);
    res.setHeader('RateLimit-Policy', policy);
    if (count > max) refuseMore(res, seconds);
  };
}

/** Each API key is counted apart from its account and from other keys. */
const nameOfCaller = (caller: Caller | undefined, ip: string): string => {
  if (caller === undefined) return `ip:${ip}`;
  return caller.apiKey === undefined ? `account:${caller.accountId}` : `key:${caller.apiKey.keyId}`;
};

/**
 * A limit of its own for a public route, in place of the general one: calls a minute of one address, counted apart for each name that `nameOf` gives. There
 * must be few such names.
 */
export function limitOf(
  redis: RedisLink,
  prefix: string,
  perMinute: number,
  nameOf: (req: Request) => string,
): (req: Request, res: Response) => Promise<void> {
  const counter = new RedisOrMemory(redis, `limit:${prefix}:`);
  return async (req, res) => {
    const { count, resetAt } = await counter.hit(`${nameOf(req)}:${ipKeyGenerator(requestState(res).ip ?? '')}`);
    if (count > perMinute) refuseMore(res, secondsUntil(resetAt));
  };
}

const secondsUntil = (resetAt: number): number => Math.max(0, Math.ceil((resetAt - Date.now()) / 1_000));

function refuseMore(res: Response, seconds: number): never {
  res.setHeader('Retry-After', String(seconds));
  throw new MagamError('RATE_LIMITED');
}

/** A name that does not reveal the key, as express-rate-limit makes it. */
const partitionOf = (key: string): string =>
  Buffer.from(createHash('sha256').update(key).digest('hex').slice(0, 12)).toString('base64');

/** After Redis has not answered, no request waits for it for this long (ms). */
const REST_MS = 2_000;

/** Counts in Redis while it answers, in memory while it does not. */
class RedisOrMemory {
  private restUntil = 0;
  private readonly memory = new MemoryStore();
  private readonly shared: HitCounter;

  constructor(
    private readonly redis: RedisLink,
    prefix: string,
  ) {
    this.shared = new HitCounter(redis.client, prefix, WINDOW_MS);
    this.memory.init({ windowMs: WINDOW_MS } as Options);
  }

  async hit(key: string): Promise<Hits> {
    if (this.redis.isUp() && performance.now() >= this.restUntil) {
      try {
        return await this.shared.hit(key);
      } catch {
        this.restUntil = performance.now() + REST_MS; // Redis is away or frozen
      }
    }
    const { totalHits, resetTime } = await this.memory.increment(key);
    return { count: totalHits, resetAt: resetTime?.getTime() ?? Date.now() + WINDOW_MS };
  }
}
