/**
 * Generations of cached data: a random word in Redis for each tag (a product, a category, a seller). What is cached names the words that
 * were read before it was loaded, so a change that replaces a word makes all of it unreachable at once, for every process, and a load that
 * began before the change cannot bring it back. Words are random, not counted: a Redis that was emptied or restored cannot come to an old one.
 *
 * A word that is missing is made for a moment, before anything is loaded. Only where the load finds something it is kept for a day: whoever asks for
 * ids that do not exist leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';
import type { RedisLink } from '../redis.js';

/** A word lives this long; when it goes, the next reader makes a new one. */
const WORD_MS = 24 * 3_600_000;
/** So long while nobody knows whether there is anything under its tag; a load takes less. */
const NEW_WORD_MS = 20_000;
/** How long Redis is left alone after a command failed. */
const REST_MS = 1_000;
/** How often an eviction that could not be sent is tried again. */
const RETRY_MS = 500;

const WORD = /^[A-Za-z0-9_-]{1,32}$/;
const newWord = (): string => randomBytes(9).toString('base64url');

/** Lets a word live for ARGV[1] ms, 0: no longer, unless somebody has replaced it since. */
const SETTLE = `
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i + 1] then redis.call('PEXPIRE', key, ARGV[1]) end
end`;

/** Words that were read together, those asked for among them. */
export interface ReadWords {
  /** By tag. */
  readonly words: ReadonlyMap<string, string>;
  /** Tags that had none, so that theirs were made. */
  readonly made: ReadonlySet<string>;
}

/** Undefined: Redis could not be asked. */
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
   * The words of the tags, asked for after the call: calls of one turn of the event loop share a round trip, none joins one that is under way.
   * Undefined when they cannot be had, or when an eviction of this process has not arrived yet: nothing cached may be used.
   */
  read(tags: readonly string[]): Promise<Words> | undefined {
    if (!this.redis.isUp() || this.isResting()) return undefined;
    if (this.unsent.size > 0 && tags.some((tag) => this.unsent.has(tag))) return undefined;
    const batch = this.batch ?? this.openBatch();
    for (const tag of tags) batch.tags.add(tag);
    return batch.words;
  }

  /**
   * Gives the tags new words; after it resolves no process finds what was cached under them. What cannot be sent now is tried until it is;
   * meanwhile this process uses nothing cached under these tags, others may until it expires.
   */
  async evict(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.unsent.add(tag);
    await this.send(tags);
  }

  /** Loads what depends on the tags. Words that were made for it are kept where it finds something that is kept, and forgotten where it does not. */
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
      // Nobody waits for it: a word that is not settled ends soon.
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

  /** After a failure one request tries again when the rest is over; the others do not wait for it. */
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

  /** Writes new words, whatever is there now: a renewed word costs a load, a wrong one would cost the truth. */
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
