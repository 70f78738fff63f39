/** What a server tells of its payment providers: in its metrics, and when it is asked whether it is ready. */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createApp } from '../../../api/edge/app.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { openLog } from '../../../api/edge/request-log.js';
import { route } from '../../../api/edge/route.js';
import { readReadiness } from '../../../api/server/readiness.js';
import { readConfig } from '../../../infra/config.js';
import { openDatabase } from '../../../infra/database.js';
import { listen } from '../../../infra/listening.js';
import { openRedis, type RedisLink } from '../../../infra/redis.js';
import { MagamError } from '../../../kernel/errors.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { json, type Outside, outboundSettingsOf, startOutside } from '../../support/outside.js';
import { askOf, providerEnvironment, providersAt } from '../../support/payment-providers.js';

let database: TestDatabase;
let outside: Outside;
let db: ReturnType<typeof openDatabase>;
let redis: RedisLink;
beforeAll(async () => {
  outside = await startOutside();
  database = await createTestDatabase();
  db = openDatabase(database.url);
  redis = openRedis(process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0', 'providers-test', () => undefined);
});
afterAll(async () => {
  redis?.close();
  await db?.destroy();
  await database?.drop();
  await outside?.close();
});

const approval = { providerKey: 'key-1', token: null };

describe('a server with payment providers', () => {
  it('report calls, those in flight and queued, and breakers', async () => {
    let time = 0;
    const breaker = { ...outboundSettingsOf().breaker, callsMin: 2, windowCalls: 2, probes: 1 };
    const payments = providersAt(outside.url, {
      outbound: { breaker, confirmations: { atOnceMax: 1, queueMax: 10, waitMs: 600_000 } },
      clocks: { now: Date.now, steady: () => time },
    });
    const metrics = openMetrics(db, readConfig({}));
    metrics.watchProviders(payments);
    const toss = payments.named('TOSS');
    const confirm = () => toss.confirm(askOf(), approval, 'key');
    const breakerIs = async (state: number): Promise<void> =>
      expect(await metrics.text()).toContain(
        `magam_provider_breaker_state{provider="TOSS",kind="confirmation"} ${state}\n`,
      );
    await breakerIs(0);

    let answer = (): void => undefined;
    outside.answer((response) => {
      answer = () => json(403, { code: 'REJECT_CARD_PAYMENT', message: 'no' })(response, undefined as never);
    });
    const calls = [confirm(), confirm()];
    await until(async () => outside.received.length === 1, 'the first is sent');
    const during = await metrics.text();
    expect(during).toContain('magam_provider_calls_in_flight{provider="TOSS",kind="confirmation"} 1\n');
    expect(during).toContain('magam_provider_calls_queued{provider="TOSS",kind="confirmation"} 1\n');
    answer();
    await until(async () => outside.received.length === 2, 'the second is sent');
    answer();
    await Promise.all(calls);

    outside.answer(json(500, {}));
    await confirm();
    await confirm();
    await breakerIs(2);
    await confirm();
    const after = await metrics.text();
    expect(after).toContain('magam_provider_calls_total{provider="TOSS",operation="confirm",outcome="declined"} 2\n');
    expect(after).toContain('magam_provider_calls_total{provider="TOSS",operation="confirm",outcome="unknown"} 2\n');
    expect(after).toContain('magam_provider_calls_total{provider="TOSS",operation="confirm",outcome="away"} 1\n');
    expect(after).toMatch(/^magam_provider_call_duration_seconds_count\{.*operation="confirm",outcome="unknown"\} 2$/m);
    expect(after).toContain('magam_provider_breaker_state{provider="TOSS",kind="look-up"} 0\n');
    time += breaker.openMs;
    await breakerIs(1);
    await payments.close();
  });

  it('is degraded, and ready, while calls to one are held back', async () => {
    const breaker = { ...outboundSettingsOf().breaker, callsMin: 1, windowCalls: 1 };
    const payments = providersAt(outside.url, { outbound: { breaker } });
    const route = readReadiness({
      db,
      redis,
      timeZone: 'Asia/Seoul',
      migrationsFolder: new URL('../../../sql/', import.meta.url),
      draining: new AbortController().signal,
      outbound: payments.clients,
    });
    const ask = () => route.handle({} as never) as Promise<{ status: number; body: { status: string } }>;
    await until(async () => (await ask()).body.status === 'ok', 'Redis is there');
    outside.answer(json(503, {}));
    await payments.named('KAKAOPAY').confirm(askOf({ providerKey: 'T1' }), { providerKey: null, token: 'x' }, 'key');
    await payments.named('TOSS').inquire(askOf());
    expect(await ask()).toEqual({
      status: 200,
      body: {
        status: 'degraded',
        database: 'ok',
        redis: 'ok',
        openBreakers: ['TOSS look-up', 'KAKAOPAY confirmation'],
      },
    });
    await payments.close();
  });

  it('starts with them', async () => {
    let api: RunningApi | undefined;
    try {
      api = await startApi(database.url, {
        ...providerEnvironment(outside.url),
        MAGAM_METRICS_TOKEN: 'the-token-of-the-metrics',
      });
      const { text } = await api.call('GET', '/metrics', { token: 'the-token-of-the-metrics' });
      for (const provider of ['TOSS', 'PORTONE', 'KAKAOPAY'])
        for (const kind of ['confirmation', 'look-up'])
          expect(text).toContain(`magam_provider_breaker_state{provider="${provider}",kind="${kind}"} 0\n`);
    } finally {
      await api?.stop();
    }
  });
});

describe('a provider that is away', () => {
  const away = new MagamError('PROVIDER_UNAVAILABLE', undefined, { failure: 'secret' });

  it('is shown to the buyer in Korean, with the time to try again, and without the technical cause', async () => {
    const refuses = route({
      method: 'get',
      path: '/away',
      operationId: 'askProvider',
      tag: 'Test',
      summary: 'Away',
      permission: 'profile.edit',
      answer: { status: 200, description: 'Never.', schema: z.object({}) },
      refusals: ['PROVIDER_UNAVAILABLE'],
      handle: () => Promise.reject(away),
    });
    const app = createApp([refuses], {
      db,
      log: openLog('silent', new Writable()),
      metrics: openMetrics(db, readConfig({})),
      authenticate: async () => ({
        accountId: 1,
        sessionId: '00000000-0000-4000-8000-000000000000',
        role: 'buyer',
        sellerId: null,
      }),
      draining: new AbortController().signal,
      hashKey: 'of the test',
      limit: async () => undefined,
      trustProxy: 0,
      docsPage: false,
      version: '0',
    });
    const server = await listen(app, '127.0.0.1', 0);
    try {
      const headers = { authorization: 'Bearer x', 'accept-language': 'ko' };
      const answer = await fetch(`http://127.0.0.1:${server.port}/away`, { headers });
      const text = await answer.text();
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10']);
      expect(JSON.parse(text)).toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        title: expect.stringContaining('결제 서비스'),
      });
      expect(text).not.toContain('secret');
    } finally {
      await server.stop(0, 1_000);
    }
  });
});
