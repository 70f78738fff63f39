/** Faults on demand: what the caller hears, and what the book says afterwards. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openScene, type Scene, TOSS } from './scene.js';

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
  ])('%s befalls one call', async (_how, arrange, headers) => {
    await arrange();
    if (heard === 'cut') await expect(confirm(headers)).rejects.toThrow('fetch failed');
    else expect((await confirm(headers)).status).toBe(heard);
    expect(charges()).toBe(booked);
    expect((await confirm()).status).toBe(200);
    expect((await scene.call('GET', '/sandbox/faults')).body).toEqual([]);
  });
});

it('befalls a share of the calls, the same ones for the same seed', async () => {
  const played = async () => {
    const { sandbox } = scene;
    await set({ on: 'call', kind: 'error-before', rate: 0.3 });
    const heard = [];
    for (let n = 0; n < 40; n += 1) heard.push((await confirm()).status);
    return { heard, drawn: sandbox.faults.seed };
  };
  const first = await played();
  expect(new Set(first.heard)).toEqual(new Set([200, 500]));
  const other = await openScene({ seed: 7 });
  const before = scene;
  scene = other;
  try {
    expect((await played()).heard).toEqual(first.heard);
  } finally {
    scene = before;
    await other.sandbox.close();
  }
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
