/** The cache on a real Redis: stampedes, evictions in every order, a Redis that is frozen, gone, emptied or full of garbage. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cached, type Loaded, LookAside } from '../../../infra/cache/look-aside.js';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
const links: RedisLink[] = [];

/** A cache as one process has it. */
async function openCache(ttlMs = 60_000, database?: string): Promise<LookAside> {
  const link = await linkTo(redis, database);
  links.push(link);
  return new LookAside(link, { prefix: 'test:', ttlMs });
}

/** What is cached, with a count of its loads; a load takes as long as `gate`. */
class Source {
  value = 'a';
  loads = 0;
  gate: Promise<void> = Promise.resolve();
  readonly load = async (): Promise<Loaded> => {
    this.loads += 1;
    const text = this.value; // read first, then slow: a load returns the data that it began with
    await this.gate;
    return { text };
  };
}

function openGate(): { readonly gate: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open };
}

/** How often Redis has carried out a command. */
async function commandCalls(name: string): Promise<number> {
  const link = await linkTo(redis);
  const stats = await link.client.info('commandstats');
  link.close();
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

const readable = (cached: Cached | undefined): string | undefined =>
  cached && Buffer.from(cached.octets, 'latin1').toString();

const textOf = async (cache: LookAside, source: Source, tags: readonly string[] = ['t']): Promise<string | undefined> =>
  readable(await cache.read('key', tags, source.load));

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

describe('a cached text', () => {
  it('is loaded once for fifty who ask together, and not again', async () => {
    const cache = await openCache();
    const source = new Source();
    const texts = await Promise.all(Array.from({ length: 50 }, () => textOf(cache, source)));
    expect(new Set(texts)).toEqual(new Set(['a']));
    expect(await textOf(cache, source)).toBe('a');
    expect(source.loads).toBe(1);
  });

  it('is loaded once for several processes that ask together', async () => {
    const [one, other] = [await openCache(), await openCache()];
    const source = new Source();
    // Both have the words, so that both look for the same entry.
    await textOf(one, new Source());
    await one.evict(['t']);
    await one.read('else', ['t'], async () => ({ text: 'x' }));
    const { gate, open } = openGate();
    source.gate = gate;
    const sets = await commandCalls('set');
    const reads = [one, other].flatMap((cache) => Array.from({ length: 20 }, () => textOf(cache, source)));
    await until(() => source.loads > 0);
    await until(async () => (await commandCalls('set')) >= sets + 2); // both have asked for the lock
    open();
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['a']));
    expect(source.loads).toBe(1);
  });

  it('is a frozen object around a string: nobody can change what others get', async () => {
    const cache = await openCache();
    const source = new Source();
    const read = await cache.read('key', ['t'], source.load);
    expect(Object.isFrozen(read)).toBe(true);
    expect(() => Object.assign(read as object, { octets: 'spoilt' })).toThrow(TypeError);
    expect(await textOf(cache, source)).toBe('a');
  });

  it('comes back as it was, whatever it says', async () => {
    const text = '가죽 지갑 \u0000 🎒 ÿ é\n\u2028';
    const [one, other] = [await openCache(), await openCache()];
    for (const cache of [one, one, other])
      expect(readable(await cache.read('key', ['t'], async () => ({ text })))).toBe(text);
  });

  it('that is not there is not cached', async () => {
    const cache = await openCache();
    let loads = 0;
    const load = async (): Promise<undefined> => {
      loads += 1;
    };
    expect(await cache.read('key', ['t'], load)).toBeUndefined();
    expect(await cache.read('key', ['t'], load)).toBeUndefined();
    expect(loads).toBe(2);
  });

  it('whose load fails is loaded again', async () => {
    const cache = await openCache();
    const failing = async (): Promise<never> => {
      throw new Error('no');
    };
    await expect(cache.read('key', ['t'], failing)).rejects.toThrow('no');
    expect(await textOf(cache, new Source())).toBe('a');
  });

  it('is renewed ahead in the background, once, while it is served', async () => {
    const cache = await openCache(2_000);
    const source = new Source();
    await textOf(cache, source);
    source.value = 'b'; // nobody evicts: the lifetime alone is at work
    const { gate, open } = openGate();
    source.gate = gate;
    expect(await textOf(cache, source)).toBe('a');
    expect(source.loads).toBe(1);
    const read = () => Promise.all([textOf(cache, source), textOf(cache, source)]);
    // Nobody waits for the renewal: every read is answered while it stands at the gate.
    await until(async () => {
      expect(await read()).toEqual(['a', 'a']);
      return source.loads === 2;
    });
    open();
    await until(async () => (await read())[0] === 'b');
    expect(source.loads).toBe(2);
  });

  it('whose renewal fails is valid for every process until it expires', async () => {
    const cache = await openCache(6_000);
    await textOf(cache, new Source());
    let failures = 0;
    const failing = async (): Promise<never> => {
      failures += 1;
      throw new Error('no');
    };
    await until(async () => {
      await cache.read('key', ['t'], failing);
      return failures > 0;
    });
    await links[0]?.client.ping(); // what was sent with the failure has arrived
    const others = new Source();
    others.value = 'b';
    expect(await textOf(await openCache(6_000), others)).toBe('a');
  });
});

describe('an eviction', () => {
  it('is seen at once by every process, of what depends on the tag and of nothing else', async () => {
    const [one, other] = [await openCache(), await openCache()];
    const [source, apart] = [new Source(), new Source()];
    for (const cache of [one, other]) {
      await textOf(cache, source, ['t', 'u']);
      await cache.read('apart', ['v'], apart.load);
    }
    source.value = 'b';
    await one.evict(['u']);
    expect(await textOf(other, source, ['t', 'u'])).toBe('b');
    expect(await textOf(one, source, ['t', 'u'])).toBe('b');
    await one.read('apart', ['v'], apart.load);
    expect({ source: source.loads, apart: apart.loads }).toEqual({ source: 2, apart: 1 });
  });

  it('leaves no room for a load that began before it and is stored after it', async () => {
    const [one, other] = [await openCache(), await openCache()];
    const source = new Source();
    const { gate, open } = openGate();
    source.gate = gate;
    const early = textOf(one, source);
    await until(() => source.loads === 1);
    source.value = 'b';
    source.gate = Promise.resolve();
    await other.evict(['t']);
    expect(await textOf(other, source)).toBe('b');
    open();
    expect(await early).toBe('a'); // it asked before the change
    await until(async () => (await links[0]?.client.keys('*test:v:*'))?.length === 2); // its entry is stored, too
    expect(await textOf(one, source)).toBe('b');
    expect(await textOf(other, source)).toBe('b');
  });

  it('holds when Redis was emptied right after it', async () => {
    const cache = await openCache();
    const source = new Source();
    await textOf(cache, source);
    source.value = 'b';
    await cache.evict(['t']);
    await links[0]?.client.flushall();
    expect(await textOf(cache, source)).toBe('b');
  });
});

describe('a Redis that is not trusted', () => {
  /** The key of the only entry, without what the client puts in front. */
  const entryKey = (): Promise<string> =>
    until(async () => (await links[0]?.client.keys('*test:v:*'))?.[0]?.replace('magam:test:', ''));
  /** What another process reads, and how often it had to load. */
  async function readElsewhere(database?: string): Promise<{ text: string | undefined; loads: number }> {
    const source = new Source();
    const text = await textOf(await openCache(60_000, database), source);
    return { text, loads: source.loads };
  }

  it('gives no entry to a copy of the database', async () => {
    await textOf(await openCache(), new Source());
    await entryKey();
    expect(await readElsewhere('a copy')).toEqual({ text: 'a', loads: 1 });
    expect(await readElsewhere()).toEqual({ text: 'a', loads: 0 });
  });

  it('forges no entry: neither its text nor its end, nor by the name of another', async () => {
    await textOf(await openCache(), new Source());
    const key = await entryKey();
    const stored = String(await links[0]?.client.get(key));
    const fields = stored.split(' ');
    const longer = [...fields.slice(0, 3), String(Number(fields[3]) + 1), ...fields.slice(4)].join(' ');
    for (const forged of [stored.replace(/a$/, 'b'), longer]) {
      expect(forged).not.toBe(stored);
      await links[0]?.client.set(key, forged);
      expect(await readElsewhere()).toEqual({ text: 'a', loads: 1 });
    }
    const cache = await openCache();
    const other = new Source();
    other.value = 'other';
    await links[0]?.client.set(key.replace(':key@', ':else@'), stored);
    expect(readable(await cache.read('else', ['t'], other.load))).toBe('other');
  });

  it('keeps no entry that claims to live longer than it may', async () => {
    await textOf(await openCache(365 * 86_400_000), new Source()); // signed, by a clock or a setting that is wrong
    await entryKey();
    expect(await readElsewhere()).toEqual({ text: 'a', loads: 1 });
  });

  it('keeps no word for an object that does not exist, and one for a day for an object that does', async () => {
    const cache = await openCache();
    const wordLife = (tag: string) => links[0]?.client.pttl(`test:g:${tag}`);
    await cache.read('none', ['none'], async () => undefined);
    await cache.read('empty', ['empty'], async () => ({ text: '[]', passing: true }));
    await expect(
      cache.read('failed', ['failed'], async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    for (const tag of ['none', 'empty', 'failed'])
      await until(async () => (await wordLife(tag)) === -2, `no word of ${tag}`);
    expect(await links[0]?.client.keys('*test:v:*')).toEqual([]);
    await textOf(cache, new Source(), ['there']);
    await until(async () => Number(await wordLife('there')) > 3_600_000, 'the word is kept');
  });

  it('loses no eviction that comes while a word is new', async () => {
    const cache = await openCache();
    const { gate, open } = openGate();
    const nothing = cache.read('key', ['t'], async () => {
      await gate;
      return undefined;
    });
    await until(async () => (await links[0]?.client.keys('*test:g:t'))?.length === 1);
    await cache.evict(['t']);
    const word = await links[0]?.client.get('test:g:t');
    open();
    await nothing;
    await links[0]?.client.ping();
    expect(await links[0]?.client.get('test:g:t')).toBe(word);
  });
});

describe('without a working Redis', () => {
  it('garbage under any key is a miss', async () => {
    const cache = await openCache();
    const source = new Source();
    await textOf(cache, source);
    const [link] = links;
    const keys = async (): Promise<string[]> =>
      ((await link?.client.keys('*')) ?? []).map((key) => key.replace('magam:test:', '')); // which the client puts in front

    for (const spoil of ['', '\u0000\ufffd', '1 99999999999999 99999999999999 AAAAAAAAAAAAAAAAAAAAAA \nfalse text']) {
      for (const key of await keys()) await link?.client.set(key, spoil);
      expect(await textOf(await openCache(), source)).toBe('a');
    }
    for (const key of await keys()) {
      await link?.client.del(key);
      await link?.client.lpush(key, 'a list');
    }
    expect(source.loads).toBe(4);
    const before = source.loads;
    expect(await textOf(cache, source)).toBe('a');
    expect(await textOf(cache, source)).toBe('a');
    expect(source.loads).toBe(before + 1);
  });

  it('texts are loaded, one load at a time, and never older than the question', async () => {
    const cache = await openCache();
    const source = new Source();
    await textOf(cache, source);
    await redis.stop();
    try {
      await until(() => links.every((link) => !link.isUp()));
      const { gate, open } = openGate();
      source.gate = gate;
      const first = textOf(cache, source);
      await until(() => source.loads === 2);
      source.value = 'b';
      await cache.evict(['t']);
      source.gate = Promise.resolve();
      const later = Array.from({ length: 50 }, () => textOf(cache, source));
      open();
      expect(await first).toBe('a');
      expect(new Set(await Promise.all(later))).toEqual(new Set(['b']));
      expect(source.loads).toBe(3);
    } finally {
      await redis.start();
    }
    await until(() => links.every((link) => link.isUp()));
    await until(async () => {
      const loads = source.loads;
      expect(await textOf(cache, source)).toBe('b');
      return source.loads === loads; // cached again
    });
  });

  it('a frozen one is waited for once, then left alone; what changed meanwhile is seen when it is back', async () => {
    const [one, other] = [await openCache(), await openCache()];
    const source = new Source();
    for (const cache of [one, other]) await textOf(cache, source);
    const asked = await commandCalls('mget');
    redis.freeze();
    try {
      source.value = 'b';
      await one.evict(['t']);
      expect(await textOf(one, source)).toBe('b');
      expect(await textOf(other, source)).toBe('b');
      for (let i = 0; i < 200; i += 1) expect(await textOf(other, source)).toBe('b');
    } finally {
      redis.thaw();
    }
    // Commands that were sent to the frozen one are carried out now: not one for each read.
    expect((await commandCalls('mget')) - asked).toBeLessThan(100);
    await until(async () => {
      const loads = source.loads;
      for (const cache of [one, other]) expect(await textOf(cache, source)).toBe('b');
      return source.loads === loads; // cached again: the rest is over, and the eviction has arrived
    });
    for (let i = 0; i < 20; i += 1) {
      expect(await textOf(other, source)).toBe('b');
      expect(await textOf(one, source)).toBe('b');
    }
  });
});
