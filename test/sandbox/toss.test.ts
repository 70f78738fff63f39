/** The Toss of the sandbox: confirm, inquire, cancel, and every refusal that it documents. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { leaveWaiting, openScene, type Scene, TOSS } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.sandbox.close());
beforeEach(() => scene.call('POST', '/sandbox/reset'));

const confirm = (body: unknown, headers = {}) =>
  scene.call('POST', '/v1/payments/confirm', body, { ...TOSS, ...headers });
const inquire = (path: string) => scene.call('GET', `/v1/payments/${path}`, undefined, TOSS);
const cancel = (key: string, body: unknown, headers = {}) =>
  scene.call('POST', `/v1/payments/${key}/cancel`, body, { ...TOSS, ...headers });
const sums = () => scene.sandbox.book.read().sums;

const confirmed = async (orderId: string) => {
  const paymentKey = await scene.approved('TOSS', orderId);
  await confirm({ paymentKey, orderId, amount: 39_000 });
  return paymentKey;
};

describe('confirmation', () => {
  it('charges what the buyer has approved, once, and is found by both names', async () => {
    const paymentKey = await scene.approved('TOSS', 'order-1');
    expect((await inquire(paymentKey)).body).toMatchObject({ status: 'IN_PROGRESS', approvedAt: null });
    expect(sums()).toEqual({});
    const first = await confirm({ paymentKey, orderId: 'order-1', amount: 39_000 });
    expect(first).toMatchObject({
      status: 200,
      body: {
        paymentKey,
        orderId: 'order-1',
        status: 'DONE',
        totalAmount: 39_000,
        balanceAmount: 39_000,
        currency: 'KRW',
      },
    });
    expect((await inquire(paymentKey)).body).toEqual(first.body);
    expect((await inquire('orders/order-1')).body).toEqual(first.body);
    expect(await confirm({ paymentKey, orderId: 'order-1', amount: 39_000 })).toMatchObject({
      status: 400,
      body: { code: 'ALREADY_PROCESSED_PAYMENT' },
    });
    expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
  });

  it('answers the same under the same key', async () => {
    const paymentKey = await scene.approved('TOSS', 'order-2');
    const once = () =>
      confirm({ paymentKey, orderId: 'order-2', amount: 39_000 }, { 'idempotency-key': 'key-of-order-2' });
    const first = await once();
    expect(first.status).toBe(200);
    expect(await once()).toEqual(first);
    expect(scene.sandbox.book.read().entries).toMatchObject([{ kind: 'CHARGE', idempotencyKey: 'key-of-order-2' }]);
  });

  it('is refused under a key whose first call is under way', async () => {
    const own = await openScene();
    const paymentKey = await own.approved('TOSS', 'order-2');
    const once = () =>
      own.call(...(['POST', '/v1/payments/confirm', { paymentKey, orderId: 'order-2', amount: 39_000 }] as const), {
        ...TOSS,
        'idempotency-key': 'key-of-order-2',
      });
    await leaveWaiting(own, once);
    expect(await once()).toMatchObject({ status: 409, body: { code: 'IDEMPOTENT_REQUEST_PROCESSING' } });
    await own.sandbox.close();
    expect(own.sandbox.book.read().entries).toEqual([]);
  });

  it('answers the first call again under its key, whatever the body says', async () => {
    const paymentKey = await scene.approved('TOSS', 'order-9');
    const key = { 'idempotency-key': 'key-of-order-9' };
    const early = await confirm({ paymentKey, orderId: 'order-9', amount: 38_999 }, key);
    expect(early).toMatchObject({ status: 403, body: { code: 'FORBIDDEN_REQUEST' } });
    expect(await confirm({ paymentKey, orderId: 'order-9', amount: 39_000 }, key)).toEqual(early);
    expect(sums()).toEqual({});
    await scene.call('POST', '/sandbox/reset');
    const anew = await scene.approved('TOSS', 'order-9');
    expect((await confirm({ paymentKey: anew, orderId: 'order-9', amount: 39_000 }, key)).status).toBe(200);
  });

  it('charges an order once, however many windows were opened for it', async () => {
    const [first, second] = [await scene.approved('TOSS', 'order-10'), await scene.approved('TOSS', 'order-10')];
    const of = (paymentKey: string) => confirm({ paymentKey, orderId: 'order-10', amount: 39_000 });
    expect((await of(first)).status).toBe(200);
    expect(await of(second)).toMatchObject({ status: 400, body: { code: 'DUPLICATED_ORDER_ID' } });
    expect((await inquire('orders/order-10')).body).toMatchObject({ paymentKey: first, status: 'DONE' });
    await scene.approved('TOSS', 'order-10');
    expect((await inquire('orders/order-10')).body).toMatchObject({ paymentKey: first });
  });

  it.each([
    ['INVALID_STOPPED_CARD', 400],
    ['PROVIDER_ERROR', 400],
    ['REJECT_CARD_PAYMENT', 403],
    ['UNKNOWN_PAYMENT_ERROR', 500],
  ])('%s comes with its own HTTP state (%i) where a test asks for it by the header of Toss', async (code, status) => {
    const paymentKey = await scene.approved('TOSS', 'order-11');
    const asked = { paymentKey, orderId: 'order-11', amount: 39_000 };
    expect(await confirm(asked, { 'tosspayments-test-code': code })).toMatchObject({ status, body: { code } });
    expect(sums()).toEqual({});
    expect((await confirm(asked)).status).toBe(200);
  });

  it.each([
    ['without a secret key', {}, 401, 'UNAUTHORIZED_KEY', { authorization: '' }],
    ['with another secret key', {}, 401, 'UNAUTHORIZED_KEY', { authorization: 'Basic bGl2ZTo=' }],
    ['with a secret key without a colon', {}, 403, 'INCORRECT_BASIC_AUTH_FORMAT', { authorization: 'Basic bGl2ZQ==' }],
    ['with a key that is too long', {}, 400, 'INVALID_IDEMPOTENCY_KEY', { 'idempotency-key': 'k'.repeat(301) }],
    ['without an amount', { amount: undefined }, 400, 'INVALID_REQUEST', {}],
    ['of a payment that nobody opened', { paymentKey: 'nobody' }, 404, 'NOT_FOUND_PAYMENT_SESSION', {}],
    ['of another order', { orderId: 'order-of-others' }, 403, 'FORBIDDEN_REQUEST', {}],
    ['of another amount', { amount: 38_999 }, 403, 'FORBIDDEN_REQUEST', {}],
  ])('is refused %s', async (_what, change, status, code, headers) => {
    const paymentKey = await scene.approved('TOSS', 'order-3');
    const answer = await confirm({ paymentKey, orderId: 'order-3', amount: 39_000, ...change }, headers);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(sums()).toEqual({});
  });

  it('is refused after the buyer or the bank has declined, and stays so', async () => {
    const made = await scene.call('POST', '/sandbox/payments', {
      provider: 'TOSS',
      reference: 'o',
      amount: 1_000,
      decision: 'decline',
    });
    expect(await confirm({ paymentKey: made.body.key, orderId: 'o', amount: 1_000 })).toMatchObject({
      status: 400,
      body: { code: 'PAY_PROCESS_CANCELED' },
    });
    await scene.call('PUT', '/sandbox/faults', [
      { on: 'call', kind: 'decline', code: 'REJECT_ACCOUNT_PAYMENT', times: 1 },
    ]);
    const paymentKey = await scene.approved('TOSS', 'order-4');
    for (const _ of [1, 2])
      expect(await confirm({ paymentKey, orderId: 'order-4', amount: 39_000 })).toMatchObject({
        status: 403,
        body: { code: 'REJECT_ACCOUNT_PAYMENT' },
      });
    expect((await inquire(paymentKey)).body).toMatchObject({
      status: 'ABORTED',
      failure: { code: 'REJECT_ACCOUNT_PAYMENT' },
    });
  });
});

it('is not confirmed before the buyer has approved', async () => {
  const { body } = await scene.call('POST', '/sandbox/payments', { provider: 'TOSS', reference: 'open', amount: 1 });
  expect((await inquire(body.key)).body).toMatchObject({ status: 'READY' });
  expect(await confirm({ paymentKey: body.key, orderId: 'open', amount: 1 })).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND_PAYMENT' },
  });
});

it('lets nobody look up or cancel without the secret key', async () => {
  const key = await confirmed('order-12');
  for (const path of [key, 'orders/order-12'])
    expect((await scene.call('GET', `/v1/payments/${path}`)).body.code).toBe('UNAUTHORIZED_KEY');
  expect((await cancel(key, { cancelReason: 'r' }, { authorization: 'Basic Og==' })).status).toBe(401);
  expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 0 } });
});

it('knows no payment that nobody opened', async () => {
  for (const path of ['nobody', 'orders/nobody'])
    expect(await inquire(path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND_PAYMENT' } });
});

describe('cancellation', () => {
  it('gives parts back until nothing is left', async () => {
    const key = await confirmed('order-5');
    expect((await cancel(key, { cancelReason: 'one pair', cancelAmount: 9_000 })).body).toMatchObject({
      status: 'PARTIAL_CANCELED',
      balanceAmount: 30_000,
      cancels: [{ cancelAmount: 9_000, cancelReason: 'one pair', cancelStatus: 'DONE' }],
    });
    expect(await cancel(key, { cancelReason: 'too much', cancelAmount: 30_001 })).toMatchObject({
      status: 403,
      body: { code: 'NOT_CANCELABLE_AMOUNT' },
    });
    expect((await cancel(key, { cancelReason: 'the rest' })).body).toMatchObject({
      status: 'CANCELED',
      balanceAmount: 0,
    });
    expect(await cancel(key, { cancelReason: 'again' })).toMatchObject({
      status: 400,
      body: { code: 'ALREADY_CANCELED_PAYMENT' },
    });
    expect(sums()).toEqual({ KRW: { charged: 39_000, cancelled: 39_000 } });
  });

  it('counts dollars with cents', async () => {
    const made = await scene.call('POST', '/sandbox/payments', {
      ...{ provider: 'TOSS', reference: 'dollars', amount: 0.3, currency: 'USD', decision: 'approve' },
    });
    await confirm({ paymentKey: made.body.key, orderId: 'dollars', amount: 0.3 });
    for (const cancelAmount of [0.1, 0.2])
      expect((await cancel(made.body.key, { cancelReason: 'r', cancelAmount })).status).toBe(200);
    expect((await inquire(made.body.key)).body).toMatchObject({ status: 'CANCELED', balanceAmount: 0 });
    expect(sums()).toEqual({ USD: { charged: 30, cancelled: 30 } });
  });

  it('gives back once under one key', async () => {
    const key = await confirmed('order-6');
    const once = () => cancel(key, { cancelReason: 'r', cancelAmount: 100 }, { 'idempotency-key': 'once' });
    expect(await once()).toEqual(await once());
    expect(sums()).toMatchObject({ KRW: { cancelled: 100 } });
  });

  it.each([
    ['without a reason', 'confirmed', {}, 400, 'INVALID_REQUEST'],
    ['of a payment that is not there', 'nobody', { cancelReason: 'r' }, 404, 'NOT_FOUND_PAYMENT'],
    [
      'when less is left than the shop believes',
      'confirmed',
      { cancelReason: 'r', cancelAmount: 1, refundableAmount: 39_001 },
      400,
      'NOT_MATCHES_REFUNDABLE_AMOUNT',
    ],
    ['of what was not charged', 'approved', { cancelReason: 'r' }, 403, 'NOT_CANCELABLE_PAYMENT'],
  ])('is refused %s', async (_what, state, body, status, code) => {
    const key = {
      confirmed: () => confirmed('o7'),
      approved: () => scene.approved('TOSS', 'o8'),
      nobody: async () => 'nobody',
    }[state];
    expect(await cancel(String(await key?.()), body)).toMatchObject({ status, body: { code } });
    expect(sums().KRW?.cancelled ?? 0).toBe(0);
  });
});

describe('charges of an earlier sandbox', () => {
  const charge = { provider: 'TOSS', key: 'tviva_sandbox_1', reference: 'order-of-before', amount: 39_000 };
  const earlier = { ...charge, currency: 'KRW', orderName: 'pair', buyer: 'account-7', cancelled: 9_000 };

  it('can be looked up and given back, stand in the book once, and keep their keys', async () => {
    const other = await openScene();
    try {
      for (const _ of [1, 2]) expect((await other.call('POST', '/sandbox/charges', [earlier])).status).toBe(204);
      expect(other.sandbox.book.read().sums).toEqual({ KRW: { charged: 39_000, cancelled: 9_000 } });
      expect(await other.approved('TOSS', 'order-of-now')).not.toBe(charge.key);
      const body = { cancelReason: 'the rest', cancelAmount: 30_000 };
      const cancelled = await other.call('POST', `/v1/payments/${charge.key}/cancel`, body, TOSS);
      expect(cancelled.body).toMatchObject({ orderId: charge.reference, status: 'CANCELED', balanceAmount: 0 });
    } finally {
      await other.sandbox.close();
    }
  });

  it('are refused where they are none', async () => {
    expect((await scene.call('POST', '/sandbox/charges', [{ ...earlier, key: '' }])).status).toBe(400);
  });
});
