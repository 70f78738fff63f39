/** Payouts through the provider of the sandbox: the payout, the ledger and the history follow what the provider's book says. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { cancelPayout, retryPayout } from '../../../core/payouts/change-payout.js';
import { followTransfers } from '../../../core/payouts/follow-transfers.js';
import { providerSteps } from '../../../core/payouts/provider-steps.js';
import { payeeReference } from '../../../core/payouts/providers/provider.js';
import { type OpenPayoutProviders, payoutProviders } from '../../../core/payouts/providers/registry.js';
import { MISSING_LOOKS } from '../../../core/payouts/rules/transfer-state.js';
import { sendPayout, type TransferContext } from '../../../core/payouts/send-payout.js';
import type { Payout } from '../../../core/payouts/stores/payout.js';
import { readPayoutEvents } from '../../../core/payouts/stores/payout-event.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { decided, found } from '../../../kernel/outcome.js';
import { type Sandbox, startSandbox } from '../../../sandbox/server.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { sandboxEnvironment } from '../../support/sandbox.js';
import { codeOf, DATE, KIM, PayoutScene } from './payout-scene.js';

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
  context = {
    ...{ providers: open.providers, steps, bankKeys: config.encryptionKeys },
    ...{ steady: () => performance.now(), watchDays: 90 },
  };
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
/** Carries out what is due now or will be: what is never looked up again stays so. */
const follow = async (using = context): Promise<void> => {
  await change(
    database.db,
    'UPDATE provider_transfer SET next_look_at = UTC_TIMESTAMP(3) WHERE next_look_at IS NOT NULL',
  );
  await followTransfers(database.db, using, new AbortController().signal);
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

it('of an earlier attempt moves no payout that is at another attempt', async () => {
  const { payoutId } = await approved();
  decided(await send(payoutId));
  const { steps } = context;
  const earlier = { payoutId, attempt: 0 };
  for (const step of [
    scene.inTx((tx) => steps.pay(tx, earlier, DATE)),
    scene.inTx((tx) => steps.fail(tx, earlier, 'NOT_RECEIVED', null)),
  ])
    await expect(step).rejects.toThrow(`payout ${payoutId} is at attempt 1, not 0`);
  expect(await scene.statusOf(payoutId)).toBe('SENT');
});

/** The provider does not know the transfer for long enough that it is taken for lost. */
async function losing(): Promise<Payout> {
  const payout = await approved();
  decided(await send(payout.payoutId));
  const there = found(open.providers.get('TOSS_PAYOUT'), 'INTERNAL');
  const { name, currencies } = there;
  const forgetful = {
    name,
    currencies,
    send: there.send.bind(there),
    inquire: async () => ({ outcome: 'missing' }) as const,
  };
  await change(database.db, 'UPDATE provider_transfer SET asked_at = asked_at - INTERVAL 1 HOUR, looks = ?', [
    MISSING_LOOKS,
  ]);
  await follow({ ...context, providers: new Map([[name, forgetful]]) });
  expect(await transfers()).toEqual(['FAILED NOT_RECEIVED']);
  expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
  return scene.payout(payout.payoutId);
}
const transfers = async (): Promise<string[]> =>
  (
    await select<{ s: string }>(
      database.db,
      `SELECT CONCAT_WS(' ', status, failure) AS s FROM provider_transfer ORDER BY payout_id, attempt`,
    )
  ).map(({ s }) => s);

it('is not ended by an answer that comes when somebody else has asked since', async () => {
  const { payoutId } = await approved();
  decided(await send(payoutId));
  found(sandbox.payouts.byReference(`P${payoutId}-1`), 'INTERNAL').held = true;
  const { name, currencies, send: order } = found(open.providers.get('TOSS_PAYOUT'), 'INTERNAL');
  const [asked, answered] = [gate(), gate()];
  const slow = {
    ...{ name, currencies, send: order },
    inquire: async () => {
      asked.open();
      await answered.passed;
      const said = { code: 'CLOSED_ACCOUNT', message: '' };
      return { outcome: 'failed', reason: 'ACCOUNT_CLOSED', said, providerKey: null } as const;
    },
  };
  const late = follow({ ...context, providers: new Map([[name, slow]]) });
  await asked.passed;
  await follow();
  answered.open();
  await late;
  expect(await scene.statusOf(payoutId)).toBe('SENT');
  expect(await transfers()).toEqual(['OPEN']);
  expect(await scene.differences()).toEqual([]);
});

/** Whoever waits for `passed` goes on when it is opened. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let opened = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    opened = resolve;
  });
  return { passed, open: () => opened() };
}

it('that was taken for lost is paid when the provider has it after all, though the seller is owed less by then', async () => {
  const { payoutId } = await losing();
  await scene.post('ADJUSTMENT_FROM_SELLER', 400n);
  await follow();
  expect(await scene.statusOf(payoutId)).toBe('PAID');
  expect(await transfers()).toEqual(['PAID']);
  expect(await scene.balances()).toEqual({ SELLER_PAYABLE: -400, PAID_OUT: 1_000 });
  expect(moved()).toEqual(['PAYOUT']);
  expect(await scene.differences()).toEqual([]);
});

it('that was found may fail like any other', async () => {
  const { payoutId } = await losing();
  const there = found(sandbox.payouts.byReference(`P${payoutId}-1`), 'INTERNAL');
  there.held = true;
  await follow();
  expect(await scene.statusOf(payoutId)).toBe('SENT');
  sandbox.payouts.fail(there, { code: 'CLOSED_ACCOUNT', message: '' });
  await follow();
  expect(await scene.statusOf(payoutId)).toBe('FAILED');
  expect(await transfers()).toEqual(['FAILED ACCOUNT_CLOSED']);
  expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
  expect(await scene.differences()).toEqual([]);
});

it('that was tried again before it was found is held, and one that was cancelled says it in its history', async () => {
  const { payoutId } = await losing();
  const asked = { payoutId, reason: 'new try' };
  decided(await scene.approve(decided(await scene.inTx((tx) => retryPayout(tx, KIM, asked)))));
  await follow();
  expect(await scene.payout(payoutId)).toMatchObject({ status: 'HELD', attempt: 2, approval: null });
  expect(await transfers()).toEqual(['FAILED FOUND_LATER']);
  expect((await readPayoutEvents(database.db, payoutId)).at(-1)).toMatchObject({
    ...{ actor: 'provider', action: 'hold', reason: `P${payoutId}-1 is at the provider after all` },
  });
  await scene.reset();
  const other = await losing();
  decided(await scene.inTx((tx) => cancelPayout(tx, KIM, { payoutId: other.payoutId, reason: 'lost' })));
  await follow();
  expect(await scene.statusOf(other.payoutId)).toBe('CANCELLED');
  expect((await readPayoutEvents(database.db, other.payoutId)).at(-1)).toMatchObject({ action: 'found-later' });
  expect(await scene.differences()).toEqual([]);
});
