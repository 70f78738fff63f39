/** Faults on demand: what the caller hears, and what the book says afterwards. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KAKAOPAY, leaveWaiting, openScene, PORTONE, type Scene, TOSS } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ seed: 7 });
});
afterAll(() => scene?.sandbox.close());
beforeEach(() => scene.call('POST', '/sandbox/reset'));

let orders = 0;
async function confirm(headers: Readonly<Record<string, string>> = {}) {
  orders += 1;
  const orderId = `order-${orders}`;
  const paymentKey = await scene.approved('TOSS', orderId);
  return scene.call('POST', '/v1/payments/confirm', { paymentKey, orderId, amount: 39_000 }, { ...TOSS, ...headers });
}
const set = (...rules: object[]) => scene.call('PUT', '/sandbox/faults', rules);
const charges = () => scene.sandbox.book.read().entries.length;

describe.each([
  ['cut-before', 'cut', 0],
  ['cut-after', 'cut', 1],
  ['error-before', 500, 0],
  ['error-after', 500, 1],
  ['decline', 403, 0],
])('%s', (kind, heard, booked) => {
  it.each([
    ['by a rule', () => set({ on: 'call', provider: 'TOSS', operation: 'confirm', kind, times: 1 }), {}],
    ['by a header', async () => undefined, { 'x-sandbox-fault': kind }],
  ])('%s applies to one call', async (_how, arrange, headers) => {
    await arrange();
    if (heard === 'cut') await expect(confirm(headers)).rejects.toThrow('fetch failed');
    else expect((await confirm(headers)).status).toBe(heard);
    expect(charges()).toBe(booked);
    expect((await confirm()).status).toBe(200);
    expect((await scene.call('GET', '/sandbox/faults')).body).toEqual([]);
  });
});

it('applies to a share of the calls, the same ones whenever the rules are set', async () => {
  const played = async () => {
    await set({ on: 'call', kind: 'error-before', rate: 0.3 });
    const heard = [];
    for (let n = 0; n < 40; n += 1) heard.push((await confirm()).status);
    return heard;
  };
  const first = await played();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await played()).toEqual(first);
  const before = scene;
  scene = await openScene({ seed: 8 });
  try {
    expect(await played()).not.toEqual(first);
  } finally {
    await scene.sandbox.close();
    scene = before;
  }
});

it('answers late, and does nothing for a call that still waits when the sandbox closes', async () => {
  const own = await openScene();
  const paymentKey = await own.approved('TOSS', 'late');
  const send = (headers = {}) =>
    own.call('POST', '/v1/payments/confirm', { paymentKey, orderId: 'late', amount: 39_000 }, { ...TOSS, ...headers });
  await leaveWaiting(own, send);
  expect(own.sandbox.book.read().entries).toEqual([]);
  expect((await send({ 'x-sandbox-fault': 'delay:1' })).status).toBe(200);
  await own.sandbox.close();
  expect(own.sandbox.book.read().entries).toHaveLength(1);
});

it('leaves other providers and operations alone, and refuses rules that it does not know', async () => {
  await set(
    { on: 'call', provider: 'PORTONE', kind: 'cut-before' },
    { on: 'call', operation: 'cancel', kind: 'cut-before' },
  );
  expect((await confirm()).status).toBe(200);
  expect((await set({ on: 'call', kind: 'nonsense' })).status).toBe(400);
  expect((await set({ on: 'call', kind: 'delay', rate: 2 })).status).toBe(400);
  expect((await scene.call('DELETE', '/sandbox/faults')).status).toBe(204);
});

it('carries nothing out again that was done before its answer was lost', async () => {
  const paymentKey = await scene.approved('TOSS', 'lost');
  const body = { paymentKey, orderId: 'lost', amount: 39_000 };
  const key = { ...TOSS, 'idempotency-key': 'of-the-lost-answer' };
  const once = (more = {}) => scene.call('POST', '/v1/payments/confirm', body, { ...key, ...more });
  await expect(once({ 'x-sandbox-fault': 'cut-after' })).rejects.toThrow('fetch failed');
  expect(await once()).toMatchObject({ status: 200, body: { status: 'DONE' } });
  expect(charges()).toBe(1);
});

/** What moves money at each provider: a confirmation and a cancellation, with what the book says after it. */
const MOVES: readonly (readonly [string, 'confirm' | 'cancel', () => Promise<unknown>])[] = [
  ['TOSS', 'cancel', async () => cancelToss()],
  ['PORTONE', 'confirm', async () => scene.call('POST', '/sandbox/payments', portone('approve'))],
  ['PORTONE', 'cancel', async () => cancelPortone()],
  ['KAKAOPAY', 'confirm', async () => approveKakao()],
  ['KAKAOPAY', 'cancel', async () => cancelKakao()],
];
const portone = (decision?: string) => ({ provider: 'PORTONE', reference: `p-${orders}`, amount: 39_000, decision });

async function cancelToss() {
  orders += 1;
  const orderId = `order-${orders}`;
  const paymentKey = await scene.approved('TOSS', orderId);
  await scene.call('POST', '/v1/payments/confirm', { paymentKey, orderId, amount: 39_000 }, TOSS);
  return scene.call('POST', `/v1/payments/${paymentKey}/cancel`, { cancelReason: 'r' }, TOSS);
}
async function cancelPortone() {
  await scene.call('POST', '/sandbox/payments', portone('approve'));
  return scene.call('POST', `/payments/p-${orders}/cancel`, { reason: 'r' }, PORTONE);
}
const kakao = (call: string, body: object) =>
  scene.call('POST', `/online/v1/payment/${call}`, { cid: 'TC0ONETIME', ...body }, KAKAOPAY);
let kakaoTid = '';
async function approveKakao() {
  const who = { partner_order_id: `k-${orders}`, partner_user_id: 'b' };
  const url = 'http://127.0.0.1/';
  const urls = { approval_url: url, cancel_url: url, fail_url: url };
  const amounts = { item_name: 'a', quantity: 1, total_amount: 39_000, tax_free_amount: 0 };
  kakaoTid = (await kakao('ready', { ...who, ...urls, ...amounts })).body.tid;
  const { token } = (await scene.call('POST', `/sandbox/payments/kakaopay/${kakaoTid}/approve`)).body;
  return kakao('approve', { tid: kakaoTid, pg_token: token, ...who });
}
async function cancelKakao() {
  await approveKakao();
  return kakao('cancel', { tid: kakaoTid, cancel_amount: 39_000, cancel_tax_free_amount: 0 });
}

describe.each(MOVES)('%s %s', (provider, operation, move) => {
  it.each([
    ['cut-before', false],
    ['cut-after', true],
    ['error-before', false],
    ['error-after', true],
    ['decline', false],
  ])('%s is booked as the provider would have moved the money', async (kind, moved) => {
    orders += 1;
    await set({ on: 'call', provider, operation, kind, times: 1 });
    const heard = await move().catch(() => 'cut');
    if (kind.startsWith('cut')) expect(heard).toBe('cut');
    const kinds = scene.sandbox.book.read().entries.map((entry) => entry.kind);
    const before = operation === 'cancel' ? ['CHARGE'] : [];
    expect(kinds).toEqual(moved ? [...before, operation === 'cancel' ? 'CANCEL' : 'CHARGE'] : before);
    expect((await scene.call('GET', '/sandbox/faults')).body).toEqual([]);
  });
});

it('ignores a header that is not a fault, and takes several faults', async () => {
  expect((await confirm({ 'x-sandbox-fault': 'nonsense, delay:x' })).status).toBe(200);
  expect((await confirm({ 'x-sandbox-fault': 'delay:1, error-after:UNKNOWN_PAYMENT_ERROR' })).body.code).toBe(
    'UNKNOWN_PAYMENT_ERROR',
  );
  expect(charges()).toBe(2);
});

it('declines only what moves money', async () => {
  await set({ on: 'call', kind: 'decline', times: 1 });
  await scene.call('GET', '/v1/payments/nobody', undefined, TOSS);
  expect((await confirm()).status).toBe(403);
});
