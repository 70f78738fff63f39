import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change, openDatabase, select } from '../../../infra/database.js';
import { databaseRateStore } from '../../../infra/rate-limit-store.js';
import { clearHits, countHit, purgeRateWindows, uncountHit } from '../../../infra/stores/rate-window.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('counters in the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('give every caller another count, however many at once and from whichever process', async () => {
    const other = openDatabase(database.url, { poolMax: 4 });
    try {
      const counts = await Promise.all(
        Array.from({ length: 60 }, (_, n) => countHit(n % 2 === 0 ? database.db : other, 'race', 60)),
      );
      expect(counts.map(({ hits }) => hits).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      for (const { remainingMs } of counts) expect(remainingMs).toBeGreaterThan(30_000);
    } finally {
      await other.destroy();
    }
  });

  it('keep the end of their window while it lasts, and begin again after it', async () => {
    const first = await countHit(database.db, 'window', 60);
    const second = await countHit(database.db, 'window', 600);
    expect([first.hits, second.hits]).toEqual([1, 2]);
    expect(second.remainingMs).toBeLessThanOrEqual(first.remainingMs);
    await change(
      database.db,
      `UPDATE rate_window SET resets_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE limit_key = 'window'`,
    );
    const again = await countHit(database.db, 'window', 60);
    expect(again.hits).toBe(1);
    expect(again.remainingMs).toBeGreaterThan(50_000);
  });

  it('are taken back and forgotten', async () => {
    await countHit(database.db, 'back', 60);
    await uncountHit(database.db, 'back');
    await uncountHit(database.db, 'back'); // never below nothing
    expect((await countHit(database.db, 'back', 60)).hits).toBe(1);
    await clearHits(database.db, 'back');
    expect((await countHit(database.db, 'back', 60)).hits).toBe(1);
  });

  it('are deleted some time after they are over, a few at a time', async () => {
    await change(database.db, 'DELETE FROM rate_window');
    for (const key of ['a', 'b', 'c', 'now']) await countHit(database.db, key, 60);
    await change(
      database.db,
      `UPDATE rate_window SET resets_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR WHERE limit_key <> 'now'`,
    );
    expect(await purgeRateWindows(database.db, 2)).toBe(2);
    expect(await purgeRateWindows(database.db, 2)).toBe(1);
    expect(await select(database.db, 'SELECT limit_key FROM rate_window')).toEqual([{ limit_key: 'now' }]);
  });

  it('of a limiter keep neither name nor address, and are apart from those of another', async () => {
    const one = databaseRateStore(database.db, 'one');
    const other = databaseRateStore(database.db, 'other');
    expect((await one.increment('kim@example.com')).totalHits).toBe(1);
    expect((await one.increment('kim@example.com')).totalHits).toBe(2);
    expect((await other.increment('kim@example.com')).totalHits).toBe(1);
    await one.resetKey('kim@example.com');
    expect((await one.increment('kim@example.com')).totalHits).toBe(1);
    const rows = await select<{ limit_key: string }>(database.db, 'SELECT limit_key FROM rate_window');
    expect(rows.filter(({ limit_key: key }) => key.includes('kim'))).toEqual([]);
  });
});
