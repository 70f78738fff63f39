/** A server whose database connections are all in use. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { change, openDatabase, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: ApiProcess;
let operator: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await spawnApi(database.url, { MAGAM_HTTP_POOL: '2' });
  operator = await makeAccount(database.db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const nothing = () => undefined;
const create = (name: string) =>
  api.call('POST', '/v1/categories', { token: operator.token, body: { name, parentId: null } });

it('says so soon, with Retry-After, and answers again when one is free', async () => {
  const lock = await database.db.transaction();
  for (const name of ['Hats', 'Caps'])
    await change(
      lock,
      'INSERT INTO category (parent_id, level, name, version, created_at) VALUES (0, 1, ?, 1, UTC_TIMESTAMP(3))',
      [name],
    );
  const held = [create('Hats'), create('Caps')]; // wait for the names
  const sql = `SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'INSERT INTO category%'`;
  await until(async () => (await select(database.db, sql)).length === 2, 'both connections are in use');
  const watch = openDatabase(database.url, { poolMax: 1 });
  const [session] = await select<{ id: number }>(watch, 'SELECT CONNECTION_ID() AS id');
  const later = watch.raw('SELECT SLEEP(15)').then(nothing, nothing); // commands wait for 20 s
  const answer = await Promise.race([create('Socks'), later]);
  expect({ status: answer?.status, code: answer?.body.code }).toEqual({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
  await lock.rollback();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([201, 201]);
  expect((await create('Socks')).status).toBe(201);
  await database.db.raw('KILL ?', [session?.id ?? 0]);
  await later;
  await watch.destroy();
});
