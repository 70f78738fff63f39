/** Money that a provider gave back without a request from here, for example by hand on its page: it is recorded and reported, once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import type { Bank } from '../../support/bank.js';
import { cancel } from '../orders/order-scene.js';
import { byPayment, type PaymentScene, type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
let bank: Bank;
let shop: PaymentScene;
beforeAll(async () => {
  its = await paymentShop();
});
beforeEach(async () => {
  await its.renew();
  ({ bank, shop } = its);
  await shop.db.raw('DELETE FROM outbox_event');
});
afterAll(() => its?.end());

/** What the events of this type say. */
const told = async (type: string): Promise<unknown[]> =>
  (
    await select<{ payload: string }>(shop.db, 'SELECT payload FROM outbox_event WHERE type = ? ORDER BY event_id', [
      type,
    ])
  ).map(({ payload }) => JSON.parse(payload));

/** What a webhook that tells of money given back leads to. */
async function hear(payment: { readonly paymentId: number }): Promise<void> {
  const one = await shop.read(payment.paymentId);
  expect(await shop.webhook(one, undefined, true)).toBe(payment.paymentId);
  expect(await told('payment.inquiry-wanted')).toContainEqual({ paymentId: payment.paymentId });
  await shop.inquire(payment.paymentId);
}

describe('money that was given back by hand at the provider', () => {
  it('is written down and told when its webhook comes, and again when more is', async () => {
    const { payment, key } = await shop.paid();
    const { paymentId } = payment;
    bank.giveBackByHand(key, 5_000);
    await hear(payment);
    const seen = { status: 'DONE', cancelledMinor: 0, cancellingMinor: 0, elsewhereMinor: 5_000 };
    expect(await shop.read(paymentId)).toMatchObject(seen);
    await hear(payment);
    expect(await told('payment.cancelled-elsewhere')).toEqual([{ paymentId, currency: 'KRW', amountMinor: 5_000 }]);
    expect((await shop.history(paymentId)).slice(-1)).toEqual(['NOTICE provider']);
    bank.giveBackByHand(key, 2_000);
    await hear(payment);
    expect(await told('payment.cancelled-elsewhere')).toMatchObject([{ amountMinor: 5_000 }, { amountMinor: 7_000 }]);
    expect((await shop.read(paymentId)).elsewhereMinor).toBe(7_000);
  });

  it('is seen when staff ask, and nothing changes while the provider gives no answer', async () => {
    const { payment, key } = await shop.paid();
    bank.giveBackByHand(key, 5_000);
    bank.next('inquire', 'fail');
    expect(await shop.inquire(payment.paymentId)).toMatchObject({ status: 'DONE', elsewhereMinor: 0 });
    expect(await shop.inquire(payment.paymentId)).toMatchObject({ status: 'DONE', elsewhereMinor: 5_000 });
  });

  it('is not money that was requested here and whose answer was lost', async () => {
    const { payment, orderIds } = await shop.paid();
    decided(await cancel(shop.db, orderIds[0] ?? 0, byPayment));
    bank.next('cancel', 'cut-after');
    await shop.duties();
    expect(await shop.cancels(payment.paymentId)).toMatchObject([{ status: 'PENDING' }]);
    await hear(payment);
    expect((await shop.read(payment.paymentId)).elsewhereMinor).toBe(0);
    expect(await told('payment.cancelled-elsewhere')).toEqual([]);
  });

  it('is not there any more when the order is cancelled for it afterwards', async () => {
    const { payment, orderIds, key, amountMinor } = await shop.paid();
    const { paymentId } = payment;
    bank.giveBackByHand(key, amountMinor);
    await hear(payment);
    await shop.db.raw('DELETE FROM outbox_event');
    decided(await cancel(shop.db, orderIds[0] ?? 0, byPayment));
    await shop.duties();
    expect(await shop.read(paymentId)).toMatchObject({ status: 'CANCELLED', cancelledMinor: amountMinor });
    expect(await told('payment.inquiry-wanted')).toEqual([{ paymentId }]);
    expect(await shop.inquire(paymentId)).toMatchObject({ elsewhereMinor: 0 });
    expect(await told('payment.cancelled-elsewhere')).toEqual([]);
    expect(bank.kept()).toBe(0);
  });

  it('is none of another payment, about which the answer is', async () => {
    const { payment } = await shop.paid();
    bank.next('inquire', { answer: { reference: 'another', cancelledMinor: 5_000 } });
    expect((await shop.inquire(payment.paymentId)).elsewhereMinor).toBe(0);
  });
});
