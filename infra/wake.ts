/**
 * Wakes the runners over Redis, so that a request is taken at once. It is only a convenience: runners read the
 * database every second anyway, and everything works, a second later, without Redis.
 */
import { Redis } from 'ioredis';
import type { RedisLink } from './redis.js';

const CHANNEL = 'magam:wake';

/** Wakes the runners over a connection that is open. Never fails: Redis may be away. */
export async function wakeRunnersOver({ client, isUp }: RedisLink): Promise<void> {
  if (isUp()) await client.publish(CHANNEL, '1').catch(() => undefined); // they also poll
}

/** Wakes the runners. Never fails: Redis may be away. */
export async function wakeRunners(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 1_000,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.publish(CHANNEL, '1');
  } catch {
    // they also poll
  } finally {
    redis.disconnect();
  }
}

/** Calls `onWake` at each knock, `onAway` at each try to connect that fails, and always reconnects. Returns a function that ends it. */
export function listenForWakes(redisUrl: string, onWake: () => void, onAway: (error: Error) => void): () => void {
  const redis = new Redis(redisUrl, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(5_000, 200 * times),
  });
  redis.on('error', onAway);
  redis.subscribe(CHANNEL).catch(() => undefined);
  redis.on('message', onWake);
  return () => redis.disconnect();
}
