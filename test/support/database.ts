/** A database of its own for a test suite, on the server that MAGAM_DATABASE_URL names. */
import { randomBytes } from 'node:crypto';
import { createDatabase, type Db, openDatabase, select } from '../../infra/database.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { makeTables } from './schema-dump.js';

export interface TestDatabase {
  readonly url: string;
  readonly db: Db;
  drop(): Promise<void>;
}

/** Creates it with all tables; `drop` removes it and closes the pool. @param server another than the one of all tests */
export async function createTestDatabase(server?: string): Promise<TestDatabase> {
  const database = await createEmptyDatabase(server);
  await makeTables(database.url);
  return database;
}

/** Creates it without any table. */
export async function createEmptyDatabase(server = process.env.MAGAM_DATABASE_URL): Promise<TestDatabase> {
  if (server === undefined) throw new Error('MAGAM_DATABASE_URL is not set: run the tests with npm test');
  const name = `magam_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await createDatabase(url.href);
  const db = openDatabase(url.href, { poolMax: 6 });
  return {
    url: url.href,
    db,
    drop: async () => {
      await db.raw('DROP DATABASE ??', [name]);
      await db.destroy();
    },
  };
}

/**
 * Makes a change, has `ask` wait for it in a statement like this one, and commits it then: what `ask` read before is out of date when it goes on.
 * @returns what `ask` gives
 */
export async function changedMeanwhile<T>(
  db: Db,
  [sql, values]: readonly [string, readonly (string | number)[]],
  like: string,
  ask: () => Promise<T>,
): Promise<T> {
  const tx = await db.transaction();
  await tx.raw(sql, [...values]);
  const answer = ask();
  await inStatement(db, like).finally(() => tx.commit());
  return answer;
}

/** Waits until a session is in the middle of a statement like this one: until it waits for a lock that the test holds, say. */
export async function inStatement(db: Db, like: string): Promise<void> {
  const sql = `SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE ? AND id <> CONNECTION_ID()`;
  await until(async () => (await select(db, sql, [like])).length > 0, `a statement like ${like}`);
}
