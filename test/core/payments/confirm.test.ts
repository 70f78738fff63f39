/** Confirmations: charged once, whatever happens between the mark and the answer. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { Bank } from '../../support/bank.js';
import { cancel, config, letExpire, pay, statusOf, stockOf } from '../orders/order-scene.js';
import { readHolds } from './payment-holds.js';
import { type PaymentScene, type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
let bank: Bank;
let shop: PaymentScene;
beforeAll(async () => {
  its = await paymentShop();
  ({ bank, shop } = its);
});
afterAll(() => its?.end());

describe('a confirmation', () => {
  it('pays the checkout, and again a week later answers the same without asking anybody', async () => {
    const one = await shop.approved();
    const paid = await shop.confirm(one);
    expect(paid).toMatchObject({ status: 'DONE', chargedMinor: one.amountMinor, method: 'card', live: true });
    expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PAID');
    expect(await stockOf(shop.db, one.unitId)).toEqual([8, 0, 2]);
    expect(await shop.history(paid.paymentId)).toEqual(['OPEN buyer', 'CONFIRM buyer', 'SUCCEED provider']);
    const asked = bank.asked.length;
    expect(await shop.confirm(one)).toEqual(paid);
    expect(bank.asked).toHaveLength(asked);
  });

  it('is charged once by twenty at the same moment', async () => {
    const one = await shop.approved();
    const before = bank.count('charge');
    const askedBefore = bank.chargeKeys.length;
    const all = await Promise.all(Array.from({ length: 20 }, () => shop.confirm(one)));
    expect(all.filter(({ status }) => status === 'DONE').length).toBeGreaterThan(0);
    expect(all.every(({ status }) => ['DONE', 'IN_PROGRESS'].includes(status))).toBe(true);
    expect(bank.count('charge')).toBe(before + 1);
    expect(bank.chargeKeys.length).toBe(askedBefore + 1);
    expect((await shop.confirm(one)).status).toBe('DONE');
  });

  it('that is declined gives the checkout its own time to pay back, and another payment is approved', async () => {
    const one = await shop.approved();
    const before = await readHolds(shop.db, one.checkoutId);
    bank.next('confirm', 'decline');
    const declined = await shop.confirm(one);
    expect(declined).toMatchObject({ status: 'DECLINED', failureCode: 'REJECTED', live: false });
    expect(await readHolds(shop.db, one.checkoutId)).toEqual(before);
    expect((await shop.confirm(one)).status).toBe('DECLINED');
    const second = await shop.open(one.checkoutId);
    const key = bank.approve(second.reference, second.amountMinor);
    expect((await shop.confirm({ payment: second, key })).status).toBe('DONE');
    expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PAID');
  });

  it('holds the units while it is being made, and neither expiry nor cancellation nor another payment touches the checkout', async () => {
    const one = await shop.approved();
    const other = await shop.open(one.checkoutId);
    const open = bank.hold('confirm');
    const paying = shop.confirm(one);
    while (bank.inFlight === 0) await new Promise(setImmediate);
    const held = await shop.checkoutOf(one.checkoutId);
    expect(held).toMatchObject({ status: 'PENDING_PAYMENT', paying: 1 });
    expect(held?.secondsLeft).toBeGreaterThan(config.checkoutMinutes * 60);
    expect(await cancel(shop.db, one.orderIds[0] ?? 0)).toMatchObject({ refused: 'PAYMENT_IN_PROGRESS' });
    expect(await pay(shop.db, one.checkoutId)).toMatchObject({ refused: 'PAYMENT_IN_PROGRESS' });
    const key = bank.approve(other.reference, other.amountMinor);
    await expect(shop.confirm({ payment: other, key })).rejects.toMatchObject({ code: 'PAYMENT_IN_PROGRESS' });
    await expect(shop.open(one.checkoutId)).rejects.toMatchObject({ code: 'PAYMENT_IN_PROGRESS' });
    await expireCheckouts(shop.db, { rowsMax: 100 });
    open();
    expect((await paying).status).toBe('DONE');
    expect(await shop.checkoutOf(one.checkoutId)).toMatchObject({ status: 'PAID', paying: 0 });
  });

  it('of an amount that a cancellation has lowered meanwhile is refused before anything is charged', async () => {
    const one = await shop.approved(3);
    await cancel(shop.db, one.orderIds[0] ?? 0, { parts: [{ lineNumber: 1, quantity: 1 }] });
    await expect(shop.confirm(one)).rejects.toMatchObject({ code: 'PAYMENT_AMOUNT_CHANGED' });
    expect(await shop.statusOf(one.payment.paymentId)).toBe('READY');
  });

  it('after the time to pay is refused', async () => {
    const one = await shop.approved();
    await letExpire(shop.db, one.checkoutId);
    await expect(shop.confirm(one)).rejects.toMatchObject({ code: 'CHECKOUT_EXPIRED' });
  });

  it('of a payment of nothing is not needed: it is paid at once', async () => {
    const toPay = await shop.checkOut();
    await shop.db.raw('UPDATE checkout SET due_minor = 0, amount_minor = 0 WHERE checkout_id = ?', [toPay.checkoutId]);
    const payment = await shop.open(toPay.checkoutId, '');
    expect(payment).toMatchObject({ status: 'DONE', provider: 'NONE', amountMinor: 0 });
    expect(await shop.history(payment.paymentId)).toEqual(['SUCCEED system']);
    expect(await statusOf(shop.db, toPay.orderIds[0] ?? 0)).toBe('PAID');
  });

  it('that certainly reached nobody leaves everything as it was', async () => {
    const gone = await new Bank().start();
    const away = { config, providers: gone.providers() };
    await gone.stop();
    const one = await shop.approved();
    const before = await readHolds(shop.db, one.checkoutId);
    expect(await shop.confirm(one, away)).toMatchObject({ status: 'READY', live: false });
    expect(await readHolds(shop.db, one.checkoutId)).toEqual(before);
    expect((await shop.confirm(one)).status).toBe('DONE');
    expect(await shop.history(one.payment.paymentId)).toContain('WITHDRAW system');
  });
});

describe('a charge that does not fit', () => {
  it.each([
    ['AMOUNT_MISMATCH', { amountMinor: 19_999 }],
    ['AMOUNT_MISMATCH', { amountMinor: 19_999, status: 'PARTLY_CANCELLED' as const, cancelledMinor: 5_000 }],
    ['CURRENCY_MISMATCH', { currency: 'USD' }],
    ['KEY_MISMATCH', { providerKey: 'another' }],
  ])('is not accepted, goes back and is on record: %s', async (reason, answer) => {
    const one = await shop.approved();
    bank.next('confirm', { answer });
    const refused = await shop.confirm(one);
    expect(refused).toMatchObject({ status: 'CANCELLED', failureCode: reason, live: false });
    expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PENDING_PAYMENT');
    expect(await shop.checkoutOf(one.checkoutId)).toMatchObject({ paying: 0 });
    expect(await shop.cancels(refused.paymentId)).toMatchObject([
      { status: 'PENDING', amountMinor: (refused.chargedMinor ?? 0) - refused.cancelledMinor },
    ]);
    expect(await shop.history(refused.paymentId)).toContain('REFUSE system');
    expect((await shop.confirm(one)).status).toBe('CANCELLED');
    await shop.db.raw('DELETE FROM payment_cancel WHERE payment_id = ?', [refused.paymentId]); // the bank has another book
  });

  it('that is of another payment is neither accepted nor given back', async () => {
    const theirs = await shop.approved();
    const ours = await shop.approved();
    const charged = bank.count('charge');
    const refused = await shop.confirm({ payment: ours.payment, key: theirs.key });
    expect(refused).toMatchObject({ status: 'DECLINED', failureCode: 'REFERENCE_MISMATCH', chargedMinor: null });
    expect(await shop.cancels(refused.paymentId)).toEqual([]);
    expect(await statusOf(shop.db, ours.orderIds[0] ?? 0)).toBe('PENDING_PAYMENT');
    // The charge is that of its own payment, which is paid by it.
    expect((await shop.confirm(theirs)).status).toBe('DONE');
    expect(bank.count('charge')).toBe(charged + 1);
  });
});
