/** Payouts over HTTP: what sellers see of theirs, and what two operators do. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { DATE, PayoutScene } from '../../core/payouts/payout-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let scene: PayoutScene;
let [maker, checker, seller, other, buyer]: TestAccount[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  scene = new PayoutScene(database.db);
  const { db } = database;
  [maker, checker] = [await makeAccount(db, 'operator'), await makeAccount(db, 'operator')];
  seller = await makeAccount(db, 'seller', { sellerId: 'S1' });
  [other, buyer] = [await makeAccount(db, 'seller', { sellerId: 'S2' }), await makeAccount(db, 'buyer')];
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(() => scene.reset());

const as = (account: TestAccount | undefined, method: string, path: string, body?: unknown, headers = {}) =>
  api.call(method, path, { token: account?.token, body, headers });

/** Statements of 1,000 won of S1, proposed by the maker over HTTP. */
async function proposed() {
  await scene.seller('S1');
  await scene.statement({ earned: 1_000n });
  return (await as(maker, 'POST', '/v1/sellers/S1/payouts', { currency: 'KRW', date: DATE })).body;
}
const seenOf = ({ amountMinor, bankAccountId, hash }: Record<string, unknown>) => ({
  amountMinor,
  bankAccountId,
  hash,
});

it('a due payout is shown with its hash, proposed as it was seen, and claimed once', async () => {
  await scene.seller('S1');
  const statementId = await scene.statement({ earned: 1_000n });
  const cases = await as(maker, 'GET', `/v1/payout-cases?date=${DATE}`);
  expect(cases.body.items).toMatchObject([
    { sellerId: 'S1', currency: 'KRW', amountMinor: 1_000, notPaid: null, statements: [{ statementId }] },
  ]);
  const { hash } = cases.body.items[0];
  const send = (body: object) => as(maker, 'POST', '/v1/sellers/S1/payouts', { currency: 'KRW', date: DATE, ...body });
  expect(await send({ expectedHash: '0'.repeat(64) })).toMatchObject({ status: 409, body: { code: 'PAYOUT_MOVED' } });
  const made = await send({ expectedHash: hash });
  expect(made).toMatchObject({
    status: 201,
    body: { status: 'CALCULATED', amountMinor: 1_000, hash, decision: { proposedBy: `account ${maker?.accountId}` } },
  });
  expect(await send({})).toMatchObject({ status: 409, body: { code: 'PAYOUT_NOT_DUE' } });
  expect((await send({ currency: 'won' })).status).toBe(400);
  expect((await as(seller, 'POST', '/v1/sellers/S1/payouts', { currency: 'KRW' })).status).toBe(403);
});

it('says why nothing is paid, and tells sellers no words of operators', async () => {
  await scene.statement({ earned: 1_000n, sellerId: 'S2' });
  await scene.seller('S1');
  await scene.terms({ seller: 'S1', hold: { reason: 'suspected fraud' } });
  await scene.statement({ earned: 1_000n });
  const reasons = (await as(maker, 'GET', `/v1/payout-cases?date=${DATE}`)).body.items;
  expect(reasons.map((one: Record<string, { reason: string }>) => one.notPaid?.reason).sort()).toEqual([
    'ON_HOLD',
    'SELLER_NOT_REGISTERED',
  ]);
  expect(JSON.stringify(reasons)).toContain('suspected fraud');
  const own = await as(seller, 'GET', `/v1/payout-cases?date=${DATE}`);
  expect(own.body.items).toMatchObject([{ sellerId: 'S1', notPaid: { reason: 'ON_HOLD' } }]);
  expect(own.text ?? JSON.stringify(own.body)).not.toContain('fraud');
  expect((await as(seller, 'GET', `/v1/payout-cases?sellerId=S2`)).status).toBe(403);
});

it('the maker cannot approve; another person can, once, exactly what was seen', async () => {
  const payout = await proposed();
  const path = `/v1/payouts/${payout.payoutId}/approval`;
  expect(await as(maker, 'POST', path, seenOf(payout))).toMatchObject({
    status: 403,
    body: { code: 'PAYOUT_APPROVER_NOT_SECOND' },
  });
  const wrong = { ...seenOf(payout), amountMinor: 999 };
  expect(await as(checker, 'POST', path, wrong)).toMatchObject({ status: 409, body: { code: 'PAYOUT_CHANGED' } });
  expect(await as(checker, 'POST', path, seenOf(payout), { 'If-Match': '"v99"' })).toMatchObject({
    status: 412,
    body: { code: 'VERSION_CONFLICT' },
  });
  expect((await as(seller, 'POST', path, seenOf(payout))).status).toBe(403);
  expect((await as(checker, 'POST', path, { ...seenOf(payout), hash: 'x' })).status).toBe(400);
  const third = await makeAccount(database.db, 'admin');
  const both = await Promise.all([checker, third].map((one) => as(one, 'POST', path, seenOf(payout))));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(both.find(({ status }) => status === 409)?.body.code).toBe('PAYOUT_STATE_WRONG');
  const shown = (await as(maker, 'GET', `/v1/payouts/${payout.payoutId}`)).body;
  expect(shown.history.map((one: Record<string, string>) => one.action)).toEqual(['propose', 'approve']);
  const { body } = await as(maker, 'GET', `/v1/audit-log?subject=payout:${payout.payoutId}`);
  expect(body.items.map((one: Record<string, string>) => one.action).sort()).toEqual([
    'payout.approve',
    'payout.propose',
  ]);
});

it('an approval is void when the bank account is another, and that stays written', async () => {
  const payout = await proposed();
  const bankAccountId = await scene.changeAccount();
  const path = `/v1/payouts/${payout.payoutId}`;
  expect((await as(checker, 'POST', `${path}/approval`, seenOf(payout))).body.code).toBe('PAYOUT_CHANGED');
  const now = (await as(checker, 'GET', path)).body;
  expect(now).toMatchObject({ status: 'CALCULATED', bankAccountId });
  expect((await as(checker, 'POST', `${path}/approval`, seenOf(now))).body.status).toBe('APPROVED');
});

it('is held, released and cancelled with a reason, under an idempotency key once', async () => {
  const { payoutId } = await proposed();
  const step = (name: string, headers = {}) =>
    as(checker, 'POST', `/v1/payouts/${payoutId}/${name}`, { reason: 'asked by phone' }, headers);
  const key = { 'Idempotency-Key': 'hold-1' };
  expect((await step('hold', key)).body.status).toBe('HELD');
  expect((await step('hold', key)).body.status).toBe('HELD');
  expect((await step('hold')).body.code).toBe('PAYOUT_STATE_WRONG');
  expect((await step('release')).body.status).toBe('CALCULATED');
  expect((await step('retry')).body.code).toBe('PAYOUT_STATE_WRONG');
  expect((await step('cancellation')).body.status).toBe('CANCELLED');
  expect((await as(checker, 'POST', `/v1/payouts/${payoutId}/hold`, { reason: '' })).status).toBe(400);
  expect((await as(checker, 'POST', '/v1/payouts/999999/hold', { reason: 'x' })).body.code).toBe('PAYOUT_NOT_FOUND');
  expect((await as(buyer, 'POST', `/v1/payouts/${payoutId}/hold`, { reason: 'x' })).status).toBe(403);
});

it('a seller sees its payouts, what they are made of and the next one, and nobody else’s', async () => {
  const { payoutId } = await proposed();
  const list = await as(seller, 'GET', '/v1/payouts');
  expect(list.body.items).toMatchObject([{ payoutId, amountMinor: 1_000, decision: null }]);
  const shown = (await as(seller, 'GET', `/v1/payouts/${payoutId}`)).body;
  expect(shown).toMatchObject({
    bankAccount: { accountNumberMasked: '****6789' },
    statements: [{ earnedMinor: 1_000 }],
  });
  expect(shown.history[0]).toMatchObject({ action: 'propose', actor: null, reason: null });
  expect((await as(seller, 'GET', `/v1/payouts/${payoutId}/explanation`)).body).toMatchObject({
    ok: true,
    amountMinor: 1_000,
    statements: [{ transactions: [{ kind: 'ADJUSTMENT_TO_SELLER', amountMinor: 1_000, counts: true }] }],
  });
  for (const path of ['/v1/me/next-payout', '/v1/sellers/S1/next-payout'])
    expect((await as(seller, 'GET', path)).body).toMatchObject({
      sellerId: 'S1',
      currencies: [{ currency: 'KRW', underWay: [{ payoutId }], next: null }],
    });
  expect((await as(seller, 'GET', '/v1/me/wallet')).body).toMatchObject({
    sellerId: 'S1',
    currencies: [{ currency: 'KRW', payableMinor: 1_000 }],
  });
  expect((await as(other, 'GET', '/v1/payouts')).body.items).toEqual([]);
  expect((await as(other, 'GET', '/v1/payouts?sellerId=S1')).status).toBe(403);
  for (const path of [`payouts/${payoutId}`, `payouts/${payoutId}/explanation`, 'sellers/S1/next-payout'])
    expect((await as(other, 'GET', `/v1/${path}`)).status).toBe(403);
  for (const path of ['me/wallet', 'me/next-payout']) expect((await as(maker, 'GET', `/v1/${path}`)).status).toBe(403);
});
