/**
 * Answers "Can I order this?" for many readers who do not need the exact state: from Redis, at most 1 s old. Whether a buyer gets a unit is
 * decided by reserve.ts alone.
 */
import { BriefCounts } from '../../infra/cache/brief-counts.js';
import type { Db } from '../../infra/database.js';
import type { RedisLink } from '../../infra/redis.js';
import { readOrderable } from './stores/stock-list.js';

/** The most units of one question. */
export const QUESTION_UNITS_MAX = 100;
const LIFE_MS = 1_000;

export interface UnitAvailability {
  readonly unitId: number;
  /** 0: it is sold out, it is not for sale, its drop has not opened yet, or the unit does not exist. */
  readonly available: number;
}

/** One for each process. */
export class Availability {
  private readonly counts: BriefCounts;

  constructor(db: Db, redis: RedisLink) {
    const load = (unitIds: readonly number[]) => readOrderable(db, unitIds);
    this.counts = new BriefCounts(redis, { prefix: 'stock:a:', lifeMs: LIFE_MS, load });
  }

  /** How many of each unit can be ordered, in the order in which the units are named. Without Redis the database is asked. */
  async ask(unitIds: readonly number[]): Promise<UnitAvailability[]> {
    const counts = await this.counts.read(unitIds);
    return [...counts].map(([unitId, available]) => ({ unitId, available }));
  }
}
