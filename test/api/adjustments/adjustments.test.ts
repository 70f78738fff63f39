/** Entries of two people over HTTP, and what sellers owe. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { postRule } from '../../support/statements.js';

let database: TestDatabase;
let api: RunningApi;
let [maker, checker, third, seller]: TestAccount[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  const { db } = database;
  [maker, checker] = [await makeAccount(db, 'operator'), await makeAccount(db, 'operator')];
  [third, seller] = [await makeAccount(db, 'admin'), await makeAccount(db, 'seller', { sellerId: 'S1' })];
  await makeSeller(db, 'S1');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const as = (account: TestAccount | undefined, method: string, path: string, body?: unknown) =>
  api.call(method, path, { token: account?.token, body });
let references = 0;
const entry = (more: object = {}) => {
  references += 1;
  const reference = `CASE-${references}`;
  const of = { sellerId: 'S1', currency: 'KRW', amountMinor: 500, reasonCode: 'GOODWILL', reason: 'lost parcel' };
  return { kind: 'TO_SELLER', reference, ...of, ...more };
};
const propose = async (more: object = {}) => (await as(maker, 'POST', '/v1/adjustments', entry(more))).body;
const decide = (who: TestAccount | undefined, { adjustmentId }: { adjustmentId: number }, name: string) =>
  as(who, 'POST', `/v1/adjustments/${adjustmentId}/${name}`, {});

it('one person proposes and another one posts, once', async () => {
  const asked = entry();
  const made = await as(maker, 'POST', '/v1/adjustments', asked);
  expect(made).toMatchObject({ status: 201, body: { status: 'PROPOSED', amountMinor: 500 } });
  expect((await as(maker, 'POST', '/v1/adjustments', asked)).body.adjustmentId).toBe(made.body.adjustmentId);
  expect((await as(maker, 'POST', '/v1/adjustments', { ...asked, amountMinor: 501 })).body.code).toBe(
    'ADJUSTMENT_EXISTS_OTHERWISE',
  );
  expect((await decide(maker, made.body, 'approval')).body.code).toBe('APPROVER_NOT_SECOND');
  expect((await decide(seller, made.body, 'approval')).status).toBe(403);
  const both = await Promise.all([checker, third].map((who) => decide(who, made.body, 'approval')));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(both.find(({ status }) => status === 409)?.body.code).toBe('ADJUSTMENT_DECIDED');
  const { body } = await as(maker, 'GET', `/v1/audit-log?subject=adjustment:${made.body.adjustmentId}`);
  expect(body.items.map((one: Record<string, string>) => one.action).sort()).toEqual([
    'adjustment.approve',
    'adjustment.propose',
  ]);
});

it('is refused, or taken back by its proposer', async () => {
  const [first, second] = [await propose(), await propose()];
  expect((await decide(checker, first, 'refusal')).body.status).toBe('REFUSED');
  expect((await decide(checker, second, 'cancellation')).body.code).toBe('ADJUSTMENT_PROPOSER_ONLY');
  expect((await decide(maker, second, 'cancellation')).body.status).toBe('CANCELLED');
  expect((await as(maker, 'GET', '/v1/adjustments?status=CANCELLED')).body.items).toMatchObject(
    [second.adjustmentId].map((adjustmentId) => ({ adjustmentId })),
  );
  expect((await as(maker, 'GET', '/v1/adjustments/999999')).body.code).toBe('ADJUSTMENT_NOT_FOUND');
  expect((await as(seller, 'GET', '/v1/adjustments')).status).toBe(403);
});

it('a chargeback is posted, disputed and lost; a reversal takes an entry back', async () => {
  const chargeback = await propose({
    kind: 'CHARGEBACK',
    provider: 'TOSS',
    reasonCode: 'FRAUD',
    feeMinor: 10,
    feeBy: 'SELLER',
  });
  expect((await decide(checker, chargeback, 'approval')).body).toMatchObject({ status: 'POSTED', dispute: 'OPENED' });
  const lost = await as(maker, 'POST', `/v1/adjustments/${chargeback.adjustmentId}/loss`);
  expect(lost.body.dispute).toBe('LOST');
  const { sellerId: _s, currency: _c, amountMinor: _a, ...asked } = entry({ kind: 'REVERSAL', reasonCode: 'MISTAKE' });
  const reversal = (await as(maker, 'POST', '/v1/adjustments', { ...asked, undoesId: chargeback.adjustmentId })).body;
  expect((await decide(checker, reversal, 'approval')).body).toMatchObject({ status: 'POSTED', amountMinor: 500 });
});

it('refuses what fits no kind, and names what is wrong', async () => {
  for (const more of [
    { kind: 'GIFT' },
    { amountMinor: 0 },
    { amountMinor: 1.5 },
    { provider: 'TOSS' },
    { askedOn: 'x' },
  ])
    expect([more, (await as(maker, 'POST', '/v1/adjustments', entry(more))).status]).toEqual([more, 400]);
  expect(await propose({ reasonCode: 'FRAUD' })).toMatchObject({ code: 'ADJUSTMENT_INVALID' });
  expect(await propose({ sellerId: 'nobody' })).toMatchObject({ code: 'SELLER_NOT_FOUND' });
  expect(await propose({ kind: 'WRITE_OFF', reasonCode: 'OTHER' })).toMatchObject({ code: 'WRITE_OFF_EXCEEDS_DEBT' });
});

it('lists what sellers owe by age', async () => {
  await postRule(database.db, 'CLAWBACK_TO_RECEIVABLE', 'S1', '2026-01-05', 90);
  expect((await as(maker, 'GET', '/v1/receivables?at=2026-05-01')).body.items).toMatchObject([
    { sellerId: 'S1', currency: 'KRW', owedMinor: 90, over90Minor: 90, oldestOn: '2026-01-05' },
  ]);
  expect((await as(seller, 'GET', '/v1/receivables')).status).toBe(403);
});
