/** Money that goes back: marked with what leaves the order, carried out outside, finished after. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { carryOutCancel } from '../../../core/payments/carry-out-cancel.js';
import { select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import type { Bank } from '../../support/bank.js';
import { inStatement } from '../../support/database.js';
import { cancel, confirm, deliver, giveBack, pay, statusOf } from '../orders/order-scene.js';
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
});
afterAll(() => its?.end());

const part = (quantity: number) => ({ ...byPayment, parts: [{ lineNumber: 1, quantity }] });

/** The order's state, what is on its way back, and which refunds are. */
async function orderOf(orderId: number) {
  const [order] = await select<{ status: string; gone: number; returning: number }>(
    shop.db,
    'SELECT status, gone_minor AS gone, returning_minor AS `returning` FROM market_order WHERE order_id = ?',
    [orderId],
  );
  const refunds = await select<{ pending: number }>(
    shop.db,
    'SELECT money_pending AS pending FROM order_refund WHERE order_id = ? ORDER BY refund_id',
    [orderId],
  );
  return { ...order, pending: refunds.map(({ pending }) => pending) };
}

async function paidOrder(quantity = 2) {
  const one = await shop.paid(quantity);
  return { ...one, orderId: one.orderIds[0] ?? 0, paymentId: one.payment.paymentId };
}

describe('a cancellation of a paid order', () => {
  it('waits for the provider, and has ended when the money is back', async () => {
    const { orderId, paymentId, amountMinor } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    expect(await orderOf(orderId)).toEqual({
      status: 'CANCELLING',
      gone: amountMinor,
      returning: amountMinor,
      pending: [1],
    });
    expect(await shop.read(paymentId)).toMatchObject({
      status: 'DONE',
      cancellingMinor: amountMinor,
      cancelledMinor: 0,
    });
    expect(bank.count('cancel')).toBe(0);
    expect(await shop.duties()).toBe(1);
    expect(await orderOf(orderId)).toEqual({ status: 'CANCELLED', gone: amountMinor, returning: 0, pending: [0] });
    expect(await shop.read(paymentId)).toMatchObject({
      status: 'CANCELLED',
      cancellingMinor: 0,
      cancelledMinor: amountMinor,
    });
    expect(bank.kept()).toBe(0);
    expect(await shop.duties()).toBe(0);
  });

  it('in parts gives each part back once, the oldest first', async () => {
    const { orderId, paymentId, amountMinor } = await paidOrder(4);
    for (const quantity of [1, 2]) decided(await cancel(shop.db, orderId, part(quantity)));
    expect(await orderOf(orderId)).toMatchObject({ status: 'PAID', returning: 30_000, pending: [1, 1] });
    const [, second] = await select<{ id: number }>(
      shop.db,
      'SELECT cancel_id AS id FROM payment_cancel ORDER BY cancel_id',
    );
    expect(await carryOutCancel(shop.db, shop.context, { cancelId: second?.id ?? 0 })).toBe(false); // the first comes first
    await shop.duties();
    expect(await shop.read(paymentId)).toMatchObject({
      status: 'PARTLY_CANCELLED',
      cancelledMinor: 10_000,
      cancellingMinor: 20_000,
    });
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.read(paymentId)).toMatchObject({
      status: 'PARTLY_CANCELLED',
      cancelledMinor: 30_000,
      cancellingMinor: 0,
    });
    decided(await cancel(shop.db, orderId, byPayment));
    await shop.duties();
    expect(await orderOf(orderId)).toEqual({
      status: 'CANCELLED',
      gone: amountMinor,
      returning: 0,
      pending: [0, 0, 0],
    });
    expect(await shop.history(paymentId)).toEqual([
      'OPEN buyer',
      'CONFIRM buyer',
      'SUCCEED provider',
      'CANCEL_PART provider',
      'CANCEL_PART provider',
      'CANCEL provider',
    ]);
    expect([bank.kept(), bank.count('cancel')]).toEqual([0, 3]);
  });

  it('as a whole has ended when all of its money is back, that of an earlier part, too', async () => {
    const { orderId, amountMinor } = await paidOrder();
    decided(await cancel(shop.db, orderId, part(1)));
    decided(await cancel(shop.db, orderId, byPayment));
    const [first] = await select<{ id: number }>(
      shop.db,
      'SELECT cancel_id AS id FROM payment_cancel ORDER BY cancel_id',
    );
    await carryOutCancel(shop.db, shop.context, { cancelId: first?.id ?? 0 });
    expect(await orderOf(orderId)).toEqual({
      status: 'CANCELLING',
      gone: amountMinor,
      returning: 10_000,
      pending: [0, 1],
    });
    await shop.letTimePass();
    await shop.duties();
    expect(await orderOf(orderId)).toMatchObject({ status: 'CANCELLED', returning: 0, pending: [0, 0] });
  });

  it('is not tried again before its time, whatever asks for it', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    const [one] = await select<{ id: number }>(shop.db, 'SELECT cancel_id AS id FROM payment_cancel');
    bank.next('cancel', 'fail');
    for (const _time of [1, 2])
      expect(await carryOutCancel(shop.db, shop.context, { cancelId: one?.id ?? 0 })).toBe(false);
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'PENDING', attempts: 1 }]);
  });

  it('with the provider away stays pending, is tried again, and operators are told once', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, part(1)));
    await shop.db.raw('UPDATE payment_cancel SET created_at = created_at - INTERVAL 20 MINUTE');
    bank.next('cancel', 'fail', 'cut-before');
    for (const attempts of [1, 2]) {
      await shop.letTimePass();
      await shop.duties();
      expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'PENDING', attempts }]);
      expect(await orderOf(orderId)).toMatchObject({ status: 'PAID', returning: 10_000, pending: [1] });
    }
    expect((await shop.history(paymentId)).filter((step) => step === 'TELL system')).toHaveLength(1);
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'DONE', failureCode: null }]);
    expect(await orderOf(orderId)).toMatchObject({ returning: 0, pending: [0] });
    expect(bank.count('cancel')).toBe(1);
  });

  it('whose answer was cut off after it was carried out is looked up and not carried out again', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, part(1)));
    bank.next('cancel', 'cut-after');
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'PENDING' }]);
    await shop.letTimePass();
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'DONE' }]);
    expect(bank.asked.filter((operation) => operation === 'cancel')).toHaveLength(1);
    expect(bank.count('cancel')).toBe(1);
  });

  it('is not back because an answer came: it has to say so', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, part(1)));
    bank.next('cancel', { answer: { cancelledMinor: 0 } });
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'PENDING', failureCode: 'NOT_CANCELLED' }]);
  });

  it('that the provider declines because it has done it already is back', async () => {
    const { orderId, paymentId, amountMinor } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    bank.next('cancel', 'decline');
    bank.next('inquire', { answer: { status: 'CANCELLED', cancelledMinor: amountMinor } });
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'DONE' }]);
  });

  it('that the provider declines stays pending', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    bank.next('cancel', 'decline');
    await shop.duties();
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'PENDING', failureCode: 'REJECTED' }]);
  });

  it('that the provider declined for a moment is carried out later, though it answers the same again under the same key', async () => {
    const { orderId, paymentId } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    bank.next('cancel', 'decline');
    for (let tries = 0; tries < 5; tries += 1) {
      await shop.letTimePass();
      await shop.duties();
    }
    expect(await shop.cancels(paymentId)).toMatchObject([{ status: 'DONE', attempts: 5 }]);
    expect([bank.count('cancel'), bank.kept()]).toEqual([1, 0]);
  });

  it('is carried out once by many at the same moment', async () => {
    const { orderId } = await paidOrder();
    decided(await cancel(shop.db, orderId, byPayment));
    await Promise.all(Array.from({ length: 5 }, () => shop.duties()));
    expect(await statusOf(shop.db, orderId)).toBe('CANCELLED');
    expect(bank.asked.filter((operation) => operation === 'cancel')).toHaveLength(1);
  });

  it('that was marked as paid by hand is back at once', async () => {
    const { checkoutId, orderIds } = await shop.checkOut();
    decided(await pay(shop.db, checkoutId));
    decided(await cancel(shop.db, orderIds[0] ?? 0, byPayment));
    expect(await orderOf(orderIds[0] ?? 0)).toMatchObject({ status: 'CANCELLED', returning: 0, pending: [0] });
  });
});

describe('a return', () => {
  it('waits for a transaction that has locked its checkout, like everything that moves its money', async () => {
    const { orderId, checkoutId } = await paidOrder();
    await deliver(shop.db, orderId);
    decided(await confirm(shop.db, orderId));
    const lock = await shop.db.transaction();
    await lock.raw('SELECT checkout_id FROM checkout WHERE checkout_id = ? FOR UPDATE', [checkoutId]);
    const returning = giveBack(shop.db, orderId, part(1));
    await inStatement(shop.db, 'SELECT checkout_id%FOR UPDATE');
    await lock.rollback();
    decided(await returning);
  });

  it('gives the money back the same way', async () => {
    const { orderId, paymentId } = await paidOrder();
    await deliver(shop.db, orderId);
    decided(await confirm(shop.db, orderId));
    decided(await giveBack(shop.db, orderId, part(1)));
    expect(await orderOf(orderId)).toMatchObject({ status: 'PARTLY_REFUNDED', returning: 10_000, pending: [1] });
    await shop.duties();
    expect(await orderOf(orderId)).toMatchObject({ status: 'PARTLY_REFUNDED', returning: 0, pending: [0] });
    decided(await giveBack(shop.db, orderId, byPayment));
    await shop.duties();
    expect(await shop.statusOf(paymentId)).toBe('CANCELLED');
    expect(bank.kept()).toBe(0);
  });
});
