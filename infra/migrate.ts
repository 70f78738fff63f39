/**
 * Brings the schema up to date with the files of `sql/`: plain SQL, one statement a file, so that a half-applied file
 * cannot exist (DDL is not transactional). knex keeps the book of what was applied; a named lock of the server, which
 * dies with its connection, keeps two migrations apart.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { MagamError } from '../kernel/errors.js';
import { createDatabase, type Db, isMissingTable, openDatabase, select } from './database.js';

const bookTable = 'schema_migration';

/** Applies what is missing. Returns the names of the files applied. Creates the database if need be. */
export async function migrate(url: string, folder: URL): Promise<string[]> {
  await createDatabase(url);
  const db = openDatabase(url, { poolMax: 2, lockWaitSeconds: 60, answerSeconds: 0 });
  const lockHolder = await db.client.acquireConnection();
  try {
    await db.raw('SELECT GET_LOCK(CONCAT(DATABASE(), ".migrate"), 120)').connection(lockHolder);
    await refuseNewerSchema(db, folder);
    const config = {
      tableName: bookTable,
      disableTransactions: true,
      migrationSource: {
        getMigrations: async () => migrationFiles(folder),
        getMigrationName: (name: string) => name,
        getMigration: async (name: string) => ({
          config: { transaction: false },
          up: async (knex: Db) => void (await knex.raw(readFileSync(new URL(name, folder), 'utf8'))),
          down: async () => undefined,
        }),
      },
    };
    await db.migrate.forceFreeMigrationsLock(config); // left behind by a killed migration: we hold the server's lock
    const [, applied] = await db.migrate.latest(config);
    return applied as string[];
  } finally {
    await db.client.releaseConnection(lockHolder);
    await db.destroy();
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
