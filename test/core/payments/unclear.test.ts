/** Outcomes that are unknown: found out by looking up, never by a second charge. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { pauseAfter } from '../../../core/payments/rules/back-off.js';
import type { Bank } from '../../support/bank.js';
import { letExpire, statusOf, stockOf } from '../orders/order-scene.js';
import { PaymentScene, type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
let bank: Bank;
let shop: PaymentScene;
beforeAll(async () => {
  its = await paymentShop();
});
beforeEach(async () => {
  await its.renew();
  ({ bank, shop } = its);
});
afterAll(() => its?.end());

/** A payment whose answer was cut off. */
async function cutOff(fault: 'cut-before' | 'cut-after' | 'fail') {
  const one = await shop.approved();
  bank.next('confirm', fault);
  expect(await shop.confirm(one)).toMatchObject({ status: 'UNKNOWN', live: true, looks: 1 });
  return one;
}

describe('an answer that was cut off', () => {
  it('after the charge is unknown until it is looked up, and is charged once', async () => {
    const one = await cutOff('cut-after');
    await expireCheckouts(shop.db, { rowsMax: 100 });
    expect(await stockOf(shop.db, one.unitId)).toEqual([8, 2, 0]); // held meanwhile
    expect(await shop.duties()).toBe(0); // not yet
    await shop.letTimePass();
    expect(await shop.duties()).toBe(1);
    expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
    expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PAID');
    expect([bank.count('charge'), bank.kept()]).toEqual([1, one.amountMinor]);
    expect(await shop.history(one.payment.paymentId)).toEqual([
      'OPEN buyer',
      'CONFIRM buyer',
      'LOSE system',
      'SUCCEED provider',
    ]);
  });

  it.each(['cut-before', 'fail'] as const)(
    'without a charge (%s) is charged after it was looked up, under the same key',
    async (fault) => {
      const one = await cutOff(fault);
      await shop.letTimePass();
      await shop.duties();
      expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
      expect(bank.asked).toEqual(['open', 'confirm', 'inquire', 'confirm']);
      const { reference } = one.payment;
      expect(bank.chargeKeys.slice(-2)).toEqual([reference, reference]);
      expect(bank.count('charge')).toBe(1);
    },
  );

  it('by a fault of the program is unknown as well', async () => {
    const broken = { ...bank.providers().get('TEST'), confirm: () => Promise.reject(new Error('a fault')) };
    const one = await shop.approved();
    const providers = new Map([['TEST', broken as never]]);
    const unknown = await shop.confirm(one, { ...shop.context, providers });
    expect(unknown).toMatchObject({ status: 'UNKNOWN', failureCode: 'PROVIDER_FAILED', failureMessage: 'a fault' });
  });

  it('is found out by the buyer who confirms again', async () => {
    const one = await cutOff('cut-after');
    expect((await shop.confirm(one)).status).toBe('DONE');
    expect(bank.asked).toEqual(['open', 'confirm', 'inquire']);
  });

  it('stays unknown while the look-up has no answer, which is repeated at growing intervals; operators are informed once', async () => {
    const one = await cutOff('cut-after');
    const { paymentId } = one.payment;
    bank.next('inquire', 'fail', 'cut-before', 'fail');
    await shop.db.raw('UPDATE payment SET marked_at = marked_at - INTERVAL 20 MINUTE WHERE payment_id = ?', [
      paymentId,
    ]);
    for (const looks of [2, 3, 4]) {
      await shop.letTimePass();
      await shop.duties();
      expect(await shop.read(paymentId)).toMatchObject({ status: 'UNKNOWN', looks, unclearTold: true });
    }
    expect((await shop.history(paymentId)).filter((step) => step === 'TELL system')).toHaveLength(1);
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.statusOf(paymentId)).toBe('DONE');
    expect([1, 2, 3, 8, 9, 1_000].map(pauseAfter)).toEqual([5_000, 10_000, 20_000, 600_000, 600_000, 600_000]);
  });

  it('of a declined charge is declined by the look-up', async () => {
    const one = await cutOff('cut-before');
    bank.approve(one.payment.reference, one.amountMinor, { providerKey: one.key, status: 'DECLINED' });
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.statusOf(one.payment.paymentId)).toBe('DECLINED');
    expect(await shop.checkoutOf(one.checkoutId)).toMatchObject({ status: 'PENDING_PAYMENT', paying: 0 });
  });
});

describe('whoever asked and died', () => {
  it('is followed by a look-up, and charges only a payment that was not charged', async () => {
    const one = await shop.approved();
    const open = bank.hold('confirm');
    const dead = shop.confirm(one);
    while (bank.inFlight === 0) await new Promise(setImmediate);
    expect((await shop.confirm(one)).status).toBe('IN_PROGRESS'); // it may still live
    expect((await shop.inquire(one.payment.paymentId)).status).toBe('IN_PROGRESS');
    expect(bank.asked).toEqual(['open', 'confirm']);
    await shop.letTimePass();
    bank.charge(one.key);
    expect((await shop.confirm(one)).status).toBe('DONE');
    expect(bank.asked).toEqual(['open', 'confirm', 'inquire']);
    open(); // and should it not be dead
    expect((await dead).status).toBe('DONE');
    expect(bank.count('charge')).toBe(1);
  });

  it('cannot decline a payment any more that another process asks about', async () => {
    const one = await shop.approved();
    const open = bank.hold('confirm');
    bank.next('confirm', 'decline');
    const slow = shop.confirm(one);
    while (bank.inFlight === 0) await new Promise(setImmediate);
    await shop.letTimePass();
    bank.next('inquire', 'fail');
    expect((await shop.confirm(one)).status).toBe('UNKNOWN');
    open();
    expect((await slow).status).toBe('UNKNOWN');
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
  });
});

describe('a charge that comes late', () => {
  it('after the expiry of its checkout goes back as a whole', async () => {
    const one = await cutOff('cut-after');
    await letExpire(shop.db, one.checkoutId);
    await expireCheckouts(shop.db, { rowsMax: 100 });
    expect(await stockOf(shop.db, one.unitId)).toEqual([10, 0, 0]);
    await shop.letTimePass();
    await shop.duties();
    await shop.duties();
    const { paymentId } = one.payment;
    expect(await shop.read(paymentId)).toMatchObject({
      status: 'CANCELLED',
      failureCode: 'CHECKOUT_EXPIRED',
      cancelledMinor: one.amountMinor,
    });
    expect([bank.kept(), await statusOf(shop.db, one.orderIds[0] ?? 0)]).toEqual([0, 'EXPIRED']);
    expect(await shop.history(paymentId)).toEqual([
      'OPEN buyer',
      'CONFIRM buyer',
      'LOSE system',
      'REFUSE system',
      'CANCEL provider',
    ]);
  });

  it('when what the checkout held went in that very moment goes back as a whole', async () => {
    const one = await shop.approved();
    const open = bank.hold('confirm');
    const paying = shop.confirm(one);
    while (bank.inFlight === 0) await new Promise(setImmediate);
    // The checkout lasts, its hold does not: so it looks between two statements of the payment.
    await shop.db.raw('UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) WHERE holder_id = ?', [
      one.checkoutId,
    ]);
    open();
    expect(await paying).toMatchObject({ status: 'CANCELLED', failureCode: 'CHECKOUT_EXPIRED' });
    await shop.duties();
    expect(bank.kept()).toBe(0);
  });

  it('of a second provider goes back as a whole, and the first stays', async () => {
    shop = new PaymentScene(shop.db, bank, { ...shop.context, providers: bank.providers('TEST', 'OTHER') });
    const one = await shop.approved();
    const second = await shop.open(one.checkoutId, 'OTHER');
    const key = bank.approve(second.reference, second.amountMinor, { name: 'OTHER' });
    expect((await shop.confirm(one)).status).toBe('DONE');
    bank.charge(key); // it charges by itself
    await shop.webhook(second);
    await shop.duties();
    await shop.duties();
    expect(await shop.read(second.paymentId)).toMatchObject({
      status: 'CANCELLED',
      failureCode: 'CHECKOUT_PAID',
      cancellingMinor: 0,
    });
    expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
    expect(bank.kept()).toBe(one.amountMinor);
  });

  it('of a second provider counts when it is the first to be known, and the other goes back', async () => {
    shop = new PaymentScene(shop.db, bank, { ...shop.context, providers: bank.providers('TEST', 'OTHER') });
    const one = await shop.approved();
    const second = await shop.open(one.checkoutId, 'OTHER');
    const key = bank.approve(second.reference, second.amountMinor, { name: 'OTHER' });
    bank.next('confirm', 'cut-after');
    expect((await shop.confirm(one)).status).toBe('UNKNOWN');
    bank.charge(key);
    expect((await shop.inquire(second.paymentId)).status).toBe('DONE');
    await shop.letTimePass();
    await shop.duties();
    await shop.duties();
    expect(await shop.read(one.payment.paymentId)).toMatchObject({ status: 'CANCELLED', failureCode: 'CHECKOUT_PAID' });
    expect(bank.kept()).toBe(one.amountMinor);
  });

  it('of a declined payment pays the checkout while it can be paid', async () => {
    const one = await shop.approved();
    bank.next('confirm', 'decline');
    expect((await shop.confirm(one)).status).toBe('DECLINED');
    bank.charge(one.key);
    await shop.webhook(one.payment);
    await shop.duties();
    expect(await shop.statusOf(one.payment.paymentId)).toBe('DONE');
    expect(await statusOf(shop.db, one.orderIds[0] ?? 0)).toBe('PAID');
  });
});

describe('a payment that nobody goes on with', () => {
  it('expires with its checkout, after it was looked up', async () => {
    const one = await shop.approved();
    await letExpire(shop.db, one.checkoutId);
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.statusOf(one.payment.paymentId)).toBe('EXPIRED');
    expect(await shop.history(one.payment.paymentId)).toEqual(['OPEN buyer', 'EXPIRE system']);
    expect(await shop.duties()).toBe(0);
  });

  it.each(['a late look', 'the buyer who comes back'])(
    'and is charged after it has expired, without a word of the provider, goes back: %s finds it',
    async (who) => {
      const one = await shop.approved();
      await letExpire(shop.db, one.checkoutId);
      await shop.letTimePass();
      await shop.duties();
      bank.charge(one.key);
      if (who === 'a late look') await shop.letTimePass();
      else expect((await shop.confirm(one)).status).toBe('CANCELLED');
      await shop.duties();
      expect(await shop.read(one.payment.paymentId)).toMatchObject({
        status: 'CANCELLED',
        failureCode: 'CHECKOUT_EXPIRED',
      });
      await shop.duties();
      expect(bank.kept()).toBe(0);
    },
  );

  it('is looked up late twice, and then no more', async () => {
    const one = await shop.approved();
    await letExpire(shop.db, one.checkoutId);
    const looked = [];
    for (let looks = 0; looks < 4; looks += 1) {
      await shop.letTimePass();
      looked.push(await shop.duties());
    }
    expect(looked).toEqual([1, 1, 1, 0]);
    expect(await shop.statusOf(one.payment.paymentId)).toBe('EXPIRED');
  });

  it('of which the provider knows nothing expires with its checkout, also when it was asked to charge', async () => {
    const one = await cutOff('cut-before');
    await letExpire(shop.db, one.checkoutId);
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.statusOf(one.payment.paymentId)).toBe('EXPIRED');
    expect(bank.count('charge')).toBe(0);
  });

  it('whose provider is not configured any more stays unknown', async () => {
    const one = await cutOff('cut-after');
    const without = new PaymentScene(shop.db, bank, { ...shop.context, providers: new Map() });
    await shop.letTimePass();
    await without.duties();
    expect(await shop.read(one.payment.paymentId)).toMatchObject({
      status: 'UNKNOWN',
      failureCode: 'PROVIDER_NOT_CONFIGURED',
    });
  });
});
