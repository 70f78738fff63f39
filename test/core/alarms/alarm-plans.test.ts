/** Every statement about alarms goes along a key, on the database under test, also where thousands are over. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as alarms from '../../../core/alarms/stores/alarm.js';
import { readUnclearPayments } from '../../../core/payments/stores/payment.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../support/plans.js';

const ROWS = 20_000;
const AT = '2026-01-01 00:00:00';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  await insertMany(
    db,
    'INSERT INTO alarm (kind, subject, open_key, status, summary, opened_at, resolved_at) VALUES ?',
    rowsOf(ROWS, (n) => {
      const open = n % 1_000 === 0;
      return [
        'dead-letters',
        `c${n}`,
        open ? `dead-letters c${n}` : null,
        open ? 'OPEN' : 'RESOLVED',
        'x',
        AT,
        open ? null : n === 1 ? AT : '2999-01-01',
      ];
    }),
  );
  await insertMany(
    db,
    `INSERT INTO payment (checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor, status, unclear_told, created_at, updated_at)
     VALUES ?`,
    rowsOf(ROWS, (n) => [
      n,
      1,
      'TOSS',
      `r${n}`,
      'x',
      'KRW',
      1,
      n % 1_000 === 0 ? 'UNKNOWN' : 'DONE',
      n % 1_000 === 0 ? 1 : 0,
      AT,
      AT,
    ]),
  );
  for (const table of ['alarm', 'payment']) await db.raw(`ANALYZE TABLE ${table}`);
});
afterAll(() => database.drop());

const changing =
  (work: (tx: Tx) => Promise<unknown>) =>
  (db: Db): Promise<unknown> =>
    inTransaction(db, work);
const open = { kind: 'dead-letters', subject: 'c1000' } as const;

const statements: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'the open alarms': alarms.readOpenAlarms,
  'an open alarm': (db) => alarms.findOpenAlarm(db, open),
  'an alarm': (db) => alarms.readAlarm(db, 7),
  'an alarm that ends': changing((tx) => alarms.endAlarm(tx, 2_000)),
  'an alarm in other words': (db) => alarms.rewordAlarm(db, 3_000, 'y'),
  'a list of all': (db) => alarms.listAlarms(db, {}, 50),
  'more of them': (db) => alarms.listAlarms(db, { before: 10_000 }, 50),
  'a list of one state': (db) => alarms.listAlarms(db, { status: 'OPEN', before: 10_000 }, 50),
  'what is purged': (db) => alarms.purgeAlarms(db, 30, 100),
  'payments that are unclear': readUnclearPayments,
};

it.each(Object.entries(statements))('%s: along a key', async (_what, work) => {
  const plans = await plansOf(database.db, work);
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    expect(plan).toMatchObject({ key: expect.any(String), type: expect.not.stringMatching(/^ALL$/) });
    expect(plan.Extra).not.toMatch(/filesort|temporary/i);
  }
});
