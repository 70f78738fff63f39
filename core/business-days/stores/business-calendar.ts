/** Versions of the calendar of business days. */
import { change, type Db, fromJson, isoTime, select, type Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import type { Announced, Holiday } from '../rules/holidays.js';

export interface StoredCalendar {
  readonly version: number;
  readonly rulesNumber: number;
  readonly announced: Announced;
  readonly holidays: readonly Holiday[];
  readonly madeBy: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
}

/** The number of the latest version, 0 where there is none, locked until the transaction ends. First lock of its transaction. */
export async function lockCalendarBook(tx: Tx): Promise<number> {
  const sql = 'SELECT version FROM business_calendar_book WHERE book_id = 1 FOR UPDATE';
  const [row] = await select<{ version: number }>(tx, sql);
  if (row === undefined)
    throw new MagamError('SCHEMA_OUTDATED', 'The row of business_calendar_book is missing; run magam migrate.');
  return row.version;
}

/** A version, by default the latest. */
export async function readCalendar(db: Db, version?: number): Promise<StoredCalendar | undefined> {
  const which = version === undefined ? 'ORDER BY version DESC LIMIT 1' : 'WHERE version = ?';
  const [calendar] = await select<StoredCalendar>(
    db,
    `SELECT version, rules_number AS rulesNumber, announced, holidays, made_by AS madeBy, made_at AS madeAt
     FROM business_calendar ${which}`,
    version === undefined ? [] : [version],
    { announced: fromJson, holidays: fromJson, madeAt: isoTime },
  );
  return calendar;
}

/** Stores a version and makes it the latest; the caller holds the lock of the book. */
export async function insertCalendar(tx: Tx, made: Omit<StoredCalendar, 'madeAt'>): Promise<void> {
  const { version, rulesNumber, announced, holidays, madeBy } = made;
  await change(
    tx,
    `INSERT INTO business_calendar (version, rules_number, announced, holidays, made_by, made_at)
     VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [version, rulesNumber, JSON.stringify(announced), JSON.stringify(holidays), madeBy.slice(0, 64)],
  );
  await change(tx, 'UPDATE business_calendar_book SET version = ? WHERE book_id = 1', [version]);
}
