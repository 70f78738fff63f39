/** Looks up the outcome of payments at the provider, for a duty, a webhook or staff. */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { lookUpAndCompare } from './compare-cancelled.js';
import { takeOver } from './confirm-payment.js';
import { knownPayment, type PaymentContext, type Steps } from './payment-step.js';
import { lookUpAndSettle } from './resolve-payment.js';
import { isUncharged } from './rules/payment-state.js';
import { lockRead } from './settle-payment.js';
import { NO_PROVIDER, type PaymentRecord, readPayment } from './stores/payment.js';

export interface Inquiry {
  readonly paymentId: number;
  readonly requestId?: string;
}

/**
 * Looks up a payment, unless somebody else asks at this moment. Where the provider was asked to charge and has not, it is asked again under the same
 * idempotency key while the checkout can be paid; otherwise the payment expires. For a known charge the amount given back is compared. Throws
 * PAYMENT_NOT_FOUND.
 */
export async function inquirePayment<Answer>(
  context: PaymentContext,
  steps: Steps<PaymentRecord, Answer>,
  { paymentId, requestId = '' }: Inquiry,
): Promise<Answer> {
  const asker = randomUUID();
  const { todo, payment } = decided(await steps.step((tx) => begin(tx, paymentId, asker)));
  if (todo === 'nothing') return steps.last((tx) => knownPayment(tx, paymentId));
  if (todo === 'compare') return lookUpAndCompare(context, steps, payment, requestId);
  return lookUpAndSettle(context, steps, { payment, asker, requestId });
}

interface Begun {
  readonly todo: 'look-up' | 'compare' | 'nothing';
  readonly payment: PaymentRecord;
}

async function begin(tx: Tx, paymentId: number, asker: string): Promise<Begun | Refusal> {
  const read = await readPayment(tx, paymentId);
  if (read === undefined) return refuse('PAYMENT_NOT_FOUND', { paymentId });
  const { payment } = await lockRead(tx, read);
  if (!isUncharged(payment.status)) return { todo: payment.provider === NO_PROVIDER ? 'nothing' : 'compare', payment };
  if (payment.beingAsked) return { todo: 'nothing', payment };
  return { todo: 'look-up', payment: await takeOver(tx, payment, asker) };
}

/** Transactions of a pool, for callers that keep no answer. */
export const ownSteps = (db: Db): Steps<PaymentRecord, PaymentRecord> => ({
  step: (work) => inTransaction(db, work),
  last: (work) => inTransaction(db, work),
});
