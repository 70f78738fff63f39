/** When alarms open and end, by the rows of a real database; and that there is one for each kind and subject, however many processes check. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { raiseAlarm, resolveAlarm } from '../../../core/alarms/change-alarms.js';
import type { WatchedKind } from '../../../core/alarms/conditions.js';
import { actionOf } from '../../../core/alarms/rules/alarm.js';
import { findOpenAlarm, purgeAlarms, readOpenAlarms } from '../../../core/alarms/stores/alarm.js';
import { watchAlarms } from '../../../core/alarms/watch-alarms.js';
import { change, insertReturningId, select } from '../../../infra/database.js';
import { recordSuccess, registerDuties } from '../../../infra/stores/duty.js';
import { addDays } from '../../../kernel/business-date.js';
import { alarmEvents, alarmSettings, alarmsOf, emptyAlarms } from '../../support/alarms.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let today: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await change(database.db, `UPDATE installation SET time_zone = 'Asia/Seoul'`);
  const sql = `SELECT CAST(DATE(UTC_TIMESTAMP() + INTERVAL 9 HOUR) AS CHAR) AS today`;
  today = (await select<{ today: string }>(database.db, sql))[0]?.today ?? '';
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyAlarms(database.db);
  for (const table of [
    'job_instance',
    'job_execution',
    'settlement_exception',
    'payment',
    'payout',
    'provider_transfer',
    'adjustment',
    'business_date',
    'sale_entry',
  ])
    await change(database.db, `DELETE FROM ${table}`);
  await change(database.db, 'UPDATE settlement_calendar SET shut_through = NULL, schedule_from = NULL');
});

const look = (kind: WatchedKind, alarms: Parameters<typeof alarmSettings>[0] = {}) =>
  watchAlarms(database.db, alarmSettings(alarms), [kind]);

const run = (date: string, status: string): Promise<number> =>
  insertReturningId(
    database.db,
    `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES ('settle', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [date, status],
  );
const become = (date: string, status: string) =>
  change(database.db, 'UPDATE job_instance SET status = ? WHERE job_key = ?', [status, date]);
const park = (date: string, entryId: number) =>
  change(
    database.db,
    `INSERT INTO settlement_exception (settled_on, leg, entry_id, generation, code, details, parked_at)
     VALUES (?, 0, ?, 1, 'POLICY_MISSING', '{}', UTC_TIMESTAMP(3))`,
    [date, entryId],
  );
const DAY = '2026-03-02';

describe('one open alarm of a kind and subject', () => {
  it('however many look at once, with one message, and one more when it is over', async () => {
    await run(DAY, 'FAILED');
    const together = () => Promise.all(Array.from({ length: 5 }, () => look('run-failed')));
    expect((await together()).reduce((sum, changed) => sum + changed)).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`run-failed ${DAY} OPEN`]);
    expect(await look('run-failed')).toBe(0);
    await become(DAY, 'COMPLETED');
    expect((await together()).reduce((sum, changed) => sum + changed)).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`run-failed ${DAY} RESOLVED`]);
    expect(await alarmEvents(database.db)).toEqual(['alarm.opened', 'alarm.resolved']);
  });

  it('is opened anew when it comes back, and ended by one of those who end it', async () => {
    const cause = { kind: 'command-failed', subject: 'settle --date yesterday', summary: 'It failed.' } as const;
    expect(await Promise.all([raiseAlarm(database.db, cause), raiseAlarm(database.db, cause)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    const first = await findOpenAlarm(database.db, cause);
    const ended = await Promise.all([1, 2, 3].map(() => resolveAlarm(database.db, first?.alarmId ?? 0)));
    expect(ended.filter((done) => done)).toHaveLength(1);
    expect(await raiseAlarm(database.db, cause)).toBe(true);
    expect(await alarmsOf(database.db)).toEqual([
      'command-failed settle --date yesterday RESOLVED',
      'command-failed settle --date yesterday OPEN',
    ]);
  });

  it('keeps a subject and a summary that are longer than their columns', async () => {
    const cause = { kind: 'command-failed', subject: `${'가'.repeat(200)}`, summary: '나'.repeat(2_000) } as const;
    await raiseAlarm(database.db, cause);
    expect(await raiseAlarm(database.db, cause)).toBe(false);
    expect(await findOpenAlarm(database.db, cause)).toMatchObject({
      subject: '가'.repeat(128),
      summary: '나'.repeat(1_000),
    });
  });
});

describe('a run that failed', () => {
  it('says why, and stays an alarm while it is tried again', async () => {
    const runId = await run(DAY, 'FAILED');
    await change(
      database.db,
      `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows, error_code, error_message)
       VALUES (?, 'FAILED', 'schedule', UTC_TIMESTAMP(3), 10, 2, 4000, 'PARTITION_FAILED', 'A partition failed 5 times.')`,
      [runId],
    );
    await look('run-failed');
    const [alarm] = await readOpenAlarms(database.db);
    expect(alarm?.summary).toBe(
      `The settlement of ${DAY} failed (run ${runId}) with PARTITION_FAILED: A partition failed 5 times.`,
    );
    for (const status of ['REQUESTED', 'RUNNING', 'FAILED']) {
      await become(DAY, status);
      expect([status, await look('run-failed')]).toEqual([status, 0]);
    }
    await become(DAY, 'STOPPED');
    expect(await look('run-failed')).toBe(1);
  });
});

describe('a job that follows the settlement', () => {
  const step = (date: string, status: string, minutesAgo = 0): Promise<number> =>
    insertReturningId(
      database.db,
      `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES ('post', ?, ?, UTC_TIMESTAMP(3) - INTERVAL ? MINUTE, UTC_TIMESTAMP(3))`,
      [date, status, minutesAgo],
    );
  const becomePosted = (date: string, status: string) =>
    change(
      database.db,
      `UPDATE job_instance SET status = ?, completed_at = UTC_TIMESTAMP(3) WHERE job = 'post' AND job_key = ?`,
      [status, date],
    );

  it('has an alarm of its own beside that of the settlement, when it has failed', async () => {
    await run(DAY, 'FAILED');
    const runId = await step(DAY, 'FAILED');
    expect(await look('run-failed')).toBe(2);
    const alarms = await readOpenAlarms(database.db);
    const alarm = alarms.find(({ subject }) => subject === `post ${DAY}`);
    expect(alarm?.summary).toBe(`The posting of ${DAY} failed (run ${runId}): the execution left no message.`);
    expect(actionOf({ kind: 'run-failed', subject: `post ${DAY}` })).toBe(
      `Look at the run with magam runs --job post --date ${DAY}, mend the cause, then run magam ledger post --date ${DAY}.`,
    );
    await becomePosted(DAY, 'RUNNING');
    expect(await look('run-failed')).toBe(0);
    await becomePosted(DAY, 'COMPLETED');
    expect(await look('run-failed')).toBe(1);
    expect((await readOpenAlarms(database.db)).map(({ subject }) => subject)).toEqual([DAY]);
  });

  it('is overdue when it is not done within its time after the request', async () => {
    await step(DAY, 'STOPPED', 20);
    expect(await look('date-overdue', { dateMinutes: 30 })).toBe(0);
    expect(await look('date-overdue', { dateMinutes: 10 })).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`date-overdue post ${DAY} OPEN`]);
    for (let n = 1; n < 12; n += 1) await step(addDays(DAY, -n), 'RUNNING', 20);
    expect(await look('date-overdue', { dateMinutes: 10 })).toBe(10);
    await becomePosted(DAY, 'COMPLETED');
    expect(await look('date-overdue', { dateMinutes: 10 })).toBe(1);
    expect(await alarmsOf(database.db)).toContain(`date-overdue post ${DAY} RESOLVED`);
  });
});

describe('parked entries', () => {
  it('of a settled date are an alarm that counts them, until none is left', async () => {
    await run(DAY, 'COMPLETED_WITH_EXCEPTIONS');
    await park(DAY, 1);
    await park(DAY, 2);
    await look('parked-entries');
    const text = async () => (await readOpenAlarms(database.db)).map(({ summary }) => summary);
    expect(await text()).toEqual([
      expect.stringMatching(/^2 entries of 2026-03-02 could not be settled and are parked/),
    ]);
    await change(database.db, 'UPDATE settlement_exception SET settled_generation = 2 WHERE entry_id = 1');
    expect(await look('parked-entries')).toBe(0);
    expect(await text()).toEqual([expect.stringMatching(/^1 entry of 2026-03-02 could not be settled and is parked/)]);
    await become(DAY, 'RUNNING');
    expect(await look('parked-entries')).toBe(0);
    await change(database.db, 'UPDATE settlement_exception SET settled_generation = 2');
    await become(DAY, 'COMPLETED');
    expect(await look('parked-entries')).toBe(1);
  });

  it('of a run that is under way are none yet, and neither are those of dates long ago', async () => {
    await run(DAY, 'RUNNING');
    await park(DAY, 1);
    expect(await look('parked-entries')).toBe(0);
    await run('2026-01-01', 'COMPLETED_WITH_EXCEPTIONS');
    await park('2026-01-01', 2);
    for (let n = 0; n < 32; n += 1) await run(addDays('2026-02-01', n + 40), 'COMPLETED');
    expect(await look('parked-entries')).toBe(0);
  });

  it('whose date is no longer among the latest stay an alarm', async () => {
    await run('2026-01-01', 'COMPLETED_WITH_EXCEPTIONS');
    await park('2026-01-01', 2);
    expect(await look('parked-entries')).toBe(1);
    for (let n = 0; n < 32; n += 1) await run(addDays('2026-02-01', n), 'COMPLETED');
    expect(await look('parked-entries')).toBe(0);
  });
});

describe('a date that is overdue', () => {
  const entry = async (date: string): Promise<void> => {
    await change(database.db, `INSERT INTO business_date (business_on, status) VALUES (?, 'CLOSING')`, [date]);
  };

  it('is one that was due long enough ago and is not closed', async () => {
    const [due, before] = [addDays(today, -2), addDays(today, -3)];
    for (const date of [due, before]) await entry(date);
    expect(await look('date-overdue', { dateMinutes: 1 })).toBe(2);
    expect(await alarmsOf(database.db)).toEqual([`date-overdue ${before} OPEN`, `date-overdue ${due} OPEN`]);
    await change(database.db, `UPDATE business_date SET status = 'CLOSED' WHERE business_on = ?`, [before]);
    expect(await look('date-overdue', { dateMinutes: 1 })).toBe(1);
  });

  it('is raised for the ten earliest, and none is ended because an earlier one was found', async () => {
    for (let n = 2; n < 14; n += 1) await entry(addDays(today, -n));
    expect(await look('date-overdue', { dateMinutes: 1 })).toBe(10);
    await entry(addDays(today, -14));
    expect(await look('date-overdue', { dateMinutes: 1 })).toBe(1);
    expect(await alarmEvents(database.db)).not.toContain('alarm.resolved');
  });

  it('is not one that is due for a shorter time, and none at all where the setting is 0', async () => {
    await entry(addDays(today, -2));
    expect(await look('date-overdue', { dateMinutes: 10_080 })).toBe(0);
    expect(await look('date-overdue', { dateMinutes: 0 })).toBe(0);
  });

  it('is also one without entries where every date is to be closed', async () => {
    await change(database.db, 'UPDATE settlement_calendar SET schedule_from = ?', [addDays(today, -5)]);
    expect(await look('date-overdue', { dateMinutes: 1_440 })).toBe(1);
    await change(database.db, 'UPDATE settlement_calendar SET shut_through = ?', [today]);
    expect(await look('date-overdue', { dateMinutes: 1_440 })).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([expect.stringMatching(/RESOLVED$/)]);
  });
});

describe('no runner', () => {
  const late = (name: string, minutes: number) =>
    change(database.db, 'UPDATE duty SET due_at = UTC_TIMESTAMP(3) - INTERVAL ? MINUTE WHERE name = ?', [
      minutes,
      name,
    ]);

  it('is an alarm when none has shown a sign of life for long enough, and over when one does', async () => {
    expect(await look('no-runner')).toBe(0); // the time counts from now on
    await late('runner-alive', 4);
    expect(await look('no-runner')).toBe(0);
    await late('runner-alive', 6);
    expect(await look('no-runner')).toBe(1);
    expect(await alarmsOf(database.db)).toEqual(['no-runner runner OPEN']);
    await database.db.transaction((tx) => recordSuccess(tx, 'runner-alive', 10_000, 0));
    expect(await look('no-runner')).toBe(1);
  });

  it('does not count the time in which nobody looked, nor where the setting is 0', async () => {
    await registerDuties(database.db, ['runner-alive', 'watch-alarms']);
    await late('runner-alive', 60);
    await late('watch-alarms', 59);
    expect(await look('no-runner')).toBe(0);
    await late('watch-alarms', 0);
    expect(await look('no-runner', { runnerMinutes: 0 })).toBe(0);
    expect(await look('no-runner')).toBe(1);
  });
});

describe('payments and dead letters', () => {
  it('a payment is unclear until its outcome is known and its money is back', async () => {
    const paymentId = await insertReturningId(
      database.db,
      `INSERT INTO payment (checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor, status, unclear_told, created_at, updated_at)
       VALUES (1, 1, 'TOSS', UUID(), 'shoes', 'KRW', 1000, 'UNKNOWN', 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [],
    );
    expect(await look('payment-unclear')).toBe(0);
    await change(database.db, 'UPDATE payment SET unclear_told = 1');
    expect(await look('payment-unclear')).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`payment-unclear ${paymentId} OPEN`]);
    await change(database.db, `UPDATE payment SET status = 'DONE', charged_minor = 1000, cancelling_minor = 500`);
    expect(await look('payment-unclear')).toBe(0);
    await change(database.db, 'UPDATE payment SET cancelling_minor = 0');
    expect(await look('payment-unclear')).toBe(1);
  });

  it('a transfer that was found later is one until its amount is taken from the seller', async () => {
    const payoutId = await insertReturningId(
      database.db,
      `INSERT INTO payout (seller_id, currency, payout_on, amount_minor, status, attempt, hash, proposed_by, proposed_at, updated_at)
       VALUES ('S1', 'KRW', '2026-11-30', 1000, 'HELD', 2, REPEAT('a', 64), 'schedule', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [],
    );
    await change(
      database.db,
      `INSERT INTO provider_transfer (payout_id, attempt, provider, status, failure, created_at, updated_at)
       VALUES (?, 1, 'TOSS_PAYOUT', 'FAILED', 'FOUND_LATER', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [payoutId],
    );
    expect(await look('payout-found')).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`payout-found P${payoutId}-1 OPEN`]);
    const adjust = (status: string, effectiveOn: string | null) =>
      change(
        database.db,
        `REPLACE INTO adjustment (reference, kind, seller_id, currency, amount_minor, fee_minor, reason_code, reason, status, effective_on, proposed_by, proposed_at)
         VALUES (?, 'FROM_SELLER', 'S1', 'KRW', 1000, 0, 'OTHER', 'paid twice', ?, ?, 'kim', UTC_TIMESTAMP(3))`,
        [`P${payoutId}-1`, status, effectiveOn],
      );
    await adjust('PROPOSED', null);
    expect(await look('payout-found')).toBe(0);
    await adjust('POSTED', '2026-11-30');
    expect(await look('payout-found')).toBe(1);
    expect(await alarmsOf(database.db)).toEqual([`payout-found P${payoutId}-1 RESOLVED`]);
  });

  it('dead letters are one alarm of their consumer, with their number and the last error', async () => {
    const bury = (eventId: number, error: string) =>
      change(
        database.db,
        `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, last_error, updated_at)
         VALUES (?, 'cart', 'DEAD', 14, UTC_TIMESTAMP(3), ?, UTC_TIMESTAMP(3))`,
        [eventId, error],
      );
    await bury(1, 'no luck');
    expect(await look('dead-letters')).toBe(1);
    await bury(2, 'worse luck');
    expect(await look('dead-letters')).toBe(0);
    expect(await readOpenAlarms(database.db)).toMatchObject([
      { subject: 'cart', summary: 'The consumer cart has given up 2 events, the last one with: worse luck' },
    ]);
    await change(database.db, `UPDATE outbox_attempt SET status = 'WAITING'`);
    expect(await look('dead-letters')).toBe(1);
  });
});

it('a bank account that was proposed is an alarm of its seller until somebody has decided', async () => {
  const { db } = database;
  await change(db, 'DELETE FROM seller_bank_account');
  const propose = (sellerId: string) =>
    insertReturningId(
      db,
      `INSERT INTO seller_bank_account (seller_id, open_seller_id, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id,
         status, proposed_by, proposed_at) VALUES (?, ?, '088', 'X', 'sealed', '****6789', '', 'PROPOSED', 1, '2026-03-02 01:00:00')`,
      [sellerId, sellerId],
    );
  const first = await propose('S1');
  await propose('S2');
  await look('bank-account-waiting');
  expect((await alarmsOf(db)).sort()).toEqual(['bank-account-waiting S1 OPEN', 'bank-account-waiting S2 OPEN']);
  expect((await findOpenAlarm(db, { kind: 'bank-account-waiting', subject: 'S1' }))?.summary).toBe(
    `The account 088 ****6789 (bank account ${first}) was proposed for payouts to seller S1 at 2026-03-02T01:00:00.000Z and waits for a second person.`,
  );
  await change(db, `UPDATE seller_bank_account SET status = 'WITHDRAWN', open_seller_id = NULL WHERE seller_id = 'S1'`);
  await look('bank-account-waiting');
  expect((await alarmsOf(db)).sort()).toEqual(['bank-account-waiting S1 RESOLVED', 'bank-account-waiting S2 OPEN']);
});

it('a condition that cannot be read does not keep others from being checked, and is reported', async () => {
  await run(DAY, 'FAILED');
  await change(database.db, 'RENAME TABLE outbox_attempt TO outbox_attempt_away');
  try {
    await expect(watchAlarms(database.db, alarmSettings(), ['dead-letters', 'run-failed'])).rejects.toThrow(
      'outbox_attempt',
    );
  } finally {
    await change(database.db, 'RENAME TABLE outbox_attempt_away TO outbox_attempt');
  }
  expect(await alarmsOf(database.db)).toEqual([`run-failed ${DAY} OPEN`]);
});

it('a process that read the open alarms before one was opened does not end that one', async () => {
  const { db } = database;
  const connection = await db.client.acquireConnection();
  try {
    await db.raw('LOCK TABLES job_instance WRITE, job_execution WRITE').connection(connection);
    const slow = look('run-failed');
    await inStatement(db, '%job_instance%');
    await raiseAlarm(db, { kind: 'run-failed', subject: DAY, summary: 'It failed meanwhile.' });
    await db.raw('UNLOCK TABLES').connection(connection);
    expect(await slow).toBe(0);
  } finally {
    await db.client.releaseConnection(connection);
  }
  expect(await alarmsOf(db)).toEqual([`run-failed ${DAY} OPEN`]);
});

it('alarms that were over long ago are purged, and no others', async () => {
  for (const subject of ['old', 'new', 'open'])
    await raiseAlarm(database.db, { kind: 'command-failed', subject, summary: '.' });
  for (const { alarmId, subject } of await readOpenAlarms(database.db))
    if (subject !== 'open') await resolveAlarm(database.db, alarmId);
  await change(database.db, `UPDATE alarm SET resolved_at = resolved_at - INTERVAL 31 DAY WHERE subject = 'old'`);
  expect(await purgeAlarms(database.db, 30, 100)).toBe(1);
  expect(await alarmsOf(database.db)).toEqual(['command-failed new RESOLVED', 'command-failed open OPEN']);
});
