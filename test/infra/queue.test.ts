/** Hints over a real Redis: that each comes to one listener, and what is left when Redis goes. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Hint, type HintQueue, openQueue } from '../../infra/queue.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
const queues: HintQueue[] = [];
const said: string[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  said.splice(0);
});

function open(installation = 'one'): HintQueue {
  const queue = openQueue(redis.url, installation, (error) => void said.push(error.message));
  queues.push(queue);
  return queue;
}

/** What came to a listener. */
function listen(queue: HintQueue, name = 'cart'): Hint[] {
  const came: Hint[] = [];
  queue.listen(name, 2, async (hint) => came.push(hint));
  return came;
}

/** Sends as soon as Redis is there. */
const send = (queue: HintQueue, ...hints: Hint[]): Promise<boolean> =>
  until(
    () =>
      queue.send('cart', hints).then(
        () => true,
        () => false,
      ),
    'Redis is there',
  );

async function keys(): Promise<string[]> {
  const client = new Redis(redis.url);
  const found = await client.keys('*');
  client.disconnect();
  return found;
}

it('each hint comes to one of the listeners of its name and installation, and leaves nothing behind', async () => {
  const [first, second, stranger] = [open(), open(), open('other')];
  const [one, two, other, elsewhere] = [listen(first), listen(second), listen(first, 'mail'), listen(stranger)];
  const hints = Array.from({ length: 40 }, (_, n) => [n, n + 1_000]);
  await send(first, ...hints);
  await until(() => one.length + two.length === hints.length, 'all hints');
  expect([...one, ...two].sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(hints);
  expect([other, elsewhere]).toEqual([[], []]);
  await until(
    async () => !(await keys()).some((key) => /:cart:(\d+|active|wait|completed|failed)$/.test(key)),
    'jobs go',
  );
  expect((await keys()).every((key) => /^\{magam:(one|other)\}:(cart|mail):/.test(key))).toBe(true);
});

async function emptied(): Promise<void> {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

it('hints that nobody takes do not pile up without end, and the queue works again when somebody does', async () => {
  const queue = open('alone');
  const many = Array.from({ length: 6_000 }, (_, n) => [n]);
  await send(queue, ...many);
  await send(queue, ...many);
  await send(queue, [-1]);
  const client = new Redis(redis.url);
  expect(await client.llen('{magam:alone}:cart:wait')).toBe(10_000);
  await client.ltrim('{magam:alone}:cart:wait', 0, 4);
  client.disconnect();
  const came = listen(queue);
  await until(() => came.length === 5, 'those that are left');
  await send(queue, [-2]);
  await until(() => came.some(([id]) => id === -2), 'a new one');
  await queue.close();
  await emptied(); // the jobs of the hints that were cut off are left
});

it('a hint whose work fails is forgotten, and the next one comes', async () => {
  const queue = open();
  const came: Hint[] = [];
  queue.listen('cart', 1, async (hint) => {
    came.push(hint);
    if (hint[0] === 1) throw new Error('no luck');
  });
  await send(queue, [1], [2]);
  await until(() => came.length === 2, 'both');
  await until(async () => !(await keys()).some((key) => /:cart:(\d+|failed)$/.test(key)), 'jobs go');
});

it('sending fails while Redis is away, frozen or full, and works again afterwards', async () => {
  const queue = open();
  const came = listen(queue);
  await send(queue, [1]);
  await until(() => came.length === 1, 'the first hint');
  redis.freeze();
  await expect(queue.send('cart', [[2]])).rejects.toThrow(/timed out/i);
  redis.thaw();
  await send(queue, [3]);
  await until(() => came.some(([id]) => id === 3), 'the hint after the frost');
  await redis.stop();
  await expect(queue.send('cart', [[4]])).rejects.toThrow();
  await until(() => said.length > 0, 'it is told');
  await redis.start();
  await send(queue, [5]);
  await until(() => came.some(([id]) => id === 5), 'the hint after the restart');
  const client = new Redis(redis.url);
  await client.config('SET', 'maxmemory', '1');
  await expect(queue.send('cart', [[6]])).rejects.toThrow(/OOM/);
  await client.config('SET', 'maxmemory', '0');
  client.disconnect();
  await send(queue, [7]);
  await until(() => came.some(([id]) => id === 7), 'the hint after there was room again');
});

it('hangs up while Redis is frozen, after the work in hand', async () => {
  const queue = openQueue(redis.url, 'frozen', () => undefined);
  let [begun, ended, letGo] = [false, false, (): void => undefined];
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  queue.listen('cart', 1, async () => {
    begun = true;
    await gone;
    ended = true;
  });
  await send(queue, [1]);
  await until(() => begun, 'the work');
  redis.freeze();
  const closed = queue.close();
  letGo();
  await closed;
  expect(ended).toBe(true);
  redis.thaw();
});

it.each(['away', 'frozen'])('listens when Redis comes that was %s at the beginning', async (state) => {
  if (state === 'away') await redis.stop();
  else redis.freeze();
  const queue = open(state);
  const came = listen(queue);
  await expect(queue.send('cart', [[1]])).rejects.toThrow();
  if (state === 'away') {
    await until(() => said.length > 0, 'it is told');
    await redis.start();
  } else redis.thaw();
  await send(queue, [2]);
  await until(() => came.length > 0, 'the hint');
  expect(came).toEqual([[2]]);
});
