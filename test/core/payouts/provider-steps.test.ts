/** Payouts through the provider of the sandbox: the payout, the ledger and the history follow what the provider's book says. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { followTransfers } from '../../../core/payouts/follow-transfers.js';
import { providerSteps } from '../../../core/payouts/provider-steps.js';
import { payeeReference } from '../../../core/payouts/providers/provider.js';
import { type OpenPayoutProviders, payoutProviders } from '../../../core/payouts/providers/registry.js';
import { sendPayout, type TransferContext } from '../../../core/payouts/send-payout.js';
import type { Payout } from '../../../core/payouts/stores/payout.js';
import { readConfig } from '../../../infra/config.js';
import { change } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { type Sandbox, startSandbox } from '../../../sandbox/server.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { sandboxEnvironment } from '../../support/sandbox.js';
import { codeOf, PayoutScene } from './payout-scene.js';

let database: TestDatabase;
let sandbox: Sandbox;
let scene: PayoutScene;
let open: OpenPayoutProviders;
let context: TransferContext;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
  sandbox = await startSandbox();
  const config = readConfig({ NODE_ENV: 'test', ...sandboxEnvironment(sandbox.url) });
  open = payoutProviders(config);
  const steps = providerSteps('Asia/Seoul');
  context = { providers: open.providers, steps, bankKeys: config.encryptionKeys, steady: () => performance.now() };
});
afterAll(async () => {
  await open?.close();
  await sandbox?.close();
  await database?.drop();
});
beforeEach(async () => {
  await scene.reset();
  sandbox.reset();
});

/** An approved payout of a seller whom the provider knows. */
async function approved(): Promise<Payout> {
  const payout = await scene.approved();
  const account = { bankCode: '088', accountNumber: '110123456789', holderName: 'S1' };
  const refSellerId = payeeReference(payout.bankAccountId);
  sandbox.payouts.register({ refSellerId, businessType: 'CORPORATE', account, status: 'APPROVED' });
  return payout;
}
const send = (payoutId: number) =>
  sendPayout(database.db, context, { payoutId, provider: 'TOSS_PAYOUT', requestedBy: 'kim' });
const follow = async (): Promise<void> => {
  await change(database.db, 'UPDATE provider_transfer SET next_look_at = UTC_TIMESTAMP(3)');
  await followTransfers(database.db, context, new AbortController().signal);
};
const moved = () => sandbox.payouts.read().entries.map(({ kind }) => kind);

it('is in transit when it is sent, and paid when the provider says so', async () => {
  const { payoutId } = await approved();
  decided(await send(payoutId));
  expect(await scene.statusOf(payoutId)).toBe('SENT');
  expect(await scene.balances()).toEqual({ PAYOUT_IN_TRANSIT: 1_000 });
  expect(await scene.differences()).toEqual([]);
  await follow();
  expect(await scene.statusOf(payoutId)).toBe('PAID');
  expect(await scene.balances()).toEqual({ PAID_OUT: 1_000 });
  expect(await codeOf(send(payoutId))).toBe('PAYOUT_STATE_WRONG');
  expect(moved()).toEqual(['PAYOUT']);
  expect(await scene.differences()).toEqual([]);
});

it('fails where the provider does not know the account, and the money is payable again', async () => {
  const { payoutId } = await scene.approved();
  decided(await send(payoutId));
  expect(await scene.statusOf(payoutId)).toBe('FAILED');
  expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
  expect(moved()).toEqual([]);
  expect(await scene.differences()).toEqual([]);
});

it('is not sent where the account has changed since the approval, which is void then', async () => {
  const { payoutId } = await approved();
  await scene.changeAccount();
  expect(await codeOf(send(payoutId))).toBe('PAYOUT_CHANGED');
  expect(await scene.payout(payoutId)).toMatchObject({ status: 'CALCULATED', approval: null });
  expect(moved()).toEqual([]);
});

it('is not sent before its date, nor without an approval', async () => {
  const { payoutId } = await approved();
  await change(database.db, "UPDATE payout SET payout_on = '2999-01-01'");
  expect(await codeOf(send(payoutId))).toBe('PAYOUT_NOT_DUE');
  await change(database.db, "UPDATE payout SET status = 'EXPORTED'");
  expect(await codeOf(send(payoutId))).toBe('PAYOUT_STATE_WRONG');
});
