/** Verifications of ledger, statements and payouts: asked for over HTTP, carried out by a runner; a difference is an alarm, at the command line, too. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BooksVerification } from '../../../batch/jobs/verify/verify-books.js';
import { BOOKS } from '../../../core/ledger/rules/verify-books-task.js';
import { change, select } from '../../../infra/database.js';
import { listAudit } from '../../../infra/stores/audit-log.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, makeSeller } from '../../support/accounts.js';
import { createTestDatabase } from '../../support/database.js';
import { magamJson } from '../../support/magam.js';
import { Operating } from '../../support/operating.js';
import { giveTerms, postRule } from '../../support/statements.js';
import { leadElsewhere } from '../../support/tasks.js';

let scene: Operating;
beforeAll(async () => {
  const database = await createTestDatabase();
  scene = await Operating.create(database);
  await leadElsewhere(database.db);
  await makeSeller(database.db, 'S1');
  await giveTerms(database.db, { cycle: { type: 'daily' } });
  await postRule(database.db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-05-04', 700);
  for (const command of ['statements close --date 2026-05-04', 'payouts propose --date 2026-06-04'])
    await scene.magam(...command.split(' '));
});
afterAll(() => scene.end());

const ask = (books: string, headers = {}) => scene.call('POST', '/v1/books-verifications', { books }, headers);
const ended = (address: string) =>
  until(async () => {
    const { body } = await scene.call('GET', address);
    return body.endedAt === null ? undefined : body;
  }, `${address} has ended`);
const alarms = async () =>
  (await select<{ told: string }>(scene.database.db, `SELECT CONCAT_WS(' ', kind, subject, status) AS told FROM alarm`))
    .map(({ told }) => told)
    .filter((told) => told.startsWith('books'));

it.each(BOOKS)('of the %s has the checks of the command, and is in the audit log', async (books) => {
  const asked = await ask(books, { 'Idempotency-Key': books });
  expect(asked).toMatchObject({ status: 202, body: { books, status: 'REQUESTED', ok: null, checks: null } });
  expect((await ask(books, { 'Idempotency-Key': books })).body).toEqual(asked.body);
  const address = asked.headers.get('location') ?? '';
  expect(address).toBe(`/v1/books-verifications/${asked.body.verificationId}`);
  scene.startRunner();
  const shown = await ended(address);
  const { code, document } = await magamJson<BooksVerification>(scene.database.url, [books, 'verify']);
  expect(code).toBe(0);
  const { transactions = null, postings = null, statements = null, payouts = null } = document;
  expect(shown).toMatchObject({ status: 'COMPLETED', ok: true, checks: document.checks });
  expect(shown).toMatchObject({ transactions, postings, statements, payouts });
  expect([document.checks.length > 3, document[books === 'ledger' ? 'transactions' : books]]).toEqual([true, 1]);
  const listed = await scene.call('GET', `/v1/books-verifications?books=${books}`);
  expect(listed.body.items).toEqual([shown]);
  const { verificationId } = asked.body;
  const subject = { type: 'books', id: books };
  const entries = (await listAudit(scene.database.db, { subject }, 10)).reverse();
  expect(entries).toMatchObject([
    { action: 'books.request-verification', actorAccountId: expect.any(Number), after: { verificationId } },
    { action: 'books.verify', actorUserName: shown.requestedBy, after: { verificationId, ok: true, failing: [] } },
    { action: 'books.verify', after: { ok: true, failing: [] } },
  ]);
  await scene.endRunners();
});

it('that finds a difference raises an alarm, which one without a difference ends', async () => {
  const { db, url } = scene.database;
  const tamper = (by: number) => change(db, 'UPDATE ledger_balance SET amount_minor = amount_minor + ? LIMIT 1', [by]);
  await tamper(1);
  scene.startRunner();
  const shown = await ended((await ask('ledger')).headers.get('location') ?? '');
  expect(shown).toMatchObject({ status: 'COMPLETED', ok: false });
  expect(shown.checks.filter((check: { ok: boolean }) => !check.ok)).not.toEqual([]);
  expect(await alarms()).toEqual(['books-difference ledger OPEN']);
  const [open] = (await scene.call('GET', '/v1/alarms')).body.items.filter(
    (one: { kind: string }) => one.kind === 'books-difference',
  );
  expect(open.action).toContain('magam ledger verify');
  const [last] = await listAudit(db, { action: 'books.verify' }, 1);
  expect(last?.after).toMatchObject({ ok: false, failing: expect.arrayContaining(['trial-balance']) });
  await tamper(-1);
  expect((await magamJson(url, ['ledger', 'verify'])).code).toBe(0);
  expect(await alarms()).toEqual(['books-difference ledger RESOLVED']);
  await tamper(1);
  expect((await magamJson(url, ['ledger', 'verify'])).code).toBe(4);
  await tamper(-1);
  expect(await alarms()).toContain('books-difference ledger OPEN');
  await ended((await ask('ledger')).headers.get('location') ?? '');
  expect(await alarms()).not.toContain('books-difference ledger OPEN');
});

it('is refused for other books and other people, and is not found under an id of a date', async () => {
  expect((await ask('stock')).body.code).toBe('REQUEST_INVALID');
  expect((await scene.call('GET', '/v1/books-verifications/999999')).body.code).toBe('VERIFICATION_NOT_FOUND');
  const { token } = await makeAccount(scene.database.db, 'seller', { sellerId: 'S1' });
  for (const [method, body] of [
    ['POST', { books: 'ledger' }],
    ['GET', undefined],
  ] as const)
    expect((await scene.api.call(method, '/v1/books-verifications', { token, body })).status).toBe(403);
});
