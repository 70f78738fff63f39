/** Counts that may be a little old, on a real Redis: stampedes, ages, a Redis that is frozen, gone or full of garbage. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BriefCounts, type Counts } from '../../../infra/cache/brief-counts.js';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';

const LIFE_MS = 60_000;
let redis: TestRedis;
let own: RedisLink;
const links: RedisLink[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  own = await linkTo(redis);
  links.push(own);
  await own.client.flushall();
});
afterEach(() => {
  for (const link of links.splice(0)) link.close();
});
afterAll(() => redis.stop());

/** What is counted, with what was loaded; a load takes as long as `gate`. */
class Source {
  readonly loads: number[][] = [];
  gate: Promise<unknown> = Promise.resolve();
  readonly load = async (ids: readonly number[]): Promise<Counts> => {
    this.loads.push([...ids]);
    await this.gate;
    return new Map(ids.map((id) => [id, id * 10]));
  };
}

/** The counts as one process has them. */
async function open(source: Source): Promise<BriefCounts> {
  const link = await linkTo(redis);
  links.push(link);
  return new BriefCounts(link, { prefix: 'counts:', lifeMs: LIFE_MS, load: source.load });
}

const hundred = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 100 }, work));
const nowOfRedis = async (): Promise<number> => {
  const [seconds = 0, micros = 0] = (await own.client.time()).map(Number);
  return seconds * 1_000 + Math.floor(micros / 1_000);
};
const callsOf = async (command: string): Promise<number> =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await own.client.info('commandstats'))?.[1] ?? 0);
/** Waits until Redis holds the number of an id, which is stored after the answer. */
const stored = (id: number) =>
  until(async () => (await own.client.get(`counts:${own.seal.realm}:${id}`)) !== null, `count ${id}`);

describe('counts', () => {
  it('are loaded once for a hundred who ask together, and not again', async () => {
    const source = new Source();
    const counts = await open(source);
    const answers = await hundred(() => counts.read([1, 2, 3]));
    expect(answers[99]).toEqual(new Map([1, 2, 3].map((id) => [id, id * 10])));
    await stored(3);
    expect([...(await counts.read([3, 2]))]).toEqual([
      [3, 30],
      [2, 20],
    ]);
    expect(source.loads).toEqual([[1, 2, 3]]);
  });

  it('are loaded alone where others are there already', async () => {
    const source = new Source();
    const counts = await open(source);
    await counts.read([1]);
    await stored(1);
    await counts.read([1, 2]);
    expect(source.loads).toEqual([[1], [2]]);
  });

  it('that are on their way are joined by those who ask meanwhile', async () => {
    const source = new Source();
    const counts = await open(source);
    let finish: (value?: unknown) => void = () => undefined;
    source.gate = new Promise((resolve) => {
      finish = resolve;
    });
    const before = await callsOf('eval');
    const first = counts.read([1]);
    await until(() => source.loads.length === 1, 'a load is under way');
    const second = counts.read([1]);
    finish();
    expect(await second).toEqual(await first);
    expect(await callsOf('eval')).toBe(before + 1);
  });

  it('are loaded once for two processes that ask together', async () => {
    const source = new Source();
    const [one, other] = [await open(source), await open(source)];
    let finish: (value?: unknown) => void = () => undefined;
    source.gate = new Promise((resolve) => {
      finish = resolve;
    });
    const before = await callsOf('eval');
    const asked = [hundred(() => one.read([1, 2])), hundred(() => other.read([2, 1]))];
    await until(async () => (await callsOf('eval')) === before + 2, 'both have asked Redis');
    finish();
    for (const answers of await Promise.all(asked))
      for (const answer of answers)
        expect(answer).toEqual(
          new Map([
            [1, 10],
            [2, 20],
          ]),
        );
    expect(source.loads.flat().toSorted()).toEqual([1, 2]);
  });

  it('are loaded by a waiting process when the process that marked them does not load them', async () => {
    const source = new Source();
    await own.client.set(`counts:${own.seal.realm}:1!`, '1');
    expect((await (await open(source)).read([1])).get(1)).toBe(10);
    expect(await own.client.get(`counts:${own.seal.realm}:1!`)).toBeNull();
  });

  it('are asked for in several round trips when they are many', async () => {
    const source = new Source();
    const counts = await open(source);
    const ids = Array.from({ length: 1_200 }, (_, i) => i + 1);
    expect((await counts.read(ids)).get(1_200)).toBe(12_000);
    expect(source.loads.map(({ length }) => length)).toEqual([500, 500, 200]);
  });

  it('end so long after the moment before they were loaded, however long the load took', async () => {
    const source = new Source();
    const counts = await open(source);
    let finish: (value?: unknown) => void = () => undefined;
    source.gate = new Promise((resolve) => {
      finish = resolve;
    });
    const reading = counts.read([1]);
    await until(() => source.loads.length === 1, 'a load is under way');
    const began = await nowOfRedis();
    await until(async () => (await nowOfRedis()) > began + 20, 'time passes');
    finish();
    await reading;
    await stored(1);
    expect(await own.client.pexpiretime(`counts:${own.seal.realm}:1`)).toBeLessThanOrEqual(began + LIFE_MS);
  });

  it('are not kept when a load took longer than they live', async () => {
    const source = new Source();
    const link = await linkTo(redis);
    links.push(link);
    const counts = new BriefCounts(link, { prefix: 'counts:', lifeMs: 1, load: source.load });
    source.gate = nowOfRedis().then((began) => until(async () => (await nowOfRedis()) > began + 5, 'time passes'));
    await counts.read([1]);
    await until(async () => (await own.client.exists(`counts:${own.seal.realm}:1!`)) === 0, 'the answer of Redis');
    expect(await own.client.get(`counts:${own.seal.realm}:1`)).toBeNull();
  });

  it('that are garbage in Redis are loaded', async () => {
    const source = new Source();
    await own.client.set(`counts:${own.seal.realm}:1`, 'minus one');
    expect((await (await open(source)).read([1])).get(1)).toBe(10);
  });

  it('are loaded where somebody forged them, or where they claim to live longer than they may', async () => {
    const endsAt = (await nowOfRedis()) + LIFE_MS;
    const put = (id: number, text: string, signature?: string) => {
      const key = `counts:${own.seal.realm}:${id}`;
      return own.client.set(key, `${text} ${signature ?? own.seal.sign(key, text)}`);
    };
    await put(1, `77 ${endsAt}`, 'x'.repeat(22));
    await put(2, `77 ${endsAt + 3_600_000}`);
    await put(3, `77 ${endsAt}`);
    expect([...(await (await open(new Source())).read([1, 2, 3]))]).toEqual([
      [1, 10],
      [2, 20],
      [3, 77],
    ]);
  });

  it('leave nothing behind when loading fails, which everybody who waits is told', async () => {
    const source = new Source();
    const counts = await open(source);
    source.gate = Promise.reject(new Error('the database is away'));
    const outcomes = await Promise.allSettled([counts.read([1]), counts.read([1, 2])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await until(
      async () => (await own.client.exists(`counts:${own.seal.realm}:1!`, `counts:${own.seal.realm}:2!`)) === 0,
      'the answer of Redis',
    );
    source.gate = Promise.resolve();
    expect((await counts.read([1])).get(1)).toBe(10);
  });
});

describe('without Redis', () => {
  it('counts are loaded, once for all who ask together, while it is frozen, gone, and not when it is back', async () => {
    const source = new Source();
    const counts = await open(source);
    const link = links.at(-1) as RedisLink;
    const evals = await callsOf('eval');
    redis.freeze();
    expect((await hundred(() => counts.read([1])))[0]?.get(1)).toBe(10);
    expect(source.loads).toHaveLength(1);
    await counts.read([1]);
    redis.thaw();
    await until(async () => (await callsOf('eval')) > evals, 'Redis catches up');
    expect(await callsOf('eval')).toBe(evals + 1); // it was left alone after it had not answered
    await redis.stop();
    expect((await hundred(() => counts.read([1])))[0]?.get(1)).toBe(10);
    expect(source.loads).toHaveLength(3);
    await redis.start();
    await until(() => link.isUp(), 'Redis is back');
    await until(async () => {
      const before = source.loads.length;
      await counts.read([1]);
      return source.loads.length === before;
    }, 'counts come from Redis again');
  });
});
