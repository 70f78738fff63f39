/** The database's connections: who holds them, and what their errors give away. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { inSnapshot, openDatabase, select, streamArrays } from '../../infra/database.js';
import { asMagamError, isConnectionLost } from '../../infra/database-errors.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('the error of a lost connection does not quote the values of its statement', async () => {
  const victim = openDatabase(database.url, { poolMax: 1 });
  const [connection] = await select<{ id: number }>(victim, 'SELECT CONNECTION_ID() AS id');
  const pending = select(victim, 'SELECT SLEEP(20), ? AS secret', ['110-777-888999']).catch((error: unknown) => error);
  await inStatement(database.db, 'SELECT SLEEP%');
  await database.db.raw('KILL ?', [connection?.id ?? 0]);
  const error = await pending;
  await victim.destroy();
  expect(isConnectionLost(error)).toBe(true);
  for (const failure of [error, asMagamError(error)] as Error[])
    expect(`${failure.message}${failure.stack}`).not.toContain('777');
});

it('a snapshot keeps its connection to itself, also after a stream has ended on it', async () => {
  const pool = openDatabase(database.url, { poolMax: 2 });
  const connectionOf = async (db: typeof pool): Promise<unknown> =>
    (await select(db, 'SELECT CONNECTION_ID() AS id'))[0];
  await inSnapshot(pool, async (snapshot) => {
    const own = await connectionOf(snapshot);
    for await (const rows of streamArrays(snapshot, 'SELECT 1', [])) expect(rows).toEqual([[1]]);
    expect(await connectionOf(snapshot)).toEqual(own);
    expect(await connectionOf(pool)).not.toEqual(own);
    await pool.raw('UPDATE policy_book SET revision = revision'); // refused where a transaction only reads
  });
  await pool.destroy();
});

it.each([
  ['its isolation is set', /^SET TRANSACTION ISOLATION/],
  ['it is opened', /^START TRANSACTION WITH CONSISTENT/],
  ['it is read', /^SELECT 1/],
])('a snapshot that is aborted while %s ends', async (_when, statement) => {
  const proxy = await startProxy(database.url, [{ statement, place: 'freeze', nth: 1 }]);
  const pool = openDatabase(proxy.url, { poolMax: 2 });
  const abort = new AbortController();
  const read = inSnapshot(pool, (snapshot) => select(snapshot, 'SELECT 1 AS n', []), abort.signal);
  const ended = expect(read).rejects.toThrow('enough');
  await until(() => proxy.cuts() === 1, 'the statement is on its way');
  abort.abort(new Error('enough'));
  await ended;
  proxy.thaw();
  await pool.destroy();
  await proxy.close();
});
