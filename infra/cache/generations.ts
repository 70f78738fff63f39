/**
 * Generations of cached data: a random word in Redis for each tag (a product, a category, a seller). A cached entry names the words that
 * were read before it was loaded, so a change that replaces a word makes the entry unreachable at once, for every process, and a load that
 * began before the change cannot bring it back. Words are random and not counted, so a Redis that was emptied or restored cannot repeat an old one.
 *
 * A missing word is made for a moment, before anything is loaded. It is kept for a day only where the load finds something: requests for
 * ids that do not exist leave nothing behind.
 */
import { randomBytes } from 'node:crypto';
import type { RedisLink } from '../redis.js';

/** A word lives this long; after that the next reader makes a new one. */
const WORD_MS = 24 * 3_600_000;
/** The life of a word while it is unknown whether its tag has any data; a load takes less. */
const NEW_WORD_MS = 20_000;
/** How long Redis is not asked again after a command failed. */
const REST_MS = 1_000;
/** The interval after which an eviction that could not be sent is tried again. */
const RETRY_MS = 500;

const WORD = /^[A-Za-z0-9_-]{1,32}$/;
const newWord = (): string => randomBytes(9).toString('base64url');

/** Lets a word live for ARGV[1] ms (0: ends it), unless somebody has replaced it since. */
const SETTLE = `
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i + 1] then redis.call('PEXPIRE', key, ARGV[1]) end
end`;

/** Words that were read together, including the requested ones. */
export interface ReadWords {
  /** By tag. */
  readonly words: ReadonlyMap<string, string>;
  /** Tags without a word, whose words were made now. */
  readonly made: ReadonlySet<string>;
}

/** Undefined: Redis gave no answer. */
export type Words = ReadWords | undefined;

export class Generations {
  private batch: { readonly tags: Set<string>; readonly words: Promise<Words> } | undefined;
  private readonly unsent = new Set<string>();
  private retry: NodeJS.Timeout | undefined;
  private restUntil = 0;
  private probing = false;

  constructor(
    private readonly redis: RedisLink,
    private readonly prefix: string,
  ) {}

  /**
   * The words of the tags, read after the call: calls of one turn of the event loop share a round trip, and none joins one that is under way.
   * Undefined when they cannot be read, or when an eviction of this process has not arrived yet: then no cached entry may be used.
   */
  read(tags: readonly string[]): Promise<Words> | undefined {
    if (!this.redis.isUp() || this.isResting()) return undefined;
    if (this.unsent.size > 0 && tags.some((tag) => this.unsent.has(tag))) return undefined;
    const batch = this.batch ?? this.openBatch();
    for (const tag of tags) batch.tags.add(tag);
    return batch.words;
  }

  /**
   * Gives the tags new words; after it resolves no process finds entries that were cached under them. An eviction that cannot be sent now is tried until it
   * is sent; meanwhile this process uses no entry cached under these tags, and others may use one until it expires.
   */
  async evict(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.unsent.add(tag);
    await this.send(tags);
  }

  /** Loads data that depends on the tags. Words that were made for it are kept where the load finds data to cache, and deleted where it does not. */
  async settling<T>(
    { words, made }: ReadWords,
    tags: readonly string[],
    load: () => Promise<T>,
    isKept: (loaded: T) => boolean,
  ): Promise<T> {
    const own = tags.filter((tag) => made.has(tag));
    if (own.length === 0) return load();
    let lifeMs = 0;
    try {
      const loaded = await load();
      if (isKept(loaded)) lifeMs = WORD_MS;
      return loaded;
    } finally {
      const keys = own.map((tag) => this.keyOf(tag));
      // Nobody waits for it, because a word that is neither kept nor deleted ends soon.
      this.redis.client
        .eval(SETTLE, keys.length, ...keys, lifeMs, ...own.map((tag) => words.get(tag) ?? ''))
        .catch(() => undefined);
    }
  }

  private openBatch() {
    const tags = new Set<string>();
    const words = new Promise<Words>((resolve) => {
      setImmediate(() => {
        this.batch = undefined;
        this.ask([...tags]).then(resolve, () => resolve(undefined));
      });
    });
    this.batch = { tags, words };
    return this.batch;
  }

  private async ask(tags: readonly string[]): Promise<Words> {
    const probe = this.restUntil > 0;
    if (probe && this.probing) return undefined;
    this.probing = probe;
    try {
      const values = await this.redis.client.mget(tags.map((tag) => this.keyOf(tag)));
      const words = new Map<string, string>();
      tags.forEach((tag, i) => {
        const word = values[i];
        if (typeof word === 'string' && WORD.test(word)) words.set(tag, word);
      });
      const missing = tags.filter((tag) => !words.has(tag));
      if (missing.length > 0) for (const [tag, word] of await this.renew(missing, NEW_WORD_MS)) words.set(tag, word);
      this.restUntil = 0;
      return { words, made: new Set(missing) };
    } catch {
      this.restUntil = Date.now() + REST_MS;
      return undefined;
    } finally {
      if (probe) this.probing = false;
    }
  }

  /** After a failure one request tries again when the pause is over; the others do not wait for it. */
  private isResting(): boolean {
    return this.restUntil > 0 && (this.probing || Date.now() < this.restUntil);
  }

  private async send(tags: readonly string[]): Promise<void> {
    try {
      await this.renew(tags, WORD_MS);
      for (const tag of tags) this.unsent.delete(tag);
    } catch {
      this.restUntil = Date.now() + REST_MS;
      for (const tag of tags) this.unsent.add(tag); // an older eviction may have arrived meanwhile
    }
    if (this.unsent.size === 0 || this.retry !== undefined) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.send([...this.unsent]);
    }, RETRY_MS).unref();
  }

  /** Writes new words over the current ones: an unnecessary new word costs a load, an old one would show wrong data. */
  private async renew(tags: readonly string[], lifeMs: number): Promise<(readonly [string, string])[]> {
    const words = tags.map((tag) => [tag, newWord()] as const);
    const replies = await this.redis.client
      .pipeline(words.map(([tag, word]) => ['set', this.keyOf(tag), word, 'PX', lifeMs]))
      .exec();
    const failure = replies?.find(([error]) => error !== null)?.[0];
    if (replies === null || failure) throw failure ?? new Error('the pipeline was not executed');
    return words;
  }

  private keyOf(tag: string): string {
    return `${this.prefix}g:${tag}`;
  }
}
