/** Webhooks: what they say, and whose they are. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isSigned, webhookKey } from '../../../../core/payments/providers/portone/webhook-signature.js';
import type { PaymentProvider, ProviderEvent } from '../../../../core/payments/providers/provider.js';
import { providersAt, WEBHOOK_KEY } from '../../../support/payment-providers.js';

const NOW_SECONDS = 1_800_000_000;

let made: ReturnType<typeof providersAt>;
let toss: PaymentProvider;
let portOne: PaymentProvider;
beforeAll(() => {
  made = providersAt('http://127.0.0.1:1', { clocks: { now: () => NOW_SECONDS * 1_000, steady: () => 0 } });
  toss = made.named('TOSS');
  portOne = made.named('PORTONE');
});
afterAll(() => made?.close());

const asBody = (body: unknown): Buffer => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

describe('a webhook of Toss Payments', () => {
  const webhook = (body: unknown, headers: Record<string, string> = {}) =>
    toss.readWebhook({ headers, body: asBody(body) });
  const changed = {
    eventType: 'PAYMENT_STATUS_CHANGED',
    createdAt: '2026-11-29T00:00:00',
    data: { paymentKey: 'key-1', orderId: 'order-0001', status: 'DONE' },
  };

  it('says which payment is to be looked up', () => {
    expect(webhook(changed, { 'tosspayments-webhook-transmission-id': 'whtrans_1-a' })).toEqual({
      eventId: 'whtrans_1-a',
      reference: 'order-0001',
      providerKey: 'key-1',
      type: 'PAYMENT_STATUS_CHANGED',
      cancels: false,
    });
    expect(webhook({ createdAt: 'x', secret: 's', status: 'DONE', orderId: 'order-0001' })).toMatchObject({
      reference: 'order-0001',
      providerKey: null,
      type: 'DEPOSIT_CALLBACK',
    });
  });

  it.each([
    ['PAYMENT_STATUS_CHANGED', 'CANCELED'],
    ['PAYMENT_STATUS_CHANGED', 'PARTIAL_CANCELED'],
    ['CANCEL_STATUS_CHANGED', undefined],
  ])('tells of money that is back: %s %s', (eventType, status) => {
    expect(webhook({ ...changed, eventType, data: { ...changed.data, status } })).toMatchObject({ cancels: true });
  });

  it('without an id of its own is known by what it says', () => {
    const id = webhook(changed)?.eventId;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(webhook(changed)?.eventId).toBe(id);
    expect(webhook({ ...changed, createdAt: '2026-11-29T00:00:01' })?.eventId).not.toBe(id);
    expect(webhook(changed, { 'tosspayments-webhook-transmission-id': 'x'.repeat(1_000) })?.eventId).toBe(id);
  });

  it.each(['', '[]', 'null', '{}', '{"eventType":7}', '{"data":{"orderId":"o"}}', 'no json'])('is not %s', (body) => {
    expect(webhook(body)).toBeUndefined();
  });
});

describe('a webhook of PortOne', () => {
  const paid = {
    type: 'Transaction.Paid',
    timestamp: '2026-11-29T00:00:00Z',
    data: { paymentId: 'order-0001', transactionId: 'tx-1', storeId: 'store-1' },
  };

  interface Signing {
    readonly key?: Buffer;
    readonly timestamp?: string;
    /** In place of the id that was signed. */
    readonly id?: string;
    readonly signature?: (right: string) => string;
  }

  function webhook(body: unknown, signing: Signing = {}): ProviderEvent | undefined {
    const { key = WEBHOOK_KEY, timestamp = String(NOW_SECONDS), id = 'msg_1', signature = (right) => right } = signing;
    const bytes = asBody(body);
    const right = createHmac('sha256', key).update(`msg_1.${timestamp}.`).update(bytes).digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature(`v1,${right}`) };
    return portOne.readWebhook({ headers, body: bytes });
  }

  const named = { eventId: 'msg_1', reference: 'order-0001', providerKey: 'order-0001' };
  const event = { ...named, type: 'Transaction.Paid', cancels: false };

  it('is believed when it is signed', () => {
    expect(webhook(paid)).toEqual(event);
    expect(webhook({ type: 'BillingKey.Issued', data: { billingKey: 'b' } })).toMatchObject({ reference: null });
  });

  it.each(['Transaction.Cancelled', 'Transaction.PartialCancelled'])('tells of money that is back: %s', (type) => {
    expect(webhook({ ...paid, type })).toEqual({ ...named, type, cancels: true });
  });

  it('is believed by one of two signatures, while the secret is being replaced', () => {
    expect(webhook(paid, { signature: (right) => `v1,${'A'.repeat(43)}= ${right}` })).toEqual(event);
  });

  it('is believed by the example of the scheme', () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(isSigned({ headers, body: asBody('{"test": 2432232314}') }, key, 1_614_265_330_000)).toBe(true);
  });

  it.each<[string, Signing]>([
    ['by another secret', { key: Buffer.from('another secret of some 32 bytes!!') }],
    ['for another id', { id: 'msg_2' }],
    ['by another version', { signature: (right) => right.replace('v1,', 'v1a,') }],
    ['by half a signature', { signature: (right) => right.slice(0, 20) }],
    ['by nothing', { signature: () => '' }],
    ['by a version alone', { signature: () => 'v1' }],
    ['more than 5 minutes ago', { timestamp: String(NOW_SECONDS - 301) }],
    ['more than 5 minutes from now', { timestamp: String(NOW_SECONDS + 301) }],
    ['at no time', { timestamp: 'now' }],
    ['at an empty time', { timestamp: '' }],
  ])('that is signed %s is refused', (_how, signing) => {
    expect(webhook(paid, signing)).toBeUndefined();
  });

  it.each([NOW_SECONDS - 300, NOW_SECONDS + 300])('that was signed at %d is not too old or too new', (timestamp) => {
    expect(webhook(paid, { timestamp: String(timestamp) })).toEqual(event);
  });

  it('without its headers, or with another body than was signed, is refused', () => {
    expect(portOne.readWebhook({ headers: {}, body: asBody(paid) })).toBeUndefined();
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(NOW_SECONDS) };
    const signature = createHmac('sha256', WEBHOOK_KEY).update(`msg_1.${NOW_SECONDS}.`).update(asBody(paid));
    const signed = { ...headers, 'webhook-signature': `v1,${signature.digest('base64')}` };
    expect(portOne.readWebhook({ headers: signed, body: asBody({ ...paid, type: 'x' }) })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['another store', { ...paid, data: { ...paid.data, storeId: 'store-2' } }],
    ['no type', { data: paid.data }],
    ['no JSON', 'paid'],
  ])('of %s is refused, although it is signed', (_what, body) => {
    expect(webhook(body)).toBeUndefined();
  });
});

it('a webhook of KakaoPay does not exist', () => {
  expect(made.named('KAKAOPAY').readWebhook({ headers: {}, body: asBody('{}') })).toBeUndefined();
});
