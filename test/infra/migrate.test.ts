/** A migration that is killed between a change of the schema and its entry in the book is finished by the next. */
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, openDatabase, select } from '../../infra/database.js';
import { armFaults } from '../../infra/faults.js';
import { migrate } from '../../infra/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const folder = new URL('../../sql/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
const last = names.sort().at(-1) as string;

let database: TestDatabase;
let struck: URL;
beforeAll(async () => {
  database = await createTestDatabase();
  struck = new URL(database.url);
  struck.pathname = `${struck.pathname}_struck`;
});
afterEach(() => armFaults(null));
afterAll(async () => {
  await database.db.raw('DROP DATABASE IF EXISTS ??', [struck.pathname.slice(1)]);
  await database.drop();
});

describe('a migration', () => {
  // Each stands for a kind of change: columns, a key and columns, columns that go, a constraint that goes.
  it.each(['0060', '0061', '0064', '0075', '0076'])('that ended behind %s goes on', async (prefix) => {
    await database.db.raw('DROP DATABASE IF EXISTS ??', [struck.pathname.slice(1)]);
    const nth = names.findIndex((name) => name.startsWith(prefix)) + 1;
    armFaults(`migration.applied:error:${nth}`);
    await expect(migrate(struck.href, folder)).rejects.toThrow('fault at migration.applied');
    armFaults(null);
    const db = openDatabase(struck.href);
    try {
      // A kill leaves the note that it was begun; an error takes it back.
      await change(db, 'INSERT INTO schema_migration_begun (name) VALUES (?)', [names[nth - 1]]);
      expect(await migrate(struck.href, folder)).toEqual(names.slice(nth - 1));
      expect(await select(db, 'SELECT name FROM schema_migration_begun')).toEqual([]);
    } finally {
      await db.destroy();
    }
  });

  it('waits for another one, and then says so', async () => {
    const tx = await database.db.transaction();
    try {
      await tx.raw('SELECT GET_LOCK(CONCAT(DATABASE(), ".migrate"), 0)');
      await expect(migrate(database.url, folder, 1)).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    } finally {
      await tx.raw('DO RELEASE_LOCK(CONCAT(DATABASE(), ".migrate"))');
      await tx.rollback();
    }
    expect(await migrate(database.url, folder)).toEqual([]);
  });

  it('that finds a change made which nobody has begun is refused', async () => {
    const altered = names.find((name) => name.startsWith('0060')) as string;
    await change(database.db, 'DELETE FROM schema_migration WHERE name >= ?', [altered]);
    await expect(migrate(database.url, folder)).rejects.toThrow('Unknown column');
    await expect(migrate(database.url, folder)).rejects.toThrow('Unknown column');
    expect(last > altered).toBe(true);
  });
});
