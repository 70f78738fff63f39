/**
 * The second strategy against overselling: a lock in Redis for each product, from before the order's transaction until after its commit (Redlock).
 * It decides who comes next, not who gets a unit: a lock may have expired, or be lost by a restart of Redis, while its holder is still at
 * work, and nothing tells the database. So the order reserves with the same conditional UPDATE as without it (reserve.ts). While Redis is away the
 * rows of stock are locked by SELECT … FOR UPDATE instead.
 */
import type { Logger } from 'pino';
import Redlock, { ExecutionError, type Lock, ResourceLockedError } from 'redlock';
import { pause, type Tx } from '../../infra/database.js';
import type { RedisLink } from '../../infra/redis.js';
import { MagamError, type Refusal } from '../../kernel/errors.js';
import { type Reserve, type ReserveRequest, reserveMany } from './reserve.js';
import { perUnit } from './rules/stock.js';
import { lockStock, readStock } from './stores/stock.js';

export interface LockSettings {
  /** How long an order waits for its locks (ms). */
  readonly waitMs: number;
  /** A lock ends by itself after this long (ms). */
  readonly leaseMs: number;
}

export interface LockAsk {
  /** The buyer, for the log. */
  readonly forWhom: string;
  readonly productIds: readonly number[];
}

/** An order that finds a lock taken tries again after about this long (ms), and each time later, so that many waiting orders do not load Redis. */
const LOOK_AGAIN_MS = 5;
const LOOK_AGAIN_MS_MAX = 80;
/** How long Redis is not asked again after it gave no answer (ms). */
const REST_MS = 1_000;

export class StockLocks {
  private readonly redlock: Redlock;
  private restUntil = 0;

  constructor(
    private readonly redis: RedisLink,
    private readonly log: Pick<Logger, 'debug' | 'isLevelEnabled'>,
    private readonly settings: LockSettings,
  ) {
    // Redlock's own retries measure a lock from the first try, so a lock after a wait may already be over: each try is a call here.
    this.redlock = new Redlock([redis.client], { retryCount: 0 });
  }

  /**
   * Places an order while the products are locked for it. `order` opens its transaction, and reserves in it with the given function.
   * Throws STOCK_BUSY when the locks do not become free in time; nothing was begun then.
   */
  async hold<T>(ask: LockAsk, order: (reserve: Reserve) => Promise<T>): Promise<T> {
    const lock = await this.acquire(ask);
    const { forWhom } = ask;
    if (lock === undefined) {
      this.log.debug({ forWhom }, 'Redis is away: rows of stock are locked instead');
      return order(this.saying(forWhom, reserveLocked));
    }
    this.log.debug({ forWhom, locks: lock.resources }, 'lock got');
    try {
      return await order(this.saying(forWhom, reserveMany));
    } finally {
      await this.release(ask, lock);
    }
  }

  /** The locks of all products, or none; undefined: Redis gave no answer. */
  private async acquire({ productIds }: LockAsk): Promise<Lock | undefined> {
    if (Date.now() < this.restUntil) return undefined;
    const keys = [...new Set(productIds)].sort((a, b) => a - b).map((productId) => `LOCK:product:${productId}`);
    const until = performance.now() + this.settings.waitMs;
    for (let waitMs = LOOK_AGAIN_MS; this.redis.isUp(); waitMs = Math.min(2 * waitMs, LOOK_AGAIN_MS_MAX)) {
      try {
        const lock = await this.redlock.acquire(keys, this.settings.leaseMs);
        if (lock.expiration > Date.now()) return lock;
        await lock.release().catch(() => undefined);
      } catch (error) {
        if (!(await isTaken(error)) || (await this.outlivesLease(keys))) {
          this.restUntil = Date.now() + REST_MS;
          return undefined;
        }
      }
      if (performance.now() >= until) throw new MagamError('STOCK_BUSY', undefined, { productIds });
      await pause(waitMs * (0.5 + Math.random()));
    }
    return undefined;
  }

  /** Whether one of the locks has no end, so that it was not made here and must not be waited for. */
  private async outlivesLease(keys: readonly string[]): Promise<boolean> {
    const lives = await Promise.all(keys.map((key) => this.redis.client.pttl(key))).catch(() => [-1]);
    return lives.some((lifeMs) => lifeMs === -1 || lifeMs > this.settings.leaseMs);
  }

  /** Never fails: a lock that cannot be released ends by itself. */
  private async release({ forWhom }: LockAsk, lock: Lock): Promise<void> {
    const locks = lock.resources;
    await this.redlock.release(lock).then(
      () => this.log.debug({ forWhom, locks }, 'lock released'),
      () => this.log.debug({ forWhom, locks }, 'lock was over before it was released'),
    );
  }

  /** Logs at level debug how many of each unit are left, as the transaction sees it. */
  private saying(forWhom: string, reserve: Reserve): Reserve {
    return async (tx, requests) => {
      const outcomes = await reserve(tx, requests);
      if (this.log.isLevelEnabled('debug'))
        for (const { unitId, available } of await readStock(tx, unitsOf(requests)))
          this.log.debug({ forWhom, unitId, available }, 'stock left');
      return outcomes;
    };
  }
}

/** Whether somebody else has one of the locks. Any other failure is a failure of Redis. */
async function isTaken(error: unknown): Promise<boolean> {
  if (!(error instanceof ExecutionError)) throw error;
  const votes = (await Promise.all(error.attempts)).flatMap(({ votesAgainst }) => [...votesAgainst.values()]);
  return votes.every((vote) => vote instanceof ResourceLockedError);
}

const unitsOf = (requests: readonly ReserveRequest[]): number[] => [
  ...perUnit(requests.flatMap(({ units }) => units)).keys(),
];

/** Reserves under row locks. They are taken in the place of the UPDATE: after all other locks of the order. */
async function reserveLocked(tx: Tx, requests: readonly ReserveRequest[]): Promise<(Refusal | undefined)[]> {
  await lockStock(tx, unitsOf(requests));
  return reserveMany(tx, requests);
}
