/**
 * Counts hits in Redis, for all servers together. The hits of one turn of the event loop are counted by one command: so the limit is exact, and a
 * busy server asks Redis some hundred times a second and not once for every request.
 */
import type { Redis, Result } from 'ioredis';

export interface Hits {
  /** The hits of the window, including this one. */
  readonly count: number;
  /** When the window ends (ms since 1970). */
  readonly resetAt: number;
}

/**
 * For each key: adds its hits to the open window, or opens one. Answers with the sum and the rest of the window (ms). An entry that is not a number, or ends
 * later than a window that opens now, was not written here and is replaced, because it could keep somebody out for any time.
 */
const SCRIPT = `
local answers = {}
for i, key in ipairs(KEYS) do
  local hits = tonumber(ARGV[i + 1])
  local window = tonumber(ARGV[1])
  local left = redis.call('PTTL', key)
  local sum = left > 0 and left <= window and redis.pcall('INCRBY', key, hits)
  if type(sum) ~= 'number' then
    sum, left = hits, window
    redis.call('SET', key, hits, 'PX', left)
  end
  answers[2 * i - 1] = sum
  answers[2 * i] = left
end
return answers`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countHits(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Result<number[], Context>;
  }
}

interface Waiting {
  readonly resolve: (hits: Hits) => void;
  readonly reject: (error: unknown) => void;
}

export class HitCounter {
  private gathered = new Map<string, Waiting[]>();

  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly windowMs: number,
  ) {
    redis.defineCommand('countHits', { lua: SCRIPT });
  }

  /** Counts a hit of the key. Rejects when Redis does not answer; then it is unknown whether the hit was counted. */
  hit(key: string): Promise<Hits> {
    return new Promise((resolve, reject) => {
      if (this.gathered.size === 0) setImmediate(() => void this.send());
      const waiting = this.gathered.get(key);
      if (waiting === undefined) this.gathered.set(key, [{ resolve, reject }]);
      else waiting.push({ resolve, reject });
    });
  }

  private async send(): Promise<void> {
    const batch = [...this.gathered];
    this.gathered = new Map();
    try {
      const keys = batch.map(([key]) => `${this.prefix}${key}`);
      const counts = batch.map(([, waiting]) => waiting.length);
      const answers = await this.redis.countHits(keys.length, ...keys, this.windowMs, ...counts);
      const now = Date.now();
      batch.forEach(([, waiting], i) => {
        const [sum = 0, left = 0] = answers.slice(2 * i, 2 * i + 2);
        waiting.forEach(({ resolve }, at) => {
          resolve({ count: sum - waiting.length + at + 1, resetAt: now + left });
        });
      });
    } catch (error) {
      for (const [, waiting] of batch) for (const { reject } of waiting) reject(error);
    }
  }
}
