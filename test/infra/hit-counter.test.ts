/** Hits counted in a real Redis by several servers together: none twice, none left out, one command a turn. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HitCounter } from '../../infra/hit-counter.js';
import type { RedisLink } from '../../infra/redis.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { linkTo, startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
const links: RedisLink[] = [];

/** A counter as one process has it. */
async function openCounter(windowMs = 60_000): Promise<HitCounter> {
  const link = await linkTo(redis);
  links.push(link);
  return new HitCounter(link.client, 'limit:', windowMs);
}

/** How often Redis was asked to count. */
async function commands(): Promise<number> {
  const link = await linkTo(redis);
  links.push(link);
  const stats = await link.client.info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

const countsOf = async (hits: readonly Promise<{ readonly count: number }>[]): Promise<number[]> =>
  (await Promise.all(hits)).map(({ count }) => count);

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  const link = await linkTo(redis);
  await link.client.flushall();
  link.close();
});
afterEach(() => {
  for (const link of links.splice(0)) link.close();
});
afterAll(() => redis.stop());

describe('hits', () => {
  it('begin anew where the count is no number, or would not end with a window', async () => {
    const counter = await openCounter();
    const { client } = await linkTo(redis).then((link) => {
      links.push(link);
      return link;
    });
    await client.set('limit:word', 'many', 'PX', 30_000);
    await client.set('limit:year', '1000000', 'PX', 365 * 86_400_000);
    await client.set('limit:ever', '1000000');
    expect(await countsOf(['word', 'year', 'ever'].map((key) => counter.hit(key)))).toEqual([1, 1, 1]);
    for (const key of ['word', 'year', 'ever']) expect(await client.pttl(`limit:${key}`)).toBeGreaterThan(0);
    expect(await client.pttl('limit:year')).toBeLessThanOrEqual(60_000);
  });

  it('of one turn are counted in their order by one command, each key for itself', async () => {
    const counter = await openCounter();
    await counter.hit('warm'); // the script is known to Redis now
    const before = await commands();
    const counts = await countsOf(['a', 'b', 'a', 'c', 'a', 'b'].map((key) => counter.hit(key)));
    expect(counts).toEqual([1, 1, 2, 1, 3, 2]);
    expect((await commands()) - before).toBe(1);
  });

  it('of several servers are one count: each number is given once', async () => {
    const counters = [await openCounter(), await openCounter(), await openCounter()];
    const counts: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const hits = counters.flatMap((counter) => Array.from({ length: 7 }, () => counter.hit('shared')));
      counts.push(...(await countsOf(hits)));
    }
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 210 }, (_, i) => i + 1));
  });

  it('belong to a window that begins with the first of them and ends', async () => {
    const counter = await openCounter(300);
    const first = await counter.hit('key');
    expect(first.resetAt - Date.now()).toBeLessThanOrEqual(300);
    const [second] = await Promise.all([counter.hit('key')]);
    expect(second?.count).toBe(2);
    await until(async () => (await counter.hit('key')).count === 1, 'a new window begins');
  });

  it('are counted by a Redis that has forgotten the script', async () => {
    const counter = await openCounter();
    expect(await countsOf([counter.hit('key')])).toEqual([1]);
    await links[0]?.client.script('FLUSH');
    expect(await countsOf([counter.hit('key'), counter.hit('key')])).toEqual([2, 3]);
  });

  it('of a Redis that does not answer are refused, all that waited, and the next are counted when it is back', async () => {
    const counter = await openCounter();
    await counter.hit('key');
    redis.freeze();
    const refused = await Promise.allSettled([counter.hit('key'), counter.hit('other')]);
    redis.thaw();
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await until(
      () =>
        counter.hit('key').then(
          ({ count }) => count > 1,
          () => false,
        ),
      'it counts again',
    );
  });
});
