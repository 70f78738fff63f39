/**
 * A store of express-rate-limit in the database. The library's memory store counts per process and the Redis store needs Redis; tries to
 * guess a password have to be counted exactly, whatever is away.
 */
import type { IncrementResponse, Options, Store } from 'express-rate-limit';
import type { Db } from './database.js';
import { sha256 } from './sha256.js';
import { clearHits, countHit, uncountHit } from './stores/rate-window.js';

export interface DatabaseRateStore extends Store {
  readonly increment: (key: string) => Promise<IncrementResponse>;
}

/** The counters of one limiter; `prefix` keeps them apart from another's. */
export function databaseRateStore(db: Db, prefix: string): DatabaseRateStore {
  let windowSeconds = 60;
  // Addresses and names are personal data and of any length: only a hash is kept.
  const keyOf = (key: string): string => sha256(`${prefix}:${key}`);
  return {
    prefix,
    localKeys: false,
    init: ({ windowMs }: Options) => {
      windowSeconds = Math.ceil(windowMs / 1000);
    },
    increment: async (key) => {
      const { hits, remainingMs } = await countHit(db, keyOf(key), windowSeconds);
      return { totalHits: hits, resetTime: new Date(Date.now() + remainingMs) };
    },
    decrement: (key) => uncountHit(db, keyOf(key)),
    resetKey: (key) => clearHits(db, keyOf(key)),
  };
}
