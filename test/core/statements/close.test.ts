/** Closing the periods of sellers: what is on which statement, and what the close itself posts. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { businessCalendar } from '../../../core/business-days/keep-calendar.js';
import { numberBatch, readEvents } from '../../../core/event-feed/stores/feed-event.js';
import { reverseTransaction } from '../../../core/ledger/reverse-transaction.js';
import { closeSeller } from '../../../core/statements/close-seller.js';
import { previewSeller } from '../../../core/statements/preview.js';
import { readStatementLines } from '../../../core/statements/statement-lines.js';
import { readStatementItems, readStatementSettlements } from '../../../core/statements/stores/statement.js';
import { verifyStatements } from '../../../core/statements/verify-statements.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { settleAndPost } from '../../support/settled-rows.js';
import { closeAll, giveTerms, postRule, statementsOf } from '../../support/statements.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  await giveTerms(db, {});
});
afterAll(() => database.drop());

const verified = async () => {
  const { ok, checks } = await verifyStatements(db, new AbortController().signal);
  return { ok, failed: checks.filter((check) => !check.ok) };
};
const balanceOf = async (kind: string, sellerId: string): Promise<bigint> => {
  const [row] = await select<{ amount: string }>(
    db,
    `SELECT COALESCE(SUM(b.amount_minor), 0) AS amount FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.account_id WHERE a.kind = ? AND a.owner = ?`,
    [kind, sellerId],
  );
  return BigInt(row?.amount ?? 0);
};

// 2026-04-05, 12, 19, 26 are Sundays.
describe('a seller who is closed weekly', () => {
  it('has sales and refunds apart, and every line can be reached', async () => {
    await settleAndPost(db, '2026-04-01', 1, [
      { sellerId: 'S1', itemAmount: 10_000, fee: 1_000 },
      { sellerId: 'S1', itemAmount: 5_000, fee: 500 },
      { sellerId: 'S1', itemAmount: -2_000, fee: -200 },
    ]);
    await settleAndPost(db, '2026-04-07', 1, [{ sellerId: 'S1', itemAmount: 700, fee: 70 }]);
    expect(await closeAll(db, '2026-04-05')).toBe(1);
    expect(await closeAll(db, '2026-04-05')).toBe(0);
    const [first] = await statementsOf(db, 'S1');
    expect(first).toMatchObject({
      ...{ number: 1, periodFrom: '2026-03-30', closesOn: '2026-04-05', payoutOn: '2026-04-08', state: 'issued' },
      ...{ openingMinor: 0n, earnedMinor: 11_700n, closingMinor: 11_700n, sums: [] },
      sales: { entries: 2, figures: { itemAmount: 15_000n, fee: 1_500n, net: 13_500n } },
      refunds: { entries: 1, figures: { itemAmount: -2_000n, fee: -200n, net: -1_800n } },
    });
    const id = first?.statementId as number;
    const settlements = await readStatementSettlements(db, id, undefined, 10);
    expect(settlements).toMatchObject([{ settledOn: '2026-04-01', generation: 1, sales: 2, refunds: 1 }]);
    expect(settlements[0]?.certificate).toMatch(/^[0-9]{64}$/);
  });

  it('gets what a supplement settled afterwards on the next statement', async () => {
    await settleAndPost(db, '2026-04-01', 2, [{ sellerId: 'S1', itemAmount: 300 }]);
    await closeAll(db, '2026-04-12');
    const statements = await statementsOf(db, 'S1');
    expect(statements).toHaveLength(2);
    expect(statements[1]).toMatchObject({ openingMinor: 11_700n, earnedMinor: 930n, closingMinor: 12_630n });
    const settlements = await readStatementSettlements(db, statements[1]?.statementId as number, undefined, 10);
    expect(settlements.map((it) => [it.settledOn, it.generation])).toEqual([
      ['2026-04-01', 2],
      ['2026-04-07', 1],
    ]);
  });

  it('has payouts, adjustments and reversals on it; a payout and its reversal are no part of what was earned', async () => {
    await postRule(db, 'PAYOUT_SENT', 'S1', '2026-04-15', 11_700);
    const sent = await postRule(db, 'PAYOUT_SENT', 'S1', '2026-04-15', 500);
    await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-04-16', 40);
    await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-04-20', 1);
    const reversal = { effectiveOn: '2026-04-17', requestedBy: 'test', reason: 'wrong' };
    await inTransaction(db, (tx) => reverseTransaction(tx, sent, reversal));
    await closeAll(db, '2026-04-19');
    const third = (await statementsOf(db, 'S1'))[2];
    expect(third).toMatchObject({ openingMinor: 12_630n, earnedMinor: 40n, closingMinor: 970n });
    const items = await readStatementItems(db, third?.statementId as number, 0, 10);
    expect(items.map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
      ['PAYOUT_SENT', -11_700n],
      ['PAYOUT_SENT', -500n],
      ['ADJUSTMENT_TO_SELLER', 40n],
      ['REVERSAL', 500n],
    ]);
    expect(await verified()).toEqual({ ok: true, failed: [] });
  });

  it('gets an event for each, which no other seller sees', async () => {
    const events = await select<{ seller: string; data: string }>(
      db,
      `SELECT seller_id AS seller, data FROM feed_event WHERE type = 'statement.issued' ORDER BY event_id`,
    );
    expect(events.map(({ data }) => JSON.parse(data).closesOn)).toEqual(['2026-04-05', '2026-04-12', '2026-04-19']);
    expect(events[0]?.seller).toBe('S1');
    expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({ sellerId: 'S1', number: 1, earnedMinor: 11_700 });
    await inTransaction(db, (tx) => numberBatch(tx, 100));
    const told = async (sellerId: string | null) =>
      (await readEvents(db, { sellerId, types: ['statement.issued'] }, 0, 100)).length;
    expect([await told(null), await told('S1'), await told('S2')]).toEqual([3, 3, 0]);
  });

  it('needs no statement while the balance is zero and nothing happens, and one with a balance', async () => {
    await settleAndPost(db, '2026-04-20', 1, [
      { sellerId: 'S2', itemAmount: 100 },
      { sellerId: 'ZERO', itemAmount: 50, fee: 50 },
    ]);
    await closeAll(db, '2026-04-26');
    await postRule(db, 'PAYOUT_SENT', 'S2', '2026-04-28', 100);
    await closeAll(db, '2026-05-24');
    const of = async (sellerId: string) =>
      (await statementsOf(db, sellerId)).map(({ closesOn, closingMinor }) => [closesOn, closingMinor]);
    expect(await of('S2')).toEqual([
      ['2026-04-26', 100n],
      ['2026-05-03', 0n],
    ]);
    expect(await of('ZERO')).toEqual([['2026-04-26', 0n]]);
    expect((await of('S1')).map(([closesOn]) => closesOn)).toEqual([
      ...[
        '2026-04-05',
        '2026-04-12',
        '2026-04-19',
        '2026-04-26',
        '2026-05-03',
        '2026-05-10',
        '2026-05-17',
        '2026-05-24',
      ],
    ]);
  });
});

describe('reserves and what a seller owes', () => {
  it('a share is kept back, and given back when it is due', async () => {
    await giveTerms(db, { seller: 'R1', reserve: { rateE4: 100_000, days: 14 } });
    await settleAndPost(db, '2026-04-02', 3, [{ sellerId: 'R1', itemAmount: 1_005 }]);
    await closeAll(db, '2026-04-26');
    expect(
      (await statementsOf(db, 'R1')).map(({ closesOn, sums, closingMinor }) => ({ closesOn, sums, closingMinor })),
    ).toEqual([
      { closesOn: '2026-04-05', closingMinor: 904n, sums: [{ kind: 'RESERVE', transactions: 1, amountMinor: -101n }] },
      { closesOn: '2026-04-12', closingMinor: 904n, sums: [] },
      {
        closesOn: '2026-04-19',
        closingMinor: 1_005n,
        sums: [{ kind: 'RESERVE_RELEASED', transactions: 1, amountMinor: 101n }],
      },
      { closesOn: '2026-04-26', closingMinor: 1_005n, sums: [] },
    ]);
    expect(await balanceOf('SELLER_RESERVE', 'R1')).toBe(0n);
  });

  it('a debt waits for the earnings of one statement, takes from the reserve, and the rest becomes a receivable that later earnings pay', async () => {
    await giveTerms(db, { seller: 'R2', reserve: { rateE4: 100_000, days: 60 } });
    await settleAndPost(db, '2026-04-02', 4, [{ sellerId: 'R2', itemAmount: 1_000 }]);
    await settleAndPost(db, '2026-04-08', 1, [{ sellerId: 'R2', itemAmount: -1_500 }]);
    await settleAndPost(db, '2026-04-21', 1, [{ sellerId: 'R2', itemAmount: 900 }]);
    await closeAll(db, '2026-04-26');
    const kinds = (await statementsOf(db, 'R2')).map(({ sums, closingMinor }) => [
      ...sums.map(({ kind, amountMinor }) => `${kind} ${amountMinor}`),
      closingMinor,
    ]);
    expect(kinds).toEqual([
      ['RESERVE -100', 900n],
      [-600n],
      ['CLAWBACK_FROM_RESERVE 100', 'CLAWBACK_TO_RECEIVABLE 500', 0n],
      ['RECEIVABLE_NETTED -500', 'RESERVE -40', 360n],
    ]);
    expect(await balanceOf('SELLER_RECEIVABLE', 'R2')).toBe(0n);
    const [reserve] = await select(
      db,
      `SELECT amount_minor AS amount, taken_minor AS taken, released_in AS released FROM statement_reserve WHERE seller_id = 'R2' ORDER BY statement_id LIMIT 1`,
    );
    expect(reserve).toEqual({ amount: '100', taken: '100', released: null });
    expect(await verified()).toEqual({ ok: true, failed: [] });
  });

  it('keeps no share of earnings that make up for a debt', async () => {
    await giveTerms(db, { seller: 'R4', reserve: { rateE4: 100_000, days: 60 } });
    await settleAndPost(db, '2026-04-02', 6, [{ sellerId: 'R4', itemAmount: -1_000 }]);
    await settleAndPost(db, '2026-04-08', 2, [{ sellerId: 'R4', itemAmount: 1_500 }]);
    await closeAll(db, '2026-04-12');
    expect((await statementsOf(db, 'R4')).map(({ sums, closingMinor }) => ({ sums, closingMinor }))).toEqual([
      { sums: [], closingMinor: -1_000n },
      { sums: [{ kind: 'RESERVE', transactions: 1, amountMinor: -50n }], closingMinor: 450n },
    ]);
  });

  it('never keeps back more than the balance holds', async () => {
    await giveTerms(db, { seller: 'R3', reserve: { rateE4: 500_000, days: 60 } });
    await settleAndPost(db, '2026-04-02', 5, [{ sellerId: 'R3', itemAmount: 100 }]);
    await postRule(db, 'CHARGEBACK', 'R3', '2026-04-06', 80);
    expect(await closeAll(db, '2026-04-05')).toBe(1);
    expect((await statementsOf(db, 'R3'))[0]).toMatchObject({
      earnedMinor: 80n,
      sums: [{ kind: 'RESERVE', amountMinor: -20n }],
    });
  });
});

describe('a seller under terms without set-off', () => {
  it('keeps its earnings whole; what an entry made a receivable when it was posted becomes none again at the close', async () => {
    await giveTerms(db, { seller: 'NS', noSetOff: true, clawback: ['receivable', 'write-off'] });
    await settleAndPost(db, '2026-04-01', 9, [{ sellerId: 'NS', itemAmount: 1_000 }]);
    await postRule(db, 'CHARGEBACK', 'NS', '2026-04-02', 300);
    await postRule(db, 'CLAWBACK_TO_RECEIVABLE', 'NS', '2026-04-02', 300);
    await postRule(db, 'ADJUSTMENT_FROM_SELLER', 'NS', '2026-04-03', 50); // of a time at which such entries waited for the close
    await closeAll(db, '2026-04-05');
    const [first] = await statementsOf(db, 'NS');
    expect(first).toMatchObject({ earnedMinor: 1_000n, closingMinor: 1_000n });
    expect(first?.sums.map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
      ['ADJUSTMENT_FROM_SELLER', -50n],
      ['CHARGEBACK', -300n],
      ['CLAWBACK_TO_RECEIVABLE', 350n],
    ]);
    expect(await balanceOf('SELLER_RECEIVABLE', 'NS')).toBe(350n);
    await postRule(db, 'CHARGEBACK_REVERSED', 'NS', '2026-04-07', 300);
    await closeAll(db, '2026-04-12');
    expect((await statementsOf(db, 'NS'))[1]).toMatchObject({ earnedMinor: 0n, closingMinor: 1_000n });
    expect(await balanceOf('SELLER_RECEIVABLE', 'NS')).toBe(50n);
    expect(await verified()).toEqual({ ok: true, failed: [] });
  });
});

describe('terms', () => {
  it('cut a period where others begin; the days of both are on statements', async () => {
    await giveTerms(
      db,
      { seller: 'T1', cycle: { type: 'monthly', closesOn: 31 } },
      { seller: 'T1', version: 2, effectiveFrom: '2026-04-10', cycle: { type: 'half-monthly' } },
    );
    await settleAndPost(db, '2026-04-09', 1, [{ sellerId: 'T1', itemAmount: 1 }]);
    await settleAndPost(db, '2026-04-10', 1, [{ sellerId: 'T1', itemAmount: 2 }]);
    await closeAll(db, '2026-04-30');
    expect(
      (await statementsOf(db, 'T1')).map((it) => [it.periodFrom, it.closesOn, it.termsVersion, it.earnedMinor]),
    ).toEqual([
      ['2026-04-01', '2026-04-09', 1, 1n],
      ['2026-04-10', '2026-04-15', 2, 2n],
      ['2026-04-16', '2026-04-30', 2, 0n],
    ]);
  });
});

it('what was recorded while the clock of the database was set back by days is on the next statement', async () => {
  await giveTerms(db, { seller: 'CLOCK' });
  await settleAndPost(db, '2026-03-31', 7, [{ sellerId: 'CLOCK', itemAmount: 100 }]);
  const close = { sellerId: 'CLOCK', calendar: await businessCalendar(db), issuedBy: 'test' };
  expect(await closeSeller(db, { ...close, through: '2026-04-05' })).toMatchObject({ issued: 1 });
  await settleAndPost(db, '2026-04-09', 7, [{ sellerId: 'CLOCK', itemAmount: 40 }]);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'CLOCK', '2026-04-10', 3);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'CLOCK', '2026-04-14', 2);
  const back = (table: string, column: string, where: string) =>
    change(db, `UPDATE ${table} SET ${column} = ${column} - INTERVAL 5 DAY WHERE ${where}`);
  await back('posted_generation', 'posted_at', `settled_on = '2026-04-09' AND generation = 7`);
  for (const table of ['ledger_transaction', 'ledger_posting'])
    await back(
      table,
      'recorded_at',
      `effective_on > '2026-04-05' AND transaction_id IN (SELECT transaction_id FROM (SELECT transaction_id FROM ledger_transaction WHERE seller_id = 'CLOCK') own)`,
    );
  expect(await closeSeller(db, { ...close, through: '2026-04-12' })).toMatchObject({ issued: 1 });
  expect(await closeSeller(db, { ...close, through: '2026-04-19' })).toMatchObject({ issued: 1 });
  expect((await statementsOf(db, 'CLOCK')).map((it) => [it.earnedMinor, it.closingMinor])).toEqual([
    [100n, 100n],
    [43n, 143n],
    [2n, 145n],
  ]);
});

describe('a preview', () => {
  it('has the hash that closing gives', async () => {
    await settleAndPost(db, '2026-04-13', 1, [
      { sellerId: 'P1', itemAmount: 100 },
      { sellerId: 'P1', itemAmount: -30 },
    ]);
    await giveTerms(db, { seller: 'P1', reserve: { rateE4: 100_000, days: 14 } });
    const calendar = await businessCalendar(db);
    const [draft] = await previewSeller(db, { sellerId: 'P1', at: '2026-04-15', calendar });
    expect(draft?.statement).toMatchObject({
      state: 'draft',
      statementId: null,
      closesOn: '2026-04-19',
      earnedMinor: 63n,
    });
    const close = { sellerId: 'P1', through: '2026-04-19', calendar, issuedBy: 'test' };
    const expect_ = draft?.statement.hash as string;
    const closed = await closeSeller(db, { ...close, expect: expect_ });
    expect(closed).toMatchObject({ issued: 1, statements: [{ hash: expect_, earnedMinor: 63n }] });
    expect(await closeSeller(db, { ...close, expect: expect_ })).toMatchObject({ issued: 0 });
    expect(await previewSeller(db, { sellerId: 'P1', at: '2026-04-19', calendar })).toEqual([]);
    const other = closeSeller(db, { ...close, expect: 'a'.repeat(64) });
    await expect(other).rejects.toMatchObject({ code: 'STATEMENT_MOVED', details: { cause: 'CLOSED' } });
  });

  it('that is no longer true closes nothing, and the changes are named', async () => {
    await settleAndPost(db, '2026-04-14', 1, [{ sellerId: 'P2', itemAmount: 100 }]);
    await giveTerms(db, { seller: 'P2' });
    const calendar = await businessCalendar(db);
    const [draft] = await previewSeller(db, { sellerId: 'P2', at: '2026-04-14', calendar });
    const transactionId = await postRule(db, 'ADJUSTMENT_FROM_SELLER', 'P2', '2026-04-15', 7);
    await settleAndPost(db, '2026-04-14', 2, [{ sellerId: 'P2', itemAmount: 5 }]);
    const close = { sellerId: 'P2', through: '2026-04-19', calendar, issuedBy: 'test', expect: draft?.statement.hash };
    await expect(closeSeller(db, close)).rejects.toMatchObject({
      code: 'STATEMENT_MOVED',
      details: {
        cause: 'RECORDED',
        settlements: [{ settledOn: '2026-04-14', generation: 2, net: '5' }],
        transactions: [{ transactionId, kind: 'ADJUSTMENT_FROM_SELLER', amountMinor: '-7' }],
        now: [{ earnedMinor: '98' }],
      },
    });
    const [again] = await previewSeller(db, { sellerId: 'P2', at: '2026-04-14', calendar });
    await giveTerms(db, { seller: 'P2', version: 2, effectiveFrom: '2026-04-13', delay: { unit: 'days', count: 9 } });
    await expect(closeSeller(db, { ...close, expect: again?.statement.hash })).rejects.toMatchObject({
      details: { cause: 'TERMS' },
    });
    await expect(closeSeller(db, { ...close, expect: 'b'.repeat(64) })).rejects.toMatchObject({
      details: { cause: 'OTHER' },
    });
    expect(await statementsOf(db, 'P2')).toEqual([]);
  });

  it('is refused for a seller who is unknown, has no terms, or whose period has no end', async () => {
    const calendar = await businessCalendar(db);
    const preview = (sellerId: string, at: string) => previewSeller(db, { sellerId, at, calendar });
    await expect(preview('NOBODY', '2026-04-01')).rejects.toMatchObject({ code: 'STATEMENT_SELLER_UNKNOWN' });
    await expect(preview('S1', '2025-04-01')).rejects.toMatchObject({ code: 'TERMS_MISSING' });
    await giveTerms(db, {
      seller: 'T1',
      version: 3,
      effectiveFrom: '2026-05-01',
      cycle: { type: 'dates', closesOn: ['2026-05-10'] },
    });
    await expect(preview('T1', '2026-05-11')).rejects.toMatchObject({ code: 'STATEMENT_PERIOD_ENDLESS' });
  });
});

describe('verify', () => {
  it.each([
    [
      'chain',
      `UPDATE statement SET opening_minor = opening_minor + 1, closing_minor = closing_minor + 1 WHERE number = 2 LIMIT 1`,
    ],
    ['sums', `UPDATE statement SET earned_minor = earned_minor + 1 LIMIT 1`],
    ['totals', `UPDATE statement_total SET fee = fee + 1 WHERE leg = 0 LIMIT 1`],
    ['refunds', `UPDATE statement_total SET fee = fee + 1 WHERE leg = 1 LIMIT 1`],
    ['settlements', `UPDATE statement_settlement SET seller_id = 'XX' LIMIT 1`],
    ['transactions', `UPDATE statement_item SET amount_minor = amount_minor + 1 LIMIT 1`],
    [
      'missed-transactions',
      `UPDATE ledger_posting p JOIN statement_item i ON i.transaction_id = p.transaction_id SET p.recorded_at = '2026-01-01'`,
      `DELETE FROM statement_item`,
    ],
    ['missed-settlements', `UPDATE posted_generation SET posted_at = '2026-01-01'`, 'DELETE FROM statement_settlement'],
    [
      'ledger',
      `UPDATE ledger_posting p JOIN statement_item i ON i.transaction_id = p.transaction_id SET p.amount_minor = p.amount_minor + 1 WHERE i.kind = 'CLAWBACK_TO_RECEIVABLE'`,
    ],
    ['hashes', `UPDATE statement SET payout_on = payout_on + INTERVAL 1 DAY LIMIT 1`],
  ])('finds a change that %s tells', async (name, ...changes) => {
    const failed = await db.transaction().then(async (tx) => {
      try {
        for (const sql of changes) await change(tx, sql);
        // The checks read what the transaction has written.
        const { STATEMENT_CHECKS } = await import('../../../core/statements/stores/statement-check.js');
        const { firstDifference } = await import('../../../core/ledger/stores/ledger-check.js');
        const { differingHash } = await import('../../../core/statements/verify-statements.js');
        const check = STATEMENT_CHECKS.find((one) => one.name === name);
        return check === undefined ? await differingHash(tx) : await firstDifference(tx, check);
      } finally {
        await tx.rollback();
      }
    });
    expect(failed).toMatchObject({ place: expect.any(String) });
  });
});

it('a statement that is not there has no lines', async () => {
  await expect(readStatementLines(db, 999_999, undefined, 10)).rejects.toMatchObject({ code: 'STATEMENT_NOT_FOUND' });
});
