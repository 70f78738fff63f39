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

  it.each([
    ['MAGAM_WORKERS', '999', 'MAGAM_WORKERS must be a whole number from 1 to 64.'],
    ['MAGAM_WORKERS', 'many', 'MAGAM_WORKERS must be a whole number from 1 to 64.'],
    ['MAGAM_LINE_WRITER', 'fast', 'MAGAM_LINE_WRITER must be auto, insert or load.'],
    ['MAGAM_DOCS_PAGE', 'no', 'MAGAM_DOCS_PAGE must be on or off.'],
    ['MAGAM_WEBHOOK_PRIVATE_ADDRESSES', '1', 'MAGAM_WEBHOOK_PRIVATE_ADDRESSES must be on or off.'],
    ['MAGAM_UPLOAD_BYTES_MAX', '1e9', 'MAGAM_UPLOAD_BYTES_MAX must be a whole number from 1 to 999999999.'],
  ])('says in plain words what %s can be, and not %s', (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(`The configuration is wrong: ${message}`);
  });

  it('requires both URLs in production, and refuses faults there', () => {
    const read = () => readConfig({ NODE_ENV: 'production', MAGAM_FAULT: 'chunk.commit:kill' });
    expect(read).toThrow(/MAGAM_DATABASE_URL is required.*MAGAM_REDIS_URL is required.*MAGAM_FAULT is refused/);
  });

  it('reads who needs a second factor, and where the links of mails lead', () => {
    expect(readConfig({ MAGAM_PORT: '9000' }).accounts).toEqual({
      publicUrl: 'http://127.0.0.1:9000',
      invitationHours: 72,
      oneTimePasswordHours: 24,
      secondFactorRoles: [],
      payoutHoldHours: 72,
    });
    const roles = (text: string) => readConfig({ MAGAM_REQUIRE_SECOND_FACTOR: text }).accounts.secondFactorRoles;
    expect(roles('staff')).toEqual(['operator', 'admin']);
    expect(roles('staff, sellers')).toEqual(['operator', 'admin', 'seller']);
    expect(() => roles('none,staff')).toThrow(/must be none, staff, sellers or staff,sellers/);
    expect(() => roles('everybody')).toThrow(/MAGAM_REQUIRE_SECOND_FACTOR/);
    expect(readConfig({ MAGAM_PUBLIC_URL: 'https://a.example/b/' }).accounts.publicUrl).toBe('https://a.example/b');
    expect(() => readConfig({ MAGAM_PUBLIC_URL: 'javascript:alert(1)' })).toThrow(/MAGAM_PUBLIC_URL/);
    const mail = { MAGAM_MAIL_URL: 'smtp://mail.example', MAGAM_MAIL_FROM: 'a@b.example' };
    expect(() => readConfig({ ...mail, NODE_ENV: 'production' })).toThrow(/MAGAM_PUBLIC_URL is required/);
  });

  it('offers the payment providers whose keys are given', () => {
    expect(readConfig({}).paymentProviders).toEqual({ toss: null, portOne: null, kakaoPay: null });
    const { paymentProviders } = readConfig({
      MAGAM_TOSS_SECRET_KEY: 'sk',
      MAGAM_TOSS_CLIENT_KEY: 'ck',
      MAGAM_KAKAOPAY_SECRET_KEY: 'key',
      MAGAM_KAKAOPAY_CID: 'cid',
      MAGAM_KAKAOPAY_URL: 'http://127.0.0.1:9090/kakaopay',
    });
    expect(paymentProviders).toEqual({
      toss: { url: 'https://api.tosspayments.com', secretKey: 'sk', clientKey: 'ck' },
      portOne: null,
      kakaoPay: { url: 'http://127.0.0.1:9090/kakaopay', secretKey: 'key', cid: 'cid' },
    });
  });

  it('has a provider that pays sellers where both of its keys are given', () => {
    expect(readConfig({}).payoutProviders).toEqual({ toss: null, watchDays: 90 });
    const keys = { MAGAM_TOSS_PAYOUT_SECRET_KEY: 'sk', MAGAM_TOSS_PAYOUT_SECURITY_KEY: '0F'.repeat(32) };
    expect(readConfig(keys).payoutProviders).toEqual({
      toss: { url: 'https://api.tosspayments.com', secretKey: 'sk', securityKey: Buffer.alloc(32, 15) },
      watchDays: 90,
    });
    for (const [given, key] of Object.entries(keys))
      expect(() => readConfig({ [given]: key })).toThrow(`is required with ${given}`);
    expect(() => readConfig({ ...keys, MAGAM_TOSS_PAYOUT_SECURITY_KEY: '0F' })).toThrow('64 hexadecimal digits');
    const plain = { NODE_ENV: 'production', MAGAM_TOSS_PAYOUT_URL: 'http://x.example' };
    expect(() => readConfig(plain)).toThrow('MAGAM_TOSS_PAYOUT_URL must be https');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['one key of two', { MAGAM_TOSS_SECRET_KEY: 'sk' }, /MAGAM_TOSS_CLIENT_KEY is required with MAGAM_TOSS_SECRET_KEY/],
    [
      'the other one',
      { MAGAM_PORTONE_STORE_ID: 's' },
      /MAGAM_PORTONE_API_SECRET is required with MAGAM_PORTONE_STORE_ID/,
    ],
    [
      'webhooks of no shop',
      { MAGAM_PORTONE_WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}` },
      /MAGAM_PORTONE_API_SECRET is req/,
    ],
    ['a key with a space', { MAGAM_KAKAOPAY_SECRET_KEY: 'a b' }, /MAGAM_KAKAOPAY_SECRET_KEY must be printable/],
    [
      'a secret that is no base64',
      { MAGAM_PORTONE_WEBHOOK_SECRET: 'whsec_-' },
      /MAGAM_PORTONE_WEBHOOK_SECRET must be base64/,
    ],
    ['an address without a scheme', { MAGAM_TOSS_URL: 'api.tosspayments.com' }, /MAGAM_TOSS_URL must look like/],
    ['an address with a query', { MAGAM_TOSS_URL: 'https://x.example/?a=1' }, /MAGAM_TOSS_URL must look like/],
    [
      'a plain address in production',
      { NODE_ENV: 'production', MAGAM_TOSS_URL: 'http://x.example' },
      /MAGAM_TOSS_URL must be https/,
    ],
    [
      'a connection longer than the answer',
      { MAGAM_OUTBOUND_CONNECT_MS: '30001' },
      /CONNECT_MS must not be more than MAGAM_OUTBOUND_ANSWER/,
    ],
    [
      'reading longer than the answer',
      { MAGAM_OUTBOUND_ANSWER_MS: '24999' },
      /READ_MS must not be more than MAGAM_OUTBOUND_ANSWER/,
    ],
    ['a pause longer than the answer', { MAGAM_OUTBOUND_TRY_PAUSE_MS: '30001' }, /TRY_PAUSE_MS must not be more/],
    ['slow that is never reached', { MAGAM_OUTBOUND_BREAKER_SLOW_MS: '30001' }, /BREAKER_SLOW_MS must not be more/],
    [
      'more calls than the window has',
      { MAGAM_OUTBOUND_BREAKER_CALLS_MIN: '41' },
      /CALLS_MIN must not be more than MAGAM_OUTBOUND_BREAKER_WINDOW/,
    ],
    [
      'an origin with a path',
      { MAGAM_RETURN_ORIGINS: 'https://shop.example,https://m.shop.example/pay' },
      /MAGAM_RETURN_ORIGINS must be origins/,
    ],
    ['an origin of an app', { MAGAM_RETURN_ORIGINS: 'shop://app' }, /MAGAM_RETURN_ORIGINS must be origins/],
    [
      'an origin with a user',
      { MAGAM_RETURN_ORIGINS: 'https://a@shop.example' },
      /MAGAM_RETURN_ORIGINS must be origins/,
    ],
    [
      'a plain origin in production',
      { NODE_ENV: 'production', MAGAM_RETURN_ORIGINS: 'http://shop.example' },
      /MAGAM_RETURN_ORIGINS must be https/,
    ],
    ['101 percent', { MAGAM_OUTBOUND_BREAKER_FAILED_PERCENT: '101' }, /BREAKER_FAILED_PERCENT/],
  ])('refuses %s', (_what, settings, message) => {
    expect(() => readConfig(settings)).toThrow(message);
  });

  it('reads the origins that buyers may be sent back to', () => {
    expect(readConfig({}).returnOrigins).toBeNull();
    expect(readConfig({ MAGAM_RETURN_ORIGINS: 'https://Shop.example, http://127.0.0.1:3000' }).returnOrigins).toEqual([
      'https://shop.example',
      'http://127.0.0.1:3000',
    ]);
  });

  it('has the limits of calls to the outside', () => {
    expect(readConfig({}).outbound).toEqual({
      connections: 50,
      connectionWaitMs: 3_000,
      idleMs: 30_000,
      connectMs: 10_000,
      readMs: 25_000,
      answerMs: 30_000,
      tries: 3,
      tryPauseMs: 3_000,
      breaker: {
        windowCalls: 40,
        callsMin: 20,
        failedPercent: 60,
        slowPercent: 50,
        slowMs: 5_000,
        openMs: 10_000,
        probes: 10,
      },
      confirmations: { atOnceMax: 50, queueMax: 1_000, waitMs: 10_000 },
      lookUps: { atOnceMax: 50, queueMax: 50, waitMs: 10_000 },
    });
  });
});
