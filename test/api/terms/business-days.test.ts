/** The calendar of business days over HTTP: read by year and version, added to by staff. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let [operator, seller]: TestAccount[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  operator = await makeAccount(database.db, 'operator');
  seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const call = (method: string, query = '', body?: object, headers = {}, token = operator?.token) =>
  api.call(method, `/v1/business-days${query}`, { token, body, headers });
const ELECTION = { date: '2030-06-12', name: '전국동시지방선거', kind: 'election' };

it('shows the holidays of a year, and of a version', async () => {
  const { body } = await call('GET', '?year=2026');
  expect(body).toMatchObject({ year: '2026', version: 1, madeBy: 'magam' });
  expect(body.holidays).toContainEqual({ date: '2026-02-17', name: '설날', kind: 'lunar' });
  expect(body.holidays.every(({ date }: { date: string }) => date.startsWith('2026-'))).toBe(true);
  expect((await call('GET', '?calendar=99')).body.code).toBe('BUSINESS_CALENDAR_NOT_FOUND');
  for (const year of ['1999', '2051', 'x']) expect((await call('GET', `?year=${year}`)).status).toBe(400);
});

it('takes what was announced as a new version, once, with an entry of the audit log', async () => {
  const key = { 'Idempotency-Key': 'election' };
  const added = await call('POST', '', { holidays: [ELECTION] }, key);
  expect(added).toMatchObject({ status: 200, body: { version: 2, unchanged: false, added: [ELECTION], removed: [] } });
  expect((await call('POST', '', { holidays: [ELECTION] }, key)).body).toEqual(added.body);
  expect((await call('POST', '', { holidays: [ELECTION] })).body).toMatchObject({ version: 2, unchanged: true });
  expect((await call('GET', '?year=2030')).body).toMatchObject({
    version: 2,
    madeBy: `account ${operator?.accountId}`,
    holidays: expect.arrayContaining([ELECTION]),
  });
  expect((await call('GET', '?year=2030&calendar=1')).body.holidays).not.toContainEqual(ELECTION);
  const log = await api.call('GET', '/v1/audit-log?subject=business-calendar:2', { token: operator?.token });
  expect(log.body.items).toMatchObject([{ action: 'business-calendar.import', after: { added: [ELECTION] } }]);
});

it('refuses days beyond the calendar, named twice or open anyway, and adds none of them', async () => {
  const before = (await call('GET')).body.version;
  const { body } = await call('POST', '', {
    holidays: [
      { ...ELECTION, date: '2031-06-12' },
      { ...ELECTION, date: '2031-06-12' },
      { ...ELECTION, date: '2051-06-12' },
    ],
    workdays: ['2031-06-14'],
  });
  expect(body.code).toBe('HOLIDAY_FILE_INVALID');
  const paths = body.details.faults.map(({ path }: { path: string }) => path).sort();
  expect(paths).toEqual(['holidays[1].date', 'holidays[2].date', 'workdays[0]']);
  expect((await call('GET')).body.version).toBe(before);
});

it('is for staff', async () => {
  expect((await call('GET', '', undefined, {}, seller?.token)).status).toBe(403);
  expect((await call('POST', '', { holidays: [ELECTION] }, {}, seller?.token)).status).toBe(403);
});
