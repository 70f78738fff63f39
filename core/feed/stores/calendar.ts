/**
 * Business dates and their doors. The closed and closing dates are a prefix of the calendar: everything up to
 * `shut_through` takes no new entries, everything after it does. A date's row carries the lock: writers share it until they
 * commit, shutting it waits for them.
 */
import type { Db, Tx } from '../../../infra/database.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { stands } from '../../../infra/faults.js';

export type DateStatus = 'OPEN' | 'CLOSING' | 'CLOSED';

/** The last date that takes no entries, or null when every date does. */
export async function readShutThrough(db: Db): Promise<string | null> {
  const [row] = await select<{ shutThrough: string | null }>(
    db,
    'SELECT shut_through AS shutThrough FROM settlement_calendar WHERE calendar_id = 1',
  );
  return row?.shutThrough ?? null;
}

/**
 * Creates the rows of these dates that are missing, in a transaction of its own: a date behind the shut door is born
 * CLOSED. Call it before the transaction that shares the dates.
 */
export async function ensureDates(db: Db, dates: readonly string[]): Promise<void> {
  if (dates.length === 0) return;
  const present = await presentDates(db, dates);
  const missing = dates.filter((date) => !present.has(date)).sort();
  if (missing.length === 0) return;
  await inTransaction(db, async (tx) => {
    const shutThrough = await lockCalendar(tx);
    const existing = await presentDates(tx, missing);
    const rows = missing
      .filter((date) => !existing.has(date))
      .map((date) => [date, shutThrough !== null && date <= shutThrough ? 'CLOSED' : 'OPEN']);
    if (rows.length > 0) await change(tx, 'INSERT INTO business_date (business_on, status) VALUES ?', [rows]);
  });
}

/** The dates that have a row, among these. */
async function presentDates(db: Db, dates: readonly string[]): Promise<Set<string>> {
  const sql = 'SELECT business_on AS date FROM business_date WHERE business_on IN (?)';
  return new Set((await select<{ date: string }>(db, sql, [dates])).map(({ date }) => date));
}

/** Locks the calendar, so that nobody adds or shuts dates; returns `shut_through`. First lock of its transaction. */
export async function lockCalendar(tx: Tx): Promise<string | null> {
  const [row] = await select<{ shutThrough: string | null }>(
    tx,
    'SELECT shut_through AS shutThrough FROM settlement_calendar WHERE calendar_id = 1 FOR UPDATE',
  );
  return row?.shutThrough ?? null;
}

/**
 * Takes the writers' shared lock on these dates, to be held to the commit, and returns their statuses. The first statement of
 * every transaction that writes to the feed; dates without a row are missing from the answer.
 */
export async function shareDates(tx: Tx, dates: readonly string[]): Promise<Map<string, DateStatus>> {
  const rows = await select<{ date: string; status: DateStatus }>(
    tx,
    `SELECT business_on AS date, status FROM business_date WHERE business_on IN (?) ORDER BY business_on ${stands('door.share-lock') ? 'LOCK IN SHARE MODE' : ''}`,
    [[...dates].sort()],
  );
  return new Map(rows.map(({ date, status }) => [date, status]));
}

/** The date's status, or undefined while it has no row. */
export async function readDateStatus(db: Db, date: string): Promise<DateStatus | undefined> {
  const [row] = await select<{ status: DateStatus }>(db, 'SELECT status FROM business_date WHERE business_on = ?', [
    date,
  ]);
  return row?.status;
}

/** The dates of a range that are being settled, oldest first (at most ten). */
export async function readClosingDates(db: Db, from: string, to: string): Promise<string[]> {
  const rows = await select<{ date: string }>(
    db,
    `SELECT business_on AS date FROM business_date WHERE business_on BETWEEN ? AND ? AND status = 'CLOSING' ORDER BY business_on LIMIT 10`,
    [from, to],
  );
  return rows.map(({ date }) => date);
}

/** The earliest date before `date` that is being settled. Once there is none, there will be none: when a date is shut, all dates before it are shut, too. */
export async function closingDateBefore(db: Db, date: string): Promise<string | undefined> {
  const [row] = await select<{ date: string }>(
    db,
    `SELECT business_on AS date FROM business_date WHERE business_on < ? AND status = 'CLOSING' ORDER BY business_on LIMIT 1`,
    [date],
  );
  return row?.date;
}

/** Whether the date has entries. */
export async function hasEntries(db: Db, date: string): Promise<boolean> {
  return (await datesWithEntries(db, date, date)).length > 0;
}

/** The dates of a range that have entries, in order. */
export async function datesWithEntries(db: Db, from: string, to: string): Promise<string[]> {
  const rows = await select<{ date: string }>(
    db,
    `SELECT d.business_on AS date FROM business_date d WHERE d.business_on BETWEEN ? AND ? AND ${HAS_ENTRIES} ORDER BY d.business_on`,
    [from, to],
  );
  return rows.map(({ date }) => date);
}

/** A date d that has entries. */
const HAS_ENTRIES = `(EXISTS (SELECT 1 FROM sale_entry s WHERE s.settled_on = d.business_on)
  OR EXISTS (SELECT 1 FROM refund_entry r WHERE r.settled_on = d.business_on))`;

/** A date d that is not closed and has entries. */
const UNSETTLED = `d.status <> 'CLOSED' AND (d.status = 'CLOSING' OR ${HAS_ENTRIES})`;

/** The dates before `date` that are not closed and have entries, oldest first (at most ten). */
export async function unsettledDatesBefore(db: Db, date: string): Promise<string[]> {
  const rows = await select<{ date: string }>(
    db,
    `SELECT d.business_on AS date FROM business_date d WHERE d.business_on < ? AND ${UNSETTLED} ORDER BY d.business_on LIMIT 10`,
    [date],
  );
  return rows.map(({ date }) => date);
}

/** The earliest date of a range that is not closed and has entries. */
export async function earliestUnsettled(db: Db, from: string | null, to: string): Promise<string | undefined> {
  const [row] = await select<{ date: string }>(
    db,
    `SELECT d.business_on AS date FROM business_date d WHERE d.business_on BETWEEN COALESCE(?, d.business_on) AND ? AND ${UNSETTLED}
     ORDER BY d.business_on LIMIT 1`,
    [from, to],
  );
  return row?.date;
}

/** The date from which a person has told the schedule to close every date; null: nobody has. */
export async function readScheduleFrom(db: Db): Promise<string | null> {
  const sql = 'SELECT schedule_from AS date FROM settlement_calendar WHERE calendar_id = 1';
  const [row] = await select<{ date: string | null }>(db, sql);
  return row?.date ?? null;
}

/** Tells the schedule from which date to close every date; null: it begins with the first date that has entries. */
export async function writeScheduleFrom(tx: Tx, date: string | null): Promise<void> {
  await change(tx, 'UPDATE settlement_calendar SET schedule_from = ? WHERE calendar_id = 1', [date]);
}

/** The dates of a range that are not closed and have entries, in order. */
export async function unsettledDatesBetween(db: Db, from: string, to: string): Promise<string[]> {
  const rows = await select<{ date: string }>(
    db,
    `SELECT d.business_on AS date FROM business_date d WHERE d.business_on BETWEEN ? AND ? AND ${UNSETTLED} ORDER BY d.business_on`,
    [from, to],
  );
  return rows.map(({ date }) => date);
}

/** Unfinished imports that may still write to a date up to `date` that is open. */
export async function importsHolding(db: Db, date: string): Promise<{ importId: number; date: string }[]> {
  return select(
    db,
    `SELECT i.import_id AS importId, h.business_on AS date FROM feed_import_date h JOIN feed_import i ON i.import_id = h.import_id
     WHERE h.business_on <= ? AND i.status IN ('RUNNING', 'ABANDONING') ORDER BY h.business_on, i.import_id LIMIT 10`,
    [date],
  );
}

/** Locks the open dates up to `date`, waiting for the writers that share them, so that their entries are visible. */
export async function lockOpenDates(tx: Tx, date: string): Promise<void> {
  await tx.raw(`SELECT business_on FROM business_date WHERE business_on <= ? AND status = 'OPEN' FOR UPDATE`, [date]);
}

/**
 * Shuts the door of an open date, and closes the open dates before it. The caller has locked the calendar and these dates,
 * and has seen that the earlier ones are empty.
 * @returns false when the date was not open
 */
export async function shutDate(tx: Tx, date: string): Promise<boolean> {
  const shut = await change(
    tx,
    `UPDATE business_date SET status = 'CLOSING', shut_at = UTC_TIMESTAMP(3) WHERE business_on = ? AND status = 'OPEN'`,
    [date],
  );
  if (shut !== 1) return false;
  await change(
    tx,
    `UPDATE business_date SET status = 'CLOSED', shut_at = UTC_TIMESTAMP(3), closed_at = UTC_TIMESTAMP(3) WHERE business_on < ? AND status = 'OPEN'`,
    [date],
  );
  await change(tx, 'UPDATE settlement_calendar SET shut_through = ? WHERE calendar_id = 1', [date]);
  return true;
}

/** Marks a closing date closed, in the transaction that writes its certificate. */
export async function closeDate(tx: Tx, date: string): Promise<void> {
  await change(
    tx,
    `UPDATE business_date SET status = 'CLOSED', closed_at = UTC_TIMESTAMP(3) WHERE business_on = ? AND status = 'CLOSING'`,
    [date],
  );
}
