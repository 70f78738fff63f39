/**
 * The general limit: requests a minute of one account, or of one address without an account. Counted in Redis for all servers
 * together; while Redis is away each server counts for itself.
 */
import type { Request, RequestHandler } from 'express';
import {
  type ClientRateLimitInfo,
  type IncrementResponse,
  ipKeyGenerator,
  MemoryStore,
  type Options,
  rateLimit,
  type Store,
} from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import type { RedisLink } from '../../infra/redis.js';
import { MagamError } from '../../kernel/errors.js';
import { requestState } from './request-state.js';

/** A limiter whose refusal is the RATE_LIMITED problem; RateLimit headers after the IETF's draft 8. */
export const limiter = (options: Partial<Options>): RequestHandler =>
  rateLimit({
    windowMs: 60_000,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, _res, next) => next(new MagamError('RATE_LIMITED')),
    ...options,
  });

/** The limit that every call of a route is under, except the probes. `/docs` and `/openapi.json` are files and are not counted. */
export const limitRequests = (redis: RedisLink, perMinute: number): RequestHandler =>
  limiter({
    limit: perMinute,
    identifier: 'requests',
    keyGenerator: keyOf,
    store: new RedisOrMemory(redis),
  });

function keyOf(req: Request): string {
  const { caller } = requestState(req.res as NonNullable<Request['res']>);
  return caller === undefined ? `ip:${ipKeyGenerator(req.ip ?? '')}` : `account:${caller.accountId}`;
}

/** After Redis has not answered, nobody waits for it again for so long (ms). */
const REST_MS = 2_000;

/** Counts in Redis while it answers, in memory while it does not. */
class RedisOrMemory implements Store {
  private restUntil = 0;
  private readonly memory = new MemoryStore();
  private shared: RedisStore | undefined;
  private options: Options | undefined;

  constructor(private readonly redis: RedisLink) {
    // The scripts of a store belong to one life of the server.
    redis.client.on('ready', () => {
      this.shared = undefined;
    });
  }

  init(options: Options): void {
    this.options = options;
    this.memory.init(options);
  }

  async increment(key: string): Promise<IncrementResponse> {
    if (this.redis.isUp() && performance.now() >= this.restUntil) {
      try {
        return await (await this.store()).increment(key);
      } catch {
        this.restUntil = performance.now() + REST_MS; // gone, or frozen
      }
    }
    return this.memory.increment(key);
  }

  async decrement(key: string): Promise<void> {
    await this.memory.decrement(key);
  }

  async resetKey(key: string): Promise<void> {
    await this.memory.resetKey(key);
  }

  async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    return this.memory.get(key);
  }

  private async store(): Promise<RedisStore> {
    if (this.shared !== undefined) return this.shared;
    const store = new RedisStore({
      prefix: 'limit:',
      sendCommand: (command: string, ...args: string[]) => this.redis.client.call(command, ...args) as never,
    });
    await store.init(this.options as Options);
    this.shared = store;
    return store;
  }
}
