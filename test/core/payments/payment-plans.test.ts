/** Every statement about payments goes along a key, on the database under test: no scan, no sorting. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extendTimeToPay, restoreTimeToPay } from '../../../core/orders/stores/checkout.js';
import { lowerReturning, raiseReturning } from '../../../core/orders/stores/order.js';
import { beginMoneyPending, endMoneyPending } from '../../../core/orders/stores/order-refund.js';
import * as payments from '../../../core/payments/stores/payment.js';
import * as cancels from '../../../core/payments/stores/payment-cancel.js';
import { readPaymentEvents } from '../../../core/payments/stores/payment-event.js';
import * as sums from '../../../core/payments/stores/payment-sums.js';
import { purgeWebhooks } from '../../../core/payments/stores/payment-webhook.js';
import { setHoldsEnd } from '../../../core/stock/stores/reservation.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { renewClaim } from '../../../infra/stores/idempotency-key.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../support/plans.js';

const ROWS = 20_000;
const AT = '2026-01-01 00:00:00';
const STATUSES = ['READY', 'DONE', 'DECLINED', 'UNKNOWN'] as const;
const statusOf = (n: number) => STATUSES[n % STATUSES.length] ?? 'DONE';

async function fill(db: Db): Promise<void> {
  const tables: Readonly<Record<string, readonly [columns: string, rows: unknown[][]]>> = {
    payment: [
      `checkout_id, live_checkout_id, buyer_id, provider, reference, provider_key, order_name, currency, amount_minor, charged_minor, status,
       next_look_at, created_at, updated_at`,
      rowsOf(ROWS, (n) => [
        n % 10_000,
        statusOf(n) === 'DONE' && n <= 10_000 ? n : null,
        n % 200,
        'TOSS',
        `r${n}`,
        `k${n}`,
        'x',
        'KRW',
        1,
        1,
        statusOf(n),
        n % 200 === 0 ? AT : n % 2 === 0 ? '2999-01-01' : null,
        AT,
        AT,
      ]),
    ],
    payment_event: [
      'payment_id, step, to_status, caused_by, requested_by, reason, created_at',
      rowsOf(2 * ROWS, (n) => [n % ROWS, 'OPEN', 'READY', 'buyer', 'x', '', AT]),
    ],
    payment_cancel: [
      'payment_id, amount_minor, reason, requested_by, status, next_try_at, created_at',
      rowsOf(ROWS, (n) => [
        n % 5_000,
        1,
        '',
        'x',
        n % 4 === 0 ? 'PENDING' : 'DONE',
        n % 400 === 0 ? AT : '2999-01-01',
        AT,
      ]),
    ],
    payment_webhook: [
      'provider, event_key, type, received_at',
      rowsOf(ROWS, (n) => ['TOSS', `e${n}`, 'x', n % 100 === 0 ? AT : '2999-01-01']),
    ],
  };
  for (const [table, [columns, values]] of Object.entries(tables)) {
    await insertMany(db, `INSERT INTO ${table} (${columns}) VALUES ?`, values);
    await db.raw(`ANALYZE TABLE ${table}`);
  }
}

const changing =
  (work: (tx: Tx) => Promise<unknown>) =>
  (db: Db): Promise<unknown> =>
    inTransaction(db, work);

const filters = [{ buyerId: 7 }, { checkoutId: 77 }, { buyerId: 7, checkoutId: 77 }, {}].flatMap((one) =>
  [undefined, 'UNKNOWN' as const].flatMap((status) =>
    [undefined, 15_000].map((before) => ({ ...one, status, before })),
  ),
);
const everything = {
  live: false,
  providerKey: 'k',
  approvalToken: null,
  opened: true,
  marked: true,
  charged: { amountMinor: 2, currency: 'KRW', method: 'x' },
  cancelledMinor: 1,
  cancellingMinor: 0,
  elsewhereMinor: 0,
  failure: null,
  asker: { name: 'x', ms: 1 },
  look: '2026-01-01T00:00:00.000Z',
  looks: 1,
  unclearTold: true,
} as const;

/** The first page of a list of everything walks the primary key from its end, as far as LIMIT lets it. */
const FIRST_PAGE = /FROM payment p FORCE INDEX \(PRIMARY\)\s+ORDER BY p\.payment_id DESC LIMIT \?$/;

describe('statements about payments', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.db);
  });
  afterAll(() => database?.drop());

  it.each<[string, (db: Db) => Promise<unknown>]>([
    ['a payment', (db) => payments.readPayment(db, 77)],
    ['the live payment of a checkout', (db) => payments.readLivePayment(db, 77)],
    [
      'one that was not opened',
      changing((tx) => payments.readUnopened(tx, { checkoutId: 77, provider: 'TOSS', amountMinor: 1 })),
    ],
    ['how many are open', changing((tx) => payments.countReady(tx, 77))],
    ['a checkout of a time', (db) => sums.readCheckoutFrom(db, 77, '2026-01-01T00:00:00.000Z')],
    ['the last checkout', (db) => sums.readLastCheckout(db)],
    [
      'one that a provider means',
      (db) => payments.findPaymentId(db, 'TOSS', { reference: 'nobody', providerKey: 'k77' }),
    ],
    [
      'one that moves',
      changing((tx) => payments.movePayment(tx, { paymentId: 77, status: 'DONE' }, 'DONE', everything)),
    ],
    ['one that gives its place up', changing((tx) => payments.freeLivePlace(tx, 81))],
    ['those that are due', (db) => payments.readDuePayments(db, { rowsMax: 50 })],
    ['those that are due without some', (db) => payments.readDuePayments(db, { rowsMax: 50, except: [1, 2] })],
    ...filters.map((filter): [string, (db: Db) => Promise<unknown>] => [
      `a list of ${JSON.stringify(filter)}`,
      (db) => payments.listPayments(db, filter, 50),
    ]),
    ['its history', (db) => readPaymentEvents(db, 77)],
    ['a cancellation', (db) => cancels.readPaymentCancel(db, 77)],
    ['those of a payment', (db) => cancels.readPaymentCancels(db, 77)],
    ['the first that waits', changing((tx) => cancels.readFirstPending(tx, 77))],
    ['a try', changing((tx) => cancels.beginTry(tx, 4, 'x', 1))],
    ['one that is put off', changing((tx) => cancels.putOff(tx, 8, 1))],
    ['a try that failed', changing((tx) => cancels.failTry(tx, 12, 'x', { code: 'x', message: 'x' }, 1))],
    ['one that has ended', changing((tx) => cancels.endPaymentCancel(tx, 16))],
    ['cancellations that are due', (db) => cancels.readDueCancels(db, { rowsMax: 50 })],
    ['old webhooks', (db) => purgeWebhooks(db, 30, 100)],
    ['a checkout that is held', changing((tx) => extendTimeToPay(tx, 77, 1))],
    ['a checkout that is not held any more', changing((tx) => restoreTimeToPay(tx, 77))],
    ['what it holds', changing((tx) => setHoldsEnd(tx, 77, '2026-01-01T00:00:00.000Z'))],
    ['money of an order that goes back', changing((tx) => raiseReturning(tx, 77, 1))],
    ['money of a refund', changing((tx) => beginMoneyPending(tx, 77))],
    ['money of a refund that is back', changing((tx) => endMoneyPending(tx, 77))],
    [
      'a claim that is renewed',
      changing((tx) => renewClaim(tx, { accountId: 1, key: 'k', requestHash: 'x', owner: 'x' })),
    ],
  ])('%s', async (_name, work) => {
    for (const { sql, table, type, key, Extra } of await plansOf(database.db, work)) {
      if (table === null) continue;
      const scans = type === 'ALL' || (type === 'index' && !FIRST_PAGE.test(sql));
      expect({ sql, type, key, scans, sorts: /filesort|temporary/i.test(Extra) }).toMatchObject({
        scans: false,
        sorts: false,
      });
    }
  });

  it.each([
    ['payments', sums.sumPayments],
    ['cancellations', sums.sumPendingCancels],
    ['orders', sums.sumOrders],
  ] as const)('of the sums of %s go along a range of checkouts', async (_what, sum) => {
    for (const { sql, table, type } of await plansOf(database.db, (db) => sum(db, { from: 100, to: 200 })))
      expect({ sql, table, scans: table !== null && (type === 'ALL' || type === 'index') }).toMatchObject({
        scans: false,
      });
  });

  it('of an order whose money is back goes along its key', async () => {
    const plan = await plansOf(database.db, (db) =>
      inTransaction(db, (tx) => lowerReturning(tx, 77, 0)).catch(() => undefined),
    );
    expect(plan.every(({ type }) => type !== 'ALL' && type !== 'index')).toBe(true);
  });
});
