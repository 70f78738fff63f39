/** Counters of tries in the database: one count for all instances, with or without Redis. */
import { change, type Db, insertReturningId, select } from '../database.js';

export interface RateWindow {
  readonly hits: number;
  /** How long the window still lasts, by the database's clock (ms). */
  readonly remainingMs: number;
}

/** Counts a try in the window of the key; the first one begins a window of this length. Atomic: no two callers get the same count. */
export async function countHit(db: Db, key: string, windowSeconds: number): Promise<RateWindow> {
  // The statement returns the x of LAST_INSERT_ID(x). hits comes first, because it reads the old resets_at.
  const hits = await insertReturningId(
    db,
    `INSERT INTO rate_window (limit_key, hits, resets_at)
     VALUES (?, LAST_INSERT_ID(1), UTC_TIMESTAMP(3) + INTERVAL ? SECOND)
     ON DUPLICATE KEY UPDATE hits = LAST_INSERT_ID(IF(resets_at <= UTC_TIMESTAMP(3), 1, hits + 1)),
       resets_at = IF(resets_at <= UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? SECOND, resets_at)`,
    [key, windowSeconds, windowSeconds],
  );
  const [row] = await select<{ remaining: number }>(
    db,
    'SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), resets_at) AS remaining FROM rate_window WHERE limit_key = ?',
    [key],
  );
  return { hits, remainingMs: Math.max(0, (row?.remaining ?? 0) / 1000) };
}

/** Takes back a try. */
export async function uncountHit(db: Db, key: string): Promise<void> {
  await change(db, 'UPDATE rate_window SET hits = hits - 1 WHERE limit_key = ? AND hits > 0', [key]);
}

/** Deletes the tries of a key. */
export async function clearHits(db: Db, key: string): Promise<void> {
  await change(db, 'DELETE FROM rate_window WHERE limit_key = ?', [key]);
}

/** Deletes windows that are over, at most `limit`. Returns how many. */
export async function purgeRateWindows(db: Db, limit: number): Promise<number> {
  return change(
    db,
    'DELETE FROM rate_window WHERE resets_at < UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE ORDER BY resets_at LIMIT ?',
    [limit],
  );
}
