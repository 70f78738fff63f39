/** Everything that moves what sellers are owed, at once: whatever waits for what, the books, statements and payouts agree afterwards, and nothing is paid twice. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { approveAdjustment } from '../../../core/adjustments/decide-adjustment.js';
import { proposeAdjustment } from '../../../core/adjustments/propose-adjustment.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import {
  approvePayout,
  cancelPayout,
  holdPayout,
  releasePayout,
  retryPayout,
} from '../../../core/payouts/change-payout.js';
import { exportPayouts, markFileSent, voidFile } from '../../../core/payouts/export-payouts.js';
import { importResults } from '../../../core/payouts/import-results.js';
import { proposePayouts } from '../../../core/payouts/propose-payouts.js';
import { listPayouts } from '../../../core/payouts/stores/payout.js';
import { listPayoutFiles, readTransfersOfFile } from '../../../core/payouts/stores/payout-file.js';
import { verifyPayouts } from '../../../core/payouts/verify-payouts.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { readPayablePage } from '../../../core/statements/stores/payable-account.js';
import { verifyStatements } from '../../../core/statements/verify-statements.js';
import { type Db, inTransaction, openDatabase, select, type Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { makeSeller } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { settleRows } from '../../support/settled-rows.js';
import { closeAll, giveTerms } from '../../support/statements.js';
import { KEYS, KIM, LEE, resultFile } from './payout-scene.js';

/** Ids that differ in case alone, end as the keys of the ledger are parted, or hold a currency. */
const SELLERS = ['s1', 'S1', 'S1:', 'S1;', 'S1:KRW', 'S1:KRW:1'];
const PAID_ON = '2026-07-01';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { poolMax: 12 });
  await giveTerms(db, { reserve: { rateE4: 1_000, days: 14 } });
  for (const sellerId of SELLERS) await makeSeller(db, sellerId);
});
afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(db, work);
const dayAt = (day: number): string => new Date(Date.UTC(2026, 3, 1 + day)).toISOString().slice(0, 10);

/** What a rule refuses may happen in a storm; anything else may not. */
async function allowed(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof MagamError)) throw error;
  }
}

const propose = (date: string) =>
  inTx(async (tx) =>
    proposePayouts(tx, await readPayablePage(tx, 0, Number.MAX_SAFE_INTEGER, 100), {
      date,
      maker: { name: 'kim', accountId: null, accessFrom: null },
      runId: null,
    }),
  );

async function adjust(round: number, sellerId: string, kind: 'TO_SELLER' | 'FROM_SELLER'): Promise<unknown> {
  const acting = (userName: string) => ({ person: { userName }, requestId: null, today: dayAt(round) });
  const made = {
    ...{ reference: `A${round}-${sellerId}-${kind}`, kind, sellerId, currency: 'KRW', amountMinor: 400 + round },
    ...{ feeMinor: 0, feeBy: null, provider: null, orderId: null, paymentId: null, attachment: null, askedOn: null },
    ...{ reasonCode: kind === 'TO_SELLER' ? 'GOODWILL' : 'PENALTY', reason: 'storm' },
  };
  const { adjustment } = decided(await inTx((tx) => proposeAdjustment(tx, acting('kim'), made)));
  const decision = { adjustmentId: adjustment.adjustmentId, note: null };
  return Promise.all([1, 2].map(() => allowed(inTx((tx) => approveAdjustment(tx, acting('lee'), decision)))));
}

async function workOnPayouts(round: number): Promise<void> {
  const all = await listPayouts(db, {}, 1_000);
  await Promise.all(
    all.flatMap((payout, i) => {
      const asked = { payoutId: payout.payoutId, reason: 'storm' };
      return [
        allowed(inTx((tx) => approvePayout(tx, LEE, payout))),
        ...((i + round) % 5 === 0 ? [allowed(inTx((tx) => holdPayout(tx, KIM, asked)))] : []),
        ...((i + round) % 5 === 1 ? [allowed(inTx((tx) => releasePayout(tx, KIM, asked)))] : []),
        ...((i + round) % 7 === 2 ? [allowed(inTx((tx) => cancelPayout(tx, KIM, asked)))] : []),
        allowed(inTx((tx) => retryPayout(tx, KIM, asked))),
      ];
    }),
  );
}

async function workOnFiles(round: number): Promise<void> {
  const ask = { layout: 'csv', currency: 'KRW', transferOn: dayAt(round), rowsMax: 100 };
  await Promise.all([1, 2].map(() => allowed(inTx((tx) => exportPayouts(tx, 'kim', KEYS, ask)))));
  const files = (await listPayoutFiles(db, undefined, 3)).filter(({ status }) => status !== 'VOID');
  await Promise.all(
    files.map(async ({ fileId, transferOn }, i) => {
      const transfers = await readTransfersOfFile(db, fileId);
      const words = ['PAID', 'ACCOUNT_CLOSED', 'PAID'];
      const results = transfers.map(
        (one, at) =>
          [
            `P${one.payoutId}-${one.attempt}`,
            Number(one.amountMinor),
            words[(at + fileId) % 3] as string,
            transferOn,
          ] as const,
      );
      const bring = () =>
        allowed(inTx((tx) => importResults(tx, 'kim', 'csv', resultFile(`F${fileId}`, results), PAID_ON)));
      await Promise.all([
        allowed(inTx((tx) => markFileSent(tx, 'kim', fileId))),
        ...((i + round) % 4 === 0 ? [allowed(inTx((tx) => voidFile(tx, 'kim', fileId)))] : []),
        ...(transfers.length > 0 ? [bring(), bring()] : []),
      ]);
    }),
  );
}

it('leaves books, statements and payouts that agree', async () => {
  for (let round = 0; round < 24; round += 1) {
    const lines = SELLERS.map((sellerId, i) => ({
      sellerId,
      itemAmount: (round + i) % 6 === 5 ? -3_000 : 1_000 * (i + 1),
      fee: (round + i) % 6 === 5 ? -300 : 100 * (i + 1),
    }));
    const sellerId = SELLERS[round % SELLERS.length] as string;
    const [now, supplement] = [
      { date: dayAt(round), generation: 1 },
      { date: dayAt(round - 8), generation: 2 },
    ];
    await settleRows(db, now.date, 1, lines);
    if (round > 8) await settleRows(db, supplement.date, 2, lines.slice(0, 2));
    await Promise.all([
      inTx((tx) => postGeneration(tx, now)),
      inTx((tx) => postGeneration(tx, now)),
      ...(round > 8 ? [inTx((tx) => postGeneration(tx, supplement))] : []),
      closeAll(db, dayAt(round - 2)),
      closeAll(db, dayAt(round - 2)),
      allowed(propose(dayAt(round))),
      allowed(propose(dayAt(round))),
      adjust(round, sellerId, round % 3 === 0 ? 'FROM_SELLER' : 'TO_SELLER'),
      workOnPayouts(round),
      workOnFiles(round),
    ]);
  }
  const { signal } = new AbortController();
  const checks = [
    ...(await verifyLedger(db, signal)).checks,
    ...(await verifyStatements(db, signal)).checks,
    ...(await verifyPayouts(db, signal)).checks,
  ];
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  // What left for good is what the bank said it paid, once each.
  const [sums] = await select<{ paid: string; said: string; statements: string }>(
    db,
    `SELECT (SELECT SUM(amount_minor) FROM payout WHERE status = 'PAID') AS paid,
       (SELECT SUM(amount_minor) FROM file_transfer WHERE status = 'PAID') AS said,
       (SELECT SUM(earned_minor) FROM statement WHERE status = 'PAID') AS statements`,
  );
  expect(Number(sums?.paid)).toBeGreaterThan(0);
  expect(sums?.said).toBe(sums?.paid);
  expect(sums?.statements).toBe(sums?.paid);
}, 120_000);
