/** Entries of the books that two people make: what they post, who may, and what is refused. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cancelAdjustment, loseDispute } from '../../../core/adjustments/decide-adjustment.js';
import { transactionsOf } from '../../../core/adjustments/post-entry.js';
import { proposeAdjustment } from '../../../core/adjustments/propose-adjustment.js';
import { listAdjustments, readAdjustment } from '../../../core/adjustments/stores/adjustment.js';
import { applyTerms } from '../../../core/terms/apply-terms.js';
import { change, type Db, select } from '../../../infra/database.js';
import { listAudit } from '../../../infra/stores/audit-log.js';
import { decided } from '../../../kernel/outcome.js';
import { makeAccount, makeSeller } from '../../support/accounts.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { makeTerms } from '../../support/terms.js';
import { AdjustmentScene, acting, codeOf, KIM, LEE, makeProposal, TODAY } from './adjustment-scene.js';

let database: TestDatabase;
let scene: AdjustmentScene;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new AdjustmentScene(database.db);
  await makeSeller(database.db, 'S1');
});
afterAll(() => database.drop());
const TABLES = ['adjustment', 'audit_log', 'statement', 'seller_terms'];
const LEDGER = ['ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day'];
beforeEach(async () => {
  for (const table of [...TABLES, ...LEDGER]) await change(database.db, `DELETE FROM ${table}`);
});
afterEach(async () => expect(await scene.differences()).toEqual([]));

const idOf = async (...given: Parameters<AdjustmentScene['propose']>) =>
  decided(await scene.propose(...given)).adjustment.adjustmentId;
const issued = (closesOn: string, db: Db = database.db) =>
  change(
    db,
    `INSERT INTO statement (seller_id, currency, number, period_from, closes_on, payout_on, terms_version, calendar_version, opening_minor, earned_minor,
       closing_minor, hash, status, issued_at, issued_by) VALUES ('S1', 'KRW', 1, ?, ?, ?, 1, 1, 0, 0, 0, ?, 'ISSUED', UTC_TIMESTAMP(3), 'test')`,
    [closesOn, closesOn, closesOn, 'a'.repeat(64)],
  );

describe('what is posted', () => {
  it.each([
    ['to the seller', { kind: 'TO_SELLER' }, { ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 }],
    ['from the seller, below zero too', { kind: 'FROM_SELLER' }, { ADJUSTMENTS: -1_000, SELLER_PAYABLE: -1_000 }],
    ['a chargeback', { kind: 'CHARGEBACK' }, { SELLER_PAYABLE: -1_000, PROVIDER_RECEIVABLE: -1_000 }],
    [
      'a chargeback with a fee for the seller',
      { kind: 'CHARGEBACK', feeMinor: 150, feeBy: 'SELLER' },
      { SELLER_PAYABLE: -1_150, PROVIDER_RECEIVABLE: -1_150 },
    ],
    [
      'a chargeback with a fee for the platform',
      { kind: 'CHARGEBACK', feeMinor: 150, feeBy: 'PLATFORM' },
      { SELLER_PAYABLE: -1_000, PG_COST: 150, PROVIDER_RECEIVABLE: -1_150 },
    ],
  ] as const)('%s', async (_what, made, expected) => {
    const posted = await scene.posted({ reference: 'R1', ...made });
    expect(posted).toMatchObject({ status: 'POSTED', effectiveOn: TODAY, proposedBy: 'kim', decidedBy: 'lee' });
    expect(posted.dispute).toBe(made.kind === 'CHARGEBACK' ? 'OPENED' : null);
    expect(await scene.balances()).toEqual(expected);
  });

  it('and every step is in the audit log', async () => {
    const { adjustmentId } = await scene.posted({ reference: 'R1', kind: 'CHARGEBACK' });
    await scene.inTx((tx) => loseDispute(tx, LEE, adjustmentId));
    await scene.refuse({ adjustmentId: await idOf({ reference: 'R2' }), note: 'too much' });
    const third = await idOf({ reference: 'R3' });
    await scene.inTx((tx) => cancelAdjustment(tx, KIM, { adjustmentId: third, note: null }));
    const entries = (await listAudit(database.db, {}, 20)).reverse();
    expect(entries.map(({ action, actorUserName }) => `${action} ${actorUserName}`)).toEqual([
      ...['adjustment.propose kim', 'adjustment.approve lee', 'adjustment.dispute-lost lee'],
      ...['adjustment.propose kim', 'adjustment.refuse lee', 'adjustment.propose kim', 'adjustment.cancel kim'],
    ]);
    expect(entries[1]).toMatchObject({ before: { status: 'PROPOSED' }, after: { status: 'POSTED' } });
    expect(await scene.balances()).toEqual({ SELLER_PAYABLE: -1_000, PROVIDER_RECEIVABLE: -1_000 });
  });
});

describe('a proposal', () => {
  it('is made once for its reference, and another one under it is refused', async () => {
    const first = decided(await scene.propose({ reference: 'R1' }));
    expect(decided(await scene.propose({ reference: 'R1' }, LEE))).toEqual({ ...first, existed: true });
    const other = await scene.propose({ reference: 'R1', amountMinor: 2_000, reason: 'another' });
    const { adjustmentId } = first.adjustment;
    expect(other).toEqual({
      refused: 'ADJUSTMENT_EXISTS_OTHERWISE',
      details: { reference: 'R1', adjustmentId, differing: ['amountMinor', 'reason'] },
    });
    await scene.approve(adjustmentId);
    expect(decided(await scene.propose({ reference: 'R1' })).existed).toBe(true);
    expect(await listAdjustments(database.db, { sellerId: 'S1' }, 10)).toHaveLength(1);
  });

  it('that two make at once is one', async () => {
    let second: ReturnType<AdjustmentScene['propose']> | undefined;
    const first = await scene.inTx(async (tx) => {
      const made = decided(await proposeAdjustment(tx, KIM, makeProposal({ reference: 'R1' })));
      second = scene.propose({ reference: 'R1' }, LEE);
      await inStatement(database.db, '%INTO adjustment%');
      return made;
    });
    expect(await second).toEqual({ ...first, existed: true });
  });

  it.each([
    ['reference', { reference: ' R1' }],
    ['sellerId', { sellerId: '' }],
    ['amount', { amountMinor: 0 }],
    ['amount', { amountMinor: 2 ** 53 }],
    ['reasonCode', { reasonCode: 'FRAUD' }],
    ['reason', { reason: '  ' }],
    ['reason', { reason: 'x'.repeat(201) }],
    ['attachment', { attachment: 'a\nb' }],
    ['effectiveOn', { askedOn: '2026-05-21' }],
    ['effectiveOn', { askedOn: '2026-02-30' }],
    ['provider', { provider: 'TOSS' }],
    ['fee', { feeMinor: 1 }],
    ['provider', { kind: 'CHARGEBACK', provider: 'toss' }],
    ['orderId', { kind: 'CHARGEBACK', orderId: ' ' }],
    ['feeBy', { kind: 'CHARGEBACK', feeMinor: 1 }],
    ['feeBy', { kind: 'CHARGEBACK', feeBy: 'SELLER' }],
  ] as const)('with a bad %s is refused: %j', async (field, made) => {
    const refused = await scene.propose({ reference: 'R1', ...made } as Parameters<AdjustmentScene['propose']>[0]);
    expect(refused).toMatchObject({ refused: 'ADJUSTMENT_INVALID', details: { field } });
  });

  it('about a seller or in a currency that nobody knows is refused', async () => {
    expect(await codeOf(scene.propose({ reference: 'R1', sellerId: 'S2' }))).toBe('SELLER_NOT_FOUND');
    expect(await codeOf(scene.propose({ reference: 'R1', currency: 'XXZ' }))).toBe('CURRENCY_UNKNOWN');
    await scene.post('ADJUSTMENT_TO_SELLER', 1n, 'k', TODAY, 'S2');
    expect(await codeOf(scene.propose({ reference: 'R1', sellerId: 'S2' }))).toBeUndefined();
  });
});

describe('two people', () => {
  it('make an entry: who proposed it neither posts nor refuses it, and only they cancel it', async () => {
    const adjustmentId = await idOf({ reference: 'R1' });
    const decision = { adjustmentId, note: null };
    expect(await codeOf(scene.approve(adjustmentId, KIM))).toBe('APPROVER_NOT_SECOND');
    expect(await codeOf(scene.refuse(decision, KIM))).toBe('APPROVER_NOT_SECOND');
    expect(await codeOf(scene.inTx((tx) => cancelAdjustment(tx, LEE, decision)))).toBe('ADJUSTMENT_PROPOSER_ONLY');
    expect(await scene.balances()).toEqual({});
    expect(await codeOf(scene.inTx((tx) => cancelAdjustment(tx, KIM, decision)))).toBeUndefined();
    expect(await codeOf(scene.approve(adjustmentId))).toBe('ADJUSTMENT_DECIDED');
  });

  it('are not an account and a user of the command line, nor accounts of which one gave the other its access', async () => {
    const caller = async (accessGivenBy?: number) => {
      const { accountId, sessionId } = await makeAccount(database.db, 'operator', {
        ...(accessGivenBy === undefined ? {} : { accessGivenBy }),
      });
      const person = { caller: { accountId, sessionId, role: 'operator', sellerId: null } } as const;
      return { accountId, who: { person, requestId: null, today: TODAY } };
    };
    const [maker, stranger] = [await caller(), await caller()];
    const guest = await caller(maker.accountId);
    const adjustmentId = await idOf({ reference: 'R1' }, maker.who);
    for (const who of [maker.who, guest.who, LEE])
      expect(await codeOf(scene.approve(adjustmentId, who))).toBe('APPROVER_NOT_SECOND');
    const ofGuest = await idOf({ reference: 'R2' }, guest.who);
    expect(await codeOf(scene.approve(ofGuest, maker.who))).toBe('APPROVER_NOT_SECOND');
    const posted = decided(await scene.approve(adjustmentId, stranger.who));
    expect(posted).toMatchObject({
      proposedBy: `account ${maker.accountId}`,
      decidedBy: `account ${stranger.accountId}`,
    });
  });

  it('who approve at once post it once: the other is told that it is decided', async () => {
    const adjustmentId = await idOf({ reference: 'R1' });
    const outcomes = await Promise.all(
      [LEE, acting('park'), acting('choi')].map((who) => codeOf(scene.approve(adjustmentId, who))),
    );
    expect(outcomes.sort()).toEqual(['ADJUSTMENT_DECIDED', 'ADJUSTMENT_DECIDED', undefined]);
    expect(await scene.balances()).toEqual({ ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 });
    const { decidedBy } = (await readAdjustment(database.db, adjustmentId)) ?? {};
    const again = decided(await scene.approve(adjustmentId, acting(decidedBy ?? '')));
    expect(again.status).toBe('POSTED');
    expect(await scene.balances()).toEqual({ ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 });
  });
});

describe('a dispute', () => {
  const chargeback = { reference: 'C1', kind: 'CHARGEBACK', amountMinor: 1_000, feeMinor: 150 } as const;

  it.each([
    ['with the fee', true, 'SELLER', {}],
    ['without the fee', false, 'SELLER', { SELLER_PAYABLE: -150, PROVIDER_RECEIVABLE: -150 }],
    ['with the fee of the platform', true, 'PLATFORM', {}],
  ] as const)('that is won brings the money back, %s', async (_what, feeReturned, feeBy, expected) => {
    const { adjustmentId: undoesId } = await scene.posted({ ...chargeback, feeBy });
    const won = await scene.undone({ reference: 'W1', kind: 'CHARGEBACK_WON', undoesId, feeReturned });
    expect(won).toMatchObject({ amountMinor: 1_000, provider: 'TOSS', undoesId, dispute: null });
    expect((await readAdjustment(database.db, undoesId))?.dispute).toBe('WON');
    expect(await scene.balances()).toEqual(expected);
    expect(await codeOf(scene.undo({ reference: 'W2', kind: 'CHARGEBACK_WON', undoesId }))).toBe('DISPUTE_NOT_OPEN');
    expect(await scene.undo({ reference: 'V1', kind: 'REVERSAL', undoesId })).toEqual({
      refused: 'ADJUSTMENT_NOT_UNDOABLE',
      details: { why: 'its dispute was won; reverse that entry' },
    });
  });

  it('that is lost stays so, and is not won afterwards', async () => {
    const { adjustmentId: undoesId } = await scene.posted({ ...chargeback, feeBy: 'SELLER' });
    const won = decided(await scene.undo({ reference: 'W1', kind: 'CHARGEBACK_WON', undoesId })).adjustment;
    for (const _time of [1, 2]) decided(await scene.inTx((tx) => loseDispute(tx, KIM, undoesId)));
    expect(await codeOf(scene.approve(won.adjustmentId))).toBe('DISPUTE_NOT_OPEN');
    expect(await scene.balances()).toMatchObject({ SELLER_PAYABLE: -1_150 });
  });

  it('that was won by mistake is open again once that is reversed', async () => {
    await scene.post('ADJUSTMENT_TO_SELLER', 5_000n, 'k');
    const { adjustmentId: undoesId } = await scene.posted({ ...chargeback, feeBy: 'SELLER' });
    const won = await scene.undone({ reference: 'W1', kind: 'CHARGEBACK_WON', undoesId });
    await scene.undone({ reference: 'V1', kind: 'REVERSAL', undoesId: won.adjustmentId });
    expect((await readAdjustment(database.db, undoesId))?.dispute).toBe('OPENED');
    await scene.undone({ reference: 'W2', kind: 'CHARGEBACK_WON', undoesId, feeReturned: true });
    expect(await scene.balances()).toEqual({ ADJUSTMENTS: 5_000, SELLER_PAYABLE: 5_000 });
  });

  it('is only that of a posted chargeback', async () => {
    const open = await idOf({ ...chargeback, feeBy: 'SELLER' });
    expect(await codeOf(scene.undo({ reference: 'W1', kind: 'CHARGEBACK_WON', undoesId: open }))).toBe(
      'ADJUSTMENT_NOT_UNDOABLE',
    );
    expect(await codeOf(scene.inTx((tx) => loseDispute(tx, KIM, open)))).toBe('DISPUTE_NOT_OPEN');
    const { adjustmentId } = await scene.posted({ reference: 'R1' });
    expect(await codeOf(scene.undo({ reference: 'W1', kind: 'CHARGEBACK_WON', undoesId: adjustmentId }))).toBe(
      'ADJUSTMENT_NOT_UNDOABLE',
    );
    expect(await codeOf(scene.inTx((tx) => loseDispute(tx, KIM, 999)))).toBe('ADJUSTMENT_NOT_FOUND');
  });
});

describe('a reversal', () => {
  it('takes back all that an entry posted, once, and two people make it', async () => {
    const { adjustmentId: undoesId } = await scene.posted({
      reference: 'C1',
      kind: 'CHARGEBACK',
      feeMinor: 150,
      feeBy: 'PLATFORM',
    });
    const { adjustment } = decided(await scene.undo({ reference: 'V1', kind: 'REVERSAL', undoesId }));
    expect(await codeOf(scene.undo({ reference: 'V2', kind: 'REVERSAL', undoesId }))).toBe('ADJUSTMENT_NOT_UNDOABLE');
    expect(await codeOf(scene.approve(adjustment.adjustmentId, KIM))).toBe('APPROVER_NOT_SECOND');
    const reversal = decided(await scene.approve(adjustment.adjustmentId));
    expect(await scene.balances()).toEqual({});
    expect((await transactionsOf(database.db, reversal)).map(({ kind }) => kind)).toEqual(['REVERSAL', 'REVERSAL']);
    expect((await readAdjustment(database.db, undoesId))?.dispute).toBeNull();
    expect(await codeOf(scene.undo({ reference: 'V3', kind: 'REVERSAL', undoesId }))).toBe('ADJUSTMENT_NOT_UNDOABLE');
    const again = scene.undo({ reference: 'V4', kind: 'REVERSAL', undoesId: reversal.adjustmentId });
    expect(await codeOf(again)).toBe('ADJUSTMENT_NOT_UNDOABLE');
  });

  it('that was refused leaves the entry to another one', async () => {
    const { adjustmentId: undoesId } = await scene.posted({ reference: 'R1' });
    const { adjustment } = decided(await scene.undo({ reference: 'V1', kind: 'REVERSAL', undoesId }));
    await scene.refuse({ adjustmentId: adjustment.adjustmentId, note: 'no' });
    await scene.undone({ reference: 'V2', kind: 'REVERSAL', undoesId });
    expect(await scene.balances()).toEqual({});
  });

  it('of what the seller was paid already is refused by the ledger and stays open', async () => {
    const { adjustmentId: undoesId } = await scene.posted({ reference: 'R1' });
    await scene.post('PAYOUT_SENT', 1_000n, 'paid');
    const { adjustment } = decided(await scene.undo({ reference: 'V1', kind: 'REVERSAL', undoesId }));
    expect(await codeOf(scene.approve(adjustment.adjustmentId))).toBe('LEDGER_LIMIT_EXCEEDED');
    expect((await readAdjustment(database.db, adjustment.adjustmentId))?.status).toBe('PROPOSED');
  });
});

describe('a write-off', () => {
  const writeOff = { reference: 'X1', kind: 'WRITE_OFF', amountMinor: 600 } as const;
  const owing = async (amount: bigint) => {
    await scene.post('CHARGEBACK', amount, 'debt');
    await scene.post('CLAWBACK_TO_RECEIVABLE', amount, 'receivable');
  };

  it('takes no more than is owed, when it is proposed and when it is posted', async () => {
    expect(await codeOf(scene.propose(writeOff))).toBe('WRITE_OFF_EXCEEDS_DEBT');
    await owing(1_000n);
    expect(await codeOf(scene.propose({ ...writeOff, amountMinor: 1_001 }))).toBe('WRITE_OFF_EXCEEDS_DEBT');
    const [first, second] = [await idOf(writeOff), await idOf({ ...writeOff, reference: 'X2' })];
    decided(await scene.approve(first));
    expect(await codeOf(scene.approve(second))).toBe('WRITE_OFF_EXCEEDS_DEBT');
    expect(await scene.balances()).toMatchObject({ SELLER_RECEIVABLE: 400, WRITE_OFF: 600 });
    expect(decided(await scene.propose(writeOff))).toMatchObject({ existed: true, adjustment: { status: 'POSTED' } });
  });

  it('two that are approved at once take no more than is owed', async () => {
    await owing(1_000n);
    const ids = [await idOf(writeOff), await idOf({ ...writeOff, reference: 'X2' })];
    const codes = await Promise.all(ids.map((id) => codeOf(scene.approve(id))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(await scene.balances()).toMatchObject({ SELLER_RECEIVABLE: 400, WRITE_OFF: 600 });
  });

  it('is a step of the terms', async () => {
    await owing(1_000n);
    const terms = makeTerms({ clawback: ['next-earnings', 'receivable'] });
    await scene.inTx((tx) => applyTerms(tx, [terms], 'test'));
    expect(await codeOf(scene.propose(writeOff))).toBe('WRITE_OFF_NOT_IN_TERMS');
  });
});

describe('under terms without set-off', () => {
  it('what an entry takes is owed at once, and what the seller is owed stays whole', async () => {
    await scene.inTx((tx) =>
      applyTerms(tx, [makeTerms({ noSetOff: true, clawback: ['receivable', 'write-off'] })], 'test'),
    );
    await scene.post('ADJUSTMENT_TO_SELLER', 5_000n, 'earned');
    const fee = { feeMinor: 500, feeBy: 'SELLER' } as const;
    const { adjustmentId } = await scene.posted({ reference: 'CB', kind: 'CHARGEBACK', amountMinor: 3_000, ...fee });
    await scene.posted({ reference: 'FS', kind: 'FROM_SELLER', amountMinor: 200 });
    expect(await scene.balances()).toMatchObject({ SELLER_PAYABLE: 5_000, SELLER_RECEIVABLE: 3_700 });
    const platform = { feeMinor: 500, feeBy: 'PLATFORM' } as const;
    await scene.posted({ reference: 'CB2', kind: 'CHARGEBACK', amountMinor: 1_000, ...platform });
    expect(await scene.balances()).toMatchObject({ SELLER_PAYABLE: 5_000, SELLER_RECEIVABLE: 4_700 });
    await scene.undone({ reference: 'RV', kind: 'REVERSAL', undoesId: adjustmentId, reasonCode: 'MISTAKE' });
    expect(await scene.balances()).toMatchObject({ SELLER_PAYABLE: 8_500, SELLER_RECEIVABLE: 4_700 });
  });
});

describe('the date that an entry counts for', () => {
  it('is the day on which it is posted, or the one asked for', async () => {
    expect((await scene.posted({ reference: 'R1', askedOn: '2026-05-02' })).effectiveOn).toBe('2026-05-02');
    const adjustmentId = await idOf({ reference: 'R2' });
    expect(decided(await scene.approve(adjustmentId, acting('lee', '2026-05-22')))).toMatchObject({
      effectiveOn: '2026-05-22',
    });
  });

  it('is on no issued statement: neither when it is proposed nor when it is posted', async () => {
    await issued('2026-05-10');
    expect(await codeOf(scene.propose({ reference: 'R1', askedOn: '2026-05-10' }))).toBe('ADJUSTMENT_DATE_CLOSED');
    const adjustmentId = await idOf({ reference: 'R1', askedOn: '2026-05-11' });
    await change(database.db, `UPDATE statement SET closes_on = '2026-05-15'`);
    expect(await scene.approve(adjustmentId)).toEqual({
      refused: 'ADJUSTMENT_DATE_CLOSED',
      details: { effectiveOn: '2026-05-11', firstOpen: '2026-05-16' },
    });
    expect(await scene.balances()).toEqual({});
  });

  it('is the day after a statement that closes today', async () => {
    await issued(TODAY);
    expect((await scene.posted({ reference: 'R1' })).effectiveOn).toBe('2026-05-21');
  });
});

it('an approval waits for a close, and sees the closed periods', async () => {
  await scene.post('ADJUSTMENT_TO_SELLER', 1n, 'k');
  const adjustmentId = await idOf({ reference: 'R1', askedOn: '2026-05-11' });
  let approving: Promise<string | undefined> | undefined;
  await scene.inTx(async (tx) => {
    await select(tx, 'SELECT * FROM ledger_balance FOR UPDATE');
    approving = codeOf(scene.approve(adjustmentId));
    await inStatement(database.db, '%FROM ledger_balance%FOR UPDATE%');
    await issued(TODAY, tx);
  });
  expect(await approving).toBe('ADJUSTMENT_DATE_CLOSED');
});
