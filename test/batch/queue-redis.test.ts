/** A runner with a Redis of its own for hints: it takes them there and leaves none in the other. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { leadElsewhere, taskRunners } from '../support/tasks.js';

const startRunner = taskRunners();
let database: TestDatabase;
let cache: TestRedis;
let hints: TestRedis;
beforeAll(async () => {
  [database, cache, hints] = await Promise.all([createTestDatabase(), startRedis(), startRedis()]);
  await leadElsewhere(database.db);
});
afterAll(async () => {
  await Promise.all([cache.stop(), hints.stop()]);
  await database.drop();
});

/** Whether somebody waits for hints: BullMQ does so with a command that blocks. */
async function isListened(redis: TestRedis): Promise<boolean> {
  const client = new Redis(redis.url);
  const clients = String(await client.client('LIST'));
  client.disconnect();
  return /cmd=bzpopmin/.test(clients);
}

it('listens for hints at MAGAM_QUEUE_REDIS_URL alone', async () => {
  startRunner(database.url, { MAGAM_REDIS_URL: cache.url, MAGAM_QUEUE_REDIS_URL: hints.url });
  await until(() => isListened(hints), 'the runner listens');
  expect(await isListened(cache)).toBe(false);
  const client = new Redis(cache.url);
  expect(await client.keys('{magam:*')).toEqual([]);
  client.disconnect();
});
