/**
 * Payments of sample checkouts: made and given back by the use cases of all payments, at the sample's own providers. They have the names of the real ones and
 * charge nobody, so a sample needs no keys and no connection.
 */
import type { Tx } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { decided } from '../../kernel/outcome.js';
import type { Placed } from '../orders/place-orders.js';
import { readCheckout } from '../orders/stores/checkout.js';
import { carryOutCancel } from '../payments/carry-out-cancel.js';
import { confirmPayment } from '../payments/confirm-payment.js';
import { openPayment } from '../payments/open-payment.js';
import type { PaymentActor, PaymentContext } from '../payments/payment-step.js';
import type { PaymentAsk, PaymentProvider, ProviderOutcome, ProviderPayment } from '../payments/providers/provider.js';
import { listPayments } from '../payments/stores/payment.js';
import { readFirstPending } from '../payments/stores/payment-cancel.js';

const KRW = ['TOSS', 'KAKAOPAY', 'PORTONE'] as const;
/** The providers that a checkout of each currency may be paid with. */
const PROVIDERS: Readonly<Record<string, readonly string[]>> = { KRW, USD: ['TOSS', 'PORTONE'], JPY: ['PORTONE'] };
const METHODS: Readonly<Record<string, string>> = { TOSS: '카드', KAKAOPAY: 'MONEY', PORTONE: 'PaymentMethodCard' };
const DECLINED = { code: 'REJECT_CARD_PAYMENT', message: '한도초과 혹은 잔액부족으로 결제에 실패했습니다.' };
const NOWHERE = { success: 'http://127.0.0.1/', fail: 'http://127.0.0.1/' };

const done = <T>(value: T): Promise<ProviderOutcome<T>> => Promise.resolve({ outcome: 'done', value });

function sampleProvider(name: string): PaymentProvider {
  const keyOf = ({ reference }: PaymentAsk): string => (name === 'PORTONE' ? reference : `sample_${reference}`);
  const charged = (ask: PaymentAsk, cancelledMinor = 0): ProviderPayment => ({
    ...{ providerKey: keyOf(ask), reference: ask.reference, amountMinor: ask.amountMinor, currency: ask.currency },
    status: cancelledMinor === 0 ? 'CHARGED' : cancelledMinor < ask.amountMinor ? 'PARTLY_CANCELLED' : 'CANCELLED',
    ...{ cancelledMinor, method: METHODS[name] ?? '', failure: null },
  });
  return {
    name,
    currencies: Object.keys(PROVIDERS).filter((currency) => PROVIDERS[currency]?.includes(name)),
    open: (ask) => done({ providerKey: keyOf(ask), next: { kind: 'widget', values: {} } }),
    readApproval: () => ({ providerKey: null, token: null }),
    confirm: (ask, { token }) =>
      token === 'decline' ? Promise.resolve({ outcome: 'declined', failure: DECLINED }) : done(charged(ask)),
    inquire: (ask) => done(charged(ask)),
    cancel: ({ payment, amountMinor, remainingMinor }) =>
      done(charged(payment, payment.amountMinor - remainingMinor + amountMinor)),
    readWebhook: () => undefined,
  };
}

/** No payment of the sample waits for its outcome, so neither setting matters. */
const context: PaymentContext = {
  config: { paymentHoldMinutes: 60, paymentAlarmMinutes: 15 },
  providers: new Map(KRW.map((name) => [name, sampleProvider(name)])),
};

/** The buyer pays a checkout, or tries to with a card that is declined, in the caller's transaction. */
export async function paySample(tx: Tx, { checkoutId, placement }: Placed, outcome: 'pay' | 'decline'): Promise<void> {
  const by: PaymentActor = { cause: 'buyer', requestedBy: nameOf({ accountId: placement.buyerId }) };
  const names = PROVIDERS[(await readCheckout(tx, checkoutId))?.currency ?? ''] ?? KRW;
  const provider = names[placement.reference.charCodeAt(0) % names.length] ?? '';
  const step = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => work(tx);
  const opened = decided(
    await openPayment(
      context.providers,
      { step, last: step },
      {
        checkoutId,
        provider,
        urls: NOWHERE,
        by,
      },
    ),
  );
  if (opened.next === null) return; // there was nothing to pay
  const approval = { providerKey: null, token: outcome };
  await confirmPayment(context, { step, last: step }, { paymentId: opened.payment.paymentId, approval, by });
}

/** Gives back the money of units of a checkout that were cancelled or returned since, in the caller's transaction. */
export async function giveSampleMoneyBack(tx: Tx, checkoutId: number): Promise<void> {
  for (const { paymentId } of await listPayments(tx, { checkoutId }, 10))
    for (;;) {
      const cancel = await readFirstPending(tx, paymentId);
      if (cancel === undefined) break;
      if (!(await carryOutCancel(tx, context, cancel)))
        throw new Error(`the cancellation ${cancel.cancelId} of a sample payment was not carried out`);
    }
}
