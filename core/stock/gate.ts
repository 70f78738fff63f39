/**
 * A gate in Redis in front of products that are sold in a rush: buyers who come after everything is sold are refused without a query to the database.
 *
 * - Only a filter: an order that is let through reserves like all others (reserve.ts), so a count that is too high oversells nothing.
 * - All or nothing: one script checks all units of a basket, and takes from all of them or from none.
 * - A count comes from the database: one caller of all servers reads it while the others wait; also after Redis was emptied.
 * - It heals: an order that was let through and did not reserve gives back. If it cannot, because its server died, its units return with the end of the count,
 * which
 *   lives for `LIFE_MS` by Redis's clock from before it was read. So a count that is too low refuses nobody for longer than that.
 * - Optional: without Redis, or when it does not answer, everybody is let through.
 */
import { randomBytes } from 'node:crypto';
import { type Db, pause } from '../../infra/database.js';
import type { RedisLink } from '../../infra/redis.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { perUnit, type UnitQuantity } from './rules/stock.js';
import { readReservable } from './stores/reservation.js';

/** How long a count is used (ms). */
const LIFE_MS = 2_000;
/** Others wait this long for the caller that reads a count; then another one reads it (ms). */
const LOADING_MS = 1_000;
/** An order that has waited this long for a count is let through without it (ms). */
const WAIT_MS = 2_000;
const WAIT_STEP_MS = 10;
/** How long Redis is not asked again after a command failed (ms). */
const REST_MS = 1_000;

/**
 * Takes the quantities (ARGV from 3) from the counts of the units (KEYS), if there is enough of all. A count without an end, or with one that is further away
 * than the life of a count (ARGV[2]), is deleted: Redis's clock was set back, or somebody wrote the key. It could refuse buyers forever.
 * @returns 'in' and the word of each count; 'short', the first unit with too low a count and that count; 'load' with the time and the
 *   units of which this caller is to read the counts; 'wait' while others read them
 */
const ADMIT = `
local words, missing = {'in'}, {}
local function endless(key, life)
  local left = redis.call('PTTL', key)
  return left == -1 or left > tonumber(life)
end
for i, key in ipairs(KEYS) do
  if endless(key, ARGV[2]) then redis.call('DEL', key) end
  local count = redis.call('HMGET', key, 'left', 'word')
  if not count[1] then
    missing[#missing + 1] = i
  elseif tonumber(count[1]) < tonumber(ARGV[i + 2]) then
    return {'short', i, count[1]}
  end
  words[i + 1] = count[2] or ''
end
if #missing > 0 then
  local time = redis.call('TIME')
  local own = {'load', time[1] * 1000 + math.floor(time[2] / 1000)}
  for _, i in ipairs(missing) do
    local reading = KEYS[i] .. '!'
    if endless(reading, ARGV[1]) then redis.call('DEL', reading) end
    if redis.call('SET', reading, '1', 'NX', 'PX', ARGV[1]) then own[#own + 1] = i end
  end
  if #own > 2 then return own end
  return {'wait'}
end
for i, key in ipairs(KEYS) do redis.call('HINCRBY', key, 'left', -ARGV[i + 2]) end
return words`;

/** Stores counts that were read, each with a new word, unless somebody else has stored them, and ends their reading. */
const STORE = `
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'left', ARGV[i + 2], 'word', ARGV[2])
    redis.call('PEXPIREAT', key, ARGV[1])
  end
  redis.call('DEL', key .. '!')
end`;

/** Gives units back to the counts from which they were taken, if these still exist. */
const GIVE_BACK = `
for i, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'word') == ARGV[i * 2] then redis.call('HINCRBY', key, 'left', ARGV[i * 2 - 1]) end
end`;

/** The units taken, and the word of each count from which they were taken. */
interface Admission {
  readonly keys: readonly string[];
  readonly quantities: readonly number[];
  readonly words: readonly string[];
}

export class StockGate {
  private restUntil = 0;

  constructor(
    private readonly db: Db,
    private readonly redis: RedisLink,
    private readonly lifeMs = LIFE_MS,
  ) {}

  /**
   * Carries out an order if the gate lets it through. Its units go back to the counts when the order is refused or fails.
   * @returns what the order returns, or INSUFFICIENT_STOCK, and the order was not begun
   */
  async pass<T>(units: readonly UnitQuantity[], order: () => Promise<T | Refusal>): Promise<T | Refusal> {
    const admission = await this.admit(perUnit(units));
    if (isRefusal(admission)) return admission;
    let reserved = false;
    try {
      const outcome = await order();
      reserved = !isRefusal(outcome);
      return outcome;
    } finally {
      if (!reserved && admission !== undefined) await this.giveBack(admission);
    }
  }

  /** Takes all quantities, or none; undefined: the gate cannot say, so it is open. */
  private async admit(wanted: ReadonlyMap<number, number>): Promise<Admission | Refusal | undefined> {
    const unitIds = [...wanted.keys()];
    const quantities = [...wanted.values()];
    const keys = unitIds.map(this.keyOf);
    const end = performance.now() + WAIT_MS;
    while (performance.now() < end) {
      const reply = await this.ask(ADMIT, keys, [LOADING_MS, this.lifeMs, ...quantities]);
      if (!Array.isArray(reply)) return undefined;
      const [said, ...rest] = reply as [string, ...(string | number)[]];
      if (said === 'in') return { keys, quantities, words: rest.map(String) };
      if (said === 'short') {
        const at = Number(rest[0]) - 1;
        return refuse('INSUFFICIENT_STOCK', { unitId: unitIds[at], asked: quantities[at], available: Number(rest[1]) });
      }
      if (said === 'load')
        await this.load(
          rest.slice(1).map((at) => unitIds[Number(at) - 1] ?? 0),
          Number(rest[0]),
        );
      else await pause(WAIT_STEP_MS * (0.5 + Math.random()));
    }
    return undefined;
  }

  /** Reads counts and stores them for as long as they live from `now`, a time of Redis. */
  private async load(unitIds: readonly number[], now: number): Promise<void> {
    const keys = unitIds.map(this.keyOf);
    try {
      const counts = await readReservable(this.db, unitIds);
      const word = randomBytes(9).toString('base64url');
      await this.ask(STORE, keys, [now + this.lifeMs, word, ...unitIds.map((unitId) => counts.get(unitId) ?? 0)]);
    } catch (error) {
      await this.redis.client.del(keys.map((key) => `${key}!`)).catch(() => undefined);
      throw error;
    }
  }

  /** Never fails: units that are not given back return with the end of their count. */
  private async giveBack({ keys, quantities, words }: Admission): Promise<void> {
    await this.ask(
      GIVE_BACK,
      keys,
      quantities.flatMap((quantity, at) => [quantity, words[at] ?? '']),
    );
  }

  private readonly keyOf = (unitId: number): string => `stock:g:${this.redis.seal.realm}:${unitId}`;

  /** The result of a script; undefined when Redis is away. */
  private async ask(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (!this.redis.isUp() || Date.now() < this.restUntil) return undefined;
    try {
      return await this.redis.client.eval(script, keys.length, ...keys, ...args);
    } catch {
      this.restUntil = Date.now() + REST_MS;
      return undefined;
    }
  }
}
