/** Tax invoices over HTTP: asked for by an operator, made by a runner, read by staff and by the seller that they are for. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { WorkerPools } from '../../../batch/engine/worker-pool.js';
import { TaskInterrupted } from '../../../batch/tasks/task.js';
import { taxInvoiceTask } from '../../../batch/tasks/tax-invoice-task.js';
import { claimTask } from '../../../core/tasks/stores/background-task.js';
import { TAX_INVOICES } from '../../../core/tax-invoices/rules/make-task.js';
import { readConfig } from '../../../infra/config.js';
import { change, type Db, select } from '../../../infra/database.js';
import { found } from '../../../kernel/outcome.js';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { magam } from '../../support/magam.js';
import { runnersHere } from '../../support/runner-here.js';
import { insertSettlement, shutThrough } from '../../support/settled-rows.js';
import { madeFigures } from '../../support/statement-document.js';
import { endOf, leadElsewhere, taskRunners } from '../../support/tasks.js';

const SETTINGS = { MAGAM_BUSINESS_NUMBER: '124-81-00998', MAGAM_PLATFORM_NAME: '마감 마켓' };
const MONTH = '2026-04';

let database: TestDatabase;
let db: Db;
let api: RunningApi;
let [operator, seller]: TestAccount[] = [];
const startRunner = taskRunners();
const others = runnersHere();
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  await leadElsewhere(db);
  await shutThrough(db, '2026-08-31');
  for (const sellerId of ['S1', 'S2']) await makeSeller(db, sellerId);
  api = await startApi(database.url, SETTINGS);
  operator = await makeAccount(db, 'operator');
  seller = await makeAccount(db, 'seller', { sellerId: 'S1' });
  for (const sellerId of ['S1', 'S2', 'file-1'])
    await insertSettlement(db, { settledOn: '2026-04-30', sellerId, figures: madeFigures(1_000_000n) });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(async () => {
  for (const table of ['background_task', 'tax_invoice', 'tax_invoice_settlement', 'tax_invoice_month', 'audit_log'])
    await change(db, `DELETE FROM ${table}`);
});

const as = (account: TestAccount | undefined, method: string, path: string, body?: object, headers = {}) =>
  api.call(method, `/v1/${path}`, { token: account?.token, body, headers });
const call = (method: string, path: string, body?: object, headers = {}) => as(operator, method, path, body, headers);

async function made(): Promise<number> {
  const { makingId } = (await call('POST', 'tax-invoices', { month: MONTH })).body;
  others.start(database.url, SETTINGS);
  await endOf(db, TAX_INVOICES, makingId);
  return makingId;
}

it('are asked for once while nobody has made them, and made by a runner', async () => {
  const key = { 'Idempotency-Key': 'april' };
  const asked = await call('POST', 'tax-invoices', { month: MONTH }, key);
  const { makingId } = asked.body;
  expect(asked).toMatchObject({ status: 202, body: { month: MONTH, status: 'REQUESTED', result: null } });
  expect(asked.headers.get('location')).toBe(`/v1/tax-invoice-makings/${makingId}`);
  expect((await call('POST', 'tax-invoices', { month: MONTH }, key)).body).toEqual(asked.body);
  expect((await call('POST', 'tax-invoices', { month: MONTH })).body.makingId).toBe(makingId);
  expect((await call('GET', `tax-invoices?month=${MONTH}`)).body.items).toEqual([]);
  others.start(database.url, SETTINGS);
  await endOf(db, TAX_INVOICES, makingId);
  const shown = (await call('GET', `tax-invoice-makings/${makingId}`)).body;
  expect(shown).toMatchObject({ status: 'COMPLETED', requestedBy: `account ${operator?.accountId}`, error: null });
  expect(shown.result).toEqual({
    dueOn: '2026-05-11',
    waiting: [{ sellerId: 'file-1', reason: 'SELLER_NOT_REGISTERED' }],
  });
  expect((await call('GET', `tax-invoice-makings?month=${MONTH}`)).body.items).toEqual([shown]);
  expect((await call('GET', 'tax-invoice-makings?month=2026-03')).body.items).toEqual([]);
  const { items } = (await call('GET', `audit-log?subject=tax-invoices:${MONTH}`)).body;
  expect(items.map((one: { action: string }) => one.action).sort()).toEqual([
    'tax-invoices.make',
    'tax-invoices.request',
  ]);
  const again = await call('POST', 'tax-invoices', { month: MONTH });
  expect(again.body.makingId).not.toBe(makingId);
  await endOf(db, TAX_INVOICES, again.body.makingId);
  expect((await call('GET', `tax-invoices?month=${MONTH}`)).body.items).toHaveLength(2);
});

it('say who, when, supply value and VAT, as the command lists them; a page follows the other', async () => {
  await made();
  const first = await call('GET', `tax-invoices?month=${MONTH}&limit=1`);
  expect(first.body.items).toMatchObject([
    {
      ...{ month: MONTH, sellerId: 'S1', number: 1, issuedOn: '2026-04-30', dueOn: '2026-05-11', currency: 'KRW' },
      ...{ platform: { name: '마감 마켓', businessNumber: '1248100998' }, feeSupplyMinor: 99_000, feeVatMinor: 11_000 },
      madeBy: `account ${operator?.accountId}`,
    },
  ]);
  const [{ supplyMinor, vatMinor, totalMinor }] = first.body.items;
  expect(totalMinor).toBe(supplyMinor + vatMinor);
  const second = await call('GET', `tax-invoices?month=${MONTH}&limit=1&cursor=${first.body.nextCursor}`);
  expect(second.body).toMatchObject({ items: [{ sellerId: 'S2' }], nextCursor: null });
  expect((await call('GET', `sellers/S1/tax-invoices/${MONTH}/1`)).body).toEqual(first.body.items[0]);
  expect((await call('GET', `sellers/S1/tax-invoices/${MONTH}/2`)).body.code).toBe('TAX_INVOICE_NOT_FOUND');
  expect((await call('GET', 'tax-invoice-months')).body.items).toEqual([
    {
      ...{ month: MONTH, invoices: 2, amendments: 0, currency: 'KRW' },
      ...{ supplyMinor: 2 * supplyMinor, vatMinor: 2 * vatMinor },
    },
  ]);
  const { stdout } = await magam(database.url, ['tax-invoices', 'export', '--month', MONTH], SETTINGS);
  expect((await call('GET', `tax-invoices.csv?month=${MONTH}`)).text).toBe(stdout);
  expect((await call('GET', `tax-invoices.xlsx?month=${MONTH}`)).status).toBe(200);
});

it('of a seller are its own alone, and it asks for none', async () => {
  await made();
  const own = (path: string) => as(seller, 'GET', path);
  const listed = (await own(`tax-invoices?month=${MONTH}`)).body.items;
  expect(listed).toMatchObject([{ sellerId: 'S1', madeBy: null }]);
  expect((await own(`sellers/S1/tax-invoices/${MONTH}/1`)).body).toEqual(listed[0]);
  expect((await own('tax-invoice-months')).body.items).toMatchObject([{ month: MONTH, invoices: 1 }]);
  const { text } = await own(`tax-invoices.csv?month=${MONTH}`);
  expect([text.includes(',S1,'), text.includes(',S2,')]).toEqual([true, false]);
  for (const path of [
    ...[`tax-invoices?month=${MONTH}&sellerId=S2`, `tax-invoices.csv?month=${MONTH}&sellerId=S2`],
    ...['tax-invoice-months?sellerId=S2', `sellers/S2/tax-invoices/${MONTH}/1`, 'tax-invoice-makings'],
  ])
    expect({ path, status: (await own(path)).status }).toEqual({ path, status: 403 });
  expect((await as(seller, 'POST', 'tax-invoices', { month: MONTH })).status).toBe(403);
});

it('are refused at once for a month that is not over, is none, or has an open date; nothing is asked for', async () => {
  const refused = async (month: string) => (await call('POST', 'tax-invoices', { month })).body.code;
  expect(await refused('2999-01')).toBe('TAX_INVOICE_MONTH_NOT_OVER');
  expect(await refused('2026-13')).toBe('REQUEST_INVALID');
  expect(await refused('0000-01')).toBe('MONTH_INVALID');
  await shutThrough(db, '2026-04-29');
  try {
    expect(await refused(MONTH)).toBe('DATE_NOT_SETTLED');
  } finally {
    await shutThrough(db, '2026-08-31');
  }
  const nameless = await startApi(database.url);
  try {
    const answer = await nameless.call('POST', '/v1/tax-invoices', { token: operator?.token, body: { month: MONTH } });
    expect(answer.body.code).toBe('PLATFORM_BUSINESS_NUMBER_MISSING');
  } finally {
    await nameless.stop();
  }
  expect(await select(db, 'SELECT 1 FROM background_task')).toEqual([]);
  expect((await call('GET', 'tax-invoice-makings/999')).body.code).toBe('TAX_INVOICE_MAKING_NOT_FOUND');
});

it('are left to the next runner by a runner that stops', async () => {
  await call('POST', 'tax-invoices', { month: MONTH });
  const claimed = found(await claimTask(db, [TAX_INVOICES], 'a-runner', 60_000), 'INTERNAL');
  const config = readConfig({ NODE_ENV: 'test', MAGAM_TIME_ZONE: 'Asia/Seoul', ...SETTINGS });
  const run = (signal: AbortSignal) =>
    taxInvoiceTask.run({
      ...{ db, config, pools: {} as WorkerPools, ...claimed },
      ...{ signal, progress: () => undefined },
    });
  await expect(run(AbortSignal.abort('stop'))).rejects.toThrow(TaskInterrupted);
  expect(await select(db, 'SELECT 1 FROM tax_invoice')).toEqual([]);
  expect(await run(new AbortController().signal)).toMatchObject({ status: 'COMPLETED' });
  expect(await select(db, 'SELECT 1 FROM tax_invoice')).toHaveLength(2);
});

it('are all made once when a runner is killed after it has made them', async () => {
  const { makingId } = (await call('POST', 'tax-invoices', { month: MONTH })).body;
  const killed = startRunner(database.url, { ...SETTINGS, MAGAM_FAULT: 'tax-invoice-task.made:kill' });
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  await change(db, 'UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  others.start(database.url, SETTINGS);
  await endOf(db, TAX_INVOICES, makingId);
  expect((await call('GET', `tax-invoice-makings/${makingId}`)).body.status).toBe('COMPLETED');
  const invoices = await select<{ s: string }>(
    db,
    `SELECT CONCAT(seller_id, ' ', number) AS s FROM tax_invoice ORDER BY s`,
  );
  expect(invoices.map(({ s }) => s)).toEqual(['S1 1', 'S2 1']);
});
