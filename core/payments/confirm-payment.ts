/**
 * The buyer has approved a payment at the provider: it is marked, charged outside any transaction, and settled. However often it is confirmed, it is charged
 * once.
 */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { holdForPayment } from '../orders/hold-checkout.js';
import type { CheckoutRecord } from '../orders/stores/checkout.js';
import {
  ASKING_MS,
  knownPayment,
  type PaymentActor,
  type PaymentContext,
  type Steps,
  takePaymentStep,
} from './payment-step.js';
import type { Approval } from './providers/provider.js';
import { chargeAndSettle, lookUpAndSettle } from './resolve-payment.js';
import { isUncharged } from './rules/payment-state.js';
import { lockRead } from './settle-payment.js';
import { movePayment, type PaymentRecord, readPayment } from './stores/payment.js';

export interface ConfirmAsk {
  readonly paymentId: number;
  readonly approval: Approval;
  readonly by: PaymentActor;
}

/** The next action: charge it, look it up first, or nothing, because its outcome is known or somebody else asks the provider at this moment. */
interface Begun {
  readonly todo: 'charge' | 'look-up' | 'nothing';
  readonly payment: PaymentRecord;
}

/**
 * Confirms a payment. A second confirmation finds the result of the first; where the process of the first has died, it looks up the payment before charging.
 * @returns the answer that `last` makes from the payment then: DONE, DECLINED, UNKNOWN, CANCELLED (the charge did not fit), EXPIRED, READY (the provider was
 * not reached), or IN_PROGRESS while somebody else asks. Throws PAYMENT_NOT_FOUND, CHECKOUT_EXPIRED, CHECKOUT_STATE_CONFLICT, PAYMENT_IN_PROGRESS or
 * PAYMENT_AMOUNT_CHANGED
 */
export async function confirmPayment<Answer>(
  context: PaymentContext,
  steps: Steps<PaymentRecord, Answer>,
  ask: ConfirmAsk,
): Promise<Answer> {
  const asker = randomUUID();
  const { todo, payment } = decided(await steps.step((tx) => begin(tx, context, ask, asker)));
  await faultPoint('payment.marked');
  const { requestId = '' } = ask.by;
  if (todo === 'nothing') return steps.last((tx) => knownPayment(tx, payment.paymentId));
  if (todo === 'charge') return chargeAndSettle(context, steps, { payment, asker, requestId }, false);
  return lookUpAndSettle(context, steps, { payment, asker, requestId });
}

async function begin(tx: Tx, context: PaymentContext, ask: ConfirmAsk, asker: string): Promise<Begun | Refusal> {
  const { paymentId } = ask;
  const read = await readPayment(tx, paymentId);
  if (read === undefined) return refuse('PAYMENT_NOT_FOUND', { paymentId });
  const { checkout, payment } = await lockRead(tx, read);
  if (payment.status === 'READY') return mark(tx, context, checkout, payment, ask, asker);
  // A payment that ended without a charge is looked up as well: the buyer may have approved it at a provider that charges on approval.
  if (!isUncharged(payment.status) || payment.beingAsked) return { todo: 'nothing', payment };
  return { todo: 'look-up', payment: await takeOver(tx, payment, asker) };
}

/** Marks a payment before it is charged. Its checkout holds its units until the outcome is known, within a limit. */
async function mark(
  tx: Tx,
  { config }: PaymentContext,
  checkout: CheckoutRecord,
  payment: PaymentRecord,
  { approval, by }: ConfirmAsk,
  asker: string,
): Promise<Begun | Refusal> {
  const refusal = refusalToPay(checkout);
  if (isRefusal(refusal)) return refusal;
  const { checkoutId, dueMinor } = checkout;
  if (payment.amountMinor !== dueMinor)
    return refuse('PAYMENT_AMOUNT_CHANGED', { amountMinor: payment.amountMinor, dueMinor });
  if (!(await holdForPayment(tx, checkoutId, config.paymentHoldMinutes * 60_000)))
    return refuse('CHECKOUT_EXPIRED', { checkoutId });
  await takePaymentStep(tx, payment, 'CONFIRM', by, {
    live: true,
    marked: true,
    providerKey: approval.providerKey ?? payment.providerKey,
    approvalToken: approval.token ?? payment.approvalToken,
    asker: { name: asker, ms: ASKING_MS },
    look: ASKING_MS,
    looks: 0,
  });
  return { todo: 'charge', payment: await knownPayment(tx, payment.paymentId) };
}

/** Why a payment of a locked checkout cannot begin: CHECKOUT_EXPIRED, CHECKOUT_STATE_CONFLICT, PAYMENT_IN_PROGRESS; undefined: it can. */
export function refusalToPay({ checkoutId, status, expired, paying }: CheckoutRecord): Refusal | undefined {
  if (status === 'EXPIRED' || (status === 'PENDING_PAYMENT' && expired))
    return refuse('CHECKOUT_EXPIRED', { checkoutId });
  if (status !== 'PENDING_PAYMENT') return refuse('CHECKOUT_STATE_CONFLICT', { checkoutId, status });
  return paying ? refuse('PAYMENT_IN_PROGRESS', { checkoutId }) : undefined;
}

/** Takes over the look-up of a payment whose outcome is open. */
export async function takeOver(tx: Tx, payment: PaymentRecord, asker: string): Promise<PaymentRecord> {
  await movePayment(tx, payment, payment.status, { asker: { name: asker, ms: ASKING_MS }, look: ASKING_MS });
  return knownPayment(tx, payment.paymentId);
}
