/** The life of a payout: proposed and claimed, approved by a second person as it was seen, held, cancelled, tried again. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  approvePayout,
  cancelPayout,
  holdPayout,
  releasePayout,
  retryPayout,
} from '../../../core/payouts/change-payout.js';
import { importResults } from '../../../core/payouts/import-results.js';
import { casesOf, payCases } from '../../../core/payouts/pay-cases.js';
import { proposeOne } from '../../../core/payouts/propose-payouts.js';
import { readStatementsOf } from '../../../core/payouts/stores/payout.js';
import { readPayoutEvents } from '../../../core/payouts/stores/payout-event.js';
import { readPayablesOf } from '../../../core/statements/stores/payable-account.js';
import { change } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { codeOf, DATE, KIM, LEE, PayoutScene, resultFile } from './payout-scene.js';

let database: TestDatabase;
let scene: PayoutScene;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
});
afterAll(() => database.drop());
beforeEach(() => scene.reset());

const because = { reason: 'because' };
const reasonsOn = async (date = DATE) => {
  const accounts = await readPayablesOf(database.db, 'S1');
  return (await payCases(database.db, accounts, date)).map(({ notPaid }) => notPaid?.reason);
};

describe('a proposal', () => {
  it('claims the statements that are due, once, and names what they earned', async () => {
    await scene.seller('S1');
    const first = await scene.statement({ earned: 700n });
    const second = await scene.statement({ earned: -200n });
    await scene.statement({ earned: 900n, payoutOn: '2026-05-21' });
    const [made] = await scene.propose();
    const payout = await scene.payout(made?.payoutId ?? 0);
    expect(payout).toMatchObject({
      sellerId: 'S1',
      amountMinor: 500n,
      status: 'CALCULATED',
      payoutOn: DATE,
      attempt: 1,
    });
    const statements = await readStatementsOf(database.db, [payout.payoutId]);
    expect(statements.map(({ statementId }) => statementId)).toEqual([first, second]);
    expect(await scene.propose()).toEqual([]);
    expect(await readPayoutEvents(database.db, payout.payoutId)).toMatchObject([
      {
        actor: 'kim',
        action: 'propose',
        from: null,
        to: 'CALCULATED',
        detail: { amountMinor: '500', statementIds: [first, second] },
      },
    ]);
    expect(await scene.differences()).toEqual([]);
  });

  it('is made for many sellers at once, each with its own statements', async () => {
    for (const sellerId of ['A', 'B', 'C']) {
      await scene.seller(sellerId);
      await scene.statement({ sellerId, earned: 10n });
      await scene.statement({ sellerId, earned: 20n, currency: 'USD' });
    }
    const made = await scene.propose();
    expect(
      made.map(({ candidate }) => `${candidate.sellerId} ${candidate.currency} ${candidate.known.amountMinor}`),
    ).toEqual([...['A KRW 10', 'A USD 20', 'B KRW 10', 'B USD 20', 'C KRW 10', 'C USD 20']]);
    expect(await scene.differences()).toEqual([]);
  });

  it('says why a seller is not paid', async () => {
    await scene.statement({ earned: 100n });
    expect(await reasonsOn()).toEqual(['SELLER_NOT_REGISTERED']);
    await scene.seller('S1');
    await change(database.db, 'UPDATE seller SET payout_from = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR');
    expect(await reasonsOn()).toEqual(['BANK_ACCOUNT_MISSING']);
    await change(database.db, 'UPDATE seller SET payout_from = UTC_TIMESTAMP(3)');
    expect(await reasonsOn('2026-05-19')).toEqual(['DATE_NOT_REACHED']);
    await scene.terms({
      seller: 'S1',
      hold: { reason: 'dispute' },
      effectiveFrom: '2026-05-20',
      effectiveTo: '2026-05-20',
    });
    expect(await reasonsOn()).toEqual(['ON_HOLD']);
    expect(await reasonsOn('2026-05-21')).toEqual([undefined]);
    await change(database.db, "UPDATE seller SET status = 'SUSPENDED'");
    expect(await reasonsOn('2026-05-21')).toEqual(['ON_HOLD']);
    await change(database.db, "UPDATE seller SET status = 'ACTIVE'");
    await scene.statement({ earned: -100n });
    expect(await reasonsOn('2026-05-21')).toEqual(['NEGATIVE_BALANCE']);
    expect(await scene.propose('2026-05-21')).toEqual([]);
  });

  it('carries less than the minimum forward, as often as the terms allow', async () => {
    const minimums = [{ currency: 'KRW', amountMinor: 1_000, carryForwardPeriods: 1 }];
    await scene.terms({ seller: 'S1', minimums });
    await scene.seller('S1');
    await scene.statement({ earned: 400n });
    expect(await reasonsOn()).toEqual(['BELOW_MINIMUM']);
    expect(await scene.propose()).toEqual([]);
    await scene.statement({ earned: 100n });
    const [made] = await scene.propose();
    expect(made?.candidate.known.amountMinor).toBe(500n);
  });

  it('never promises more than the seller is owed beside other payouts', async () => {
    const payout = await scene.proposed(1_000n);
    await scene.statement({ earned: 500n });
    await scene.post('RESERVE', 600n);
    expect(await reasonsOn()).toEqual(['NEGATIVE_BALANCE']);
    decided(await scene.inTx((tx) => cancelPayout(tx, KIM, { payoutId: payout.payoutId, ...because })));
    await scene.post('RESERVE_RELEASED', 600n);
    expect(await reasonsOn()).toEqual([undefined]);
  });

  it('of one seller keeps to its preview, or says what it is now', async () => {
    await scene.seller('S1');
    await scene.statement({ earned: 700n });
    const [account] = await readPayablesOf(database.db, 'S1');
    if (account === undefined) throw new Error('no account');
    const previewed = async () => (await casesOf(database.db, [account], DATE))[0]?.hash ?? '';
    const seen = await previewed();
    await scene.statement({ earned: 10n });
    const proposing = { date: DATE, maker: null, runId: null };
    const moved = await scene.inTx((tx) => proposeOne(tx, account, proposing, seen));
    expect(moved).toMatchObject({ refused: 'PAYOUT_MOVED', details: { expected: seen, amountMinor: '710' } });
    const now = await previewed();
    const made = decided(await scene.inTx((tx) => proposeOne(tx, account, proposing, now)));
    expect((await scene.payout(made.payoutId)).hash).toBe(now);
    expect(await codeOf(scene.inTx((tx) => proposeOne(tx, account, proposing, undefined)))).toBe('PAYOUT_NOT_DUE');
  });
});

describe('an approval', () => {
  it('is given by somebody else than the maker, of exactly what was seen', async () => {
    const payout = await scene.proposed();
    expect(await codeOf(scene.approve(payout, KIM))).toBe('PAYOUT_APPROVER_NOT_SECOND');
    const { accountId } = await makeAccount(database.db, 'admin');
    const caller = { accountId, role: 'admin' as const, sessionId: 'x', sellerId: null };
    expect(await codeOf(scene.approve(payout, { caller } as never))).toBe('PAYOUT_APPROVER_NOT_SECOND');
    const others = [{ amountMinor: 999n }, { bankAccountId: payout.bankAccountId + 1 }, { hash: 'f'.repeat(64) }];
    for (const other of others) expect(await codeOf(scene.approve({ ...payout, ...other }))).toBe('PAYOUT_CHANGED');
    expect(await scene.statusOf(payout.payoutId)).toBe('CALCULATED');
    const approved = decided(await scene.approve(payout));
    expect(approved).toMatchObject({
      status: 'APPROVED',
      approval: { by: 'lee', amountMinor: 1_000n, hash: payout.hash },
    });
    expect(await codeOf(scene.approve(approved))).toBe('PAYOUT_STATE_WRONG');
    expect(await scene.differences()).toEqual([]);
  });

  it('of what the schedule proposed may be given by anybody', async () => {
    const payout = await scene.proposed();
    await change(database.db, 'UPDATE payout SET maker = NULL');
    expect(decided(await scene.approve(payout, KIM)).status).toBe('APPROVED');
  });

  it('is refused where the seller has another account since, which the payout then names', async () => {
    const payout = await scene.proposed();
    const bankAccountId = await scene.changeAccount();
    expect(await scene.approve(payout)).toMatchObject({
      refused: 'PAYOUT_CHANGED',
      details: { changed: ['bankAccount'], bankAccountId },
    });
    const now = await scene.payout(payout.payoutId);
    expect(now).toMatchObject({ bankAccountId, status: 'CALCULATED' });
    expect(now.hash).not.toBe(payout.hash);
    expect(decided(await scene.approve(now)).status).toBe('APPROVED');
  });

  it('waits while the account waits', async () => {
    const payout = await scene.proposed();
    await scene.changeAccount('S1', '220987654321', 72);
    expect(await codeOf(scene.approve(payout))).toBe('BANK_ACCOUNT_WAITING');
  });

  it('is void at the export where the account has changed, and said so in the history', async () => {
    const payout = await scene.approved();
    const bankAccountId = await scene.changeAccount();
    const exported = await scene.export();
    expect(exported).toMatchObject({ file: null, changed: [{ payoutId: payout.payoutId, changed: ['bankAccount'] }] });
    expect(await scene.payout(payout.payoutId)).toMatchObject({ status: 'CALCULATED', bankAccountId, approval: null });
    expect((await readPayoutEvents(database.db, payout.payoutId)).at(-1)).toMatchObject({
      action: 'change',
      from: 'APPROVED',
      to: 'CALCULATED',
      detail: { changed: ['bankAccount'], approvedBy: 'lee', before: { bankAccountId: payout.bankAccountId } },
    });
    expect(await scene.differences()).toEqual([]);
  });

  it('is void at the export where the amount was changed in the database', async () => {
    const payout = await scene.approved();
    await change(database.db, 'UPDATE payout SET amount_minor = 900, approved_amount_minor = 900');
    expect((await scene.export()).changed).toEqual([{ payoutId: payout.payoutId, changed: ['amount', 'content'] }]);
    expect(await codeOf(scene.approve(await scene.payout(payout.payoutId)))).toBe('PAYOUT_CHANGED');
  });
});

describe('a payout', () => {
  it('that is held has no approval, and needs one when it is released', async () => {
    const { payoutId } = await scene.approved();
    const asked = { payoutId, ...because };
    expect(decided(await scene.inTx((tx) => holdPayout(tx, LEE, asked)))).toMatchObject({
      status: 'HELD',
      approval: null,
    });
    expect((await scene.export()).file).toBeNull();
    expect(decided(await scene.inTx((tx) => releasePayout(tx, LEE, asked))).status).toBe('CALCULATED');
    expect(await codeOf(scene.inTx((tx) => releasePayout(tx, LEE, asked)))).toBe('PAYOUT_STATE_WRONG');
    expect((await scene.export()).file).toBeNull();
    const last = (await readPayoutEvents(database.db, payoutId)).at(-1);
    expect(last).toMatchObject({ action: 'release', actor: 'lee', reason: 'because', from: 'HELD' });
  });

  it('was proposed, changed and entered in its history at one moment', async () => {
    const { payoutId, proposedAt, updatedAt } = await scene.proposed();
    const [entry] = await readPayoutEvents(database.db, payoutId);
    expect({ happenedAt: entry?.happenedAt, updatedAt }).toEqual({ happenedAt: proposedAt, updatedAt: proposedAt });
  });

  it('that is cancelled frees its statements for the next proposal, and stays readable', async () => {
    const payout = await scene.proposed();
    decided(await scene.inTx((tx) => cancelPayout(tx, KIM, { payoutId: payout.payoutId, ...because })));
    const [made] = await scene.propose();
    expect(made?.payoutId).toBeGreaterThan(payout.payoutId);
    expect(await readStatementsOf(database.db, [payout.payoutId])).toHaveLength(1);
    // The same content has the same hash, so the claim must be the new payout's.
    expect((await scene.payout(made?.payoutId ?? 0)).hash).toBe(payout.hash);
    expect(await readStatementsOf(database.db, [made?.payoutId ?? 0])).toHaveLength(1);
    expect(await scene.differences()).toEqual([]);
  });

  it('that does not exist is not found', async () => {
    const asked = { payoutId: 77, ...because };
    for (const act of [holdPayout, releasePayout, cancelPayout, retryPayout])
      expect(await codeOf(scene.inTx((tx) => act(tx, KIM, asked)))).toBe('PAYOUT_NOT_FOUND');
    const seen = { payoutId: 77, amountMinor: 1n, bankAccountId: 1, hash: '' };
    expect(await codeOf(scene.inTx((tx) => approvePayout(tx, KIM, seen)))).toBe('PAYOUT_NOT_FOUND');
  });

  it('that failed is tried again as another attempt, with the same claims, approved again by somebody else', async () => {
    const payout = await scene.approved();
    const { file } = await scene.export();
    const number = `F${file?.fileId}`;
    const results = resultFile(number, [[`P${payout.payoutId}-1`, 1_000, 'ACCOUNT_CLOSED']]);
    const imported = await scene.inTx((tx) => importResults(tx, 'kim', 'csv', results, DATE));
    expect(isRefusal(imported) ? imported : imported.failed).toBe(1);
    const asked = { payoutId: payout.payoutId, ...because };
    const again = decided(await scene.inTx((tx) => retryPayout(tx, LEE, asked)));
    expect(again).toMatchObject({ status: 'CALCULATED', attempt: 2, maker: { name: 'lee' }, approval: null });
    expect(await codeOf(scene.approve(again, LEE))).toBe('PAYOUT_APPROVER_NOT_SECOND');
    decided(await scene.approve(again, KIM));
    const second = await scene.export();
    expect(second.written?.content.toString()).toContain(`P${payout.payoutId}-2`);
    expect(await scene.differences()).toEqual([]);
  });
});
