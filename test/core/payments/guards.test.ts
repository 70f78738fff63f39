/** What keeps a payment right although others are at it, or nothing is free. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { settling } from '../../../core/payments/settle-payment.js';
import { inTransaction, openDatabase } from '../../../infra/database.js';
import { inStatement } from '../../support/database.js';
import { type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
beforeAll(async () => {
  its = await paymentShop();
});
afterAll(() => its?.end());

it('what a provider has said waits for a free connection beyond the wait of the pool', async () => {
  const narrow = openDatabase(its.database.url, { poolMax: 1, connectionWaitSeconds: 0.5 });
  const busy = await narrow.transaction();
  let tries = 0;
  const settled = settling(async () => {
    tries += 1;
    if (tries === 3) await busy.rollback();
    return inTransaction(narrow, async () => 'settled');
  });
  expect([await settled, tries]).toEqual(['settled', 3]);
  await narrow.destroy();
});

it('any other failure is not waited for', async () => {
  let tries = 0;
  const fail = async (): Promise<never> => {
    tries += 1;
    throw new Error('broken');
  };
  await expect(settling(fail)).rejects.toThrow('broken');
  expect(tries).toBe(1);
});

it.each(['a confirmation', 'an inquiry', 'a webhook'])(
  '%s that waited for the lock goes on from what the payment has become meanwhile',
  async (what) => {
    const { shop, bank } = its;
    const one = await shop.approved();
    const { paymentId } = one.payment;
    const lock = await shop.db.transaction();
    await lock.raw('SELECT checkout_id FROM checkout WHERE checkout_id = ? FOR UPDATE', [one.checkoutId]);
    const work: Readonly<Record<string, () => Promise<unknown>>> = {
      'a confirmation': () => shop.confirm(one),
      'an inquiry': () => shop.inquire(paymentId),
      'a webhook': () => shop.webhook(one.payment),
    };
    const asked = bank.asked.length;
    const waiting = work[what]?.();
    await inStatement(shop.db, 'SELECT checkout_id%FOR UPDATE');
    await lock.raw(
      `UPDATE payment SET status = 'DONE', charged_minor = amount_minor, provider = 'NONE', live_checkout_id = checkout_id WHERE payment_id = ?`,
      [paymentId],
    );
    await lock.commit();
    const answer = await waiting;
    expect(answer).toEqual(what === 'a webhook' ? undefined : expect.objectContaining({ status: 'DONE' }));
    expect(bank.asked).toHaveLength(asked);
    expect(await shop.statusOf(paymentId)).toBe('DONE');
  },
);
