/** Attempts to be paid twice, to approve one's own payout, to be paid while suspended, and to block everybody's results. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requestExecution } from '../../../core/jobs/stores/execution.js';
import { readBankResult } from '../../../core/payouts/bank-file.js';
import { retryPayout } from '../../../core/payouts/change-payout.js';
import { markFileSent } from '../../../core/payouts/export-payouts.js';
import { importResults } from '../../../core/payouts/import-results.js';
import { makerOfRun, requesterOf } from '../../../core/payouts/proposal.js';
import { providerSteps } from '../../../core/payouts/provider-steps.js';
import type { PayoutProvider } from '../../../core/payouts/providers/provider.js';
import { sendPayout, type TransferContext } from '../../../core/payouts/send-payout.js';
import { change, insertReturningId } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { codeOf, DATE, KEYS, KIM, PayoutScene, resultFile } from './payout-scene.js';

let database: TestDatabase;
let scene: PayoutScene;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
});
afterAll(() => database.drop());
beforeEach(() => scene.reset());

const suspend = () => change(database.db, "UPDATE seller SET status = 'SUSPENDED'");
const LONG = '가'.repeat(70_000);

/** A provider that refuses everything at length. */
const talkative: PayoutProvider = {
  name: 'TALKATIVE',
  currencies: ['KRW'],
  send: async () => ({
    outcome: 'failed',
    reason: 'PROVIDER_REFUSED',
    providerKey: null,
    said: { code: 'X'.repeat(300), message: LONG },
  }),
  inquire: async () => ({ outcome: 'missing' }),
};
const context: TransferContext = {
  providers: new Map([['TALKATIVE', talkative]]),
  steps: providerSteps('Asia/Seoul'),
  bankKeys: KEYS,
  steady: () => performance.now(),
  watchDays: 90,
};
const send = (payoutId: number) =>
  sendPayout(database.db, context, { payoutId, provider: 'TALKATIVE', requestedBy: 'kim' });

describe('a seller that is suspended after the proposal', () => {
  it('is not approved', async () => {
    const payout = await scene.proposed();
    await suspend();
    expect(await scene.approve(payout)).toMatchObject({
      refused: 'PAYOUT_CHANGED',
      details: { changed: ['suspended'] },
    });
    expect(await scene.statusOf(payout.payoutId)).toBe('CALCULATED');
  });

  it('is left out of the file, and its approval is void', async () => {
    const suspended = await scene.approved();
    await suspend();
    const other = await scene.approved(2_000n, 'S2');
    expect(await scene.export()).toMatchObject({
      file: { transfers: 1 },
      changed: [{ payoutId: suspended.payoutId, changed: ['suspended'] }],
    });
    expect(await scene.payout(suspended.payoutId)).toMatchObject({ status: 'CALCULATED', approval: null });
    expect(await scene.statusOf(other.payoutId)).toBe('EXPORTED');
    expect(await scene.differences()).toEqual([]);
  });

  it('keeps a file that was exported before from the bank', async () => {
    await scene.approved();
    const { file } = await scene.export();
    await suspend();
    expect(await codeOf(scene.inTx((tx) => markFileSent(tx, 'kim', file?.fileId ?? 0)))).toBe('PAYOUT_CHANGED');
    expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });

  it('is not sent through a provider', async () => {
    const { payoutId } = await scene.approved();
    await suspend();
    expect(await codeOf(send(payoutId))).toBe('PAYOUT_CHANGED');
    expect(await scene.statusOf(payoutId)).toBe('CALCULATED');
  });
});

describe('words of a bank or a provider that are too long to be stored', () => {
  it('do not keep a refused transfer from failing', async () => {
    const { payoutId } = await scene.approved();
    expect(decided(await send(payoutId))).toMatchObject({ status: 'FAILED', saidCode: 'X'.repeat(100) });
    expect(await scene.statusOf(payoutId)).toBe('FAILED');
    expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });

  it('do not keep the results of a file from being imported', async () => {
    const { payoutId } = await scene.approved();
    const { file } = await scene.export();
    const content = resultFile(`F${file?.fileId}`, [[`P${payoutId}-1`, 1_000, 'ACCOUNT_CLOSED']]).toString();
    const long = Buffer.from(content.replace('ACCOUNT_CLOSED,', `ACCOUNT_CLOSED,${LONG}`));
    expect(decided(await scene.inTx((tx) => importResults(tx, 'kim', 'csv', long, DATE)))).toMatchObject({ failed: 1 });
    expect(await scene.differences()).toEqual([]);
  });
});

describe('an approval', () => {
  it('of one attempt does not count for the next one', async () => {
    const seen = await scene.approved();
    const { file } = await scene.export();
    const failed = resultFile(`F${file?.fileId}`, [[`P${seen.payoutId}-1`, 1_000, 'ACCOUNT_CLOSED']]);
    decided(await scene.inTx((tx) => importResults(tx, 'kim', 'csv', failed, DATE)));
    const asked = { payoutId: seen.payoutId, reason: 'again' };
    const again = decided(await scene.inTx((tx) => retryPayout(tx, KIM, asked)));
    expect(await scene.approve(seen)).toMatchObject({ refused: 'PAYOUT_CHANGED', details: { changed: ['hash'] } });
    expect(decided(await scene.approve(again)).status).toBe('APPROVED');
    expect(await scene.differences()).toEqual([]);
  });

  it('is not given by who had given the account that asked for the proposals its access', async () => {
    const [asking, giving, later] = [
      await makeAccount(database.db, 'admin'),
      await makeAccount(database.db, 'admin'),
      await makeAccount(database.db, 'admin'),
    ];
    const gives = (accountId: number) =>
      change(database.db, 'UPDATE account SET access_given_by = ? WHERE account_id = ?', [accountId, asking.accountId]);
    await gives(giving.accountId);
    const runId = 4_711;
    await insertReturningId(
      database.db,
      `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows)
       VALUES (?, 'REQUESTED', ?, UTC_TIMESTAMP(3), 1, 1, 1)`,
      [runId, `account ${asking.accountId}, key 3`],
    );
    const maker = await makerOfRun(database.db, runId);
    await gives(later.accountId);
    expect(maker).toMatchObject({ accountId: asking.accountId, accessFrom: giving.accountId });
  });
});

it('a user of the command line with the longest name may ask for proposals, and is their maker', async () => {
  const name = '김'.repeat(64);
  const runId = 4_712;
  const parameters = { requestedBy: requesterOf(name), gridSize: 1, workers: 1, chunkRows: 1 };
  await requestExecution(database.db, runId, parameters);
  expect(await makerOfRun(database.db, runId)).toEqual({ name, accountId: null, accessFrom: null });
});

it('a result file of nothing but line ends is refused before it fills the memory', () => {
  const refused = readBankResult('csv', Buffer.alloc(20 * 1024 * 1024, '\n'));
  if (!isRefusal(refused)) throw new Error('it was read');
  expect(refused.details.faults).toMatchObject([{ line: 1, reason: 'FILE_TOO_LARGE' }, { reason: 'TRAILER_MISSING' }]);
});
