/** Payments that are opened at their provider. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { PaymentProvider } from '../../../core/payments/providers/provider.js';
import { listPayments } from '../../../core/payments/stores/payment.js';
import { config } from '../orders/order-scene.js';
import { PaymentScene, type PaymentShop, paymentShop } from './payment-scene.js';

let its: PaymentShop;
beforeAll(async () => {
  its = await paymentShop();
});
afterAll(() => its?.end());

type Opening = Awaited<ReturnType<PaymentProvider['open']>>;

/** A shop whose provider answers when the test says so, once for each call. */
function slowShop() {
  const answers: ((answer: Opening) => void)[] = [];
  const open = () => new Promise<Opening>((resolve) => answers.push(resolve));
  const { bank, shop } = its;
  const providers = new Map([['TEST', { ...(bank.providers().get('TEST') as PaymentProvider), open }]]);
  return { shop: new PaymentScene(shop.db, bank, { config, providers }), answers };
}

const opened = (providerKey: string): Opening => ({
  outcome: 'done',
  value: { providerKey, next: { kind: 'redirect', url: 'https://pay.example' } },
});
const failure = { code: 'FAILED', message: '' };

it('that could not be opened says why', async () => {
  const { shop, bank } = its;
  const { checkoutId } = await shop.checkOut();
  bank.next('open', 'fail');
  await expect(shop.open(checkoutId)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  const [payment] = await listPayments(shop.db, { checkoutId }, 1);
  expect(payment).toMatchObject({ status: 'EXPIRED', failureCode: 'FAILED', failureMessage: 'internal error' });
});

it('a checkout has twenty open payments at most, and another when one of them has ended', async () => {
  const { shop, bank } = its;
  const { checkoutId, amountMinor } = await shop.checkOut();
  const payments = [];
  for (let n = 0; n < 20; n += 1) payments.push(await shop.open(checkoutId));
  const asked = bank.asked.length;
  await expect(shop.open(checkoutId)).rejects.toMatchObject({
    code: 'PAYMENT_LIMIT_REACHED',
    details: { checkoutId, paymentsMax: 20 },
  });
  expect(bank.asked).toHaveLength(asked);
  const [payment] = payments;
  if (payment === undefined) throw new Error('there are twenty');
  bank.next('confirm', 'decline');
  await shop.confirm({ payment, key: bank.approve(payment.reference, amountMinor) });
  expect((await shop.open(checkoutId)).status).toBe('READY');
});

it.each<[string, Opening, string]>([
  ['its payment opened', opened('first'), 'PAYMENT_IN_PROGRESS'],
  ['no answer', { outcome: 'unknown', failure }, 'PROVIDER_UNAVAILABLE'],
  ['a no', { outcome: 'declined', failure }, 'PAYMENT_DECLINED'],
])(
  'a call that reaches %s after another call took the payment over changes nothing of it',
  async (_what, late, code) => {
    const { shop, answers } = slowShop();
    const { checkoutId } = await shop.checkOut();
    const first = shop.open(checkoutId);
    while (answers.length < 1) await new Promise(setImmediate);
    await shop.letTimePass();
    const second = shop.open(checkoutId);
    while (answers.length < 2) await new Promise(setImmediate);
    answers[1]?.(opened('second'));
    const payment = await second;
    answers[0]?.(late);
    await expect(first).rejects.toMatchObject({ code });
    expect(await shop.read(payment.paymentId)).toMatchObject({ status: 'READY', providerKey: 'second' });
  },
);
