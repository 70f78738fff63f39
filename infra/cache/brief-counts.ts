/**
 * Whole numbers by id that change all the time and may be a little old, in Redis, many at once.
 *
 * - Never older than `lifeMs`: when an entry ends is fixed by Redis's clock before the number is loaded. A slow load, a slow way to Redis or
 *   clocks of servers that differ make its life shorter, never longer. Nothing is kept in the process.
 * - Cheap: the requests of one turn of the event loop share one round trip, and a request for a number that is on its way joins it.
 * - Calm: a missing number is loaded once per process and mostly once in all: the process that finds it missing marks it in Redis, and others wait for it
 *   for a moment.
 * - Trusted only when it is signed (seal.ts), with the moment at which it ends.
 * - Optional: while Redis is away numbers are loaded, one load at a time for each.
 *
 * The look-aside cache, in contrast, serves texts that live for a minute: it asks for each text by itself and measures its age by the clock of the process.
 */
import { pause } from '../database.js';
import type { RedisLink } from '../redis.js';

export type Counts = ReadonlyMap<number, number>;

export interface BriefCountsOptions {
  /** Before every key in Redis. */
  readonly prefix: string;
  /** The greatest age of a number (ms). */
  readonly lifeMs: number;
  /** Loads the number of each of these ids. */
  readonly load: (ids: readonly number[]) => Promise<Counts>;
}

/** The most ids of one round trip, so that the statement and the script stay short. */
const BATCH_MAX = 500;
/** A process that loads is waited for this long, and not longer. */
const LOADING_MS = 3_000;
const WAIT_STEP_MS = 15;
const WAIT_STEPS = 6;
/** How long Redis is not asked again after a command failed. */
const REST_MS = 1_000;

/** The script's answer for a missing number: this process loads it, or another one does. */
const OWN = 'own';
const OTHERS = 'others';
const STORED = /^(\d{1,15}) (\d{1,15}) ([\w-]{22})$/;

/** @returns the time of Redis (ms), then each number, OWN or OTHERS */
const READ_OR_CLAIM = `
local time = redis.call('TIME')
local values = redis.call('MGET', unpack(KEYS))
local found = { time[1] * 1000 + math.floor(time[2] / 1000) }
for i, key in ipairs(KEYS) do
  if values[i] then
    found[i + 1] = values[i]
  elseif redis.call('SET', key .. '!', '1', 'NX', 'PX', ARGV[1]) then
    found[i + 1] = '${OWN}'
  else
    found[i + 1] = '${OTHERS}'
  end
end
return found`;

export class BriefCounts {
  private batch: { readonly ids: Set<number>; readonly counts: Promise<Counts> } | undefined;
  private readonly onTheirWay = new Map<number, Promise<Counts>>();
  private restUntil = 0;

  constructor(
    private readonly redis: RedisLink,
    private readonly options: BriefCountsOptions,
  ) {}

  /** The numbers of these ids. Fails only where loading fails. */
  async read(ids: readonly number[]): Promise<Counts> {
    const parts = new Set(ids.map((id) => this.onTheirWay.get(id) ?? this.enter(id)));
    const known = new Map((await Promise.all(parts)).flatMap((counts) => [...counts]));
    return new Map(ids.map((id) => [id, known.get(id) ?? 0]));
  }

  /** Puts an id into the batch that is asked for at the end of this turn. */
  private enter(id: number): Promise<Counts> {
    if (this.batch === undefined || this.batch.ids.size >= BATCH_MAX) this.batch = this.openBatch();
    this.batch.ids.add(id);
    this.onTheirWay.set(id, this.batch.counts);
    return this.batch.counts;
  }

  private openBatch(): { readonly ids: Set<number>; readonly counts: Promise<Counts> } {
    const ids = new Set<number>();
    const counts = new Promise<Counts>((resolve, reject) => {
      setImmediate(() => {
        if (this.batch?.ids === ids) this.batch = undefined;
        const leave = (): void => {
          for (const id of ids) this.onTheirWay.delete(id);
        };
        this.ask([...ids])
          .finally(leave)
          .then(resolve, reject);
      });
    });
    return { ids, counts };
  }

  private async ask(ids: readonly number[]): Promise<Counts> {
    const reply = await this.readOrClaim(ids);
    if (reply === undefined) return this.options.load(ids);
    const counts = new Map<number, number>();
    const own: number[] = [];
    const others: number[] = [];
    ids.forEach((id, at) => {
      const value = reply.values[at] ?? '';
      const count = this.believed(id, value, reply.now);
      if (count !== undefined) counts.set(id, count);
      else (value === OTHERS ? others : own).push(id);
    });
    const endsAt = reply.now + this.options.lifeMs;
    const [loaded, waited] = await Promise.all([this.loadAndStore(own, endsAt), this.waitFor(others, endsAt)]);
    return new Map([...counts, ...loaded, ...waited]);
  }

  /** The numbers in Redis and its time; undefined: it gave no answer. */
  private async readOrClaim(
    ids: readonly number[],
  ): Promise<{ readonly now: number; readonly values: readonly string[] } | undefined> {
    if (!this.redis.isUp() || Date.now() < this.restUntil) return undefined;
    try {
      const keys = ids.map((id) => this.keyOf(id));
      const reply = await this.redis.client.eval(READ_OR_CLAIM, keys.length, ...keys, LOADING_MS);
      const [now, ...values] = reply as [number, ...string[]];
      return { now, values };
    } catch {
      this.restUntil = Date.now() + REST_MS;
      return undefined;
    }
  }

  /** Loads numbers and stores them until a moment of Redis's clock. */
  private async loadAndStore(ids: readonly number[], endsAt: number): Promise<Counts> {
    if (ids.length === 0) return new Map();
    let loaded: Counts = new Map();
    try {
      loaded = await this.options.load(ids);
      return loaded;
    } finally {
      this.store(ids, loaded, endsAt);
    }
  }

  /** Stores loaded numbers and ends the mark that they are being loaded. Nobody waits for it, so it may be lost. */
  private store(ids: readonly number[], loaded: Counts, endsAt: number): void {
    const commands = ids.flatMap((id) => {
      const key = this.keyOf(id);
      const count = loaded.get(id);
      const done = ['del', `${key}!`];
      return count === undefined ? [done] : [['set', key, this.signed(id, `${count} ${endsAt}`), 'PXAT', endsAt], done];
    });
    this.redis.client
      .pipeline(commands)
      .exec()
      .catch(() => undefined);
  }

  /** Waits for numbers that another process loads; those that do not come are loaded here. */
  private async waitFor(ids: readonly number[], endsAt: number): Promise<Counts> {
    const counts = new Map<number, number>();
    let missing = ids;
    for (let step = 0; step < WAIT_STEPS && missing.length > 0; step += 1) {
      await pause(WAIT_STEP_MS);
      const values = await this.redis.client.mget(missing.map((id) => this.keyOf(id))).catch(() => undefined);
      if (values === undefined) break;
      missing.forEach((id, at) => {
        // A number that another process loads meanwhile ends a moment later than one loaded here.
        const count = this.believed(id, values[at] ?? '', endsAt - this.options.lifeMs, LOADING_MS);
        if (count !== undefined) counts.set(id, count);
      });
      missing = missing.filter((id) => !counts.has(id));
    }
    return new Map([...counts, ...(await this.loadAndStore(missing, endsAt))]);
  }

  /** The number in a text, if it was signed here and does not live longer than allowed from `now` on, a time of Redis. */
  private believed(id: number, text: string, now: number, laterMs = 0): number | undefined {
    const [, count = '', ends = ''] = STORED.exec(text) ?? [];
    const lifeMs = Number(ends) - now;
    const inTime = ends !== '' && lifeMs > 0 && lifeMs <= this.options.lifeMs + laterMs;
    return inTime && this.signed(id, `${count} ${ends}`) === text ? Number(count) : undefined;
  }

  private signed(id: number, text: string): string {
    return `${text} ${this.redis.seal.sign(this.keyOf(id), text)}`;
  }

  private keyOf(id: number): string {
    return `${this.options.prefix}${this.redis.seal.realm}:${id}`;
  }
}
