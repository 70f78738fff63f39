/** Toss Payments: what its answers mean. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CancelAsk, PaymentProvider } from '../../../../core/payments/providers/provider.js';
import { CANCEL_MEANINGS, CONFIRM_MEANINGS } from '../../../../core/payments/providers/toss/toss-codes.js';
import { type Behaviour, cut, json, type Outside, silent, startOutside, text } from '../../../support/outside.js';
import { askOf, calm, providersAt, URLS } from '../../../support/payment-providers.js';

let outside: Outside;
let toss: PaymentProvider;
let made: ReturnType<typeof providersAt>;
beforeAll(async () => {
  outside = await startOutside();
  made = providersAt(outside.url, { outbound: { breaker: calm, tries: 1, readMs: 50 } });
  toss = made.named('TOSS');
});
beforeEach(() => {
  outside.received.length = 0;
});
afterAll(async () => {
  await made?.close();
  await outside?.close();
});

const payment = (more: object = {}) => ({
  mId: 'tosspayments',
  version: '2022-11-16',
  paymentKey: 'key-1',
  orderId: 'order-0001',
  status: 'DONE',
  currency: 'KRW',
  totalAmount: 15_000,
  balanceAmount: 15_000,
  method: '카드',
  failure: null,
  ...more,
});
const read = (more: object = {}) => ({
  providerKey: 'key-1',
  reference: 'order-0001',
  amountMinor: 15_000,
  currency: 'KRW',
  status: 'CHARGED',
  cancelledMinor: 0,
  method: '카드',
  failure: null,
  ...more,
});
const refusal = (status: number, code: string) => json(status, { code, message: 'why' });

const approval = { providerKey: 'key-1', token: null };
const confirm = (ask = askOf()) => toss.confirm(ask, approval, 'idempotency-1');
const cancelAsk = (more: Partial<CancelAsk> = {}): CancelAsk => ({
  payment: askOf({ providerKey: 'key-1' }),
  amountMinor: 5_000,
  remainingMinor: 15_000,
  reason: '단순 변심',
  idempotencyKey: 'cancel-1',
  ...more,
});

const BASIC = `Basic ${Buffer.from('test_sk_1:').toString('base64')}`;

describe('opening', () => {
  it('gives the page what the script of the provider wants, without a call', async () => {
    expect(await toss.open(askOf(), URLS)).toEqual({
      outcome: 'done',
      value: {
        providerKey: null,
        next: {
          kind: 'widget',
          values: {
            clientKey: 'test_ck_1',
            orderId: 'order-0001',
            orderName: '운동화 외 1건',
            amount: 15_000,
            currency: 'KRW',
            successUrl: URLS.success,
            failUrl: URLS.fail,
          },
        },
      },
    });
    expect(outside.received).toEqual([]);
  });

  it('reads what the buyer brings back, whatever else there is', () => {
    expect(toss.readApproval({ paymentKey: 'key-1', orderId: 'o', amount: '1', utm: 'x' })).toEqual(approval);
    for (const wrong of [{}, { paymentKey: '' }, null, 'key-1'])
      expect(() => toss.readApproval(wrong)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});

describe('confirming', () => {
  it('sends our order and our amount with the key', async () => {
    outside.answer(json(200, payment()));
    expect(await confirm()).toEqual({ outcome: 'done', value: read() });
    expect(outside.received).toMatchObject([
      {
        method: 'POST',
        path: '/v1/payments/confirm',
        headers: { authorization: BASIC, 'idempotency-key': 'idempotency-1', 'content-type': 'application/json' },
        body: { paymentKey: 'key-1', orderId: 'order-0001', amount: 15_000 },
      },
    ]);
  });

  it('counts dollars where the provider does, and cents where we do', async () => {
    outside.answer(json(200, payment({ currency: 'USD', totalAmount: 10.1, balanceAmount: 10.1 })));
    expect(await confirm(askOf({ currency: 'USD', amountMinor: 1_010 }))).toEqual({
      outcome: 'done',
      value: read({ currency: 'USD', amountMinor: 1_010 }),
    });
    expect(outside.received[0]?.body).toMatchObject({ amount: 10.1 });
  });

  const declines = Object.keys(CONFIRM_MEANINGS).filter((code) => CONFIRM_MEANINGS[code] === 'declined');
  it.each(declines)('is declined for good by %s', async (code) => {
    outside.answer(refusal(403, code));
    expect(await confirm()).toEqual({ outcome: 'declined', failure: { code, message: 'why' } });
    expect(outside.received).toHaveLength(1);
  });

  it.each<[string, number]>([
    ['PROVIDER_ERROR', 400],
    ['CARD_PROCESSING_ERROR', 400],
    ['UNKNOWN_PAYMENT_ERROR', 500],
    ['FAILED_INTERNAL_SYSTEM_PROCESSING', 500],
    ['FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING', 500],
    ['IDEMPOTENT_REQUEST_PROCESSING', 409],
    ['FORBIDDEN_CONSECUTIVE_REQUEST', 403],
    ['A_CODE_OF_NEXT_YEAR', 400],
    ['constructor', 400],
    ['REJECT_CARD_PAYMENT', 500],
    ['REJECT_CARD_PAYMENT', 503],
    ['REJECT_CARD_PAYMENT', 429],
    ['REJECT_CARD_PAYMENT', 408],
    ['REJECT_CARD_PAYMENT', 302],
  ])('is unknown by %s with HTTP %d', async (code, status) => {
    outside.answer(refusal(status, code));
    expect(await confirm()).toEqual({ outcome: 'unknown', failure: { code, message: 'why' } });
    expect(outside.received).toHaveLength(1);
  });

  it.each<[string, number]>([
    ['UNAUTHORIZED_KEY', 401],
    ['INVALID_API_KEY', 400],
    ['INCORRECT_BASIC_AUTH_FORMAT', 403],
    ['ANOTHER_CODE', 401],
  ])('did not happen when our key was refused by %s', async (code, status) => {
    outside.answer(refusal(status, code));
    expect(await confirm()).toEqual({ outcome: 'away', failure: { code, message: 'why' } });
  });

  it('may have happened when our key was refused after a try that nobody knows of', async () => {
    const patient = providersAt(outside.url, { outbound: { breaker: calm, tries: 3 } });
    outside.answer(cut, refusal(401, 'UNAUTHORIZED_KEY'));
    expect(await patient.named('TOSS').confirm(askOf(), approval, 'idempotency-1')).toMatchObject({
      outcome: 'unknown',
    });
    await patient.close();
  });

  it.each<[string, Behaviour, string]>([
    ['no answer', silent, 'TIMED_OUT'],
    ['a cut connection', cut, 'CONNECTION_LOST'],
    ['an answer that is too large', text(200, 'x'.repeat(1_100_000)), 'ANSWER_TOO_LARGE'],
    ['an answer that is no JSON', text(200, '<html>'), 'ANSWER_INVALID'],
    ['an empty answer', text(200, ''), 'ANSWER_INVALID'],
    ['a refusal that is no JSON', text(400, 'Bad Request'), 'ANSWER_INVALID'],
    ['a refusal without a code', json(400, { message: 'no' }), 'ANSWER_INVALID'],
  ])('is unknown after %s', async (_what, behaviour, code) => {
    outside.answer(behaviour);
    expect(await confirm()).toMatchObject({ outcome: 'unknown', failure: { code } });
    expect(outside.received).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['no key', { paymentKey: undefined }],
    ['no order', { orderId: null }],
    ['no amount', { totalAmount: undefined }],
    ['an amount as text', { totalAmount: '15000' }],
    ['a negative amount', { totalAmount: -1 }],
    ['half a won', { totalAmount: 15_000.5 }],
    ['more left than was charged', { balanceAmount: 15_001 }],
    ['no currency', { currency: undefined }],
    ['a currency that there is not', { currency: 'WON' }],
    ['a status that is new', { status: 'MAYBE' }],
  ])('is unknown when the answer has %s', async (_what, more) => {
    outside.answer(json(200, payment(more)));
    expect(await confirm()).toMatchObject({ outcome: 'unknown', failure: { code: 'ANSWER_INVALID' } });
  });

  it.each(['READY', 'IN_PROGRESS', 'WAITING_FOR_DEPOSIT'])(
    'is unknown when it leaves the payment %s',
    async (status) => {
      outside.answer(json(200, payment({ status })));
      expect(await confirm()).toMatchObject({ outcome: 'unknown', failure: { code: 'STILL_OPEN' } });
    },
  );

  it('tells an amount that is not ours as it is', async () => {
    outside.answer(json(200, payment({ totalAmount: 14_000, balanceAmount: 14_000 })));
    expect(await confirm()).toMatchObject({ outcome: 'done', value: { amountMinor: 14_000 } });
  });
});

describe('a confirmation of a payment that was processed already', () => {
  const already = refusal(400, 'ALREADY_PROCESSED_PAYMENT');

  it('says whose payment it was, where ours is open and the key is that of another', async () => {
    const open = json(200, payment({ status: 'IN_PROGRESS' }));
    outside.answer(already, open, json(200, payment({ orderId: 'order-of-others' })));
    expect(await confirm()).toMatchObject({ outcome: 'done', value: { reference: 'order-of-others' } });
    expect(outside.received[2]).toMatchObject({ method: 'GET', path: '/v1/payments/key-1' });
  });

  it('takes everything from a look-up by our order', async () => {
    outside.answer(
      already,
      json(200, payment({ paymentKey: 'key-of-the-charge', totalAmount: 14_000, balanceAmount: 14_000 })),
    );
    expect(await confirm()).toEqual({
      outcome: 'done',
      value: read({ providerKey: 'key-of-the-charge', amountMinor: 14_000 }),
    });
    expect(outside.received[1]).toMatchObject({
      method: 'GET',
      path: '/v1/payments/orders/order-0001',
      headers: { authorization: BASIC },
    });
  });

  it.each<[string, object, object]>([
    [
      'cancelled',
      { status: 'CANCELED', balanceAmount: 0 },
      { outcome: 'done', value: read({ status: 'CANCELLED', cancelledMinor: 15_000 }) },
    ],
    [
      'partly cancelled',
      { status: 'PARTIAL_CANCELED', balanceAmount: 10_000 },
      { outcome: 'done', value: read({ status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 }) },
    ],
    [
      'aborted',
      { status: 'ABORTED', failure: { code: 'REJECT_CARD_COMPANY', message: 'no' } },
      { outcome: 'declined', failure: { code: 'REJECT_CARD_COMPANY', message: 'no' } },
    ],
    [
      'expired',
      { status: 'EXPIRED' },
      { outcome: 'declined', failure: { code: 'EXPIRED', message: 'the payment is expired' } },
    ],
  ])('finds one that is %s', async (_what, more, outcome) => {
    outside.answer(already, json(200, payment(more)));
    expect(await confirm()).toEqual(outcome);
  });

  it.each<[string, Behaviour]>([
    ['is not found', refusal(404, 'NOT_FOUND_PAYMENT')],
    ['is not answered', cut],
    ['fails', refusal(500, 'COMMON_ERROR')],
    ['says that it is open', json(200, payment({ status: 'IN_PROGRESS' }))],
    ['has another form', json(200, { orderId: 'order-0001' })],
  ])('is unknown when the look-up %s', async (_what, behaviour) => {
    outside.answer(already, behaviour);
    expect(await confirm()).toMatchObject({ outcome: 'unknown' });
  });
});

describe('inquiring', () => {
  it('finds a payment, or none', async () => {
    outside.answer(json(200, payment({ status: 'IN_PROGRESS' })), refusal(404, 'NOT_FOUND_PAYMENT'));
    expect(await toss.inquire(askOf())).toEqual({ outcome: 'done', value: read({ status: 'OPEN' }) });
    expect(await toss.inquire(askOf())).toEqual({ outcome: 'done', value: null });
  });

  it('says nothing of a payment of which a cancellation is being carried out', async () => {
    const cancels = (...states: string[]) => ({ cancels: states.map((cancelStatus) => ({ cancelStatus })) });
    outside.answer(json(200, payment(cancels('DONE', 'IN_PROGRESS'))), json(200, payment(cancels('DONE', 'ABORTED'))));
    expect(await toss.inquire(askOf())).toMatchObject({ outcome: 'unknown' });
    expect(await toss.inquire(askOf())).toMatchObject({ outcome: 'done' });
  });

  it.each<[string, Behaviour, string]>([
    ['a failure', refusal(500, 'COMMON_ERROR'), 'unknown'],
    ['a 404 without a code', text(404, 'nginx'), 'unknown'],
    ['a refused key', refusal(401, 'UNAUTHORIZED_KEY'), 'away'],
  ])('does not take %s for no payment', async (_what, behaviour, outcome) => {
    outside.answer(behaviour);
    expect(await toss.inquire(askOf())).toMatchObject({ outcome });
  });
});

describe('cancelling', () => {
  const after = payment({ status: 'PARTIAL_CANCELED', balanceAmount: 10_000 });
  const cancelled = { outcome: 'done', value: read({ status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 }) };

  it('sends the amount, what is left, and the key', async () => {
    outside.answer(json(200, after));
    expect(await toss.cancel(cancelAsk())).toEqual(cancelled);
    expect(outside.received).toMatchObject([
      {
        method: 'POST',
        path: '/v1/payments/key-1/cancel',
        headers: { 'idempotency-key': 'cancel-1' },
        body: { cancelReason: '단순 변심', cancelAmount: 5_000, refundableAmount: 15_000 },
      },
    ]);
  });

  it('finds the key of the payment by our order where it is not known', async () => {
    outside.answer(json(200, payment()), json(200, after));
    expect(await toss.cancel(cancelAsk({ payment: askOf() }))).toEqual(cancelled);
    expect(outside.received.map(({ path }) => path)).toEqual([
      '/v1/payments/orders/order-0001',
      '/v1/payments/key-1/cancel',
    ]);
  });

  const finals = Object.keys(CANCEL_MEANINGS).filter((code) =>
    /declined|done-already/.test(CANCEL_MEANINGS[code] ?? ''),
  );
  it.each(finals)(
    'refused by %s is carried out already when the payment says so, and declined when not',
    async (code) => {
      outside.answer(refusal(403, code), json(200, after));
      expect(await toss.cancel(cancelAsk())).toEqual(cancelled);
      outside.answer(refusal(403, code), json(200, payment()));
      expect(await toss.cancel(cancelAsk())).toEqual({ outcome: 'declined', failure: { code, message: 'why' } });
    },
  );

  it('is unknown when the payment says that another amount was given back', async () => {
    const other = json(200, payment({ status: 'PARTIAL_CANCELED', balanceAmount: 9_999 }));
    outside.answer(other);
    expect(await toss.cancel(cancelAsk())).toMatchObject({
      outcome: 'unknown',
      failure: { code: 'CANCELLED_AMOUNT_DIFFERS' },
    });
    outside.answer(refusal(403, 'NOT_CANCELABLE_AMOUNT'), other);
    expect(await toss.cancel(cancelAsk())).toMatchObject({ outcome: 'unknown' });
  });

  it.each<[string, object]>([
    ['of another order', { orderId: 'order-0002' }],
    ['in another currency', { currency: 'JPY' }],
    ['that was not touched', { status: 'DONE', balanceAmount: 15_000 }],
  ])('is unknown when the answer shows a payment %s', async (_what, more) => {
    outside.answer(json(200, { ...after, ...more }));
    expect(await toss.cancel(cancelAsk())).toMatchObject({ outcome: 'unknown' });
  });

  it.each([
    'PROVIDER_ERROR',
    'FAILED_REFUND_PROCESS',
    'NOT_AVAILABLE_BANK',
    'IDEMPOTENT_REQUEST_PROCESSING',
    'NEW_CODE',
  ])('is unknown by %s', async (code) => {
    outside.answer(refusal(403, code));
    expect(await toss.cancel(cancelAsk())).toMatchObject({ outcome: 'unknown', failure: { code } });
  });

  it('did not happen when our key was refused', async () => {
    outside.answer(refusal(401, 'UNAUTHORIZED_KEY'));
    expect(await toss.cancel(cancelAsk())).toMatchObject({ outcome: 'away' });
  });
});
