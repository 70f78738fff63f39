/**
 * A connection to Redis for data that may be lost: caches, counters, knocks. A command fails at once while Redis is away, and its caller
 * continues without it; the connection comes back by itself.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { openSeal, type Seal } from './cache/seal.js';

export interface RedisLink {
  readonly client: Redis;
  /** Whether commands can be sent right now. */
  readonly isUp: () => boolean;
  /** Signs entries in Redis that must not be forged. */
  readonly seal: Seal;
  readonly close: () => void;
}

/** A command that Redis does not answer in this time has failed (ms). */
const COMMAND_TIMEOUT_MS = 500;

/**
 * Connects in the background and never gives up. The namespace precedes every key, because several databases may share one Redis. `onAway` is called
 * at each try that fails. Without a `seal` only this process reads the entries that it has signed; a process that only evicts needs none.
 */
export function openRedis(
  url: string,
  namespace: string,
  onAway: (error: Error) => void,
  seal: Seal = openSeal(randomBytes(32), namespace),
): RedisLink {
  const client = new Redis(url, {
    keyPrefix: `magam:${namespace}:`,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(2_000, 100 * times),
  });
  client.on('error', onAway);
  return { client, isUp: () => client.status === 'ready', seal, close: () => client.disconnect() };
}

/** Redis cannot be reached. */
export class RedisAway extends Error {}

/** Whether Redis answers. A connection alone does not show that, because one to a frozen Redis stays open. Takes half a second at most. */
export const redisAnswers = ({ client, isUp }: RedisLink): Promise<boolean> =>
  isUp()
    ? client.ping().then(
        () => true,
        () => false,
      )
    : Promise.resolve(false);
