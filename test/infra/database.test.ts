/** What the errors of the database give away. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asMagamError, isConnectionLost, openDatabase, pause, select } from '../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('the error of a lost connection does not quote the values of its statement', async () => {
  const victim = openDatabase(database.url, { poolMax: 1 });
  const [connection] = await select<{ id: number }>(victim, 'SELECT CONNECTION_ID() AS id');
  const pending = select(victim, 'SELECT SLEEP(20), ? AS secret', ['110-777-888999']).catch((error: unknown) => error);
  await pause(300); // by then it sleeps
  await database.db.raw('KILL ?', [connection?.id ?? 0]);
  const error = await pending;
  await victim.destroy();
  expect(isConnectionLost(error)).toBe(true);
  for (const failure of [error, asMagamError(error)] as Error[])
    expect(`${failure.message}${failure.stack}`).not.toContain('777');
});
