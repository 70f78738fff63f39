/** The results of duties, a row for each. Times are the database's. */
import { change, type Db, select, type Tx } from '../database.js';

export interface DutyRecord {
  readonly name: string;
  /** The time of the last success (seconds since 1970); null: there was none. */
  readonly succeededAt: number | null;
  /** The rows handled by all successes. */
  readonly rowsDone: number;
  readonly failures: number;
  /** How long it has been due (s); 0: it is not due. */
  readonly overdueSeconds: number;
}

/** Makes the rows of new duties. They are due at once. */
export async function registerDuties(db: Db, names: readonly string[]): Promise<void> {
  const rows = names.map(() => '(?, UTC_TIMESTAMP(3), 0, 0)').join(', ');
  await change(
    db,
    `INSERT INTO duty (name, due_at, rows_done, failures) VALUES ${rows} ON DUPLICATE KEY UPDATE name = VALUES(name)`,
    names,
  );
}

/** The duties, among these, that are due. */
export async function dueDuties(db: Db, names: readonly string[]): Promise<string[]> {
  const sql = 'SELECT name FROM duty WHERE name IN (?) AND due_at <= UTC_TIMESTAMP(3)';
  return (await select<{ name: string }>(db, sql, [names])).map(({ name }) => name);
}

/** Records a success. The duty is due again after `everyMs`. */
export async function recordSuccess(tx: Tx, name: string, everyMs: number, rows: number): Promise<void> {
  await change(
    tx,
    `UPDATE duty SET succeeded_at = UTC_TIMESTAMP(3), due_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, rows_done = rows_done + ?, error = NULL
     WHERE name = ?`,
    [everyMs * 1_000, rows, name],
  );
}

/** Records a failure. The duty is tried again after `retryMs`. */
export async function recordFailure(tx: Tx, name: string, retryMs: number, error: string): Promise<void> {
  await change(
    tx,
    `UPDATE duty SET failed_at = UTC_TIMESTAMP(3), due_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, failures = failures + 1, error = ?
     WHERE name = ?`,
    [retryMs * 1_000, error, name],
  );
}

/** All duties, by name. */
export async function readDuties(db: Db): Promise<DutyRecord[]> {
  const rows = await select<DutyRecord>(
    db,
    `SELECT name, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', succeeded_at) / 1000000 AS succeededAt, rows_done AS rowsDone, failures,
       GREATEST(0, TIMESTAMPDIFF(MICROSECOND, due_at, UTC_TIMESTAMP(3))) / 1000000 AS overdueSeconds
     FROM duty ORDER BY name`,
    [],
    { succeededAt: Number, rowsDone: Number, failures: Number, overdueSeconds: Number },
  );
  return rows;
}
