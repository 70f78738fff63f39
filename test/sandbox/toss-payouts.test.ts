/** What people and tests ask of the payout service itself; its API is tested through the provider that speaks to it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openScene, type Scene } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.sandbox.close());

const keys = { authorization: `Basic ${Buffer.from('test_sk_payout_sandbox:').toString('base64')}` };
const SELLER = { refSellerId: 'ACCOUNT-7', bankCode: '088', accountNumber: '110123456789', holderName: '한빛서점' };

const paid = () =>
  scene.sandbox.payouts.send({
    refPayoutId: `P${scene.sandbox.payouts.payouts().length + 1}-1`,
    destination: 'seller',
    scheduleType: 'EXPRESS',
    amount: { currency: 'KRW', value: 1_000 },
    transactionDescription: '정산',
  });

it('registers sellers, and says what can be paid out', async () => {
  const made = await scene.call('POST', '/sandbox/payouts/sellers', SELLER);
  expect(made).toMatchObject({ status: 201, body: { refSellerId: 'ACCOUNT-7', status: 'APPROVED' } });
  const listed = await scene.call('GET', '/v2/sellers?limit=1', undefined, keys);
  expect(listed.body.entityBody).toMatchObject({ hasNext: false, items: [{ id: made.body.id }] });
  expect((await scene.call('POST', '/sandbox/payouts/sellers', {})).status).toBe(400);
  expect((await scene.call('PUT', '/sandbox/payouts/balance', { value: -1 })).status).toBe(400);
  await scene.call('PUT', '/sandbox/payouts/balance', { value: 5 });
  const balance = await scene.call('GET', '/v2/balances', undefined, keys);
  expect(balance.body.entityBody.availableAmount).toEqual({ currency: 'KRW', value: 5 });
  expect((await scene.call('GET', '/v2/balances')).status).toBe(401);
});

it('decides on payouts, and money that came back is in the book', async () => {
  const { id, refPayoutId } = paid();
  const decide = (decision: string, body?: unknown) =>
    scene.call('POST', `/sandbox/payouts/${refPayoutId}/${decision}`, body);
  const status = async () => (await scene.call('GET', `/v2/payouts/${id}`, undefined, keys)).body.entityBody.status;
  await decide('hold');
  expect(await status()).toBe('IN_PROGRESS');
  await decide('complete');
  expect(await status()).toBe('COMPLETED');
  expect((await decide('cancel')).status).toBe(409);
  expect((await decide('fail')).body.error).toEqual({ code: 'RETURNED', message: 'RETURNED' });
  expect((await decide('fail')).status).toBe(409);
  expect((await decide('melt')).status).toBe(404);
  const book = await scene.call('GET', '/sandbox/payouts');
  expect(book.body.entries).toMatchObject([
    { kind: 'PAYOUT', refPayoutId, amount: 1_000 },
    { kind: 'RETURN', refPayoutId, amount: 1_000 },
  ]);
});

it('refuses what is not encrypted', async () => {
  const text = { ...keys, 'content-type': 'text/plain' };
  expect((await scene.call('POST', '/v2/payouts', [{ refPayoutId: 'P9-1' }], text)).status).toBe(400);
  expect(scene.sandbox.payouts.read().requests).toEqual([]);
});
