/** Paying over HTTP: who may, what is answered, and that it is charged once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { letExpire } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { PayScene } from './pay-scene.js';

let scene: PayScene;
beforeAll(async () => {
  scene = await PayScene.open({ MAGAM_RETURN_ORIGINS: 'https://shop.example' });
});
afterAll(() => scene?.end());

const code = ({ status, body }: { readonly status: number; readonly body: { readonly code?: string } }) => [
  status,
  body.code,
];

describe('a payment', () => {
  it('is opened, approved and confirmed, and shown with its history', async () => {
    const { checkoutId } = await scene.checkOut();
    const opened = await scene.opening(checkoutId);
    expect(opened).toMatchObject({
      status: 201,
      body: { status: 'READY', provider: 'TEST', amountMinor: 20_000, next: { kind: 'redirect' } },
    });
    const { paymentId, reference } = opened.body;
    expect(opened.headers.get('location')).toBe(`/v1/payments/${paymentId}`);
    const key = scene.bank.approve(reference, 20_000);
    const done = await scene.confirm({ ...opened.body, key, token: scene.buyer.token });
    expect(done).toMatchObject({
      status: 200,
      body: { status: 'DONE', chargedMinor: 20_000, method: 'card', failure: null },
    });
    expect(done.body.history.map(({ step }: { step: string }) => step)).toEqual(['OPEN', 'CONFIRM', 'SUCCEED']);
    const checkout = await scene.api.call('GET', `/v1/checkouts/${checkoutId}`, { token: scene.buyer.token });
    expect(checkout.body).toMatchObject({ status: 'PAID', orders: [{ status: 'PAID' }] });
  });

  it('is for the buyer who ordered; staff see it and cannot pay it', async () => {
    const one = await scene.approved();
    const stranger = await makeAccount(scene.database.db, 'buyer');
    const seller = await makeAccount(scene.database.db, 'seller', { sellerId: 'S1' });
    for (const token of [stranger.token, seller.token]) {
      expect(code(await scene.opening(one.checkoutId, token))).toEqual([403, 'FORBIDDEN']);
      expect(code(await scene.confirm({ ...one, token }))).toEqual([403, 'FORBIDDEN']);
      expect(code(await scene.api.call('GET', `/v1/payments/${one.paymentId}`, { token }))).toEqual([403, 'FORBIDDEN']);
      expect(code(await scene.api.call('POST', `/v1/payments/${one.paymentId}/inquiry`, { token }))).toEqual([
        403,
        'FORBIDDEN',
      ]);
    }
    const { token } = scene.operator;
    expect(code(await scene.confirm({ ...one, token }))).toEqual([403, 'FORBIDDEN']);
    expect((await scene.api.call('GET', `/v1/payments/${one.paymentId}`, { token })).status).toBe(200);
    expect(code(await scene.api.call('GET', '/v1/payments/999999', { token }))).toEqual([404, 'PAYMENT_NOT_FOUND']);
  });

  it('stands in the lists of its buyer and of staff, by state and checkout', async () => {
    const buyer = await makeAccount(scene.database.db, 'buyer');
    const [first, second] = [await scene.approved(buyer), await scene.approved(buyer)];
    await scene.confirm(first);
    const ids = async (query: string, token = buyer.token) =>
      (await scene.api.call('GET', `/v1/payments${query}`, { token })).body.items.map(
        ({ paymentId }: { paymentId: number }) => paymentId,
      );
    expect(await ids('')).toEqual([second.paymentId, first.paymentId]);
    expect(await ids('?status=DONE')).toEqual([first.paymentId]);
    expect(await ids(`?checkoutId=${second.checkoutId}`)).toEqual([second.paymentId]);
    expect(await ids(`?buyerId=${buyer.accountId}&status=READY`, scene.operator.token)).toEqual([second.paymentId]);
    const page = await scene.api.call('GET', '/v1/payments?limit=1', { token: buyer.token });
    expect(await ids(`?limit=1&cursor=${page.body.nextCursor}`)).toEqual([first.paymentId]);
    const other = await scene.api.call('GET', `/v1/payments?buyerId=${scene.buyer.accountId}`, { token: buyer.token });
    expect(code(other)).toEqual([403, 'FORBIDDEN']);
  });

  it('is refused where nothing can be paid, or not so', async () => {
    const { checkoutId } = await scene.checkOut();
    expect(code(await scene.opening(checkoutId, scene.buyer.token, { provider: 'NOBODY' }))).toEqual([
      409,
      'PROVIDER_NOT_CONFIGURED',
    ]);
    expect(code(await scene.opening(999_999))).toEqual([404, 'CHECKOUT_NOT_FOUND']);
    for (const body of [
      { provider: 'a b' },
      { successUrl: 'javascript:alert(1)' },
      { failUrl: 'https://shop.example@evil.example/no' },
      { successUrl: 'https://evil.example/ok' },
      { failUrl: 'https://evil.example/no' },
      { failUrl: undefined },
      { amount: 1 },
    ])
      expect(code(await scene.opening(checkoutId, scene.buyer.token, body))).toEqual([400, 'REQUEST_INVALID']);
    await letExpire(scene.database.db, checkoutId);
    expect(code(await scene.opening(checkoutId))).toEqual([409, 'CHECKOUT_EXPIRED']);
    scene.bank.next('open', 'decline', 'fail');
    const more = await scene.checkOut();
    expect(code(await scene.opening(more.checkoutId))).toEqual([402, 'PAYMENT_DECLINED']);
    const away = await scene.opening(more.checkoutId);
    expect([...code(away), away.headers.get('retry-after')]).toEqual([503, 'PROVIDER_UNAVAILABLE', '10']);
    expect((await scene.opening(more.checkoutId)).status).toBe(201);
  });

  it('is not confirmed with an approval that no provider gives', async () => {
    const one = await scene.approved();
    for (const key of ['한글', 'x'.repeat(201), ''])
      expect(code(await scene.confirm({ ...one, key }))).toEqual([400, 'REQUEST_INVALID']);
    expect((await scene.show(one)).status).toBe('READY');
  });

  it('of another currency than the provider takes is refused', async () => {
    const { checkoutId } = await scene.checkOut();
    await scene.database.db.raw("UPDATE checkout SET currency = 'BRL' WHERE checkout_id = ?", [checkoutId]);
    expect(code(await scene.opening(checkoutId))).toEqual([409, 'PROVIDER_CURRENCY_UNSUPPORTED']);
  });

  it('that is declined says why, in the words of the buyer', async () => {
    const one = await scene.approved();
    scene.bank.next('confirm', 'decline');
    const declined = await scene.api.call('POST', `/v1/payments/${one.paymentId}/confirmation`, {
      token: one.token,
      body: { approval: { key: one.key } },
      headers: { 'Idempotency-Key': `declined-${one.paymentId}`, 'Accept-Language': 'ko' },
    });
    expect(declined).toMatchObject({
      status: 402,
      body: { code: 'PAYMENT_DECLINED', details: { code: 'REJECTED', message: '한도 초과' } },
    });
    expect(declined.body.title).toBe('결제가 거절되었습니다. 다른 결제 수단으로 다시 시도해 주세요.');
    const again = await scene.confirm(one, `declined-${one.paymentId}`);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([declined.text, 'true']);
    expect(code(await scene.confirm(one))).toEqual([402, 'PAYMENT_DECLINED']);
    expect(await scene.show(one)).toMatchObject({ status: 'DECLINED', failure: { code: 'REJECTED' } });
  });

  it('whose charge does not fit is not accepted, and says so again', async () => {
    const one = await scene.approved();
    scene.bank.next('confirm', { answer: { amountMinor: 1 } });
    for (const _time of [1, 2]) {
      const refused = await scene.confirm(one);
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'PAYMENT_NOT_ACCEPTED', details: { reason: 'AMOUNT_MISMATCH' } },
      });
    }
    expect(await scene.show(one)).toMatchObject({
      status: 'CANCELLED',
      cancellingMinor: 1,
      cancels: [{ status: 'PENDING', orderId: null }],
    });
  });

  it('whose outcome is unknown is a 202 with its address, also under the same key; staff have it looked up, on record', async () => {
    const one = await scene.approved();
    const key = `unknown-${one.paymentId}`;
    scene.bank.next('confirm', 'cut-after');
    const unknown = await scene.confirm(one, key);
    expect(unknown).toMatchObject({ status: 202, body: { status: 'UNKNOWN' } });
    expect(unknown.headers.get('location')).toBe(`/v1/payments/${one.paymentId}`);
    expect(await scene.confirm(one, key, scene.other)).toMatchObject({ status: 202, text: unknown.text });
    const path = `/v1/payments/${one.paymentId}/inquiry`;
    const found = await scene.api.call('POST', path, {
      token: scene.operator.token,
      headers: { 'Idempotency-Key': key },
    });
    expect(found).toMatchObject({ status: 200, body: { status: 'DONE' } });
    const log = await scene.api.call('GET', `/v1/audit-log?subject=payment:${one.paymentId}`, {
      token: scene.operator.token,
    });
    expect(log.body.items).toMatchObject([
      { action: 'payment.inquire', before: { status: 'UNKNOWN' }, after: { status: 'DONE' } },
    ]);
    expect((await scene.confirm(one)).body.status).toBe('DONE');
    expect(code(await scene.api.call('POST', '/v1/payments/999999/inquiry', { token: scene.operator.token }))).toEqual([
      404,
      'PAYMENT_NOT_FOUND',
    ]);
  });

  it('is charged once by twenty equal confirmations on two servers', async () => {
    const one = await scene.approved();
    const before = scene.bank.count('charge');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => scene.confirm(one, 'twenty', n % 2 === 0 ? scene.api : scene.other)),
    );
    const stands = answers.filter(({ status }) => status === 200);
    expect(stands.length).toBeGreaterThan(0);
    expect(new Set(stands.map(({ text }) => text)).size).toBe(1);
    expect(
      answers.filter(({ status }) => status !== 200).every(({ body }) => body.code === 'IDEMPOTENCY_KEY_IN_FLIGHT'),
    ).toBe(true);
    expect((await scene.confirm(one, 'twenty', scene.other)).text).toBe(stands[0]?.text);
    expect(scene.bank.count('charge')).toBe(before + 1);
  });

  it('does not wait for what a confirmation that has no key is doing: 202 until it is known', async () => {
    const one = await scene.approved();
    const open = scene.bank.hold('confirm');
    const first = scene.confirm(one);
    while (scene.bank.inFlight === 0) await new Promise(setImmediate);
    expect(await scene.confirm(one, undefined, scene.other)).toMatchObject({
      status: 202,
      body: { status: 'IN_PROGRESS' },
    });
    open();
    expect(await first).toMatchObject({ status: 200, body: { status: 'DONE' } });
  });
});

describe('a cancellation of what was paid', () => {
  it('is visible to the buyer until the money is back', async () => {
    const one = await scene.approved();
    await scene.confirm(one);
    await scene.database.db.raw('DELETE FROM payment_cancel'); // those of the tests above
    scene.bank.next('cancel', 'fail');
    const { token } = one;
    const cancelled = await scene.api.call('POST', `/v1/orders/${one.orderId}/cancellations`, { token, body: {} });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'CANCELLING', returningMinor: one.amountMinor } });
    await scene.shop.duties();
    const seen = async () => ({
      order: (await scene.api.call('GET', `/v1/orders/${one.orderId}`, { token })).body,
      refunds: (await scene.api.call('GET', `/v1/orders/${one.orderId}/refunds`, { token })).body.items,
      payment: await scene.show(one),
      listed: (await scene.api.call('GET', '/v1/orders?limit=1', { token })).body.items[0],
    });
    const pending = { returningMinor: one.amountMinor };
    expect(await seen()).toMatchObject({
      order: { status: 'CANCELLING', ...pending },
      refunds: [{ moneyPending: true }],
      payment: {
        status: 'DONE',
        cancellingMinor: one.amountMinor,
        cancels: [{ status: 'PENDING', attempts: 1, failure: { code: 'FAILED' } }],
      },
      listed: pending,
    });
    await scene.shop.letTimePass();
    await scene.shop.duties();
    expect(await seen()).toMatchObject({
      order: { status: 'CANCELLED', returningMinor: 0 },
      refunds: [{ moneyPending: false }],
      payment: { status: 'CANCELLED', cancelledMinor: one.amountMinor, cancels: [{ status: 'DONE', failure: null }] },
    });
    expect((await scene.confirm(one)).body.status).toBe('CANCELLED'); // it was paid
  });
});
