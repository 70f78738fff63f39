/** PortOne: what its answers mean. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CANCEL_MEANINGS } from '../../../../core/payments/providers/portone/portone-codes.js';
import type { CancelAsk, PaymentProvider } from '../../../../core/payments/providers/provider.js';
import { type Behaviour, cut, json, type Outside, silent, startOutside, text } from '../../../support/outside.js';
import { askOf, calm, providersAt, URLS } from '../../../support/payment-providers.js';

let outside: Outside;
let portOne: PaymentProvider;
let made: ReturnType<typeof providersAt>;
beforeAll(async () => {
  outside = await startOutside();
  made = providersAt(outside.url, { outbound: { breaker: calm, tries: 1, readMs: 50 } });
  portOne = made.named('PORTONE');
});
beforeEach(() => {
  outside.received.length = 0;
});
afterAll(async () => {
  await made?.close();
  await outside?.close();
});

const payment = (more: object = {}) => ({
  status: 'PAID',
  id: 'order-0001',
  transactionId: 'tx-1',
  storeId: 'store-1',
  channel: { type: 'TEST', id: 'c' },
  method: { type: 'PaymentMethodCard' },
  amount: { total: 15_000, taxFree: 0, discount: 0, paid: 15_000, cancelled: 0, cancelledTaxFree: 0 },
  currency: 'KRW',
  ...more,
});
const amount = (total: number, cancelled: number) => ({ amount: { total, cancelled, paid: total } });
const read = (more: object = {}) => ({
  providerKey: 'order-0001',
  reference: 'order-0001',
  amountMinor: 15_000,
  currency: 'KRW',
  status: 'CHARGED',
  cancelledMinor: 0,
  method: 'PaymentMethodCard',
  failure: null,
  ...more,
});
const refusal = (status: number, type: string) => json(status, { type, message: 'why' });
const approval = { providerKey: null, token: null };
const confirm = () => portOne.confirm(askOf(), approval, 'key');

describe('opening', () => {
  it('gives the page what the script of the provider wants, without a call', async () => {
    expect(await portOne.open(askOf(), URLS)).toEqual({
      outcome: 'done',
      value: {
        providerKey: 'order-0001',
        next: {
          kind: 'widget',
          values: {
            storeId: 'store-1',
            channelKey: 'channel-1',
            paymentId: 'order-0001',
            orderName: '운동화 외 1건',
            totalAmount: 15_000,
            currency: 'KRW',
            redirectUrl: URLS.success,
          },
        },
      },
    });
    expect(outside.received).toEqual([]);
  });

  it('reads what the buyer brings back, whatever else there is', () => {
    expect(portOne.readApproval({ paymentId: 'order-0001', txId: 't', code: 'FAILURE' })).toEqual(approval);
    for (const wrong of [{}, { paymentId: 1 }])
      expect(() => portOne.readApproval(wrong)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});

describe('confirming', () => {
  it('looks our payment up, whatever the buyer brought', async () => {
    outside.answer(json(200, payment()));
    expect(await portOne.confirm(askOf(), { providerKey: 'another', token: null }, 'key')).toEqual({
      outcome: 'done',
      value: read(),
    });
    expect(outside.received).toMatchObject([
      {
        method: 'GET',
        path: '/payments/order-0001?storeId=store-1',
        headers: { authorization: 'PortOne portone-secret' },
      },
    ]);
  });

  it.each(['READY', 'PENDING', 'PAY_PENDING', 'VIRTUAL_ACCOUNT_ISSUED'])(
    'finds that the buyer has not paid: %s',
    async (status) => {
      outside.answer(json(200, payment({ status })));
      expect(await confirm()).toEqual({ outcome: 'done', value: read({ status: 'OPEN' }) });
    },
  );

  it('finds that the payment failed', async () => {
    const failure = { reason: 'r', pgCode: '6000', pgMessage: '한도 초과' };
    outside.answer(
      json(200, payment({ status: 'FAILED', failure })),
      json(200, payment({ status: 'FAILED', failure: {} })),
    );
    expect(await confirm()).toEqual({ outcome: 'declined', failure: { code: '6000', message: '한도 초과' } });
    expect(await confirm()).toEqual({
      outcome: 'declined',
      failure: { code: 'FAILED', message: 'the payment failed' },
    });
  });

  it('finds that it was cancelled', async () => {
    outside.answer(json(200, payment({ status: 'PARTIAL_CANCELLED', ...amount(15_000, 5_000) })));
    expect(await confirm()).toEqual({
      outcome: 'done',
      value: read({ status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 }),
    });
    outside.answer(json(200, payment({ status: 'CANCELLED', ...amount(15_000, 15_000) })));
    expect(await confirm()).toEqual({ outcome: 'done', value: read({ status: 'CANCELLED', cancelledMinor: 15_000 }) });
  });

  it('takes a payment whose window nobody has opened as one that is not approved', async () => {
    outside.answer(refusal(404, 'PAYMENT_NOT_FOUND'));
    const open = { outcome: 'done', value: { status: 'OPEN', reference: 'order-0001', cancelledMinor: 0 } };
    expect(await confirm()).toMatchObject(open);
  });

  it('takes minor units as they are', async () => {
    outside.answer(json(200, payment({ currency: 'USD', ...amount(1_010, 0) })));
    expect(await confirm()).toMatchObject({ outcome: 'done', value: { currency: 'USD', amountMinor: 1_010 } });
  });

  it.each<[string, Behaviour, string]>([
    ['the acquirer fails', refusal(502, 'PG_PROVIDER'), 'PG_PROVIDER'],
    ['it is asked too often', refusal(429, 'TOO_MANY_REQUESTS'), 'TOO_MANY_REQUESTS'],
    ['a type is new', refusal(400, 'SOMETHING_NEW'), 'SOMETHING_NEW'],
    ['nothing is answered', silent, 'TIMED_OUT'],
    ['the connection is cut', cut, 'CONNECTION_LOST'],
    ['the answer is no JSON', text(200, 'OK'), 'ANSWER_INVALID'],
    ['a 404 is of somebody else', text(404, 'nginx'), 'ANSWER_INVALID'],
    ['the payment is one of another store', json(200, payment({ storeId: 'store-2' })), 'STORE_DIFFERS'],
    ['there is no store', json(200, payment({ storeId: undefined })), 'ANSWER_INVALID'],
    ['there is no amount', json(200, payment({ amount: undefined })), 'ANSWER_INVALID'],
    ['the amount is text', json(200, payment({ amount: { total: '15000' } })), 'ANSWER_INVALID'],
    ['the amount is no whole number', json(200, payment(amount(0.5, 0))), 'ANSWER_INVALID'],
    ['more was cancelled than charged', json(200, payment(amount(1, 2))), 'ANSWER_INVALID'],
    ['the status is new', json(200, payment({ status: 'MAYBE' })), 'ANSWER_INVALID'],
    ['there is no id', json(200, payment({ id: '' })), 'ANSWER_INVALID'],
  ])('is unknown when %s', async (_what, behaviour, code) => {
    outside.answer(behaviour);
    expect(await confirm()).toMatchObject({ outcome: 'unknown', failure: { code } });
  });

  it.each<[number, string]>([
    [401, 'UNAUTHORIZED'],
    [403, 'FORBIDDEN'],
  ])('did not happen when our key was refused with %d', async (status, type) => {
    outside.answer(refusal(status, type));
    expect(await confirm()).toMatchObject({ outcome: 'away', failure: { code: type } });
  });

  it('declines a payment of a test channel in production', async () => {
    const production = providersAt(outside.url, { production: true });
    const { confirm: ask } = { confirm: () => production.named('PORTONE').confirm(askOf(), approval, 'key') };
    outside.answer(json(200, payment()), json(200, payment({ channel: { type: 'LIVE' } })));
    expect(await ask()).toMatchObject({ outcome: 'declined', failure: { code: 'TEST_CHANNEL' } });
    expect(await ask()).toMatchObject({ outcome: 'done' });
    await production.close();
  });
});

describe('inquiring', () => {
  it('finds a payment, or none', async () => {
    outside.answer(json(200, payment({ status: 'FAILED' })), refusal(404, 'PAYMENT_NOT_FOUND'));
    expect(await portOne.inquire(askOf())).toEqual({ outcome: 'done', value: read({ status: 'DECLINED' }) });
    expect(await portOne.inquire(askOf())).toEqual({ outcome: 'done', value: null });
  });
});

it('says nothing of a payment of which a cancellation is requested and not carried out', async () => {
  const cancelling = payment({ status: 'PAID', cancellations: [{ status: 'SUCCEEDED' }, { status: 'REQUESTED' }] });
  outside.answer(json(200, cancelling));
  expect(await portOne.inquire(askOf())).toMatchObject({ outcome: 'unknown' });
});

describe('cancelling', () => {
  const ask: CancelAsk = {
    payment: askOf({ providerKey: 'order-0001' }),
    amountMinor: 5_000,
    remainingMinor: 15_000,
    reason: '단순 변심',
    idempotencyKey: 'cancel-of-payment-1',
  };
  const agreed = (status: string) =>
    json(200, { cancellation: { status, id: 'c-1', totalAmount: 5_000, reason: 'r' } });
  const before = json(200, payment());
  const after = json(200, payment({ status: 'PARTIAL_CANCELLED', ...amount(15_000, 5_000) }));
  const cancelled = { outcome: 'done', value: read({ status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 }) };

  it('sends the amount, what is left, and the key, and looks the payment up', async () => {
    outside.answer(agreed('SUCCEEDED'), after);
    expect(await portOne.cancel(ask)).toEqual(cancelled);
    expect(outside.received).toMatchObject([
      {
        method: 'POST',
        path: '/payments/order-0001/cancel',
        headers: { 'idempotency-key': 'cancel-of-payment-1', authorization: 'PortOne portone-secret' },
        body: { storeId: 'store-1', amount: 5_000, currentCancellableAmount: 15_000, reason: '단순 변심' },
      },
      { method: 'GET' },
    ]);
  });

  it('makes a key that the provider takes of one that it would not', async () => {
    outside.answer(agreed('SUCCEEDED'), after);
    await portOne.cancel({ ...ask, idempotencyKey: 'cancel:1' });
    await portOne.cancel({ ...ask, idempotencyKey: 'cancel:2' });
    const keys = outside.received.flatMap(({ headers }) => headers['idempotency-key'] ?? []);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is unknown while it is only requested, and declined when it failed', async () => {
    outside.answer(agreed('REQUESTED'), before);
    expect(await portOne.cancel(ask)).toMatchObject({ outcome: 'unknown' });
    outside.answer(agreed('FAILED'), before);
    expect(await portOne.cancel(ask)).toEqual({
      outcome: 'declined',
      failure: { code: 'CANCELLATION_FAILED', message: 'r' },
    });
  });

  it('is unknown when the payment cannot be looked up afterwards', async () => {
    outside.answer(agreed('SUCCEEDED'), cut);
    expect(await portOne.cancel(ask)).toMatchObject({ outcome: 'unknown', failure: { code: 'CONNECTION_LOST' } });
    outside.answer(agreed('SUCCEEDED'), refusal(401, 'UNAUTHORIZED'));
    expect(await portOne.cancel(ask)).toMatchObject({ outcome: 'unknown' });
    outside.answer(agreed('SUCCEEDED'), refusal(404, 'PAYMENT_NOT_FOUND'));
    expect(await portOne.cancel(ask)).toMatchObject({ outcome: 'unknown' });
  });

  it('is unknown when the answer has another form', async () => {
    outside.answer(json(200, { cancellation: { status: 'DONE' } }));
    expect(await portOne.cancel(ask)).toMatchObject({ outcome: 'unknown', failure: { code: 'ANSWER_INVALID' } });
  });

  const finals = Object.keys(CANCEL_MEANINGS).filter((code) =>
    /declined|done-already/.test(CANCEL_MEANINGS[code] ?? ''),
  );
  it.each(finals)(
    'refused by %s is carried out already when the payment says so, and declined when not',
    async (type) => {
      outside.answer(refusal(409, type), after);
      expect(await portOne.cancel(ask)).toEqual(cancelled);
      outside.answer(refusal(409, type), before);
      expect(await portOne.cancel(ask)).toEqual({ outcome: 'declined', failure: { code: type, message: 'why' } });
    },
  );

  it.each<[number, string, string]>([
    [502, 'PG_PROVIDER', 'unknown'],
    [409, 'IDEMPOTENCY_OUTSTANDING_REQUEST', 'unknown'],
    [400, 'SOMETHING_NEW', 'unknown'],
    [401, 'UNAUTHORIZED', 'away'],
    [403, 'FORBIDDEN', 'away'],
  ])('with HTTP %d %s is %s', async (status, type, outcome) => {
    outside.answer(refusal(status, type));
    expect(await portOne.cancel(ask)).toMatchObject({ outcome, failure: { code: type } });
  });
});
