/** The identity of this database. */
import { found } from '../../kernel/outcome.js';
import { change, type Db, isoTime, select } from '../database.js';

/** The random id that was made with the tables. Throws SCHEMA_OUTDATED where there is none. */
export async function readInstallationId(db: Db): Promise<string> {
  const [row] = await select<{ id: string }>(db, 'SELECT installation_id AS id FROM installation');
  return found(row, 'SCHEMA_OUTDATED').id;
}

/**
 * The identity that tells the database from a restored copy elsewhere: its id, its name and its server. Servers of one database may see different
 * names behind a proxy; then they do not share entries under this identity.
 */
export async function readDatabaseIdentity(db: Db): Promise<string> {
  const [row] = await select<Record<string, string | number>>(
    db,
    `SELECT installation_id AS id, DATABASE() AS name, @@hostname AS host, @@port AS port, @@datadir AS folder
     FROM installation`,
  );
  return JSON.stringify(Object.values(found(row, 'SCHEMA_OUTDATED')));
}

/** Gives the database another id. */
export async function renewInstallationId(db: Db): Promise<void> {
  await change(db, 'UPDATE installation SET installation_id = UUID()');
}

/** The database's clock and the platform's zone (null until one is stored), in one statement. Throws SCHEMA_OUTDATED. */
export async function readClockAndZone(db: Db): Promise<{ databaseMs: number; timeZone: string | null }> {
  const [row] = await select<{ now: string; timeZone: string | null }>(
    db,
    'SELECT UTC_TIMESTAMP(3) AS now, time_zone AS timeZone FROM installation',
  );
  const { now, timeZone } = found(row, 'SCHEMA_OUTDATED');
  return { databaseMs: Date.parse(isoTime(now)), timeZone };
}

/** Stores the platform's zone where none is stored. */
export async function storeFirstTimeZone(db: Db, timeZone: string): Promise<void> {
  await change(db, 'UPDATE installation SET time_zone = ? WHERE time_zone IS NULL', [timeZone]);
}

/** Changes the platform's zone. */
export async function replaceTimeZone(db: Db, timeZone: string): Promise<void> {
  await change(db, 'UPDATE installation SET time_zone = ?', [timeZone]);
}
