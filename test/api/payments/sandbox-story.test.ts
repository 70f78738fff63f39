/** The whole way of an order, with a server, a runner and the sandbox: paid, mailed, counted, cancelled in part, taken back; and what webhooks do on the way. */
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../infra/database.js';
import { SANDBOX_KEYS } from '../../../sandbox/keys.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeUnit } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { type Approved, CONFIRMING, PROVIDERS, SandboxScene } from './sandbox-scene.js';

let scene: SandboxScene;
beforeAll(async () => {
  scene = await SandboxScene.open();
  await scene.runner();
});
afterAll(() => scene?.end());
afterEach(async () => {
  await scene.faults();
  await scene.expectSameBooks();
});

const becomes = (one: Approved, status: string) =>
  until(async () => (await scene.show(one)).status === status, `payment ${one.paymentId} is ${status}`);

/** The duty is due now. */
const salesOf = async (unitId: number): Promise<number> => {
  const { db } = scene.database;
  await change(db, "UPDATE duty SET due_at = UTC_TIMESTAMP(3) WHERE name = 'add-up-sales'");
  const sql = `SELECT sales_count AS sales FROM product p JOIN sellable_unit u ON u.product_id = p.product_id WHERE u.unit_id = ?`;
  return Number((await select<{ sales: number }>(db, sql, [unitId]))[0]?.sales);
};

describe.each(PROVIDERS)('%s', (provider) => {
  it('is paid by it from the cart to the return', async () => {
    const buyer = await makeAccount(scene.database.db, 'buyer');
    const { token } = buyer;
    const unitId = await makeUnit(scene.database.db, 'S1');
    await scene.api.call('POST', '/v1/me/cart/items', { token, body: { unitId, quantity: 1 } });
    const ordered = await scene.orderOf(unitId, buyer);
    const one = await scene.visit(await scene.opened(ordered, provider));
    expect(await scene.confirm(one)).toMatchObject({ status: 200, body: { status: 'DONE', chargedMinor: 20_000 } });

    const cart = async () => (await scene.api.call('GET', '/v1/me/cart', { token })).body.items;
    await until(async () => (await cart()).length === 0, 'the cart is empty');
    const mails = async (text: string): Promise<number> =>
      (await scene.control('GET', '/mails')).filter(
        ({ to, subject }: { to: string[]; subject: string }) => to.includes(buyer.email) && subject.includes(text),
      ).length;
    await until(async () => (await mails('payment received')) === 1, 'the mail');
    await until(async () => (await salesOf(unitId)) === 2, 'two units count as sold');

    expect((await scene.cancel(one, 1)).status).toBe(200);
    await becomes(one, 'PARTLY_CANCELLED');
    await until(async () => (await mails('refund')) === 1, 'the mail that the money is back');
    expect(await scene.showOrder(one)).toMatchObject({ status: 'PAID', returningMinor: 0 });
    await until(async () => (await salesOf(unitId)) === 1, 'one unit counts as sold');

    await scene.deliver(one);
    expect((await scene.takeBack(one, 1)).status).toBe(200);
    await becomes(one, 'CANCELLED');
    expect(await scene.showOrder(one)).toMatchObject({ status: 'REFUNDED', returningMinor: 0 });
    await until(async () => (await salesOf(unitId)) === 0, 'none counts as sold');
    expect(await scene.show(one)).toMatchObject({ chargedMinor: 20_000, cancelledMinor: 20_000, cancellingMinor: 0 });
    expect(await mails('payment received')).toBe(1);
  });
});

describe.each(['TOSS', 'PORTONE'] as const)('a webhook of %s', (provider) => {
  const operation = CONFIRMING[provider];

  it.each([
    ['comes as it should', []],
    ['comes twice', [{ on: 'webhook', kind: 'duplicate' }]],
    ['comes late', [{ on: 'webhook', kind: 'late', ms: 300, times: 1 }]],
  ] as const)('has a payment found whose answer was lost, where it %s', async (_how, faults) => {
    const opened = await scene.opened(await scene.order(), provider);
    await scene.faults({ on: 'call', provider, operation, kind: 'cut-after', times: 1 }, ...faults);
    const one = await scene.visit(opened);
    await scene.confirm(one);
    await becomes(one, 'DONE');
    await scene.sandbox.webhooks.idle();
    expect(await scene.show(one)).toMatchObject({ status: 'DONE', chargedMinor: 20_000 });
  });

  it('that is lost is not needed', async () => {
    await scene.faults(
      { on: 'webhook', kind: 'lose' },
      { on: 'call', provider, operation, kind: 'cut-after', times: 1 },
    );
    const one = await scene.approved(provider);
    await scene.confirm(one);
    await scene.settle();
    await becomes(one, 'DONE');
  });

  it('may be passed by another of the same payment', async () => {
    await scene.faults({ on: 'webhook', kind: 'reorder', times: 1 });
    const one = await scene.paid(provider);
    await scene.cancel(one, 1);
    await becomes(one, 'PARTLY_CANCELLED');
    await scene.sandbox.webhooks.idle();
    expect(await scene.show(one)).toMatchObject({ status: 'PARTLY_CANCELLED', cancelledMinor: 10_000 });
  });
});

/** Gives 10,000 won back at the provider, as a person does on its page. */
const BY_HAND = {
  TOSS: ({ key }: Approved) => ({
    path: `/v1/payments/${key}/cancel`,
    authorization: `Basic ${Buffer.from(`${SANDBOX_KEYS.toss.secretKey}:`).toString('base64')}`,
    body: { cancelReason: 'by hand', cancelAmount: 10_000 },
  }),
  PORTONE: ({ reference }: Approved) => ({
    path: `/payments/${reference}/cancel`,
    authorization: `PortOne ${SANDBOX_KEYS.portone.apiSecret}`,
    body: { reason: 'by hand', amount: 10_000 },
  }),
} as const;

it.each(['TOSS', 'PORTONE'] as const)(
  'money that was given back by hand at %s is seen by its webhook, told in Slack, and is what a cancellation then finds',
  async (provider) => {
    const one = await scene.paid(provider);
    const { path, authorization, body } = BY_HAND[provider](one);
    const headers = { authorization, 'content-type': 'application/json' };
    await fetch(scene.sandbox.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const elsewhere = async () => (await scene.show(one)).cancelledElsewhereMinor;
    await until(async () => (await elsewhere()) === 10_000, 'it is seen');
    const told = `given back 10000 KRW of payment ${one.paymentId} `;
    await until(async () => JSON.stringify(await scene.control('GET', '/slack')).includes(told), 'operators are told');
    expect((await scene.cancel(one, 1)).status).toBe(200);
    await becomes(one, 'PARTLY_CANCELLED');
    await until(async () => (await elsewhere()) === 0, 'it was for this');
    expect(await scene.show(one)).toMatchObject({ cancelledMinor: 10_000, cancellingMinor: 0 });
  },
);

it('PortOne charges a buyer who never comes back: its webhook alone pays the order', async () => {
  const one = await scene.approved('PORTONE');
  await becomes(one, 'DONE');
  expect(await scene.showOrder(one)).toMatchObject({ status: 'PAID' });
});

describe('a forged webhook', () => {
  const send = (provider: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
    scene.api.call('POST', `/v1/webhooks/${provider}`, {
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  const eventsOf = async (paymentId: number): Promise<number> => {
    const sql =
      "SELECT COUNT(*) AS n FROM outbox_event WHERE type = 'payment.inquiry-wanted' AND JSON_VALUE(payload, '$.paymentId') = ?";
    return Number((await select<{ n: number }>(scene.database.db, sql, [paymentId]))[0]?.n);
  };

  it('of Toss, which signs none, has the payment looked up, and pays nothing', async () => {
    const one = await scene.approved('TOSS');
    const data = { paymentKey: one.key, orderId: one.reference, status: 'DONE', totalAmount: 20_000 };
    const body = JSON.stringify({ eventType: 'PAYMENT_STATUS_CHANGED', data });
    expect((await send('toss', body)).status).toBe(200);
    const looked =
      "SELECT 1 FROM outbox_inbox WHERE consumer = 'payment-inquiries' AND event_id = (SELECT MAX(event_id) FROM outbox_event)";
    await until(async () => (await select(scene.database.db, looked)).length > 0, 'the look-up');
    expect(await scene.show(one)).toMatchObject({ status: 'READY', chargedMinor: null });
    expect((await scene.confirm(one)).status).toBe(200);
  });

  it('of PortOne is refused: signed with another secret, altered, or too old', async () => {
    const one = await scene.opened(await scene.order(), 'PORTONE');
    const { storeId, webhookSecret } = SANDBOX_KEYS.portone;
    const body = JSON.stringify({ type: 'Transaction.Paid', data: { storeId, paymentId: one.reference } });
    const secret = Buffer.from(webhookSecret.replace('whsec_', ''), 'base64');
    const signed = (key: Buffer, said: string, ageSeconds = 0) => {
      const time = String(Math.floor(Date.now() / 1_000) - ageSeconds);
      const signature = createHmac('sha256', key).update(`forged-1.${time}.${said}`).digest('base64');
      return { 'webhook-id': 'forged-1', 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
    };
    for (const headers of [signed(Buffer.from('other'), body), signed(secret, `${body} `), signed(secret, body, 3_600)])
      expect(await send('portone', body, headers)).toMatchObject({ status: 400, body: { code: 'WEBHOOK_INVALID' } });
    expect(await eventsOf(one.paymentId)).toBe(0);
    expect((await send('portone', body, signed(secret, body))).status).toBe(200);
    expect(await eventsOf(one.paymentId)).toBe(1);
  });

  it('of KakaoPay is refused, because KakaoPay sends none', async () => {
    expect(await send('kakaopay', '{}')).toMatchObject({ status: 400, body: { code: 'WEBHOOK_INVALID' } });
  });
});
