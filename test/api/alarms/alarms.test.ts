/** GET /v1/alarms: who may read it, and what it lists. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { raiseAlarm, resolveAlarm } from '../../../core/alarms/change-alarms.js';
import { readOpenAlarms } from '../../../core/alarms/stores/alarm.js';
import { makeAccount } from '../../support/accounts.js';
import { emptyAlarms } from '../../support/alarms.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
});
afterAll(async () => {
  await api.stop();
  await database.drop();
});
beforeEach(() => emptyAlarms(database.db));

it('lists open alarms, newest first and page by page, and with a status the others', async () => {
  const { token } = await makeAccount(database.db, 'operator');
  for (const subject of ['one', 'two', 'three', 'four'])
    await raiseAlarm(database.db, { kind: 'dead-letters', subject, summary: `${subject} is full.` });
  const [first] = await readOpenAlarms(database.db);
  await resolveAlarm(database.db, first?.alarmId ?? 0);
  const list = async (query: string): Promise<string[]> => {
    const subjects: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await api.call('GET', `/v1/alarms?limit=2${query}${cursor && `&cursor=${cursor}`}`, { token });
      expect(page.status).toBe(200);
      subjects.push(...page.body.items.map(({ subject }: { subject: string }) => subject));
      cursor = page.body.nextCursor;
    }
    return subjects;
  };
  expect(await list('')).toEqual(['four', 'three', 'two']);
  expect(await list('&status=RESOLVED')).toEqual(['one']);
  expect(await list('&status=ALL')).toEqual(['four', 'three', 'two', 'one']);
  const { body } = await api.call('GET', '/v1/alarms?status=RESOLVED', { token });
  expect(body.items).toEqual([
    {
      alarmId: first?.alarmId,
      kind: 'dead-letters',
      subject: 'one',
      status: 'RESOLVED',
      summary: 'one is full.',
      action: expect.stringContaining('GET /v1/dead-letters?consumer=one'),
      openedAt: expect.stringMatching(/Z$/),
      resolvedAt: expect.stringMatching(/Z$/),
    },
  ]);
  expect((await api.call('GET', '/v1/alarms?status=NONE', { token })).status).toBe(400);
});

it('is for staff alone', async () => {
  const { token } = await makeAccount(database.db, 'buyer');
  expect((await api.call('GET', '/v1/alarms', { token })).status).toBe(403);
  expect((await api.call('GET', '/v1/alarms')).status).toBe(401);
});
