/**
 * A look-aside cache of texts in Redis, with a copy in the process.
 *
 * - Correct: an entry is found only by the generation words of its tags (generations.ts), which are read from Redis at every read. So a
 *   change that was answered is seen by the next read of any process, and the copy in the process is never older than Redis.
 * - Cheap: a hit is one small round trip, which concurrent requests share; the text itself is fetched once per process.
 * - Calm: entries live for a short, spread time. An entry near its end is renewed in the background by one process while the others serve it; a
 *   missing one is loaded once per process, and mostly once in all.
 * - Optional: when Redis is missing, slow or damaged, texts are loaded, one load at a time per key.
 * - Trusted only when it is signed (seal.ts) and does not claim a longer life than allowed. An attacker who can write to Redis can bring back a page that
 *   was right less than one lifetime ago, and no other.
 * - Immutable: a cached entry is a string, and the object around it is frozen. The string has the octets of the text, one character
 *   each, because it is written to a socket without conversion: encoding a page of 40 products as UTF-8 took 20 µs of each request.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { pause } from '../database.js';
import type { RedisLink } from '../redis.js';
import { Flights } from './flights.js';
import { Generations } from './generations.js';
import { type Seal, SIGNATURE_LENGTH } from './seal.js';

/** A value to cache. */
export interface Loaded {
  readonly text: string;
  /** A short word kept beside it (a version); no spaces. */
  readonly label?: string;
  /** True when the requested object may not exist: then neither this nor the words of its tags are kept. */
  readonly passing?: boolean;
}

/** A text from the cache, or a loaded one in the same form. */
export interface Cached {
  /** UTF-8, an octet a character ('latin1'). */
  readonly octets: string;
  readonly label: string;
  /** The length of label and octets. */
  readonly hash: string;
}

interface Entry extends Cached {
  /** The time from which it is renewed early. */
  readonly refreshAt: number;
  readonly expiresAt: number;
  readonly passing?: boolean;
}

export interface LookAsideOptions {
  /** Before every key in Redis. */
  readonly prefix: string;
  /** How long an entry lives, more or less. */
  readonly ttlMs: number;
  /** The most octets kept in the process. */
  readonly localSize?: number;
}

/** Lifetimes are spread by this much to both sides, so that entries made together do not end together. */
const SPREAD = 0.2;
/** Clocks of servers may differ by this much before entries of one are a miss to another (ms). */
const CLOCKS_MS = 5_000;
/** The part of its life after which an entry is renewed early. */
const FRESH_PART = 0.75;
/** A process that loads is waited for this long, and not longer. */
const LOCK_MS = 3_000;
const WAIT_STEP_MS = 15;
const WAIT_STEPS = 6;
const LOCAL_SIZE = 16_000_000;

export class LookAside {
  private readonly generations: Generations;
  private readonly local: LRUCache<string, Entry>;
  private readonly flights = new Flights<Entry | undefined>();
  private readonly renewals = new Flights<void>();

  constructor(
    private readonly redis: RedisLink,
    private readonly options: LookAsideOptions,
  ) {
    this.generations = new Generations(redis, options.prefix);
    this.local = new LRUCache({
      maxSize: options.localSize ?? LOCAL_SIZE,
      sizeCalculation: ({ octets }, name) => octets.length + name.length + 200,
    });
  }

  /**
   * The text of the key: a cached one, or the result of `load` (undefined is not cached). It depends on `tags`, of which there is at least one.
   */
  async read(
    key: string,
    tags: readonly string[],
    load: () => Promise<Loaded | undefined>,
  ): Promise<Cached | undefined> {
    const read = await this.generations.read(tags);
    if (read === undefined) return this.flights.fresh(key, () => this.entryFrom(load));
    let name = `${this.options.prefix}v:${this.redis.seal.realm}:${key}@`;
    for (const tag of tags) name += `${read.words.get(tag)}.`;
    const known = this.alive(this.local.get(name));
    if (known === undefined) {
      const fill = (): Promise<Entry | undefined> => this.fill(name, load);
      return this.flights.shared(name, () => this.generations.settling(read, tags, fill, isKept));
    }
    if (known.refreshAt <= Date.now()) void this.renewals.shared(name, () => this.renew(name, load));
    return known;
  }

  /** Evicts everything that depends on the tags, in all processes. Call it after the change is committed and before it is answered. Never fails. */
  evict(tags: readonly string[]): Promise<void> {
    return this.generations.evict(tags);
  }

  /** Fetches an entry, or loads it; another process that is loading it is waited for briefly. */
  private async fill(name: string, load: () => Promise<Loaded | undefined>): Promise<Entry | undefined> {
    const stored = await this.fetch(name);
    if (stored !== undefined) return stored;
    if (!(await this.lock(name))) {
      for (let step = 0; step < WAIT_STEPS; step += 1) {
        await pause(WAIT_STEP_MS);
        const others = await this.fetch(name);
        if (others !== undefined) return others;
      }
    }
    return this.loadAndStore(name, load);
  }

  /** Renews an entry in the background, unless another process has renewed it or does so now. */
  private async renew(name: string, load: () => Promise<Loaded | undefined>): Promise<void> {
    try {
      const stored = await this.fetch(name);
      if (stored !== undefined && stored.refreshAt > Date.now()) return;
      if (await this.lock(name)) await this.loadAndStore(name, load);
      else await pause(WAIT_STEP_MS * WAIT_STEPS);
    } catch {
      // the entry is used until it expires; then the request gets the error
    }
  }

  private async loadAndStore(name: string, load: () => Promise<Loaded | undefined>): Promise<Entry | undefined> {
    let entry: Entry | undefined;
    try {
      entry = await this.entryFrom(load);
    } catch (error) {
      this.send(['del', lockOf(name)]); // the stored entry stays valid
      throw error;
    }
    if (isKept(entry)) this.local.set(name, entry);
    else this.local.delete(name);
    this.store(name, entry);
    return entry;
  }

  /** Stores an entry, or deletes it, and releases the lock. */
  private store(name: string, entry: Entry | undefined): void {
    const value = isKept(entry)
      ? [
          'set',
          name,
          Buffer.from(encode(entry, name, this.redis.seal), 'latin1'),
          'PX',
          Math.max(1, Math.ceil(entry.expiresAt - Date.now())),
        ]
      : ['del', name];
    this.send(value, ['del', lockOf(name)]);
  }

  /** Nobody waits for it, so it may be lost. */
  private send(...commands: (string | number | Buffer)[][]): void {
    this.redis.client
      .pipeline(commands)
      .exec()
      .catch(() => undefined);
  }

  private async entryFrom(load: () => Promise<Loaded | undefined>): Promise<Entry | undefined> {
    const loaded = await load();
    if (loaded === undefined) return undefined;
    const { text, label = '', passing = false } = loaded;
    const octets = Buffer.from(text).toString('latin1');
    const lifeMs = this.options.ttlMs * (1 - SPREAD + 2 * SPREAD * Math.random());
    const now = Date.now();
    return Object.freeze({
      octets,
      label,
      hash: hashOf(label, octets),
      refreshAt: Math.round(now + lifeMs * FRESH_PART),
      expiresAt: Math.round(now + lifeMs),
      passing,
    });
  }

  private alive(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) return undefined;
    const lifeMs = entry.expiresAt - Date.now();
    return lifeMs > 0 && lifeMs <= this.options.ttlMs * (1 + SPREAD) + CLOCKS_MS ? entry : undefined;
  }

  /** An entry from Redis, kept in the process; undefined when it cannot be read. */
  private async fetch(name: string): Promise<Entry | undefined> {
    const stored = await this.redis.client.getBuffer(name).catch(() => null);
    const entry = this.alive(decode(stored?.toString('latin1') ?? '', name, this.redis.seal));
    if (entry !== undefined) this.local.set(name, entry);
    return entry;
  }

  /** Whether nobody else is loading the entry; true without Redis, because it is unknown then. */
  private async lock(name: string): Promise<boolean> {
    const reply = await this.redis.client.set(lockOf(name), '1', 'PX', LOCK_MS, 'NX').catch(() => 'OK');
    return reply === 'OK';
  }
}

const lockOf = (name: string): string => `${name}!`;

const hashOf = (label: string, octets: string): string =>
  createHash('sha256').update(`${label}\n`).update(octets, 'latin1').digest('base64url').slice(0, 22);

const isKept = (entry: Entry | undefined): entry is Entry => entry !== undefined && entry.passing !== true;

function encode({ octets, label, hash, refreshAt, expiresAt }: Entry, name: string, seal: Seal): string {
  const signed = `${refreshAt} ${expiresAt} ${hash} ${label}\n${octets}`;
  return `2 ${seal.sign(name, signed)} ${signed}`;
}

const SIGNED_FROM = '2 '.length + SIGNATURE_LENGTH + 1;
const HEAD = /^(\d{1,15}) (\d{1,15}) ([\w-]{22}) (\S*)$/;

/** Reads an entry that `encode` wrote under this name; undefined for anything else: cut off, damaged or signed by somebody else. */
function decode(stored: string, name: string, seal: Seal): Entry | undefined {
  if (!stored.startsWith('2 ')) return undefined;
  const signed = stored.slice(SIGNED_FROM);
  if (stored.slice(0, SIGNED_FROM) !== `2 ${seal.sign(name, signed)} `) return undefined;
  const end = signed.indexOf('\n');
  const head = HEAD.exec(signed.slice(0, Math.max(0, end)));
  if (head === null) return undefined;
  const [, refreshAt, expiresAt, hash = '', label = ''] = head;
  const octets = signed.slice(end + 1);
  return Object.freeze({ octets, label, hash, refreshAt: Number(refreshAt), expiresAt: Number(expiresAt) });
}
