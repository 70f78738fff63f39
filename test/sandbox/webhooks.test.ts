/** Webhooks of the sandbox: signed, sent again until they are taken, and lost, doubled, late or out of order on demand. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SANDBOX_KEYS } from '../../sandbox/keys.js';
import { openScene, PORTONE, type Scene, TOSS } from './scene.js';

interface Got {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's business
  readonly body: any;
}

let receiver: Server;
let got: Got[] = [];
let refusals = 0;
let scene: Scene;
beforeAll(async () => {
  receiver = createServer(async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const raw = Buffer.concat(parts).toString();
    got.push({ path: req.url ?? '', headers: req.headers, raw, body: JSON.parse(raw) });
    res.statusCode = refusals > 0 ? 503 : 200;
    refusals -= 1;
    res.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  scene = await openScene({ webhookTarget: `http://127.0.0.1:${port}`, webhookRetryMs: [10, 10] });
});
afterAll(async () => {
  await scene?.sandbox.close();
  receiver.close();
});
beforeEach(async () => {
  await scene.sandbox.webhooks.idle();
  await scene.call('POST', '/sandbox/reset');
  [got, refusals] = [[], 0];
});

const set = (...rules: object[]) => scene.call('PUT', '/sandbox/faults', rules);
/** A payment whose window the buyer has opened, without the webhooks of it. */
async function opened(reference: string, more: object = {}): Promise<string> {
  const asked = { provider: 'PORTONE', reference, amount: 39_000, ...more };
  const { key } = (await scene.call('POST', '/sandbox/payments', asked)).body;
  await arrived();
  got = [];
  return key;
}
const approve = (key: string) => scene.call('POST', `/sandbox/payments/portone/${key}/approve`);
const arrived = async () => {
  await scene.sandbox.webhooks.idle();
  return got;
};

it('tells of a PortOne payment, signed by the scheme of Standard Webhooks', async () => {
  const transactionId = await opened('p1');
  await approve(transactionId);
  const [webhook] = await arrived();
  expect(webhook).toMatchObject({
    path: '/v1/webhooks/portone',
    body: { type: 'Transaction.Paid', data: { paymentId: 'p1', transactionId, storeId: 'store-sandbox' } },
  });
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = webhook?.headers ?? {};
  const key = Buffer.from(SANDBOX_KEYS.portone.webhookSecret.slice('whsec_'.length), 'base64');
  const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${webhook?.raw}`).digest('base64');
  expect(signature).toBe(`v1,${signed}`);
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(60);
});

it('tells of a Toss payment as it is then', async () => {
  const paymentKey = await scene.approved('TOSS', 't1');
  await scene.call('POST', '/v1/payments/confirm', { paymentKey, orderId: 't1', amount: 39_000 }, TOSS);
  expect(await arrived()).toMatchObject([
    { path: '/v1/webhooks/toss', body: { eventType: 'PAYMENT_STATUS_CHANGED', data: { paymentKey, status: 'DONE' } } },
  ]);
});

it('is sent again until it is taken, under the same id', async () => {
  const key = await opened('p2');
  refusals = 2;
  await approve(key);
  expect(new Set((await arrived()).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(got).toHaveLength(3);
  expect(new Set(got.map(({ raw }) => raw)).size).toBe(1);
  expect(scene.sandbox.webhooks.read().at(-1)).toMatchObject({ reference: 'p2', attempts: 3, status: 200 });
});

it('is given up at last', async () => {
  const key = await opened('p3');
  refusals = 99;
  await approve(key);
  expect(await arrived()).toHaveLength(3);
  expect(scene.sandbox.webhooks.read().at(-1)).toMatchObject({ reference: 'p3', attempts: 3, status: 503 });
});

it('is lost, doubled, or overtaken on demand', async () => {
  const ofPaid = (rule: object) => set({ on: 'webhook', type: 'Transaction.Paid', times: 1, ...rule });
  const references = async () => (await arrived()).map(({ body }) => body.data.paymentId);
  const keys = [await opened('lost'), await opened('double'), await opened('first'), await opened('second')];
  const approveNext = () => approve(String(keys.shift()));
  await ofPaid({ kind: 'lose' });
  await approveNext();
  expect(await references()).toEqual([]);
  await ofPaid({ kind: 'duplicate' });
  await approveNext();
  expect(await references()).toEqual(['double', 'double']);
  expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  got = [];
  await ofPaid({ kind: 'reorder', ms: 60_000 });
  await approveNext();
  await approveNext();
  expect(await references()).toEqual(['second', 'first']);
  const key = await opened('late');
  await ofPaid({ kind: 'late', ms: 5 });
  await approve(key);
  expect(await references()).toEqual(['late']);
});

it('tells of each step of a PortOne payment', async () => {
  const key = await scene.approved('PORTONE', 'steps');
  const cancel = (amount: number) => scene.call('POST', '/payments/steps/cancel', { amount, reason: 'r' }, PORTONE);
  await cancel(9_000);
  await cancel(30_000);
  await scene.call('POST', '/sandbox/payments', {
    ...{ provider: 'PORTONE', reference: 'refused', amount: 1, decision: 'decline' },
  });
  const types = (await arrived()).map(({ body }) => `${body.data.paymentId} ${body.type}`);
  expect(types.sort()).toEqual([
    ...['refused Transaction.Failed', 'refused Transaction.Ready'],
    ...['steps Transaction.Cancelled', 'steps Transaction.Paid', 'steps Transaction.PartialCancelled'],
    'steps Transaction.Ready',
  ]);
  const cancelled = got.filter(({ body }) => body.data.cancellationId !== undefined);
  expect(new Set(cancelled.map(({ body }) => body.data.cancellationId)).size).toBe(2);
  expect(cancelled.every(({ body }) => body.data.transactionId === key)).toBe(true);
});

it('goes to the address of its payment where that has one', async () => {
  const { target } = scene.sandbox.webhooks;
  const key = await opened('own', { webhookUrl: `${target}/own?of=this-payment` });
  await approve(key);
  expect(await arrived()).toMatchObject([{ path: '/own?of=this-payment', body: { type: 'Transaction.Paid' } }]);
});

it('is forgotten with a reset, also while it waits', async () => {
  const key = await opened('waits');
  await set({ on: 'webhook', kind: 'late', ms: 60_000 });
  await approve(key);
  await scene.call('POST', '/sandbox/reset');
  expect(await arrived()).toEqual([]);
  expect((await scene.call('GET', '/sandbox/webhooks')).body).toEqual([]);
});

it('has an id that no other sandbox gives', async () => {
  for (const reference of ['one', 'other']) {
    const other = await openScene({ webhookTarget: scene.sandbox.webhooks.target, webhookRetryMs: [] });
    await other.approved('PORTONE', reference);
    await other.sandbox.webhooks.idle();
    await other.sandbox.close();
  }
  expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
});

it('meets only the faults of its type', async () => {
  await set({ on: 'webhook', type: 'Transaction.Ready', kind: 'lose' });
  await scene.approved('PORTONE', 'typed');
  expect((await arrived()).map(({ body }) => body.type)).toEqual(['Transaction.Paid']);
});

it('goes nowhere when nobody listens', async () => {
  const { target } = scene.sandbox.webhooks;
  await scene.call('PUT', '/sandbox/webhooks', { target: null });
  await scene.approved('PORTONE', 'unheard');
  expect(await arrived()).toEqual([]);
  expect((await scene.call('PUT', '/sandbox/webhooks', { target: 'file:///etc' })).status).toBe(400);
  await scene.call('PUT', '/sandbox/webhooks', { target });
});
