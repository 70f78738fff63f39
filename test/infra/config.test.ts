import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../infra/config.js';
import { MagamError } from '../../kernel/errors.js';

describe('the configuration', () => {
  it('fills the defaults in, and takes empty variables for absent ones', () => {
    const config = readConfig({ MAGAM_DATABASE_URL: '', MAGAM_TIME_ZONE: '' });
    expect(config).toMatchObject({ databaseUrl: null, redisUrl: null, timeZone: 'Asia/Seoul', settleAt: '04:00' });
    expect(config).toMatchObject({ production: false, chunkRows: 4000, leaseMs: 10_000, lineWriter: 'auto' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each([
    ['mysql://root@127.0.0.1:3306/', 'mysql://root@127.0.0.1:3306/magam'],
    ['mysql://root@127.0.0.1:3306', 'mysql://root@127.0.0.1:3306/magam'],
    ['mysql://root:p%40ss@db.internal/shop?ssl=true', 'mysql://root:p%40ss@db.internal/shop?ssl=true'],
  ])('reads the database of %s', (given, databaseUrl) => {
    expect(readConfig({ MAGAM_DATABASE_URL: given }).databaseUrl).toBe(databaseUrl);
  });

  it('names everything that is wrong at once', () => {
    const read = () =>
      readConfig({
        NODE_ENV: 'production',
        MAGAM_WORKERS: '0',
        MAGAM_SETTLE_AT: '25:00',
        MAGAM_SIGNING_KEY: 'no-such-file',
      });
    expect(read).toThrow(MagamError);
    expect(read).toThrow(/MAGAM_SETTLE_AT.*MAGAM_SIGNING_KEY.*MAGAM_WORKERS/);
  });

  it('requires both URLs in production, and refuses faults there', () => {
    const read = () => readConfig({ NODE_ENV: 'production', MAGAM_FAULT: 'chunk.commit:kill' });
    expect(read).toThrow(/MAGAM_DATABASE_URL is required.*MAGAM_REDIS_URL is required.*MAGAM_FAULT is refused/);
  });
});
