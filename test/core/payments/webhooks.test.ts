/** Webhooks: each counts once, in any order, and is never believed. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { purgeWebhooks } from '../../../core/payments/stores/payment-webhook.js';
import type { Bank } from '../../support/bank.js';
import { letExpire, rowsOf, statusOf } from '../orders/order-scene.js';
import { type PaymentScene, type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
let bank: Bank;
let shop: PaymentScene;
beforeAll(async () => {
  its = await paymentShop();
  ({ bank, shop } = its);
});
afterAll(() => its?.end());

it('has a payment looked up that the provider charged by itself', async () => {
  const one = await shop.approved();
  bank.charge(one.key);
  expect(await shop.webhook(one.payment)).toBe(one.payment.paymentId);
  expect(await shop.statusOf(one.payment.paymentId)).toBe('READY');
  await shop.duties();
  expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
  expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PAID');
  expect(await shop.history(one.payment.paymentId)).toEqual(['OPEN buyer', 'SUCCEED provider']);
});

it('counts once, however often it comes', async () => {
  const one = await shop.approved();
  expect(await shop.webhook(one.payment, 'again')).toBe(one.payment.paymentId);
  await shop.duties();
  expect(await shop.webhook(one.payment, 'again')).toBeUndefined();
  expect(await shop.duties()).toBe(0);
});

it('with false content changes nothing', async () => {
  const one = await shop.approved();
  await shop.webhook(one.payment);
  await shop.duties();
  expect(await shop.statusOf(one.payment.paymentId)).toBe('READY');
  expect((await shop.confirm(one)).status).toBe('DONE');
});

it('that comes while the payment is looked up has it looked up again', async () => {
  const one = await shop.approved();
  const open = bank.hold('inquire');
  bank.next('inquire', { answer: { status: 'OPEN' } }); // what was so when it was asked
  const looking = shop.inquire(one.payment.paymentId);
  while (bank.inFlight === 0) await new Promise(setImmediate);
  bank.charge(one.key);
  await shop.webhook(one.payment);
  open();
  expect((await looking).status).toBe('READY');
  await shop.duties();
  expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
});

it('of an earlier moment that comes after the end changes nothing', async () => {
  const one = await shop.approved();
  expect((await shop.confirm(one)).status).toBe('DONE');
  expect(await shop.webhook(one.payment)).toBeUndefined();
  expect(await shop.duties()).toBe(0);
});

it('of a charge after the checkout has expired has it given back', async () => {
  const one = await shop.approved();
  await letExpire(shop.db, one.checkoutId);
  await shop.letTimePass();
  await shop.duties();
  expect(await shop.statusOf(one.payment.paymentId)).toBe('EXPIRED');
  const kept = bank.kept();
  bank.charge(one.key);
  await shop.webhook(one.payment);
  await shop.duties();
  await shop.duties();
  expect(await shop.read(one.payment.paymentId)).toMatchObject({
    status: 'CANCELLED',
    cancelledMinor: one.amountMinor,
  });
  expect(bank.kept()).toBe(kept);
});

it('about a payment of nobody is taken and does nothing, and nothing is kept of it', async () => {
  const one = await shop.approved();
  const before = await rowsOf(shop.db, 'payment_webhook');
  expect(await shop.webhook({ ...one.payment, reference: 'nobody' })).toBeUndefined();
  expect(await rowsOf(shop.db, 'payment_webhook')).toBe(before);
});

it('is forgotten after its days', async () => {
  await shop.db.raw('UPDATE payment_webhook SET received_at = received_at - INTERVAL 31 DAY');
  await shop.webhook((await shop.approved()).payment);
  const rows = await rowsOf(shop.db, 'payment_webhook');
  expect(await purgeWebhooks(shop.db, 30, 1_000)).toBe(rows - 1);
});
