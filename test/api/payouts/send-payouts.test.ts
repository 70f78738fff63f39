/** Sending through a payout provider over HTTP: a request marks and stores, the duty asks the provider, the payout shows what became of it. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { followTransfers } from '../../../core/payouts/follow-transfers.js';
import { providerSteps } from '../../../core/payouts/provider-steps.js';
import { payeeReference } from '../../../core/payouts/providers/provider.js';
import { type OpenPayoutProviders, payoutProviders } from '../../../core/payouts/providers/registry.js';
import type { Payout } from '../../../core/payouts/stores/payout.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { type Sandbox, startSandbox } from '../../../sandbox/server.js';
import { PayoutScene } from '../../core/payouts/payout-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type CallOptions, type RunningApi, startApi } from '../../support/api.js';
import { changedMeanwhile, createTestDatabase, type TestDatabase } from '../../support/database.js';
import { sandboxEnvironment } from '../../support/sandbox.js';

let database: TestDatabase;
let sandbox: Sandbox;
let api: RunningApi;
let scene: PayoutScene;
let open: OpenPayoutProviders;
let [operator, seller]: TestAccount[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startSandbox();
  const environment = sandboxEnvironment(sandbox.url);
  api = await startApi(database.url, environment);
  open = payoutProviders(readConfig({ NODE_ENV: 'test', ...environment }));
  scene = new PayoutScene(database.db);
  operator = await makeAccount(database.db, 'operator');
  seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
});
afterAll(async () => {
  await open?.close();
  await api?.stop();
  await sandbox?.close();
  await database?.drop();
});
beforeEach(async () => {
  await scene.reset();
  sandbox.reset();
});

const as = (account: TestAccount | undefined, method: string, path: string, options: CallOptions = {}) =>
  api.call(method, `/v1/${path}`, { token: account?.token, ...options });
const call = (method: string, path: string, options: CallOptions = {}) => as(operator, method, path, options);
const send = (payoutId: number, options: CallOptions = {}) =>
  call('POST', `payouts/${payoutId}/send`, { body: {}, ...options });
const transfersOf = async (payoutId: number) => (await call('GET', `payouts/${payoutId}`)).body.transfers;
const moved = () => sandbox.payouts.read().entries.map(({ kind }) => kind);

/** An approved payout of a seller whom the provider knows. */
async function approved(earned = 1_000n, sellerId = 'S1'): Promise<Payout> {
  const payout = await scene.approved(earned, sellerId);
  const account = { bankCode: '088', accountNumber: '110123456789', holderName: sellerId };
  const refSellerId = payeeReference(payout.bankAccountId);
  sandbox.payouts.register({ refSellerId, businessType: 'CORPORATE', account, status: 'APPROVED' });
  return payout;
}

/** What the duty of a runner does with the transfers that are due. @param later those that wait, too */
async function follow(later = false): Promise<number> {
  if (later)
    await change(
      database.db,
      'UPDATE provider_transfer SET next_look_at = UTC_TIMESTAMP(3) WHERE next_look_at IS NOT NULL',
    );
  const context = {
    ...{ providers: open.providers, steps: providerSteps('Asia/Seoul'), watchDays: 90 },
    ...{ bankKeys: readConfig({ NODE_ENV: 'test' }).encryptionKeys, steady: () => performance.now() },
  };
  return followTransfers(database.db, context, new AbortController().signal);
}

it('is sent by the duty and not by the call, once, and paid when the provider says so', async () => {
  const { payoutId } = await approved();
  const key = { headers: { 'Idempotency-Key': 'once' } };
  const asked = await send(payoutId, key);
  expect(asked).toMatchObject({ status: 200, body: { payoutId, status: 'SENT' } });
  expect((await send(payoutId, key)).body).toEqual(asked.body);
  expect(moved()).toEqual([]);
  expect(await scene.balances()).toEqual({ PAYOUT_IN_TRANSIT: 1_000 });
  expect(await transfersOf(payoutId)).toMatchObject([
    { reference: `P${payoutId}-1`, provider: 'TOSS_PAYOUT', status: 'OPEN', asked: false, looks: 0, failure: null },
  ]);
  expect(await follow()).toBe(1);
  expect(await transfersOf(payoutId)).toMatchObject([{ status: 'OPEN', asked: true }]);
  await follow(true);
  expect(await transfersOf(payoutId)).toMatchObject([{ status: 'PAID', asked: true, failure: null }]);
  expect(await scene.statusOf(payoutId)).toBe('PAID');
  expect(moved()).toEqual(['PAYOUT']);
  expect((await send(payoutId)).body.code).toBe('PAYOUT_STATE_WRONG');
  expect(await scene.differences()).toEqual([]);
  const { items } = (await call('GET', `audit-log?subject=payout:${payoutId}`)).body;
  expect(items).toMatchObject([{ action: 'payout.send', after: { provider: 'TOSS_PAYOUT' } }]);
});

it('shows what the provider refused, in its words', async () => {
  const { payoutId } = await scene.approved(); // the provider does not know the account
  await send(payoutId);
  await follow();
  expect(await scene.statusOf(payoutId)).toBe('FAILED');
  expect(await transfersOf(payoutId)).toMatchObject([{ status: 'FAILED', failure: 'PAYEE_MISSING' }]);
  expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
});

it('is not sent in another version than was seen, nor to another account than was approved', async () => {
  const { payoutId, version } = await approved();
  expect((await send(payoutId, { headers: { 'If-Match': `"v${version - 1}"` } })).body.code).toBe('VERSION_CONFLICT');
  expect(await scene.statusOf(payoutId)).toBe('APPROVED');
  await scene.changeAccount();
  expect(await send(payoutId)).toMatchObject({ status: 409, body: { code: 'PAYOUT_CHANGED' } });
  expect(await scene.payout(payoutId)).toMatchObject({ status: 'CALCULATED', approval: null });
  expect(await transfersOf(payoutId)).toEqual([]);
});

it('all that are due leave together; what has changed since its approval stays here', async () => {
  const sent = [await approved(), await approved(2_000n, 'S2')];
  const changed = await approved(3_000n, 'S3');
  const later = await approved(4_000n, 'S4');
  await scene.changeAccount('S3');
  await change(database.db, `UPDATE payout SET payout_on = '2999-01-01' WHERE payout_id = ?`, [later.payoutId]);
  const answer = await call('POST', 'payout-transfers', { body: {} });
  const named = ({ payoutId }: Payout) => ({
    ...{ payoutId, attempt: 1, provider: 'TOSS_PAYOUT', reference: `P${payoutId}-1` },
  });
  expect(answer).toMatchObject({ status: 202 });
  expect(answer.body).toEqual({
    transfers: sent.map(named),
    leftOut: [{ payoutId: changed.payoutId, changed: ['bankAccount'] }],
  });
  expect(await call('POST', 'payout-transfers', { body: {} })).toMatchObject({ status: 200, body: { transfers: [] } });
  expect(moved()).toEqual([]);
  expect(await follow()).toBe(2);
  await follow(true);
  expect(await scene.balances('S2')).toEqual({ PAID_OUT: 2_000 });
  const states = [...sent, changed, later].map(({ payoutId }) => scene.statusOf(payoutId));
  expect(await Promise.all(states)).toEqual(['PAID', 'PAID', 'CALCULATED', 'APPROVED']);
  expect(moved()).toEqual(['PAYOUT', 'PAYOUT']);
  const audited = await select(database.db, `SELECT 1 FROM audit_log WHERE action = 'payout.send'`);
  expect(audited).toHaveLength(2);
});

it('two who ask at once send each payout once', async () => {
  const { payoutId } = await approved();
  const answers = await Promise.all([
    call('POST', 'payout-transfers', { body: {} }),
    call('POST', 'payout-transfers', { body: {} }),
    send(payoutId),
  ]);
  expect(answers.filter(({ body }) => body.status === 'SENT' || body.transfers?.length === 1)).toHaveLength(1);
  expect(await transfersOf(payoutId)).toHaveLength(1);
  expect(await scene.balances()).toEqual({ PAYOUT_IN_TRANSIT: 1_000 });
});

it('what goes to the bank in a file at the same moment is not sent as well', async () => {
  const { payoutId } = await approved();
  const answer = await changedMeanwhile(
    database.db,
    [`UPDATE payout SET status = 'EXPORTED' WHERE payout_id = ?`, [payoutId]],
    '%FROM payout%FOR UPDATE%',
    () => call('POST', 'payout-transfers', { body: {} }),
  );
  expect(answer).toMatchObject({ status: 200, body: { transfers: [], leftOut: [] } });
  expect(await scene.statusOf(payoutId)).toBe('EXPORTED');
  expect(await transfersOf(payoutId)).toEqual([]);
});

it('refuses a provider and a currency that the platform has not, and leaves the payout as it is', async () => {
  const { payoutId } = await approved();
  for (const path of [`payouts/${payoutId}/send`, 'payout-transfers']) {
    const { body } = await call('POST', path, { body: { provider: 'OTHER' } });
    expect(body).toMatchObject({ code: 'PAYOUT_PROVIDER_MISSING', details: { providers: ['TOSS_PAYOUT'] } });
  }
  const { body } = await call('POST', 'payout-transfers', { body: { currency: 'USD' } });
  expect(body.code).toBe('PAYOUT_CURRENCY_UNSUPPORTED');
  expect(await scene.statusOf(payoutId)).toBe('APPROVED');
});

it('is for staff; a seller does not see the transfers', async () => {
  const { payoutId } = await approved();
  for (const path of [`payouts/${payoutId}/send`, 'payout-transfers'])
    expect((await as(seller, 'POST', path, { body: {} })).status).toBe(403);
  await send(payoutId);
  expect((await as(seller, 'GET', `payouts/${payoutId}`)).body).toMatchObject({ status: 'SENT', transfers: null });
});
