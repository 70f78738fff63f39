/** Statements over HTTP: drafts, the close as it was previewed, reading, documents. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { magam } from '../../support/magam.js';
import { settleAndPost } from '../../support/settled-rows.js';
import { giveTerms, postRule } from '../../support/statements.js';

let database: TestDatabase;
let api: RunningApi;
let [operator, seller, other]: TestAccount[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  const { db } = database;
  operator = await makeAccount(db, 'operator');
  seller = await makeAccount(db, 'seller', { sellerId: 'S1' });
  other = await makeAccount(db, 'seller', { sellerId: 'S2' });
  await giveTerms(db, { cycle: { type: 'daily' } });
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-05-04', 700);
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const as = (account: TestAccount | undefined, method: string, path: string, body?: unknown) =>
  api.call(method, path, { token: account?.token, body });

it('a draft has the hash with which the period closes, and a moved one says what moved', async () => {
  const draft = async () => (await as(seller, 'GET', '/v1/sellers/S1/statement-drafts?at=2026-05-04')).body.drafts[0];
  const first = await draft();
  expect(first).toMatchObject({ state: 'draft', earnedMinor: 700, transactions: [{ amountMinor: 700 }] });
  await postRule(database.db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-05-04', 50);
  const close = (hash: string) =>
    as(operator, 'POST', '/v1/sellers/S1/statements', { date: '2026-05-04', expectedHash: hash });
  expect(await close(first.hash)).toMatchObject({
    status: 409,
    body: { code: 'STATEMENT_MOVED', details: { cause: 'RECORDED', transactions: [{ amountMinor: '50' }] } },
  });
  const { hash } = await draft();
  expect(await close(hash)).toMatchObject({
    status: 200,
    body: { issued: 1, statements: [{ hash, earnedMinor: 750 }] },
  });
  expect((await close(hash)).body.issued).toBe(0);
  expect((await close('x')).status).toBe(400);
  const later = { date: '2999-01-01' };
  expect((await as(operator, 'POST', '/v1/sellers/S1/statements', later)).body.code).toBe('STATEMENT_DATE_NOT_OVER');
  expect((await as(seller, 'POST', '/v1/sellers/S1/statements', { date: '2026-05-04' })).status).toBe(403);
  expect((await as(other, 'GET', '/v1/sellers/S1/statement-drafts')).status).toBe(403);
  const { body } = await as(operator, 'GET', '/v1/audit-log?subject=seller:S1');
  expect(body.items.map((one: Record<string, string>) => one.action)).toContain('statement.close');
});

it('a seller reads its statements with all that is on them, and nobody else’s', async () => {
  const { items } = (await as(seller, 'GET', '/v1/statements?from=2026-05-01&to=2026-05-31&state=issued')).body;
  expect(items).toMatchObject([{ sellerId: 'S1', number: 1, earnedMinor: 750, openingMinor: 0, closingMinor: 750 }]);
  const path = `/v1/statements/${items[0].statementId}`;
  expect((await as(seller, 'GET', path)).body).toMatchObject({
    sums: [{ kind: 'ADJUSTMENT_TO_SELLER', transactions: 2, amountMinor: 750 }],
  });
  const page = (await as(seller, 'GET', `${path}/transactions?limit=1`)).body;
  expect(page.items).toMatchObject([{ amountMinor: 700 }]);
  expect((await as(seller, 'GET', `${path}/transactions?cursor=${page.nextCursor}`)).body.items).toHaveLength(1);
  expect((await as(seller, 'GET', `${path}/settlements`)).body.items).toEqual([]);
  expect((await as(seller, 'GET', `${path}/lines`)).body.items).toEqual([]);
  for (const below of [
    '',
    '/settlements',
    '/transactions',
    '/lines',
    '/statement.csv',
    '/statement.xlsx',
    '/statement.pdf',
  ])
    expect([below, (await as(other, 'GET', `${path}${below}`)).status]).toEqual([below, 403]);
  expect((await as(other, 'GET', '/v1/statements')).body.items).toEqual([]);
  expect((await as(other, 'GET', '/v1/statements?sellerId=S1')).status).toBe(403);
  expect((await as(operator, 'GET', '/v1/statements/999999')).body.code).toBe('STATEMENT_NOT_FOUND');
  expect((await as(operator, 'GET', '/v1/statements?from=2026-05-02&to=2026-05-01')).status).toBe(400);
});

it('each document has its type, its name and its first bytes', async () => {
  const { items } = (await as(seller, 'GET', '/v1/statements')).body;
  const starts = { csv: 'seller_id', xlsx: 'PK', pdf: '%PDF' };
  for (const [format, start] of Object.entries(starts)) {
    const address = `${api.url}/v1/statements/${items[0].statementId}/statement.${format}?language=en`;
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${seller?.token}` } });
    expect(answer.headers.get('content-disposition')).toContain(`statement-${items[0].statementId}.${format}`);
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    expect([format, text.slice(0, start.length)]).toEqual([format, start]);
  }
  const bad = `/v1/statements/${items[0].statementId}/statement.pdf?language=fr`;
  expect((await as(seller, 'GET', bad)).status).toBe(400);
});

it('a draft has the same documents, for staff and its seller, and is not found for a period without one', async () => {
  await settleAndPost(database.db, '2026-06-10', 1, [{ sellerId: 'S1', itemAmount: 1_000, fee: 100 }]);
  const path = '/v1/sellers/S1/statement-drafts/KRW/statement';
  const starts = { csv: 'seller_id', xlsx: 'PK', pdf: '%PDF' };
  for (const [format, start] of Object.entries(starts)) {
    const address = `${api.url}${path}.${format}?at=2026-06-10&language=en`;
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${seller?.token}` } });
    expect(answer.headers.get('content-disposition')).toContain(`statement-draft-KRW-2026-06-10.${format}`);
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    expect([format, text.slice(0, start.length)]).toEqual([format, start]);
    expect([format, (await as(other, 'GET', `${path}.${format}`)).status]).toEqual([format, 403]);
  }
  const draft = ['statements', 'export', '--seller', 'S1', '--currency', 'KRW', '--at', '2026-06-10'];
  const { stdout } = await magam(database.url, [...draft, '--format', 'csv']);
  expect((await as(operator, 'GET', `${path}.csv?at=2026-06-10`)).text).toBe(stdout);
  const none = path.replace('KRW', 'USD');
  expect(await as(operator, 'GET', `${none}.csv?at=2026-06-10`)).toMatchObject({
    status: 404,
    body: { code: 'STATEMENT_NOT_FOUND' },
  });
  expect((await as(operator, 'GET', `${path.replace('KRW', 'XXX')}.csv`)).status).toBe(404);
});

it('a draft names the net of each settlement', async () => {
  await settleAndPost(database.db, '2026-06-03', 1, [{ sellerId: 'N1', itemAmount: 1_000, fee: 100 }]);
  const { body } = await as(operator, 'GET', '/v1/sellers/N1/statement-drafts?at=2026-06-03');
  expect(body.drafts).toMatchObject([{ earnedMinor: 900, settlements: [{ settledOn: '2026-06-03', netMinor: 900 }] }]);
});
