/** `magam payments verify` names what differs, and by its exit code that something does. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decided } from '../../kernel/outcome.js';
import { cancel, pay } from '../core/orders/order-scene.js';
import { byPayment, type PaymentShop, paymentShop } from '../core/payments/payment-scene.js';
import { magam, magamJson } from '../support/magam.js';

let its: PaymentShop;
let url: string;
beforeAll(async () => {
  its = await paymentShop();
  url = its.database.url;
});
afterAll(() => its?.end());
beforeEach(async () => {
  for (const table of ['payment', 'payment_cancel', 'checkout', 'market_order', 'order_event'])
    await its.database.db.raw(`DELETE FROM ${table}`);
});

interface Document {
  readonly ok: boolean;
  readonly checkouts: number;
  readonly differing: number;
  readonly differences: readonly object[];
  readonly totals: readonly object[];
}

const verify = (...options: string[]) => magamJson<Document>(url, ['payments', 'verify', ...options]);
const part = (quantity: number) => ({ ...byPayment, parts: [{ lineNumber: 1, quantity }] });

describe('payments verify', () => {
  it('says that everything agrees, whatever became of the checkouts', async () => {
    const { shop, bank } = its;
    await shop.checkOut(); // not paid yet
    await shop.paid();
    const partly = await shop.paid(3);
    decided(await cancel(shop.db, partly.orderIds[0] ?? 0, part(1)));
    await shop.duties();
    const returning = await shop.paid();
    decided(await cancel(shop.db, returning.orderIds[0] ?? 0, byPayment));
    const byHand = await shop.checkOut(1);
    decided(await pay(shop.db, byHand.checkoutId));
    const refused = await shop.approved();
    bank.next('confirm', { answer: { amountMinor: 19_999 } });
    expect((await shop.confirm(refused)).status).toBe('CANCELLED');

    const { code, document } = await verify();
    expect({ code, ...document }).toMatchObject({
      code: 0,
      ok: true,
      checkouts: 6,
      differing: 0,
      differences: [],
      totals: [
        {
          currency: 'KRW',
          chargedMinor: 89_999,
          backMinor: 10_000,
          returningMinor: 39_999,
          keptMinor: 40_000,
          soldMinor: 40_000,
          byHandMinor: 10_000,
        },
      ],
    });
    const { stdout } = await magam(url, ['payments', 'verify']);
    expect(stdout).toContain('40,000 KRW');
    expect(stdout).toMatch(/\nThe payments match the orders: 6 checkouts, /);
  });

  it('finds nothing wrong with an empty database', async () => {
    expect(await verify()).toMatchObject({ code: 0, document: { checkouts: 0, totals: [] } });
    expect(await verify('--date', 'today')).toMatchObject({ code: 0, document: { checkouts: 0 } });
  });

  it.each<[string, string, object]>([
    ['a charge', 'UPDATE payment SET charged_minor = charged_minor + 1', { part: 'kept', paymentsMinor: 20_001 }],
    ['a payment that is gone', 'DELETE FROM payment', { part: 'kept', paymentsMinor: 0, ordersMinor: 20_000 }],
    ['an order that was not paid', `UPDATE market_order SET status = 'EXPIRED'`, { part: 'kept', ordersMinor: 0 }],
    [
      'money that the provider gave back by itself',
      'UPDATE payment SET cancelled_elsewhere_minor = 5000',
      { part: 'kept', paymentsMinor: 15_000 },
    ],
    [
      'money that only the order waits for',
      'UPDATE market_order SET returning_minor = 7',
      { part: 'returning', paymentsMinor: 0, ordersMinor: 7 },
    ],
    ['orders that are gone', 'DELETE FROM market_order', { part: 'kept', paymentsMinor: 20_000, ordersMinor: 0 }],
    ['another currency', `UPDATE payment SET charged_currency = 'USD'`, { currency: 'KRW', paymentsMinor: 0 }],
  ])('names %s', async (_what, sql, difference) => {
    const { checkoutId } = await its.shop.paid();
    await its.database.db.raw(sql);
    const { code, document } = await verify();
    expect({ code, ok: document.ok }).toEqual({ code: 4, ok: false });
    expect(document.differences).toContainEqual(expect.objectContaining({ checkoutId, ...difference }));
    const told = await magam(url, ['payments', 'verify']);
    expect(told).toMatchObject({ code: 4, stderr: expect.stringContaining('PAYMENTS_DIFFER') });
    expect(told.stdout).toMatch(new RegExp(`^checkout.*\\n *${checkoutId} `));
    expect(told.stdout).toMatch(/DIFFER from the orders at \d/);
  });

  it('sees a payment whose checkout is gone', async () => {
    const { checkoutId } = await its.shop.paid();
    for (const table of ['checkout', 'market_order']) await its.database.db.raw(`DELETE FROM ${table}`);
    expect((await verify()).document.differences).toEqual([
      { checkoutId, currency: 'KRW', part: 'kept', paymentsMinor: 20_000, ordersMinor: 0 },
    ]);
  });

  it('looks at the checkouts of the dates that it is asked for', async () => {
    const { shop, database } = its;
    const days = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-09'];
    for (const day of days) {
      const { checkoutId } = await shop.paid();
      await database.db.raw('UPDATE checkout SET created_at = ? WHERE checkout_id = ?', [
        `${day} 03:00:00`,
        checkoutId,
      ]);
      await database.db.raw('UPDATE market_order SET ordered_on = ? WHERE checkout_id = ?', [day, checkoutId]);
    }
    await database.db.raw(
      `UPDATE payment SET charged_minor = charged_minor + 1 WHERE checkout_id = (SELECT MAX(checkout_id) FROM checkout)`,
    );
    const counts = async (...options: string[]) => {
      const { code, document } = await verify(...options);
      return [code, document.checkouts];
    };
    expect(await counts('--date', '2026-03-02')).toEqual([0, 1]);
    expect(await counts('--from', '2026-03-01', '--to', '2026-03-03')).toEqual([0, 3]);
    expect(await counts('--from', '2026-03-02')).toEqual([0, 1]);
    expect(await counts('--date', '2026-03-05')).toEqual([0, 0]);
    expect(await counts('--from', '2026-03-03', '--to', '2026-03-09')).toEqual([4, 2]);
    expect(await counts()).toEqual([4, 4]);
    const { stdout } = await magam(url, ['payments', 'verify', '--from', '2026-03-01', '--to', '2026-03-03']);
    expect(stdout).toContain('The payments of 2026-03-01 to 2026-03-03 match the orders: 3 checkouts, ');
  });

  it.each([
    [['payments']],
    [['payments', 'nonsense']],
    [['payments', 'verify', 'nonsense']],
    [['payments', 'verify', '--date', 'soon']],
    [['payments', 'verify', '--to', '2026-01-01']],
    [['payments', 'verify', '--date', '2026-01-01', '--from', '2026-01-01']],
    [['payments', 'verify', '--from', '2026-01-02', '--to', '2026-01-01']],
  ])('refuses %j', async (words) => expect(await magam(url, words)).toMatchObject({ code: 2 }));
});
