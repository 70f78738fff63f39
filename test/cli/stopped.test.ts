/** A command that is told to stop before it has begun. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('verify ends with the code of a stopped command while it waits for the database', async () => {
  const connection = await database.db.client.acquireConnection();
  try {
    await database.db.raw('LOCK TABLES schema_migration WRITE').connection(connection);
    const verifying = startMagam(['verify', '--date', '2026-03-02', '--json'], environment(database.url));
    await inStatement(database.db, '%schema_migration%');
    verifying.send('SIGTERM');
    await database.db.raw('UNLOCK TABLES').connection(connection);
    const ended = await verifying.ended;
    expect(ended).toMatchObject({ code: 130, signal: null });
    expect(ended.json()).toMatchObject({ error: { code: 'RUN_STOPPED' } });
    expect(ended.stderr).not.toMatch(/^ {4}at /m);
  } finally {
    await database.db.client.releaseConnection(connection);
  }
});
