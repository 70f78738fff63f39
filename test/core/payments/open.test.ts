/** Payments that are opened at their provider. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { PaymentProvider } from '../../../core/payments/providers/provider.js';
import { Bank } from '../../support/bank.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { config } from '../orders/order-scene.js';
import { PaymentScene } from './payment-scene.js';

let database: TestDatabase;
let bank: Bank;
beforeAll(async () => {
  database = await createTestDatabase();
  bank = await new Bank().start();
});
afterAll(async () => {
  await bank?.stop();
  await database?.drop();
});

type Opening = Awaited<ReturnType<PaymentProvider['open']>>;

/** A shop whose provider answers when the test says so, once for each call. */
function slowShop() {
  const answers: ((answer: Opening) => void)[] = [];
  const open = () => new Promise<Opening>((resolve) => answers.push(resolve));
  const providers = new Map([['TEST', { ...(bank.providers().get('TEST') as PaymentProvider), open }]]);
  return { shop: new PaymentScene(database.db, bank, { config, providers }), answers };
}

const opened = (providerKey: string): Opening => ({
  outcome: 'done',
  value: { providerKey, next: { kind: 'redirect', url: 'https://pay.example' } },
});
const failure = { code: 'FAILED', message: '' };

it.each<[string, Opening, string]>([
  ['its payment opened', opened('first'), 'PAYMENT_IN_PROGRESS'],
  ['no answer', { outcome: 'unknown', failure }, 'PROVIDER_UNAVAILABLE'],
  ['a no', { outcome: 'declined', failure }, 'PAYMENT_DECLINED'],
])('whoever comes to %s after another call took it over changes nothing of it', async (_what, late, code) => {
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
});
