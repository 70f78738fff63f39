/** What a runner tells on a port of its own: the calls to the payout provider in its metrics, and an open breaker when it is asked whether it is ready. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { payeeReference } from '../../core/payouts/providers/provider.js';
import { type Sandbox, startSandbox } from '../../sandbox/server.js';
import { type Magam, until } from '../../scripts/chaos/magam.mjs';
import { PayoutScene } from '../core/payouts/payout-scene.js';
import { makeAccount } from '../support/accounts.js';
import { type RunningApi, startApi } from '../support/api.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { json, type Outside, startOutside } from '../support/outside.js';
import { sandboxEnvironment } from '../support/sandbox.js';
import { expectGracefulEnd, leadElsewhere, taskRunners } from '../support/tasks.js';

let database: TestDatabase;
let sandbox: Sandbox;
let outside: Outside;
let api: RunningApi;
let scene: PayoutScene;
let token: string;
const startRunner = taskRunners();
beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startSandbox();
  outside = await startOutside();
  api = await startApi(database.url, sandboxEnvironment(sandbox.url));
  scene = new PayoutScene(database.db);
  await leadElsewhere(database.db);
  ({ token } = await makeAccount(database.db, 'operator'));
});
afterAll(async () => {
  await api?.stop();
  await sandbox?.close();
  await outside?.close();
  await database?.drop();
});
beforeEach(() => scene.reset());

/** An approved payout that is left to the provider. */
async function sent(): Promise<void> {
  const { payoutId, bankAccountId } = await scene.approved(1_000n, 'S1');
  const account = { bankCode: '088', accountNumber: '110123456789', holderName: 'S1' };
  const refSellerId = payeeReference(bankAccountId);
  sandbox.payouts.register({ refSellerId, businessType: 'CORPORATE', account, status: 'APPROVED' });
  const answer = await api.call('POST', `/v1/payouts/${payoutId}/send`, { token, body: {} });
  expect(answer).toMatchObject({ status: 200, body: { status: 'SENT' } });
}

const LISTENS = /"port":(\d+)[^\n]*the runner serves metrics/;

async function started(settings: Record<string, string>): Promise<{ runner: Magam; url: string }> {
  const redis = process.env.MAGAM_REDIS_URL ?? '';
  const runner = startRunner(database.url, {
    ...sandboxEnvironment(sandbox.url),
    ...{ MAGAM_REDIS_URL: redis, MAGAM_RUNNER_METRICS_PORT: '0', ...settings },
  });
  await runner.says(LISTENS);
  return { runner, url: `http://127.0.0.1:${LISTENS.exec(runner.output.stderr)?.[1]}` };
}

const get = async (url: string) => {
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
};

it('counts the calls to the payout provider, and is alive and ready', async () => {
  await sent();
  const { runner, url } = await started({});
  const text = await until(async () => {
    const scraped = await get(`${url}/metrics`);
    return /magam_provider_calls_total\{[^}]*operation="send"/.test(scraped.text) ? scraped.text : undefined;
  }, 'the transfer was sent');
  expect(text).toContain('magam_provider_calls_total{provider="TOSS_PAYOUT",operation="send",outcome="sent"} 1\n');
  expect(text).toMatch(/^magam_provider_call_duration_seconds_count\{provider="TOSS_PAYOUT",operation="send".*\} 1$/m);
  for (const provider of ['TOSS_PAYOUT', 'TOSS', 'PORTONE', 'KAKAOPAY'])
    expect(text).toContain(`magam_provider_breaker_state{provider="${provider}",kind="confirmation"} 0\n`);
  expect(text).toMatch(/^magam_database_pool_connections\{state="free"\} \d+$/m);
  expect(text).toContain('magam_process_cpu_seconds_total');
  expect(await get(`${url}/healthz`)).toEqual({ status: 200, text: '{"status":"ok"}' });
  await until(async () => (await get(`${url}/readyz`)).text.includes('"status":"ok"'), 'Redis is there');
  expect(await get(`${url}/readyz`)).toEqual({
    status: 200,
    text: '{"status":"ok","database":"ok","redis":"ok","openBreakers":[]}',
  });
  expect((await get(`${url}/`)).status).toBe(404);
  await expectGracefulEnd(runner);
});

it('is degraded, and goes on, while calls to the payout provider are held back', async () => {
  await sent();
  outside.answer(json(500, {}));
  const { url } = await started({
    MAGAM_TOSS_PAYOUT_URL: outside.url,
    MAGAM_OUTBOUND_TRIES: '1',
    MAGAM_OUTBOUND_BREAKER_WINDOW: '1',
    MAGAM_OUTBOUND_BREAKER_CALLS_MIN: '1',
    MAGAM_OUTBOUND_BREAKER_OPEN_MS: '600000',
  });
  const held = await until(async () => {
    const { status, text } = await get(`${url}/readyz`);
    return text.includes('TOSS_PAYOUT') ? { status, ...JSON.parse(text) } : undefined;
  }, 'the breaker is open');
  expect(held).toMatchObject({ status: 'degraded', database: 'ok', openBreakers: ['TOSS_PAYOUT look-up'] });
  expect((await get(`${url}/metrics`)).text).toContain(
    'magam_provider_breaker_state{provider="TOSS_PAYOUT",kind="look-up"} 2\n',
  );
});

it('serves nothing without the setting, and does not start on a port that somebody else has', async () => {
  const { url } = await started({});
  const port = new URL(url).port;
  const second = startRunner(database.url, { MAGAM_RUNNER_METRICS_PORT: port });
  const { code, stderr } = await second.ended;
  expect([code, stderr]).toEqual([2, expect.stringContaining('CONFIG_INVALID')]);
  const silent = startRunner(database.url);
  await silent.says('runner started');
  expect(silent.output.stderr).not.toMatch(LISTENS);
});
