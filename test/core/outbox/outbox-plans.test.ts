/** Every statement about events, consumers, attempts and sales counts goes along a key, on the database under test: no scan, no sorting. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as sales from '../../../core/catalogue/stores/sales-count.js';
import * as consumers from '../../../core/outbox/stores/outbox-consumer.js';
import * as events from '../../../core/outbox/stores/outbox-event.js';
import { readOutboxGauges } from '../../../core/outbox/stores/outbox-gauges.js';
import * as inbox from '../../../core/outbox/stores/outbox-inbox.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../support/plans.js';

const ROWS = 20_000;
const AT = '2026-01-01 00:00:00';

/** Events 1 to 20,000, nearly all done by two consumers; every tenth was tried by a third, and half of these are dead letters. */
async function fill(db: Db): Promise<void> {
  const rows = (each: (n: number) => unknown[]): unknown[][] => rowsOf(ROWS, each);
  const tables: Readonly<Record<string, readonly [columns: string, rows: unknown[][]]>> = {
    outbox_event: [
      'type, payload, request_id, recorded_at, relayed',
      rows((n) => [n % 2 === 0 ? 'order.confirmed' : 'order.expired', '{}', '', AT, n > ROWS - 50 ? 0 : 1]),
    ],
    outbox_consumer: [
      'name, types, done_through, registered_at',
      ['one', 'two', 'three'].map((name) => [name, 'order.confirmed order.expired', ROWS - 500, AT]),
    ],
    outbox_inbox: [
      'event_id, consumer, done_at',
      [...rows((n) => [n, 'one', AT]), ...rows((n) => [n, 'two', AT])].filter(([n]) => Number(n) < ROWS - 50),
    ],
    outbox_attempt: [
      'event_id, consumer, status, attempts, next_try_at, last_error, updated_at',
      rowsOf(ROWS / 10, (n) => [
        n * 10,
        n % 4 === 0 ? 'three' : 'two',
        n % 2 === 0 ? 'DEAD' : 'WAITING',
        1,
        n % 50 === 1 ? AT : '2999-01-01',
        'x',
        AT,
      ]),
    ],
    sales_count_change: ['product_id, quantity', rows((n) => [n, 1])],
    category: ['parent_id, level, name, version, created_at', rowsOf(300, (n) => [0, 1, `c${n}`, 1, AT])],
    product: [
      `seller_id, external_id, category_id, name, folded_name, description, status, currency, price_minor, sales_count, review_count, star_sum, version,
       created_at, updated_at`,
      rows((n) => ['S1', `P${n}`, (n % 300) + 1, 'x', 'x', '', 'ACTIVE', 'KRW', 1, 0, 0, 0, 1, AT, AT]),
    ],
    product_term: [
      'term, product_id, currency, price_minor, sales_count',
      [...rows((n) => ['all', n, 'KRW', 1, 0]), ...rows((n) => ['s:S1', n, 'KRW', 1, 0])],
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

const key = { consumer: 'two', eventId: 20 };
const dead = { consumer: 'three', eventId: 80 };
const failure = { recorded: 1, attempts: 2, pauseMs: 1_000, error: 'x' };

const statements: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'events to relay': (db) => events.readUnrelayed(db, 1_000),
  'events that were relayed': (db) => events.markRelayed(db, [ROWS - 1, ROWS]),
  'events of a hint': (db) => events.readOpen(db, 'two', [1, 2, ROWS]),
  'events after a cursor': (db) =>
    events.readFollowing(db, { consumer: 'two', types: ['order.expired'], after: ROWS - 500 }, 1_000),
  'events that are passed': changing((tx) => events.countShared(tx, ROWS - 500, ROWS)),
  'events to purge': (db) => events.readForPurge(db, { after: 0, through: ROWS, days: 30 }, 1_000),
  'events that are purged': changing((tx) => events.deleteEvents(tx, [1, 3])),
  'a cursor': (db) => consumers.moveCursor(db, 'one', ROWS),
  'whether an event was done': (db) => inbox.isDone(db, { consumer: 'one', eventId: 7 }),
  'attempts that are over': changing((tx) => inbox.deleteAttempts(tx, 'two', [10, 30])),
  'attempts of what was done': changing((tx) => inbox.deleteDoneAttempts(tx, 'two', [10, 30])),
  'a delivery': (db) => inbox.claimAttempt(db, key, 1, 1_000),
  'a failure': changing((tx) => inbox.recordFailedAttempt(tx, key, failure)),
  'events that are due': (db) => inbox.readDue(db, 'two', 100),
  'a dead letter': (db) => inbox.readDeadLetter(db, dead),
  'dead letters': (db) => inbox.listDeadLetters(db, {}, 50),
  'more dead letters': (db) => inbox.listDeadLetters(db, { before: { eventId: 10_000, consumer: 'two' } }, 50),
  'dead letters of a consumer': (db) => inbox.listDeadLetters(db, { consumer: 'three' }, 50),
  'more dead letters of a consumer': (db) =>
    inbox.listDeadLetters(db, { consumer: 'three', before: { eventId: 10_000, consumer: 'three' } }, 50),
  'a replay': changing((tx) => inbox.reviveDeadLetter(tx, dead)),
  'sales that changed': changing((tx) => sales.lockSalesChanges(tx, 400)),
  'sales that were added': changing((tx) => sales.deleteSalesChanges(tx, [1, 2])),
  'sales of products': changing((tx) =>
    sales.addSales(tx, [
      { productId: 1, quantity: 1 },
      { productId: 2, quantity: -1 },
    ]),
  ),
  'where products are': changing((tx) => sales.readPlaces(tx, [1, 2])),
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database.db);
});
afterAll(() => database.drop());

it.each(Object.entries(statements))('%s: along a key', async (_what, work) => {
  const plans = await plansOf(database.db, work);
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    expect(plan).toMatchObject({ key: expect.any(String), type: expect.not.stringMatching(/^ALL$/) });
    expect(plan.Extra).not.toMatch(/filesort|temporary/i);
  }
});

it('the gauges read along keys, too', async () => {
  const plans = await plansOf(database.db, readOutboxGauges);
  for (const { table, key: used } of plans)
    if (!/derived|outbox_consumer/.test(table ?? '')) expect(used).toEqual(expect.any(String));
});
