/** Files for the bank and from it, over HTTP: exported, downloaded, marked as sent, given up, and imported by a runner. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { WorkerPools } from '../../../batch/engine/worker-pool.js';
import { payoutResultTask } from '../../../batch/tasks/payout-result-task.js';
import { TaskInterrupted } from '../../../batch/tasks/task.js';
import { PAYOUT_RESULT } from '../../../core/payouts/rules/result-task.js';
import { type ClaimedTask, claimTask } from '../../../core/tasks/stores/background-task.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import type { MagamError } from '../../../kernel/errors.js';
import { found } from '../../../kernel/outcome.js';
import { DATE, PayoutScene, resultFile } from '../../core/payouts/payout-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type CallOptions, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { runnersHere } from '../../support/runner-here.js';
import { endOf, leadElsewhere, taskOf, taskRunners } from '../../support/tasks.js';

let database: TestDatabase;
let api: RunningApi;
let scene: PayoutScene;
let [operator, seller]: TestAccount[] = [];
const startRunner = taskRunners();
const others = runnersHere();
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  scene = new PayoutScene(database.db);
  await leadElsewhere(database.db);
  operator = await makeAccount(database.db, 'operator');
  seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(async () => {
  await scene.reset();
  for (const table of ['background_task', 'stored_file', 'stored_file_part'])
    await change(database.db, `DELETE FROM ${table}`);
});

const as = (account: TestAccount | undefined, method: string, path: string, options: CallOptions = {}) =>
  api.call(method, `/v1/${path}`, { token: account?.token, ...options });
const call = (method: string, path: string, options: CallOptions = {}) => as(operator, method, path, options);

const exported = async (layout = 'csv') => {
  const answer = await call('POST', 'payout-files', { body: { layout } });
  expect(answer.status).toBe(201);
  return answer.body.file;
};
const upload = (content: string | Buffer, more = '', options: CallOptions = {}) =>
  call('POST', `payout-results?layout=csv${more}`, {
    body: content,
    ...options,
    headers: { 'Content-Type': 'application/octet-stream', ...options.headers },
  });
const auditOf = async (subject: string): Promise<string[]> =>
  (await call('GET', `audit-log?subject=${subject}`)).body.items.map((one: { action: string }) => one.action);

it.each(['csv', 'fixed-width'])(
  'approved payouts leave as a file in the layout %s, the same at every download',
  async (layout) => {
    const { payoutId } = await scene.approved();
    const answer = await call('POST', 'payout-files', {
      body: { layout },
      headers: { 'Idempotency-Key': `x-${layout}` },
    });
    const { file } = answer.body;
    expect(answer).toMatchObject({ status: 201, body: { leftOut: [] } });
    expect(answer.headers.get('location')).toBe(`/v1/payout-files/${file.file}`);
    expect(file).toMatchObject({
      layout,
      currency: 'KRW',
      status: 'MADE',
      transfers: 1,
      totalMinor: 1_000,
      endedBy: null,
    });
    const again = await call('POST', 'payout-files', {
      body: { layout },
      headers: { 'Idempotency-Key': `x-${layout}` },
    });
    expect(again.body).toEqual(answer.body);
    expect(await call('POST', 'payout-files', { body: { layout } })).toMatchObject({
      status: 200,
      body: { file: null, leftOut: [] },
    });
    const content = await fetch(`${api.url}/v1/payout-files/${file.file}/content`, {
      headers: { Authorization: `Bearer ${operator?.token}` },
    });
    expect(content.headers.get('content-disposition')).toContain(`transfers-${file.file}.`);
    expect(sha256(Buffer.from(await content.arrayBuffer()))).toBe(file.contentHash);
    expect((await call('GET', 'payout-files')).body.items).toEqual([file]);
    expect((await call('GET', `payout-files/${file.file}/transfers`)).body.items).toMatchObject([
      { sequence: 1, reference: `P${payoutId}-1`, payoutId, sellerId: 'S1', amountMinor: 1_000, status: 'ORDERED' },
    ]);
    expect((await auditOf(`payout-file:${file.file}`)).sort()).toEqual(['payout-file.download', 'payout-file.export']);
    expect(await scene.statusOf(payoutId)).toBe('EXPORTED');
  },
);

it('keeps no account number in the answer, in the kept answer of a key or in the audit log', async () => {
  await scene.approved();
  const { text } = await call('POST', 'payout-files', { body: { layout: 'csv' }, headers: { 'Idempotency-Key': 'n' } });
  const { db } = database;
  const account = '110123456789';
  const kept = JSON.stringify([
    text,
    await select(db, 'SELECT * FROM audit_log'),
    await select(db, 'SELECT * FROM idempotency_key'),
  ]);
  const written = await call('GET', `payout-files/${JSON.parse(text).file.file}/content`);
  expect(written.text).toContain(account);
  expect(kept).not.toContain(account);
});

it('refuses a day that is over, a layout and a currency that do not fit', async () => {
  await scene.approved();
  const refused = async (body: object) => (await call('POST', 'payout-files', { body })).body.code;
  expect(await refused({ layout: 'csv', transferOn: DATE })).toBe('TRANSFER_DATE_OVER');
  expect(await refused({ layout: 'paper' })).toBe('REQUEST_INVALID');
  expect((await call('GET', 'payout-files/12')).status).toBe(404);
  expect((await call('GET', 'payout-files/F999')).body.code).toBe('PAYOUT_FILE_NOT_FOUND');
  expect((await call('GET', 'payout-files/F999/content')).body.code).toBe('PAYOUT_FILE_NOT_FOUND');
});

it('is for staff alone, and no API key reads account numbers', async () => {
  await scene.approved();
  const { file } = await exported();
  for (const path of ['', `/${file}`, `/${file}/transfers`, `/${file}/content`])
    expect((await as(seller, 'GET', `payout-files${path}`)).status).toBe(403);
  for (const path of ['', `/${file}/mark-sent`, `/${file}/void`])
    expect((await as(seller, 'POST', `payout-files${path}`, { body: { layout: 'csv' } })).status).toBe(403);
  expect((await as(seller, 'GET', 'payout-results')).status).toBe(403);
  const made = (permissions: string[]) =>
    call('POST', 'api-keys', { body: { name: 'bank', permissions, expiresAt: null } });
  expect((await made(['payout-file.export'])).status).toBe(400);
});

it('is marked as sent in the version that was seen, and again without another step', async () => {
  const { payoutId } = await scene.approved();
  const { file } = await exported();
  const path = `payout-files/${file}`;
  const { headers } = await call('GET', path);
  const seen = { headers: { 'If-Match': headers.get('etag') ?? '' } };
  const sent = await call('POST', `${path}/mark-sent`, seen);
  expect(sent).toMatchObject({ status: 200, body: { status: 'SENT', endedBy: `account ${operator?.accountId}` } });
  expect((await call('POST', `${path}/mark-sent`, seen)).body.code).toBe('VERSION_CONFLICT');
  expect((await call('POST', `${path}/mark-sent`)).body.status).toBe('SENT');
  expect((await call('POST', `${path}/void`)).body.code).toBe('PAYOUT_FILE_SENT');
  expect(await scene.statusOf(payoutId)).toBe('SENT');
  const { body } = await call('GET', `payouts/${payoutId}`);
  expect(body.history.filter((one: { action: string }) => one.action === 'send')).toHaveLength(1);
  expect(await scene.differences()).toEqual([]);
});

it('whose payee has another account is given up and stays so, with an entry of the audit log', async () => {
  const { payoutId } = await scene.approved();
  const { file } = await exported();
  await scene.changeAccount();
  const path = `payout-files/${file}`;
  expect(await call('POST', `${path}/mark-sent`)).toMatchObject({ status: 409, body: { code: 'PAYOUT_CHANGED' } });
  expect((await call('GET', path)).body.status).toBe('VOID');
  expect((await call('GET', `${path}/content`)).body.code).toBe('PAYOUT_FILE_VOID');
  expect(await scene.statusOf(payoutId)).toBe('CALCULATED');
  expect(await auditOf(`payout-file:${file}`)).toContain('payout-file.mark-sent');
});

it('that is given up lets its payouts go into the next one', async () => {
  const { payoutId } = await scene.approved();
  const { file } = await exported();
  expect((await call('POST', `payout-files/${file}/void`)).body.status).toBe('VOID');
  expect((await call('POST', `payout-files/${file}/mark-sent`)).body.code).toBe('PAYOUT_FILE_VOID');
  expect(await scene.statusOf(payoutId)).toBe('APPROVED');
  expect((await exported()).file).not.toBe(file);
});

it('a result file is imported by a runner, once; the same file again changes nothing', async () => {
  const { payoutId } = await scene.approved();
  const { file, transferOn } = await exported();
  await call('POST', `payout-files/${file}/mark-sent`);
  const content = resultFile(file, [[`P${payoutId}-1`, 1_000, 'PAID', transferOn]]);
  const asked = await upload(content, '&fileName=today.csv');
  expect(asked).toMatchObject({ status: 202, body: { layout: 'csv', fileName: 'today.csv', result: null } });
  expect((await upload(content)).body.resultId).toBe(asked.body.resultId);
  expect(await scene.statusOf(payoutId)).toBe('SENT');
  others.start(database.url);
  await endOf(database.db, PAYOUT_RESULT, asked.body.resultId);
  const shown = (await call('GET', `payout-results/${asked.body.resultId}`)).body;
  expect(shown).toMatchObject({ status: 'COMPLETED', error: null, result: { file, paid: 1, unchanged: 0, open: 0 } });
  expect(await scene.statusOf(payoutId)).toBe('PAID');
  const second = await upload(content);
  expect(second.body.resultId).not.toBe(asked.body.resultId);
  await endOf(database.db, PAYOUT_RESULT, second.body.resultId);
  expect((await call('GET', 'payout-results')).body.items).toMatchObject([
    { result: { paid: 0, unchanged: 1 } },
    shown,
  ]);
  expect(await auditOf(`payout-file:${file}`)).toEqual(expect.arrayContaining(['payout-file.import']));
  expect(await select(database.db, 'SELECT 1 FROM stored_file_part')).toEqual([]);
  expect(await scene.differences()).toEqual([]);
});

it('a broken result file is refused whole, with every line', async () => {
  const [one, two] = [await scene.approved(), await scene.approved(2_000n, 'S2')];
  const { file, transferOn } = await exported();
  const content = resultFile(file, [
    [`P${one.payoutId}-1`, 1_000, 'PAID', transferOn],
    [`P${two.payoutId}-1`, 2_000, 'PERHAPS', transferOn],
    ['X1', 5, 'PAID', transferOn],
  ]);
  const { body } = await upload(content);
  others.start(database.url);
  await endOf(database.db, PAYOUT_RESULT, body.resultId);
  const { status, error, result } = (await call('GET', `payout-results/${body.resultId}`)).body;
  expect({ status, result, code: error.code }).toEqual({ status: 'FAILED', result: null, code: 'BANK_RESULT_INVALID' });
  expect(error.details.faults).toMatchObject([
    { line: 3, reason: 'RESULT_UNKNOWN' },
    { line: 4, reason: 'REFERENCE_INVALID' },
  ]);
  expect(error.details.faultsFound).toBe(2);
  expect(await scene.statusOf(one.payoutId)).toBe('EXPORTED');
});

it('an import whose runner is killed after the commit tells what it did', async () => {
  const { payoutId } = await scene.approved();
  const { file, transferOn } = await exported();
  const { body } = await upload(resultFile(file, [[`P${payoutId}-1`, 1_000, 'PAID', transferOn]]));
  const killed = startRunner(database.url, { MAGAM_FAULT: 'payout-result-task.imported:kill' });
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  await change(database.db, 'UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  others.start(database.url);
  await endOf(database.db, PAYOUT_RESULT, body.resultId);
  expect(await taskOf(database.db, PAYOUT_RESULT, body.resultId)).toMatchObject({
    status: 'COMPLETED',
    result: { paid: 1, unchanged: 0 },
  });
});

const claim = async (owner: string) => found(await claimTask(database.db, [PAYOUT_RESULT], owner, 60_000), 'INTERNAL');
/** Does what a runner does with an import that it has claimed. */
const run = (held: ClaimedTask) =>
  payoutResultTask.run({
    ...{ db: database.db, config: readConfig({ NODE_ENV: 'test' }), pools: {} as WorkerPools, ...held },
    ...{ signal: new AbortController().signal, progress: () => undefined },
  });

it('keeps the first thousand faults of a file, and how many there are', async () => {
  await scene.approved();
  const { file, transferOn } = await exported();
  const wrong = Array.from({ length: 1_001 }, (_, at) => [`X${at}`, 5, 'PAID', transferOn] as const);
  await upload(resultFile(file, wrong));
  const failed = await run(await claim('a-runner')).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'BANK_RESULT_INVALID', details: { faultsFound: 1_001 } });
  expect((failed as MagamError).details.faults).toHaveLength(1_000);
});

it('an upload that was changed in the database is not imported', async () => {
  const { payoutId } = await scene.approved();
  const { file, transferOn } = await exported();
  await upload(resultFile(file, [[`P${payoutId}-1`, 1_000, 'REFUSED', transferOn]]));
  const paid = resultFile(file, [[`P${payoutId}-1`, 1_000, 'PAID', transferOn]]);
  await change(database.db, 'UPDATE stored_file_part SET content = ?', [paid]);
  await expect(run(await claim('a-runner'))).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await scene.statusOf(payoutId)).toBe('EXPORTED');
});

it('an import that another runner has taken over writes nothing', async () => {
  const { payoutId } = await scene.approved();
  const { file, transferOn } = await exported();
  await upload(resultFile(file, [[`P${payoutId}-1`, 1_000, 'PAID', transferOn]]));
  const frozen = await claim('a-frozen-runner');
  await change(database.db, 'UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  const successor = await claim('its-successor');
  await expect(run(frozen)).rejects.toThrow(TaskInterrupted);
  expect(await scene.statusOf(payoutId)).toBe('EXPORTED');
  expect(await run(successor)).toMatchObject({ status: 'COMPLETED', result: { paid: 1 } });
  expect(await scene.statusOf(payoutId)).toBe('PAID');
});

it('refuses an upload of another type, without a layout, empty or too long', async () => {
  expect((await upload('x', '', { headers: { 'Content-Type': 'text/csv' } })).status).toBe(415);
  expect((await upload('')).body.code).toBe('FILE_EMPTY');
  const none = await call('POST', 'payout-results', {
    body: 'x',
    headers: { 'Content-Type': 'application/octet-stream' },
  });
  expect(none.status).toBe(400);
  expect((await call('GET', 'payout-results/999')).body.code).toBe('PAYOUT_RESULT_NOT_FOUND');
});
