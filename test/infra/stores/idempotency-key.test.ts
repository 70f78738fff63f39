/** Keys of several calls that are looked up together. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { change, inTransaction, openDatabase } from '../../../infra/database.js';
import { claimKey, claimKeys, keepAnswers, lookUpKeys } from '../../../infra/stores/idempotency-key.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { planOf, statementsOf } from '../../support/plans.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const claimOf = (accountId: number, key: string) => ({
  accountId,
  key,
  requestHash: 'a'.repeat(64),
  owner: '00000000-0000-4000-8000-000000000000',
});
const answer = { status: 201, headers: { Location: '/v1/things/1' }, body: '{}' };

it('are known by the hash under a former key, and one that was left in the middle is taken over by it', async () => {
  const { db } = database;
  const [answered, left] = [claimOf(8, 'one'), claimOf(8, 'two')];
  await inTransaction(db, async (tx) => {
    await claimKeys(tx, [answered, left]);
    await keepAnswers(tx, [{ claim: answered, answer }]);
  });
  await change(
    db,
    'UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE account_id = 8',
  );
  const now = { requestHash: 'c'.repeat(64), owner: '00000000-0000-4000-8000-000000000001' };
  const former = { ...now, formerHashes: ['a'.repeat(64)] };
  expect(await claimKey(db, { ...answered, ...now })).toEqual({ outcome: 'reused' });
  expect(await claimKey(db, { ...answered, ...former })).toEqual({ outcome: 'answered', answer });
  const claim = (more: object) => inTransaction(db, (tx) => claimKeys(tx, [{ ...left, ...more }]));
  expect(await claim(now)).toEqual([{ outcome: 'reused' }]);
  expect(await claim(former)).toEqual([{ outcome: 'claimed' }]);
});

it('are looked up by one statement along their key, each with what is known of it', async () => {
  const [answered, inFlight] = [claimOf(1, 'one'), claimOf(2, 'one')];
  await inTransaction(database.db, async (tx) => {
    await claimKeys(tx, [answered, inFlight]);
    await keepAnswers(tx, [{ claim: answered, answer }]);
  });
  const asked = [
    claimOf(3, 'one'),
    answered,
    { ...answered, requestHash: 'b'.repeat(64) },
    inFlight,
    claimOf(1, 'two'),
  ];
  const db = openDatabase(database.url, { poolMax: 1 });
  let known: Awaited<ReturnType<typeof lookUpKeys>> = [];
  const statements = await statementsOf(db, async () => {
    known = await lookUpKeys(db, asked);
  });
  expect(known).toEqual([
    undefined,
    { outcome: 'answered', answer },
    { outcome: 'reused' },
    { outcome: 'in-flight' },
    undefined,
  ]);
  expect(statements).toHaveLength(1);
  for (const { key } of await planOf(db, statements[0] as (typeof statements)[number])) expect(key).toBe('PRIMARY');
  await db.destroy();
});
