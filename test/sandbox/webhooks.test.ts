/** Webhooks of the sandbox: signed, sent again until they are taken, and lost, doubled, late or out of order on demand. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SANDBOX_KEYS } from '../../sandbox/keys.js';
import { openScene, type Scene, TOSS } from './scene.js';

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
const approve = (reference: string) => scene.approved('PORTONE', reference);
const arrived = async () => {
  await scene.sandbox.webhooks.idle();
  return got;
};

it('tells of a PortOne payment, signed by the scheme of Standard Webhooks', async () => {
  const transactionId = await approve('p1');
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
  refusals = 2;
  await approve('p2');
  expect(new Set((await arrived()).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(got).toHaveLength(3);
  expect(scene.sandbox.webhooks.read()).toMatchObject([{ reference: 'p2', attempts: 3, status: 200 }]);
});

it('is given up at last', async () => {
  refusals = 99;
  await approve('p3');
  expect(await arrived()).toHaveLength(3);
  expect(scene.sandbox.webhooks.read()).toMatchObject([{ reference: 'p3', attempts: 3, status: 503 }]);
});

it('is lost, doubled, or overtaken on demand', async () => {
  await set({ on: 'webhook', kind: 'lose', times: 1 });
  await approve('lost');
  expect(await arrived()).toEqual([]);
  await set({ on: 'webhook', kind: 'duplicate', times: 1 });
  await approve('double');
  expect((await arrived()).map(({ body }) => body.data.paymentId)).toEqual(['double', 'double']);
  got = [];
  await set({ on: 'webhook', kind: 'reorder', ms: 60_000, times: 1 });
  await approve('first');
  await approve('second');
  expect((await arrived()).map(({ body }) => body.data.paymentId)).toEqual(['second', 'first']);
  got = [];
  await set({ on: 'webhook', kind: 'late', ms: 5, times: 1 });
  await approve('late');
  expect((await arrived()).map(({ body }) => body.data.paymentId)).toEqual(['late']);
});

it('goes nowhere when nobody listens', async () => {
  const { target } = scene.sandbox.webhooks;
  await scene.call('PUT', '/sandbox/webhooks', { target: null });
  await approve('unheard');
  expect(await arrived()).toEqual([]);
  expect((await scene.call('PUT', '/sandbox/webhooks', { target: 'file:///etc' })).status).toBe(400);
  await scene.call('PUT', '/sandbox/webhooks', { target });
});
