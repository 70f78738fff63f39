/** The KakaoPay of the sandbox: ready, approve with the buyer's token, order, cancel. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { KAKAOPAY, openScene, type Scene } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.sandbox.close());
beforeEach(() => scene.call('POST', '/sandbox/reset'));

const CID = 'TC0ONETIME';
const post = (call: string, body: object, headers: Readonly<Record<string, string>> = KAKAOPAY) =>
  scene.call('POST', `/online/v1/payment/${call}`, { cid: CID, ...body }, headers);
const READY = {
  partner_order_id: 'order-1',
  partner_user_id: 'buyer-1',
  item_name: '운동화 외 1건',
  quantity: 1,
  total_amount: 39_000,
  tax_free_amount: 0,
  approval_url: 'http://127.0.0.1/approved',
  cancel_url: 'http://127.0.0.1/cancelled',
  fail_url: 'http://127.0.0.1/failed',
};
const ORDER = { partner_order_id: 'order-1', partner_user_id: 'buyer-1' };
const ready = async () => (await post('ready', READY)).body.tid as string;
const decide = async (tid: string, decision: 'approve' | 'decline') =>
  (await scene.call('POST', `/sandbox/payments/kakaopay/${tid}/${decision}`)).body;
const sums = () => scene.sandbox.book.read().sums;

it('charges with the token that the buyer brings, once', async () => {
  const tid = await ready();
  expect((await post('order', { tid })).body).toMatchObject({ status: 'READY', cancel_available_amount: { total: 0 } });
  const { token, sentTo } = await decide(tid, 'approve');
  expect(sentTo).toBe(`http://127.0.0.1/approved?pg_token=${token}`);
  expect((await post('order', { tid })).body).toMatchObject({ status: 'AUTH_PASSWORD' });
  const approve = () => post('approve', { tid, pg_token: token, ...ORDER });
  expect(await approve()).toMatchObject({
    status: 200,
    body: { tid, amount: { total: 39_000 }, payment_method_type: 'MONEY' },
  });
  expect(await approve()).toMatchObject({ status: 400, body: { error_code: -702 } });
  expect((await post('order', { tid })).body).toMatchObject({
    status: 'SUCCESS_PAYMENT',
    cancel_available_amount: { total: 39_000 },
  });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
});

it('gives parts back until nothing is left', async () => {
  const tid = await ready();
  const { token } = await decide(tid, 'approve');
  await post('approve', { tid, pg_token: token, ...ORDER });
  const cancel = (amount: number, more = {}) =>
    post('cancel', { tid, cancel_amount: amount, cancel_tax_free_amount: 0, ...more });
  expect((await cancel(9_000)).body).toMatchObject({
    status: 'PART_CANCEL_PAYMENT',
    approved_cancel_amount: { total: 9_000 },
    cancel_available_amount: { total: 30_000 },
  });
  expect(await cancel(30_001)).toMatchObject({ status: 400, body: { error_code: -722 } });
  expect(await cancel(100, { cancel_available_amount: 39_000 })).toMatchObject({
    status: 400,
    body: { error_code: -722 },
  });
  expect((await cancel(30_000)).body).toMatchObject({
    status: 'CANCEL_PAYMENT',
    cancel_available_amount: { total: 0 },
  });
  expect(await cancel(1)).toMatchObject({ status: 400, body: { error_code: -710 } });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 39_000 } });
});

it('refuses wrong credentials, tokens, orders, and what was declined', async () => {
  expect(await post('ready', READY, {})).toMatchObject({ status: 401, body: { error_code: -401 } });
  expect(await post('ready', { ...READY, cid: 'OTHER' })).toMatchObject({ status: 400, body: { error_code: -2 } });
  expect(await post('ready', { ...READY, total_amount: 0 })).toMatchObject({ status: 400, body: { error_code: -2 } });
  for (const call of ['order', 'approve', 'cancel'])
    expect(
      await post(call, { tid: 'T0', pg_token: 'x', cancel_amount: 1, cancel_tax_free_amount: 0, ...ORDER }),
    ).toMatchObject({ status: 400, body: { error_code: -721 } });
  const tid = await ready();
  expect(await post('approve', { tid, pg_token: 'guessed', ...ORDER })).toMatchObject({
    status: 400,
    body: { error_code: -701 },
  });
  const { token } = await decide(tid, 'approve');
  expect(await post('approve', { tid, pg_token: token, ...ORDER, partner_order_id: 'other' })).toMatchObject({
    status: 400,
    body: { error_code: -706 },
  });
  expect(await post('cancel', { tid, cancel_amount: 1, cancel_tax_free_amount: 0 })).toMatchObject({
    status: 400,
    body: { error_code: -710 },
  });
  const declined = await ready();
  expect((await decide(declined, 'decline')).sentTo).toBe('http://127.0.0.1/cancelled');
  expect(await post('approve', { tid: declined, pg_token: 'x', ...ORDER })).toMatchObject({
    status: 400,
    body: { error_code: -780, extras: { method_result_code: 'QUIT' } },
  });
  expect((await post('order', { tid: declined })).body).toMatchObject({ status: 'QUIT_PAYMENT' });
  expect(sums()).toEqual({});
});

it('sends a buyer whose bank declines to the address for failures', async () => {
  const tid = await ready();
  const { body } = await scene.call('POST', `/sandbox/payments/kakaopay/${tid}/decline`, { code: 'BANK_REFUSED' });
  expect(body.sentTo).toBe('http://127.0.0.1/failed');
  expect((await post('order', { tid })).body).toMatchObject({ status: 'FAIL_PAYMENT' });
});

it('refuses another amount, another buyer, and an approval that the buyer has not given', async () => {
  const tid = await ready();
  const approve = (more: object) => post('approve', { tid, pg_token: 'guessed', ...ORDER, ...more });
  expect((await approve({})).body.error_code).toBe(-701);
  const { token } = await decide(tid, 'approve');
  expect((await approve({})).body.error_code).toBe(-708);
  expect((await approve({ pg_token: token, total_amount: 38_999 })).body.error_code).toBe(-704);
  expect((await approve({ pg_token: token, partner_user_id: 'other' })).body.error_code).toBe(-707);
  expect(sums()).toEqual({});
  expect((await approve({ pg_token: token, total_amount: 39_000 })).status).toBe(200);
});

it.each([
  ['error-before', { status: 500, body: { error_code: -1 } }],
  ['error-before:-9798', { status: 503, body: { error_code: -9798 } }],
  ['decline:USER_LOCKED', { status: 400, body: { error_code: -780, extras: { method_result_code: 'USER_LOCKED' } } }],
])('says %s on demand', async (fault, answer) => {
  const tid = await ready();
  const { token } = await decide(tid, 'approve');
  const asked = { tid, pg_token: token, ...ORDER };
  expect(await post('approve', asked, { ...KAKAOPAY, 'x-sandbox-fault': fault })).toMatchObject(answer);
  expect(sums()).toEqual({});
});

it('lets nobody in without the secret key', async () => {
  const tid = await ready();
  const { token } = await decide(tid, 'approve');
  for (const call of ['order', 'approve', 'cancel'])
    expect(
      await post(
        call,
        { tid, pg_token: token, ...ORDER, cancel_amount: 1, cancel_tax_free_amount: 0 },
        { authorization: 'SECRET_KEY guessed' },
      ),
    ).toMatchObject({ status: 401, body: { error_code: -401 } });
  expect(sums()).toEqual({});
});
