/**
 * Brings the schema up to date with the files of `sql/`: plain SQL, one statement a file, so that a half-applied file
 * cannot exist (DDL is not transactional). knex keeps the book of what was applied; a named lock of the server, which
 * dies with its connection, keeps two migrations apart.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { MagamError } from '../kernel/errors.js';
import { change, createDatabase, type Db, openDatabase, select } from './database.js';
import { isMissingTable, isSchemaChangeMade } from './database-errors.js';
import { faultPoint } from './faults.js';

const bookTable = 'schema_migration';
/** A file that was begun and may be missing in the book: it was applied, and the process was killed before its entry. */
const begunTable = 'schema_migration_begun';

/**
 * Applies the missing migrations. Returns the names of the files applied. Creates the database if it does not exist. Throws DATABASE_BUSY when another
 * process's migration takes longer than `waitSeconds`.
 */
export async function migrate(url: string, folder: URL, waitSeconds = 120): Promise<string[]> {
  await createDatabase(url);
  const db = openDatabase(url, { poolMax: 2, lockWaitSeconds: 60, answerSeconds: 0 });
  const lockHolder = await db.client.acquireConnection();
  try {
    const asked = 'SELECT GET_LOCK(CONCAT(DATABASE(), ".migrate"), ?) AS held';
    const [[lock]] = await db.raw(asked, [waitSeconds]).connection(lockHolder);
    if (lock.held !== 1) throw new MagamError('DATABASE_BUSY', 'Another migration of this database is under way.');
    await refuseNewerSchema(db, folder);
    const config = {
      tableName: bookTable,
      disableTransactions: true,
      migrationSource: {
        getMigrations: async () => migrationFiles(folder),
        getMigrationName: (name: string) => name,
        getMigration: async (name: string) => ({
          config: { transaction: false },
          up: (knex: Db) => apply(knex, name, readFileSync(new URL(name, folder), 'utf8')),
          down: async () => undefined,
        }),
      },
    };
    await db.raw(`CREATE TABLE IF NOT EXISTS ${begunTable} (name VARCHAR(255) NOT NULL PRIMARY KEY) ENGINE=InnoDB`);
    await db.migrate.forceFreeMigrationsLock(config); // left behind by a killed migration: we hold the server's lock
    const [, applied] = await db.migrate.latest(config);
    await db.raw(`DELETE FROM ${begunTable}`);
    return applied as string[];
  } finally {
    await db.client.releaseConnection(lockHolder);
    await db.destroy();
  }
}

/**
 * Applies a file. There is no query for whether an ALTER was done before. It is atomic, so one that a killed migration had begun, and that finds its
 * change made, is complete.
 */
async function apply(db: Db, name: string, sql: string): Promise<void> {
  const begun = (await select(db, `SELECT name FROM ${begunTable} WHERE name = ?`, [name])).length > 0;
  if (!begun) await change(db, `INSERT INTO ${begunTable} (name) VALUES (?)`, [name]);
  try {
    await db.raw(sql);
    await faultPoint('migration.applied');
  } catch (error) {
    if (begun && isSchemaChangeMade(error)) return;
    await change(db, `DELETE FROM ${begunTable} WHERE name = ?`, [name]);
    throw error;
  }
}

/** Throws `SCHEMA_OUTDATED` or `SCHEMA_TOO_NEW` unless the database has exactly the migrations of `folder`. */
export async function requireCurrentSchema(db: Db, folder: URL): Promise<void> {
  const applied = await appliedMigrations(db);
  const files = migrationFiles(folder);
  if (applied.some((name) => !files.includes(name))) throw new MagamError('SCHEMA_TOO_NEW');
  const missing = files.filter((name) => !applied.includes(name));
  if (missing.length > 0)
    throw new MagamError('SCHEMA_OUTDATED', undefined, { missing: missing.length, first: missing[0] });
}

async function refuseNewerSchema(db: Db, folder: URL): Promise<void> {
  const files = migrationFiles(folder);
  const unknown = (await appliedMigrations(db)).filter((name) => !files.includes(name));
  if (unknown.length > 0) throw new MagamError('SCHEMA_TOO_NEW', undefined, { unknown });
}

async function appliedMigrations(db: Db): Promise<string[]> {
  try {
    const rows = await select<{ name: string }>(db, `SELECT name FROM ${bookTable} ORDER BY name`);
    return rows.map((row) => row.name);
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

const migrationFiles = (folder: URL): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
