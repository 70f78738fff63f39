/** Payments and what goes back of them in the ledger: once for each event, and a failed one is a dead letter that is posted when it is replayed. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { wallet } from '../../../batch/outbox/wallet.js';
import { readWallets } from '../../../core/ledger/stores/wallet.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { consume } from '../../../core/outbox/consume.js';
import { reviveDeadLetter } from '../../../core/outbox/stores/outbox-inbox.js';
import { change, type Db, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { cancel, checkOut, confirm, deliver, giveBack, makeUnit, pay } from '../../core/orders/order-scene.js';
import { byPayment, type PaymentShop, paymentShop } from '../../core/payments/payment-scene.js';
import { attemptsOf, consuming, emptyOutbox, letDue } from '../../support/outbox.js';

let its: PaymentShop;
let db: Db;
beforeAll(async () => {
  its = await paymentShop();
  db = its.database.db;
});
afterAll(() => its?.end());
const LEDGER = ['account', 'transaction', 'posting', 'balance', 'day'].map((name) => `ledger_${name}`);
beforeEach(async () => {
  await emptyOutbox(db);
  for (const table of LEDGER) await change(db, `DELETE FROM ${table}`);
});

const seoul = wallet('Asia/Seoul');
const catchUp = async () => {
  const ids = await select<{ id: number }>(db, 'SELECT event_id AS id FROM outbox_event ORDER BY event_id');
  return consume(
    consuming(db),
    seoul,
    ids.map(({ id }) => id),
  );
};
const held = async (sellerId = 'S1'): Promise<bigint> =>
  (await readWallets(db, sellerId))[0]?.paidNotSettledMinor ?? 0n;
/** Debits less credits of all accounts of a kind. */
async function balance(kind: string): Promise<number> {
  const sql = `SELECT COALESCE(SUM(b.amount_minor), 0) AS sum FROM ledger_balance b JOIN ledger_account a ON a.account_id = b.account_id WHERE a.kind = ?`;
  return Number((await select<{ sum: string }>(db, sql, [kind]))[0]?.sum);
}
const verified = async () => (await verifyLedger(db, new AbortController().signal)).ok;
const part = { parts: [{ lineNumber: 1, quantity: 1 }] };

it('a payment is in the wallet of its seller, and leaves it with what is cancelled; the provider owes it until it is back', async () => {
  const { orderIds } = await its.shop.paid(3);
  await catchUp();
  expect([await held(), await balance('PROVIDER_RECEIVABLE')]).toEqual([30_000n, 30_000]);
  decided(await cancel(db, orderIds[0] ?? 0, { ...byPayment, ...part }));
  await catchUp();
  expect([await held(), await balance('PROVIDER_RECEIVABLE'), await balance('BUYER_REFUND_DUE')]).toEqual([
    20_000n,
    30_000,
    -10_000,
  ]);
  await its.shop.duties();
  await catchUp();
  expect([await held(), await balance('PROVIDER_RECEIVABLE'), await balance('BUYER_REFUND_DUE')]).toEqual([
    20_000n,
    20_000,
    0,
  ]);
  expect(await verified()).toBe(true);
});

it('what was marked as paid by hand is at the bank, parted among its sellers, without what was cancelled before', async () => {
  const units = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2', { priceMinor: 3_000 })];
  const { checkoutId, orders } = await checkOut(
    db,
    units.map((unitId) => ({ unitId, quantity: 2 })),
  );
  const [one = 0, two = 0] = orders.map(({ orderId }) => orderId);
  decided(await cancel(db, one, part)); // before the payment
  await pay(db, checkoutId);
  decided(await cancel(db, two, part)); // and after it, before the wallet has heard of either
  await catchUp();
  expect([await held('S1'), await held('S2'), await balance('BANK')]).toEqual([10_000n, 3_000n, 13_000]);
  await deliver(db, one);
  await confirm(db, one);
  await giveBack(db, one);
  await catchUp();
  expect([await held('S1'), await balance('BANK')]).toEqual([0n, 3_000]);
  expect(await verified()).toBe(true);
});

it('an event that comes again, and one whose inbox row is lost, post nothing more', async () => {
  await its.shop.paid();
  await catchUp();
  expect(await catchUp()).toBe(0);
  await change(db, `DELETE FROM outbox_inbox WHERE consumer = 'wallet'`);
  expect(await catchUp()).toBe(1);
  expect(await held()).toBe(20_000n);
});

it('a charge that was not accepted was never in it', async () => {
  const refused = await its.shop.approved();
  its.bank.next('confirm', { answer: { amountMinor: 19_999 } });
  await its.shop.confirm(refused);
  await its.shop.duties();
  await catchUp();
  expect(await readWallets(db, 'S1')).toEqual([]);
});

it('counts for the date on which it happened in the zone of the platform', async () => {
  await its.shop.paid();
  await change(db, `UPDATE outbox_event SET recorded_at = '2026-05-04 15:00:00.000'`); // midnight in Seoul
  await catchUp();
  expect(await select(db, 'SELECT effective_on AS date FROM ledger_transaction')).toEqual([{ date: '2026-05-05' }]);
});

it('one that cannot be posted leaves the payment as it is, is a dead letter in the end, and is posted when it is replayed', async () => {
  await its.shop.paid();
  await catchUp();
  await change(db, `UPDATE ledger_account SET closed_at = opened_at WHERE kind = 'BUYER_FUNDS_HELD'`);
  const { payment } = await its.shop.paid();
  expect(await catchUp()).toBe(0);
  expect(await its.shop.statusOf(payment.paymentId)).toBe('DONE');
  for (let more = 1; more < 14; more += 1) {
    await letDue(db);
    await catchUp();
  }
  const [letter] = await attemptsOf(db, 'wallet');
  expect(letter).toMatchObject({ status: 'DEAD', attempts: 14, error: expect.stringContaining('closed') });
  await change(db, 'UPDATE ledger_account SET closed_at = NULL');
  expect(
    await db.transaction((tx) => reviveDeadLetter(tx, { consumer: 'wallet', eventId: letter?.eventId ?? 0 })),
  ).toBe(true);
  expect(await catchUp()).toBe(1);
  expect(await held()).toBe(40_000n);
});
