/** Tells from the payment afterwards whether money was given back. */
import { unknown } from './api-call.js';
import type { CancelAsk, ProviderFailure, ProviderOutcome, ProviderPayment } from './provider.js';

/** The amounts that the provider has given back, before and after this cancellation (minor units). */
export function cancelledBeforeAndAfter({ payment, remainingMinor, amountMinor }: CancelAsk) {
  const before = payment.amountMinor - remainingMinor;
  return { before, after: before + amountMinor };
}

/**
 * The outcome of a cancellation, from the payment after it. An earlier call for the same cancellation may have been carried out and its answer lost, so a
 * refusal counts only when the payment shows that nothing was given back.
 * @param refusal the provider's refusal; undefined when it agreed
 */
export function cancellationOf(
  ask: CancelAsk,
  payment: ProviderPayment | null,
  refusal?: ProviderFailure,
): ProviderOutcome<ProviderPayment> {
  if (payment === null || payment.reference !== ask.payment.reference || payment.currency !== ask.payment.currency)
    return unknown('PAYMENT_NOT_FOUND', 'the provider does not know the payment that is to be cancelled');
  const { before, after } = cancelledBeforeAndAfter(ask);
  if (payment.cancelledMinor === after) return { outcome: 'done', value: payment };
  if (refusal !== undefined && payment.cancelledMinor === before) return { outcome: 'declined', failure: refusal };
  return unknown('CANCELLED_AMOUNT_DIFFERS', `${payment.cancelledMinor} is given back, and ${after} should be`);
}
