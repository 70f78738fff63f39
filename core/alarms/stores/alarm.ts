/** Alarms: one row each, from its beginning to its end. */
import { change, type Db, insertReturningId, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import type { Alarm, AlarmCause, AlarmStatus } from '../rules/alarm.js';

const SELECT_ALARM =
  'SELECT alarm_id AS alarmId, kind, subject, status, summary, opened_at AS openedAt, resolved_at AS resolvedAt FROM alarm';
const reading: Reading<Alarm> = { openedAt: isoTime, resolvedAt: isoTime };

/** Widths of the columns, in characters. */
const SUBJECT_MAX = 128;
const SUMMARY_MAX = 1_000;
const cut = (text: string, max: number): string => [...text].slice(0, max).join('');

/** The subject as it is stored. */
export const storedSubject = (subject: string): string => cut(subject.trim(), SUBJECT_MAX);
export const storedSummary = (summary: string): string => cut(summary, SUMMARY_MAX);

const openKey = ({ kind, subject }: Pick<AlarmCause, 'kind' | 'subject'>): string =>
  `${kind} ${storedSubject(subject)}`;

/** Opens an alarm. @returns its id; undefined: it is already open */
export async function insertAlarm(tx: Tx, cause: AlarmCause): Promise<number | undefined> {
  try {
    return await insertReturningId(
      tx,
      `INSERT INTO alarm (kind, subject, open_key, status, summary, opened_at) VALUES (?, ?, ?, 'OPEN', ?, UTC_TIMESTAMP(3))`,
      [cause.kind, storedSubject(cause.subject), openKey(cause), storedSummary(cause.summary)],
    );
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/** Closes an alarm. @returns false: it was already over */
export async function endAlarm(tx: Tx, alarmId: number): Promise<boolean> {
  const sql = `UPDATE alarm SET status = 'RESOLVED', open_key = NULL, resolved_at = UTC_TIMESTAMP(3) WHERE alarm_id = ? AND status = 'OPEN'`;
  return (await change(tx, sql, [alarmId])) === 1;
}

/** Updates the text of an open alarm. */
export async function rewordAlarm(db: Db, alarmId: number, summary: string): Promise<void> {
  await change(db, `UPDATE alarm SET summary = ? WHERE alarm_id = ? AND status = 'OPEN'`, [
    storedSummary(summary),
    alarmId,
  ]);
}

/** The open alarms, oldest first. */
export const readOpenAlarms = (db: Db): Promise<Alarm[]> =>
  select<Alarm>(db, `${SELECT_ALARM} WHERE status = 'OPEN' ORDER BY alarm_id`, [], reading);

export async function findOpenAlarm(db: Db, cause: Pick<AlarmCause, 'kind' | 'subject'>): Promise<Alarm | undefined> {
  return (await select<Alarm>(db, `${SELECT_ALARM} WHERE open_key = ?`, [openKey(cause)], reading))[0];
}

export async function readAlarm(db: Db, alarmId: number): Promise<Alarm | undefined> {
  return (await select<Alarm>(db, `${SELECT_ALARM} WHERE alarm_id = ?`, [alarmId], reading))[0];
}

export interface AlarmFilter {
  readonly status?: AlarmStatus | undefined;
  /** The last alarm of the previous page. */
  readonly before?: number | undefined;
}

/** Alarms, newest first: a range of one key. */
export function listAlarms(db: Db, { status, before }: AlarmFilter, limit: number): Promise<Alarm[]> {
  const conditions = ['alarm_id < ?'];
  const params: (string | number)[] = [before ?? Number.MAX_SAFE_INTEGER];
  if (status !== undefined) {
    conditions.unshift('status = ?');
    params.unshift(status);
  }
  const key = status === undefined ? 'PRIMARY' : 'alarm_status';
  return select<Alarm>(
    db,
    `${SELECT_ALARM} FORCE INDEX (${key}) WHERE ${conditions.join(' AND ')} ORDER BY alarm_id DESC LIMIT ?`,
    [...params, limit],
    reading,
  );
}

/** Deletes alarms that ended more than this many days ago. @returns how many */
export const purgeAlarms = (db: Db, days: number, rowsMax: number): Promise<number> =>
  change(db, 'DELETE FROM alarm WHERE resolved_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?', [days, rowsMax]);
