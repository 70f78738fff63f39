/** Closing statements and proposing payouts of all sellers over HTTP: asked for by a row, carried out by a runner. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { DATE, PayoutScene } from '../../core/payouts/payout-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { runnersHere } from '../../support/runner-here.js';
import { leadElsewhere } from '../../support/tasks.js';

let database: TestDatabase;
let api: RunningApi;
let scene: PayoutScene;
let [operator, seller]: TestAccount[] = [];
const runners = runnersHere();
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  scene = new PayoutScene(database.db);
  await leadElsewhere(database.db);
  operator = await makeAccount(database.db, 'operator');
  seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(() => scene.reset());

const call = (method: string, path: string, body?: object, headers = {}) =>
  api.call(method, `/v1/${path}`, { token: operator?.token, body, headers });

/** Waits until nobody works on the run and nobody was asked to. */
const ended = (runId: number) =>
  until(async () => {
    const { body } = await call('GET', `runs/${runId}`);
    return body.progress.final ? body : undefined;
  }, `end of run ${runId}`);

it('the payouts of all sellers are proposed by a runner, for whoever asked; asked again, what has come since', async () => {
  for (const sellerId of ['S1', 'S2']) {
    await scene.seller(sellerId);
    await scene.statement({ sellerId, earned: 1_000n });
  }
  const asked = await call('POST', 'payouts', { date: DATE }, { 'Idempotency-Key': 'all' });
  const { runId } = asked.body;
  expect(asked).toMatchObject({ status: 202, body: { date: DATE, alreadyRequested: false } });
  expect(asked.headers.get('location')).toBe(`/v1/runs/${runId}`);
  expect((await call('POST', 'payouts', { date: DATE }, { 'Idempotency-Key': 'all' })).body).toEqual(asked.body);
  expect((await call('POST', 'payouts', { date: DATE })).body).toMatchObject({ runId, alreadyRequested: true });
  expect((await call('GET', 'payouts')).body.items).toEqual([]);
  runners.start(database.url);
  await ended(runId);
  const by = { decision: { proposedBy: `account ${operator?.accountId}` } };
  const listed: { sellerId: string; payoutId: number; [seen: string]: unknown }[] = (
    await call('GET', `payouts?payoutOn=${DATE}`)
  ).body.items;
  const items = listed.sort((a, b) => (a.sellerId < b.sellerId ? -1 : 1)); // threads propose side by side
  expect(items).toMatchObject([
    { sellerId: 'S1', ...by },
    { sellerId: 'S2', ...by },
  ]);
  const { payoutId, amountMinor, bankAccountId, hash } = items[0] as (typeof items)[number];
  const approval = await call('POST', `payouts/${payoutId}/approval`, { amountMinor, bankAccountId, hash });
  expect(approval.body.code).toBe('PAYOUT_APPROVER_NOT_SECOND');

  await scene.statement({ sellerId: 'S1', earned: 500n });
  const again = await call('POST', 'payouts', { date: DATE });
  expect(again).toMatchObject({ status: 202, body: { runId, alreadyRequested: false } });
  await ended(runId);
  expect((await call('GET', 'payouts?sellerId=S1')).body.items).toMatchObject([{}, { amountMinor: 500 }]);
  expect((await call('GET', 'runs?job=propose-payouts')).body.items).toMatchObject([{ runId, generation: 2 }]);
  const { body } = await call('GET', `audit-log?subject=run:${runId}`);
  expect(body.items.map((one: { action: string }) => one.action)).toEqual(['payout.propose', 'payout.propose']);
});

it('the statements of all sellers are closed by a runner', async () => {
  for (const sellerId of ['S1', 'S2']) await scene.post('ADJUSTMENT_TO_SELLER', 1_000n, sellerId);
  const { body, status } = await call('POST', 'statements', { date: '2026-05-31' });
  expect(status).toBe(202);
  expect((await call('GET', 'statements')).body.items).toEqual([]);
  runners.start(database.url);
  await ended(body.runId);
  expect((await call('GET', 'runs?job=close-statements')).body.items).toMatchObject([
    { runId: body.runId, date: '2026-05-31', status: 'COMPLETED' },
  ]);
  const { items } = (await call('GET', 'statements?to=2026-05-31')).body;
  expect(new Set(items.map((one: { sellerId: string }) => one.sellerId))).toEqual(new Set(['S1', 'S2']));
});

it('a date that is not over is refused, and nothing is asked for', async () => {
  const { date } = (await call('POST', 'payouts', {})).body;
  expect((await call('POST', 'statements', { date })).body.code).toBe('STATEMENT_DATE_NOT_OVER');
  expect(await select(database.db, `SELECT 1 FROM job_instance WHERE job = 'close-statements'`)).toEqual([]);
});

it('is for staff', async () => {
  for (const path of ['statements', 'payouts']) {
    const answer = await api.call('POST', `/v1/${path}`, { token: seller?.token, body: { date: DATE } });
    expect(answer.status).toBe(403);
  }
});
