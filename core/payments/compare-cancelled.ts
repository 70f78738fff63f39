/**
 * A payment that was charged is looked up when its provider tells of money given back, or staff ask. What is back beyond what was asked for here was given back
 * elsewhere, such as by hand on the provider's page: it is written down, and operators are told.
 */
import type { Tx } from '../../infra/database.js';
import { formatAmount } from '../../kernel/money.js';
import { recordEvents } from '../outbox/record-events.js';
import { lookUp } from './ask-provider.js';
import { byProvider, knownPayment, type PaymentContext, type Steps, takePaymentStep } from './payment-step.js';
import type { ProviderOutcome, ProviderPayment } from './providers/provider.js';
import { lockRead } from './settle-payment.js';
import { movePayment, type PaymentRecord } from './stores/payment.js';

/** Looks a charged payment up and compares what is back. */
export async function lookUpAndCompare<Answer>(
  { providers }: PaymentContext,
  { last }: Steps<PaymentRecord, Answer>,
  payment: PaymentRecord,
  requestId: string,
): Promise<Answer> {
  const outcome = await lookUp(providers, payment);
  return last((tx) => compare(tx, payment, outcome, requestId));
}

/** What is on its way back counts as asked for: the provider may have carried it out before it is known here. */
async function compare(
  tx: Tx,
  asked: PaymentRecord,
  outcome: ProviderOutcome<ProviderPayment | null>,
  requestId: string,
): Promise<PaymentRecord> {
  const { payment } = await lockRead(tx, asked);
  const { paymentId, status, cancelledMinor, cancellingMinor, elsewhereMinor: before } = payment;
  const found = outcome.outcome === 'done' ? outcome.value : null;
  if (found === null || found.reference !== payment.reference) return payment;
  const elsewhereMinor = Math.max(0, found.cancelledMinor - cancelledMinor - cancellingMinor);
  if (elsewhereMinor === before) return payment;
  if (elsewhereMinor < before) await movePayment(tx, payment, status, { elsewhereMinor });
  else {
    const currency = payment.chargedCurrency ?? payment.currency;
    const reason = `${formatAmount(elsewhereMinor, currency)} ${currency} is back that was not asked for here`;
    await takePaymentStep(tx, payment, 'NOTICE', byProvider(payment), { elsewhereMinor }, reason);
    const payload = { paymentId, currency, amountMinor: elsewhereMinor };
    await recordEvents(tx, [{ type: 'payment.cancelled-elsewhere', payload, requestId }]);
  }
  return knownPayment(tx, paymentId);
}
