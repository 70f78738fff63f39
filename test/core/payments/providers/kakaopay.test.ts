/** KakaoPay: what its answers mean. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  APPROVE_MEANINGS,
  CANCEL_MEANINGS,
  READY_MEANINGS,
} from '../../../../core/payments/providers/kakaopay/kakaopay-codes.js';
import type { CancelAsk, PaymentProvider } from '../../../../core/payments/providers/provider.js';
import { type Behaviour, cut, json, type Outside, silent, startOutside, text } from '../../../support/outside.js';
import { askOf, calm, providersAt, URLS } from '../../../support/payment-providers.js';

let outside: Outside;
let kakaoPay: PaymentProvider;
let made: ReturnType<typeof providersAt>;
beforeAll(async () => {
  outside = await startOutside();
  made = providersAt(outside.url, { outbound: { breaker: calm, readMs: 50 } });
  kakaoPay = made.named('KAKAOPAY');
});
beforeEach(() => {
  outside.received.length = 0;
});
afterAll(async () => {
  await made?.close();
  await outside?.close();
});

const ask = askOf({ providerKey: 'T1' });
const approval = { providerKey: null, token: 'pg-token' };
const confirm = () => kakaoPay.confirm(ask, approval, 'key');

const approved = (more: object = {}) => ({
  aid: 'A1',
  tid: 'T1',
  cid: 'TC0ONETIME',
  partner_order_id: 'order-0001',
  partner_user_id: '42',
  payment_method_type: 'MONEY',
  amount: { total: 15_000, tax_free: 0, vat: 1_364, point: 0, discount: 0 },
  created_at: '2026-11-29T10:00:00',
  approved_at: '2026-11-29T10:00:10',
  ...more,
});
const payment = (status: string, cancelled: number | null = 0, more: object = {}) => ({
  ...approved(),
  status,
  canceled_amount: cancelled === null ? null : { total: cancelled },
  cancel_available_amount: { total: 15_000 - (cancelled ?? 0) },
  ...more,
});
const read = (more: object = {}) => ({
  providerKey: 'T1',
  reference: 'order-0001',
  amountMinor: 15_000,
  currency: 'KRW',
  status: 'CHARGED',
  cancelledMinor: 0,
  method: 'MONEY',
  failure: null,
  ...more,
});
const refusal = (status: number, code: number | string, extras?: object) =>
  json(status, { error_code: code, error_message: 'why', ...(extras === undefined ? {} : { extras }) });
const codesOf = (meanings: Readonly<Record<string, string>>, meaning: string): string[] =>
  Object.keys(meanings).filter((code) => meanings[code] === meaning);

describe('opening', () => {
  const ready = {
    tid: 'T1',
    next_redirect_pc_url: 'https://kakao.example/pc',
    next_redirect_mobile_url: 'https://kakao.example/m',
  };

  it('tells the provider, and sends the buyer to its page', async () => {
    outside.answer(json(200, ready));
    expect(await kakaoPay.open(askOf(), URLS)).toEqual({
      outcome: 'done',
      value: {
        providerKey: 'T1',
        next: { kind: 'redirect', url: 'https://kakao.example/pc', mobileUrl: 'https://kakao.example/m' },
      },
    });
    expect(outside.received).toMatchObject([
      {
        method: 'POST',
        path: '/online/v1/payment/ready',
        headers: { authorization: 'SECRET_KEY kakao-secret', 'content-type': 'application/json' },
        body: {
          cid: 'TC0ONETIME',
          partner_order_id: 'order-0001',
          partner_user_id: '42',
          item_name: '운동화 외 1건',
          quantity: 1,
          total_amount: 15_000,
          tax_free_amount: 0,
          approval_url: URLS.success,
          cancel_url: URLS.fail,
          fail_url: URLS.fail,
        },
      },
    ]);
  });

  it.each<[string, object]>([
    ['no id', { tid: undefined }],
    ['an address that is none', { next_redirect_pc_url: 'javascript:alert(1)' }],
    ['no address', { next_redirect_pc_url: undefined }],
  ])('is unknown when the answer has %s', async (_what, more) => {
    outside.answer(json(200, { ...ready, ...more }));
    expect(await kakaoPay.open(askOf(), URLS)).toMatchObject({
      outcome: 'unknown',
      failure: { code: 'ANSWER_INVALID' },
    });
  });

  it.each(codesOf(READY_MEANINGS, 'declined'))('is declined by %s', async (code) => {
    outside.answer(refusal(400, Number(code)));
    expect(await kakaoPay.open(askOf(), URLS)).toEqual({ outcome: 'declined', failure: { code, message: 'why' } });
  });

  it('ends when nobody waits for it any more', async () => {
    outside.answer(silent);
    const open = kakaoPay.open(askOf(), URLS, AbortSignal.abort());
    expect(await open).toMatchObject({ outcome: 'away', failure: { code: 'GIVEN_UP' } });
  });

  it('reads what the buyer brings back, whatever else there is', () => {
    expect(kakaoPay.readApproval({ pg_token: 'pg-token', tid: 'T2' })).toEqual(approval);
    for (const wrong of [{}, { pg_token: '' }])
      expect(() => kakaoPay.readApproval(wrong)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});

describe('confirming', () => {
  it('sends the key of the payment and the token of the buyer', async () => {
    outside.answer(json(200, approved()));
    expect(await confirm()).toEqual({ outcome: 'done', value: read() });
    expect(outside.received).toMatchObject([
      {
        path: '/online/v1/payment/approve',
        body: {
          cid: 'TC0ONETIME',
          tid: 'T1',
          partner_order_id: 'order-0001',
          partner_user_id: '42',
          pg_token: 'pg-token',
          total_amount: 15_000,
        },
      },
    ]);
  });

  it.each(codesOf(APPROVE_MEANINGS, 'declined'))('is declined for good by %s', async (code) => {
    outside.answer(refusal(400, Number(code)));
    expect(await confirm()).toEqual({ outcome: 'declined', failure: { code, message: 'why' } });
    expect(outside.received).toHaveLength(1);
  });

  it('before the buyer has approved finds it open, so that the buyer still can', async () => {
    const notYet = { method_result_code: '9999', method_result_message: '결제 실패. 잠시 후 재시도 바랍니다.' };
    outside.answer(refusal(400, -701, notYet));
    expect(await confirm()).toEqual({ outcome: 'done', value: read({ status: 'OPEN', method: '' }) });
    expect(outside.received).toHaveLength(1);
  });

  it('is declined with the words of the way of paying', async () => {
    outside.answer(refusal(400, -780, { method_result_code: 'LIMIT', method_result_message: '한도 초과' }));
    expect(await confirm()).toEqual({ outcome: 'declined', failure: { code: '-780', message: 'why 한도 초과' } });
  });

  it.each<[string, Behaviour, string]>([
    [
      'another transaction of the buyer is under way',
      refusal(400, -780, { method_result_code: 'USER_LOCKED' }),
      'USER_LOCKED',
    ],
    ['the server fails', refusal(400, -1), '-1'],
    ['it is under maintenance', refusal(503, -9798), '-9798'],
    ['it is asked too often', refusal(429, -780), '-780'],
    ['a decline comes with 5xx', refusal(500, -780), '-780'],
    ['a code is new', refusal(400, -12_345), '-12345'],
    ['nothing is answered', silent, 'TIMED_OUT'],
    ['the connection is cut', cut, 'CONNECTION_LOST'],
    ['the answer is no JSON', text(200, 'OK'), 'ANSWER_INVALID'],
    ['a refusal has no code', json(400, {}), 'ANSWER_INVALID'],
    ['the payment is one of another merchant', json(200, approved({ cid: 'OTHER' })), 'MERCHANT_DIFFERS'],
    ['there is no amount', json(200, approved({ amount: null })), 'ANSWER_INVALID'],
    ['the amount is text', json(200, approved({ amount: { total: '15000' } })), 'ANSWER_INVALID'],
    ['there is no order', json(200, approved({ partner_order_id: undefined })), 'ANSWER_INVALID'],
    ['there is no time of the approval', json(200, approved({ approved_at: undefined })), 'ANSWER_INVALID'],
  ])('is unknown when %s, and is not asked for again', async (_what, behaviour, code) => {
    outside.answer(behaviour);
    expect(await confirm()).toMatchObject({ outcome: 'unknown', failure: { code } });
    expect(outside.received).toHaveLength(1);
  });

  it.each([
    ['our key', 401, -401],
    ['our address', 400, -798],
    ['our domain', 400, -799],
    ['our merchant code', 400, -731],
  ])('did not happen when %s was refused', async (_what, status, code) => {
    outside.answer(refusal(status, code));
    expect(await confirm()).toMatchObject({ outcome: 'away', failure: { code: String(code) } });
  });
});

describe('a confirmation of a payment that was approved already', () => {
  const already = refusal(400, -702);

  it('takes everything from a look-up', async () => {
    outside.answer(already, json(200, payment('SUCCESS_PAYMENT', null, { amount: { total: 14_000 } })));
    expect(await confirm()).toEqual({ outcome: 'done', value: read({ amountMinor: 14_000 }) });
    expect(outside.received[1]).toMatchObject({
      path: '/online/v1/payment/order',
      body: { cid: 'TC0ONETIME', tid: 'T1' },
    });
  });

  it.each(['QUIT_PAYMENT', 'FAIL_PAYMENT', 'FAIL_AUTH_PASSWORD'])('is declined when that says %s', async (status) => {
    outside.answer(already, json(200, payment(status)));
    expect(await confirm()).toMatchObject({ outcome: 'declined' });
  });

  it.each<[string, Behaviour]>([
    ['is not answered', cut],
    ['finds none', refusal(400, -721)],
    ['says that it is open', json(200, payment('SELECT_METHOD'))],
    ['has another form', json(200, {})],
  ])('is unknown when the look-up %s', async (_what, behaviour) => {
    outside.answer(already, behaviour);
    expect(await confirm()).toMatchObject({ outcome: 'unknown' });
  });
});

describe('inquiring', () => {
  it.each(['READY', 'SEND_TMS', 'OPEN_PAYMENT', 'SELECT_METHOD', 'ARS_WAITING', 'AUTH_PASSWORD'])(
    'finds an open one: %s',
    async (status) => {
      outside.answer(json(200, payment(status, null)));
      expect(await kakaoPay.inquire(ask)).toEqual({ outcome: 'done', value: read({ status: 'OPEN' }) });
    },
  );

  it('finds none that the provider does not know, and asks for none that was never opened', async () => {
    outside.answer(refusal(400, -721));
    expect(await kakaoPay.inquire(ask)).toEqual({ outcome: 'done', value: null });
    expect(await kakaoPay.inquire(askOf())).toEqual({ outcome: 'done', value: null });
    expect(outside.received).toHaveLength(1);
  });

  it.each<[string, number]>([
    ['SUCCESS_PAYMENT', 5_000],
    ['PART_CANCEL_PAYMENT', 0],
    ['CANCEL_PAYMENT', 5_000],
    ['PAID', 0],
  ])('is unknown by %s with %d given back', async (status, cancelled) => {
    outside.answer(json(200, payment(status, cancelled)));
    expect(await kakaoPay.inquire(ask)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('cancelling', () => {
  const cancelAsk: CancelAsk = {
    payment: ask,
    amountMinor: 5_000,
    remainingMinor: 15_000,
    reason: 'r',
    idempotencyKey: 'k',
  };
  const before = json(200, payment('SUCCESS_PAYMENT'));
  const after = json(200, payment('PART_CANCEL_PAYMENT', 5_000));
  const cancelled = { outcome: 'done', value: read({ status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 }) };
  const operations = () => outside.received.map(({ path }) => path.split('/').at(-1));

  it('asks first what was given back, then sends the amount and what is left', async () => {
    outside.answer(before, after);
    expect(await kakaoPay.cancel(cancelAsk)).toEqual(cancelled);
    expect(operations()).toEqual(['order', 'cancel']);
    expect(outside.received[1]?.body).toEqual({
      cid: 'TC0ONETIME',
      tid: 'T1',
      cancel_amount: 5_000,
      cancel_tax_free_amount: 0,
      cancel_available_amount: 15_000,
    });
  });

  it('gives nothing back twice', async () => {
    outside.answer(after);
    expect(await kakaoPay.cancel(cancelAsk)).toEqual(cancelled);
    expect(operations()).toEqual(['order']);
  });

  it.each<[string, Behaviour, string]>([
    ['another amount was given back', json(200, payment('PART_CANCEL_PAYMENT', 1_000)), 'unknown'],
    ['the payment is not known', refusal(400, -721), 'unknown'],
    ['the look-up fails', cut, 'unknown'],
    ['our key is refused', refusal(401, -401), 'away'],
  ])('does not ask when %s', async (_what, behaviour, outcome) => {
    outside.answer(behaviour);
    expect(await kakaoPay.cancel(cancelAsk)).toMatchObject({ outcome });
    expect(operations()).toEqual(['order']);
  });

  it.each([...codesOf(CANCEL_MEANINGS, 'declined'), ...codesOf(CANCEL_MEANINGS, 'done-already')])(
    'refused by %s is carried out already when the payment says so, and declined when not',
    async (code) => {
      outside.answer(before, refusal(400, Number(code)), after);
      expect(await kakaoPay.cancel(cancelAsk)).toEqual(cancelled);
      outside.answer(before, refusal(400, Number(code)), before);
      expect(await kakaoPay.cancel(cancelAsk)).toEqual({ outcome: 'declined', failure: { code, message: 'why' } });
    },
  );

  it.each<[string, Behaviour]>([
    ['the connection is cut', cut],
    ['the server fails', refusal(500, -1)],
    ['the way of paying fails', refusal(400, -781)],
    ['a code is new', refusal(400, -12_345)],
    ['the answer shows another merchant', json(200, payment('PART_CANCEL_PAYMENT', 5_000, { cid: 'OTHER' }))],
    [
      'the answer shows another order',
      json(200, payment('PART_CANCEL_PAYMENT', 5_000, { partner_order_id: 'order-2' })),
    ],
    ['the answer shows that nothing was given back', json(200, payment('SUCCESS_PAYMENT'))],
  ])('is unknown when %s, and is not asked for again', async (_what, behaviour) => {
    outside.answer(before, behaviour);
    expect(await kakaoPay.cancel(cancelAsk)).toMatchObject({ outcome: 'unknown' });
    expect(operations()).toEqual(['order', 'cancel']);
  });
});
