/** The PortOne of the sandbox: the approval charges, the shop looks up and cancels. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { leaveWaiting, openScene, PORTONE, type Scene } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.sandbox.close());
beforeEach(() => scene.call('POST', '/sandbox/reset'));

const inquire = (id: string, headers: Readonly<Record<string, string>> = PORTONE) =>
  scene.call('GET', `/payments/${id}`, undefined, headers);
const cancel = (id: string, body: unknown, headers = {}) =>
  scene.call('POST', `/payments/${id}/cancel`, body, { ...PORTONE, ...headers });
const sums = () => scene.sandbox.book.read().sums;

it('charges with the approval, once however often the window is opened', async () => {
  const key = await scene.approved('PORTONE', 'payment-1');
  expect(await scene.approved('PORTONE', 'payment-1')).toBe(key);
  expect(await inquire('payment-1')).toMatchObject({
    status: 200,
    body: {
      status: 'PAID',
      id: 'payment-1',
      transactionId: key,
      amount: { total: 39_000, paid: 39_000, cancelled: 0 },
      currency: 'KRW',
    },
  });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
});

it('shows what is open, declined, unknown, or not to be seen', async () => {
  await scene.call('POST', '/sandbox/payments', { provider: 'PORTONE', reference: 'open', amount: 1 });
  expect((await inquire('open')).body).toMatchObject({ status: 'READY', amount: { paid: 0 } });
  await scene.call('POST', '/sandbox/payments', {
    provider: 'PORTONE',
    reference: 'declined',
    amount: 1,
    decision: 'decline',
  });
  expect((await inquire('declined')).body).toMatchObject({
    status: 'FAILED',
    failure: { pgCode: 'PAY_PROCESS_CANCELED' },
  });
  expect(await inquire('nobody')).toMatchObject({ status: 404, body: { type: 'PAYMENT_NOT_FOUND' } });
  expect(await inquire('open', {})).toMatchObject({ status: 401, body: { type: 'UNAUTHORIZED' } });
  expect(await inquire('open?storeId=other')).toMatchObject({ status: 403, body: { type: 'FORBIDDEN' } });
});

it('gives back parts and the rest, by what is left and by the key', async () => {
  await scene.approved('PORTONE', 'payment-2');
  const key = { 'idempotency-key': '"0123456789abcdef"' };
  const first = await cancel('payment-2', { amount: 9_000, reason: 'r', currentCancellableAmount: 39_000 }, key);
  expect(first).toMatchObject({ status: 200, body: { cancellation: { status: 'SUCCEEDED', totalAmount: 9_000 } } });
  expect(await cancel('payment-2', { amount: 9_000, reason: 'r', currentCancellableAmount: 39_000 }, key)).toEqual(
    first,
  );
  expect((await inquire('payment-2')).body).toMatchObject({
    status: 'PARTIAL_CANCELLED',
    amount: { cancelled: 9_000 },
  });
  expect(await cancel('payment-2', { amount: 1, reason: 'r', currentCancellableAmount: 39_000 })).toMatchObject({
    status: 409,
    body: { type: 'CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN' },
  });
  expect(await cancel('payment-2', { amount: 30_001, reason: 'r' })).toMatchObject({
    status: 409,
    body: { type: 'CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT' },
  });
  expect((await cancel('payment-2', { reason: 'the rest' })).body.cancellation).toMatchObject({ totalAmount: 30_000 });
  expect(await cancel('payment-2', { reason: 'again' })).toMatchObject({
    status: 409,
    body: { type: 'PAYMENT_ALREADY_CANCELLED' },
  });
  expect((await inquire('payment-2')).body).toMatchObject({ status: 'CANCELLED', cancellations: [{}, {}] });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 39_000 } });
});

it('is paid in a second try after one that was declined', async () => {
  const asked = { provider: 'PORTONE', reference: 'twice', amount: 39_000 };
  const declined = await scene.call('POST', '/sandbox/payments', { ...asked, decision: 'decline', code: 'REJECTED' });
  expect(declined.body).toMatchObject({ status: 'DECLINED', failure: { code: 'REJECTED' } });
  const key = await scene.approved('PORTONE', 'twice');
  expect(key).not.toBe(declined.body.key);
  expect((await inquire('twice')).body).toMatchObject({ status: 'PAID', transactionId: key });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
});

it('answers the first cancellation again under its key, whatever the body says', async () => {
  await scene.approved('PORTONE', 'payment-3');
  const key = { 'idempotency-key': 'of-payment-3-no-quotes' };
  const first = await cancel('payment-3', { amount: 9_000, reason: 'r' }, key);
  expect(first).toMatchObject({ status: 200, body: { cancellation: { totalAmount: 9_000 } } });
  expect(await cancel('payment-3', { amount: 1, reason: 'r' }, key)).toEqual(first);
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 9_000 } });
});

it('refuses a key whose first call is under way', async () => {
  const own = await openScene();
  await own.approved('PORTONE', 'payment-3');
  const headers = { ...PORTONE, 'idempotency-key': '"of-payment-3-in-quotes"' };
  const once = () => own.call('POST', '/payments/payment-3/cancel', { reason: 'r' }, headers);
  await leaveWaiting(own, once);
  expect(await once()).toMatchObject({ status: 409, body: { type: 'IDEMPOTENCY_OUTSTANDING_REQUEST' } });
  await own.sandbox.close();
});

it.each([
  ['PG_PROVIDER', 502],
  ['TOO_MANY_REQUESTS', 429],
  ['PAYMENT_NOT_FOUND', 404],
])('says %s with its own HTTP state (%i) on demand', async (type, status) => {
  await scene.approved('PORTONE', 'payment-4');
  const fault = { 'x-sandbox-fault': `error-before:${type}` };
  expect(await cancel('payment-4', { reason: 'r' }, fault)).toMatchObject({ status, body: { type } });
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
});

it.each([
  ['without a reason', 'paid', {}, {}, 400, 'INVALID_REQUEST'],
  [
    'with a key that is too short',
    'paid',
    { reason: 'r' },
    { 'idempotency-key': '"0123456789"' },
    400,
    'INVALID_REQUEST',
  ],
  ['with another secret', 'paid', { reason: 'r' }, { authorization: 'PortOne guessed' }, 401, 'UNAUTHORIZED'],
  ['of another store', 'paid', { reason: 'r', storeId: 'other' }, {}, 403, 'FORBIDDEN'],
  ['of what was not paid', 'open', { reason: 'r' }, {}, 409, 'PAYMENT_NOT_PAID'],
  ['of what nobody knows', 'nobody', { reason: 'r' }, {}, 404, 'PAYMENT_NOT_FOUND'],
])('cancels nothing %s', async (_what, id, body, headers, status, type) => {
  await scene.approved('PORTONE', 'paid');
  await scene.call('POST', '/sandbox/payments', { provider: 'PORTONE', reference: 'open', amount: 1 });
  expect(await cancel(id, body, headers)).toMatchObject({ status, body: { type } });
  expect(sums()).toMatchObject({ KRW: { cancelled: 0 } });
});
