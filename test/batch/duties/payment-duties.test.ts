/** The duties of payments: due work is done, and a failure does not hold up the rest. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DutyContext } from '../../../batch/duties/duty.js';
import { paymentDuties } from '../../../batch/duties/payments.js';
import { decided } from '../../../kernel/outcome.js';
import { cancel, config } from '../../core/orders/order-scene.js';
import { byPayment, type PaymentScene, type PaymentShop, paymentShop } from '../../core/payments/payment-scene.js';
import type { Bank } from '../../support/bank.js';

let its: PaymentShop;
let bank: Bank;
let shop: PaymentScene;
beforeAll(async () => {
  its = await paymentShop();
  ({ bank, shop } = its);
});
afterAll(() => its?.end());

const run = (name: string): Promise<number> => {
  const duty = paymentDuties.find((one) => one.name === name);
  const context = { db: shop.db, config, providers: bank.providers(), signal: new AbortController().signal };
  return duty?.run(context as unknown as DutyContext) ?? Promise.reject(new Error(`there is no ${name}`));
};

it('looks up unknown outcomes, many at once, and all others where one fails', async () => {
  const many = [];
  for (let n = 0; n < 12; n += 1) {
    const one = await shop.approved();
    bank.next('confirm', 'cut-after');
    await shop.confirm(one);
    many.push(one);
  }
  await shop.letTimePass();
  const [broken, ...others] = many;
  await shop.db.raw('UPDATE payment SET checkout_id = 999999, live_checkout_id = NULL WHERE payment_id = ?', [
    broken?.payment.paymentId ?? 0,
  ]);
  await expect(run('look-up-payments')).rejects.toThrow(/1 could not be handled/);
  for (const { payment } of others) expect(await shop.statusOf(payment.paymentId)).toBe('DONE');
  expect(bank.count('charge')).toBe(12);
});

it('gives money back', async () => {
  const { orderIds, payment } = await shop.paid();
  decided(await cancel(shop.db, orderIds[0] ?? 0, byPayment));
  expect(await run('give-money-back')).toBe(1);
  expect(await shop.statusOf(payment.paymentId)).toBe('CANCELLED');
  expect(await run('give-money-back')).toBe(0);
});

it('forgets old webhooks', async () => {
  await shop.webhook((await shop.approved()).payment);
  await shop.db.raw('UPDATE payment_webhook SET received_at = received_at - INTERVAL 31 DAY');
  expect(await run('purge-webhooks')).toBe(1);
});
