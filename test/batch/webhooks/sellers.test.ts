/** Sellers' systems are told of statements and payouts: by a runner as a process of its own, signed, again after a failure, and never of another seller's. */
import { createHmac } from 'node:crypto';
import { beforeEach, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { DATE, PayoutScene, resultFile } from '../../core/payouts/payout-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase } from '../../support/database.js';
import { leadElsewhere, taskRunners } from '../../support/tasks.js';
import { webhookScene } from '../../support/webhook-scene.js';
import { letTry, PRIVATE, type ReceivedWebhook } from '../../support/webhooks.js';

const startRunner = taskRunners();
const scene = webhookScene(async () => {
  const database = await createTestDatabase();
  await leadElsewhere(database.db);
  return database;
});
const { make, noted, attempts } = scene;

let payouts: PayoutScene;
beforeEach(async () => {
  payouts = new PayoutScene(scene.db);
  await payouts.reset();
});

const asOperator = (method: string, path: string, options: object) =>
  scene.api.call(method, `/v1/${path}`, { token: scene.operator.token, ...options });

/** A seller with an endpoint of its own at the path that bears its name. */
async function endpointOf(sellerId: string): Promise<{ endpointId: number; secret: string }> {
  const { token } = await makeAccount(scene.db, 'seller', { sellerId });
  return make({ url: `http://127.0.0.1:${scene.receiver.port}/${sellerId}` }, token);
}
const receivedBy = (sellerId: string): ReceivedWebhook[] =>
  scene.receiver.received.filter(({ path }) => path === `/${sellerId}`);
const signedBy = ({ headers, body }: ReceivedWebhook, secret: string): boolean => {
  const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['magam-signature'])) ?? [];
  return v1 === createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
};

it('an issued statement is told to its seller alone, and again after a 500', async () => {
  for (const sellerId of ['S1', 'S2']) {
    await payouts.seller(sellerId);
    await payouts.post('ADJUSTMENT_TO_SELLER', 1_000n, sellerId);
  }
  const [first, second] = [await endpointOf('S1'), await endpointOf('S2')];
  let down = true;
  scene.receiver.answer((res, { path }) => void res.writeHead(down && path === '/S1' ? 500 : 204).end());
  startRunner(scene.database.url, PRIVATE);
  expect((await asOperator('POST', 'statements', { body: { date: '2026-05-31' } })).status).toBe(202);
  await noted(first.endpointId, 1);
  await noted(second.endpointId, 1);
  expect(await attempts(first.endpointId)).toMatchObject([{ type: 'statement.issued', delivered: false, status: 500 }]);
  down = false;
  await letTry(scene.db);
  await noted(first.endpointId, 2);
  const [failed, again] = receivedBy('S1');
  expect(again?.body).toBe(failed?.body);
  const { items } = (await asOperator('GET', 'statements?sellerId=S1', {})).body;
  expect(again?.event).toMatchObject({ type: 'statement.issued', data: { sellerId: 'S1' } });
  const issued = items.map(({ statementId }: { statementId: number }) => statementId);
  expect(issued).toContain(again?.event.data.statementId);
  for (const [sellerId, { secret }] of [['S1', first] as const, ['S2', second] as const]) {
    const received = receivedBy(sellerId);
    expect(received.map(({ event }) => event.data.sellerId)).toEqual(received.map(() => sellerId));
    expect(received.map((one) => signedBy(one, secret))).toEqual(received.map(() => true));
  }
  expect(receivedBy('S2').map((one) => signedBy(one, first.secret))).not.toContain(true);
});

it('what became of a payout is told to its seller alone, and again after a 500', async () => {
  const [paid, failed] = [await payouts.approved(), await payouts.approved(2_500n, 'S2')];
  const [first, second] = [await endpointOf('S1'), await endpointOf('S2')];
  const { file } = await payouts.export();
  let down = true;
  scene.receiver.answer((res, { path }) => void res.writeHead(down && path === '/S2' ? 500 : 204).end());
  startRunner(scene.database.url, PRIVATE);
  const results = resultFile(`F${file?.fileId}`, [
    [`P${paid.payoutId}-1`, 1_000, 'PAID', DATE],
    [`P${failed.payoutId}-1`, 2_500, 'ACCOUNT_CLOSED', DATE],
  ]);
  const headers = { 'Content-Type': 'application/octet-stream' };
  expect((await asOperator('POST', 'payout-results?layout=csv', { body: results, headers })).status).toBe(202);
  await noted(first.endpointId, 1);
  await noted(second.endpointId, 1);
  expect(await attempts(second.endpointId)).toMatchObject([{ delivered: false, status: 500 }]);
  down = false;
  await letTry(scene.db);
  await noted(second.endpointId, 2);
  await until(() => receivedBy('S2').length === 2, 'the second try');
  expect(receivedBy('S1').map(({ event }) => event)).toMatchObject([
    { type: 'payout.paid', data: { payoutId: paid.payoutId, sellerId: 'S1', amountMinor: 1_000, paidOn: DATE } },
  ]);
  const told = {
    type: 'payout.failed',
    data: { payoutId: failed.payoutId, sellerId: 'S2', amountMinor: 2_500, reason: 'ACCOUNT_CLOSED', returned: false },
  };
  expect(receivedBy('S2').map(({ event }) => event)).toMatchObject([told, told]);
  expect(new Set(receivedBy('S2').map(({ body }) => body)).size).toBe(1);
  expect(receivedBy('S1').map((one) => signedBy(one, first.secret))).toEqual([true]);
  expect(receivedBy('S2').map((one) => signedBy(one, second.secret))).toEqual([true, true]);
});
