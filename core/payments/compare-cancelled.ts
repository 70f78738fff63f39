/**
 * A charged payment is looked up when its provider reports money given back, or when staff ask. An amount beyond the requested ones was given back
 * outside of the platform, for example by hand on the provider's page: it is recorded, and operators are informed.
 */
import type { Tx } from '../../infra/database.js';
import { formatAmount } from '../../kernel/money.js';
import { recordEvents } from '../outbox/record-events.js';
import { lookUp } from './ask-provider.js';
import { byProvider, knownPayment, type PaymentContext, type Steps, takePaymentStep } from './payment-step.js';
import type { ProviderOutcome, ProviderPayment } from './providers/provider.js';
import { lockRead } from './settle-payment.js';
import { movePayment, type PaymentRecord } from './stores/payment.js';

/** Looks up a charged payment and compares the amount that is back. */
export async function lookUpAndCompare<Answer>(
  { providers }: PaymentContext,
  { last }: Steps<PaymentRecord, Answer>,
  payment: PaymentRecord,
  requestId: string,
): Promise<Answer> {
  const outcome = await lookUp(providers, payment);
  return last((tx) => compare(tx, payment, outcome, requestId));
}

/** Money on its way back counts as requested: the provider may have carried it out before this is known here. */
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
    const reason = `${formatAmount(elsewhereMinor, currency)} ${currency} was given back that was not requested here`;
    await takePaymentStep(tx, payment, 'NOTICE', byProvider(payment), { elsewhereMinor }, reason);
    const payload = { paymentId, currency, amountMinor: elsewhereMinor };
    await recordEvents(tx, [{ type: 'payment.cancelled-elsewhere', payload, requestId }]);
  }
  return knownPayment(tx, paymentId);
}
