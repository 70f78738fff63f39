/** The state of a Redis server, for `magam doctor`. */

import { Redis } from 'ioredis';
import { processClock } from './faults.js';

const TIMEOUT_MS = 3_000;

export interface RedisReport {
  readonly version: string;
  /** Its policy for full memory. */
  readonly evictionPolicy: string;
  /** How far this process's clock is certainly ahead of that of Redis (ms); negative: behind; 0: no difference can be seen. */
  readonly clockAheadMs: number;
}

/** Asks once. Throws the errors of Redis and of the connection; no message has the address, which may hold a password. */
export async function inspectRedis(url: string): Promise<RedisReport> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
  });
  let failure: Error | undefined;
  client.on('error', (error: Error) => {
    failure ??= error;
  });
  try {
    await client.connect();
    const sentMs = processClock();
    const [seconds, microseconds] = (await client.time()).map(Number) as [number, number];
    const gotMs = processClock();
    const redisMs = seconds * 1_000 + microseconds / 1_000;
    const clockAheadMs = Math.round(redisMs < sentMs ? sentMs - redisMs : Math.min(0, gotMs - redisMs));
    const [server, memory] = [await client.info('server'), await client.info('memory')];
    return { version: field(server, 'redis_version'), evictionPolicy: field(memory, 'maxmemory_policy'), clockAheadMs };
  } catch (error) {
    throw failure ?? error;
  } finally {
    client.disconnect();
  }
}

const field = (info: string, name: string): string =>
  new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? 'unknown';
