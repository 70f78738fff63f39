/** A webhook endpoint that was disabled is an alarm until it is enabled again, or gone. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { notifications } from '../../../batch/outbox/notifications/notifications.js';
import { watchAlarms } from '../../../core/alarms/watch-alarms.js';
import { consume } from '../../../core/outbox/consume.js';
import { insertEndpoint } from '../../../core/webhooks/stores/webhook-endpoint.js';
import { change, inTransaction } from '../../../infra/database.js';
import { mailsTo } from '../../support/account-mails.js';
import { makeAccount, makeSeller } from '../../support/accounts.js';
import { alarmSettings, alarmsOf, emptyAlarms } from '../../support/alarms.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { consuming, record } from '../../support/outbox.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => emptyAlarms(database.db));

it('is told to those who sign in for its seller, by mail', async () => {
  const { db } = database;
  await makeSeller(db, 'S1');
  await makeSeller(db, 'S2');
  const { email } = await makeAccount(db, 'seller', { sellerId: 'S1' });
  const other = await makeAccount(db, 'seller', { sellerId: 'S2' });
  const disabled = { endpointId: 7, host: 'a.example', error: 'answered 500' };
  for (const sellerId of ['S1', null])
    await record(db, { type: 'webhook.disabled', payload: { ...disabled, sellerId }, requestId: '' });
  const letters = await mailsTo(db, email);
  expect(letters.map(({ subject }) => subject)).toEqual(['웹훅 전송이 중단되었습니다 (webhook disabled)']);
  expect(letters[0]?.text).toContain('answered 500');
  await change(db, 'DELETE FROM outbox_inbox');
  expect(await mailsTo(db, other.email)).toEqual([]);
});

const look = () => watchAlarms(database.db, alarmSettings(), ['webhook-disabled']);

it.each([
  ['enabled', `UPDATE webhook_endpoint SET status = 'ACTIVE'`],
  ['deleted', 'DELETE FROM webhook_endpoint'],
])('until it is %s', async (_end, sql) => {
  const { db } = database;
  const endpoint = { sellerId: 'S1', createdBy: 1, url: 'https://a.example', description: '', types: [], after: 0 };
  const endpointId = await inTransaction(db, (tx) => insertEndpoint(tx, endpoint));
  await change(db, `UPDATE webhook_endpoint SET status = 'DISABLED'`);
  const payload = { endpointId, sellerId: 'S1', host: 'a.example', error: 'answered 500' };
  const ids = await record(db, { type: 'webhook.disabled', payload, requestId: '' });
  const consumer = notifications({ mail: null, installationId: 'test', settings: alarmSettings() });
  expect(await consume(consuming(db), consumer, ids)).toBe(1);
  await look();
  expect(await alarmsOf(db)).toEqual([`webhook-disabled ${endpointId} OPEN`]);
  await change(db, sql);
  await look();
  expect(await alarmsOf(db)).toEqual([`webhook-disabled ${endpointId} RESOLVED`]);
});
