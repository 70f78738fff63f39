/** Calls of a payment's provider. No transaction is open during them. */
import { errorText } from '../../infra/database-errors.js';
import type { PaymentProviders } from './payment-step.js';
import type {
  Approval,
  CancelAsk,
  PaymentAsk,
  PaymentProvider,
  ProviderOutcome,
  ProviderPayment,
} from './providers/provider.js';
import type { PaymentRecord } from './stores/payment.js';

/** The question to the provider. */
export const askOf = (payment: PaymentRecord): PaymentAsk => ({
  reference: payment.reference,
  buyer: `account-${payment.buyerId}`,
  amountMinor: payment.amountMinor,
  currency: payment.currency,
  orderName: payment.orderName,
  providerKey: payment.providerKey,
});

/**
 * Asks the provider of a payment. A provider that is no longer configured was certainly not reached; when one throws, nobody knows what it did.
 */
async function ask<T>(
  providers: PaymentProviders,
  { provider: name }: PaymentRecord,
  call: (provider: PaymentProvider) => Promise<ProviderOutcome<T>>,
): Promise<ProviderOutcome<T>> {
  const provider = providers.get(name);
  if (provider === undefined)
    return { outcome: 'away', failure: { code: 'PROVIDER_NOT_CONFIGURED', message: `${name} is not configured` } };
  try {
    return await call(provider);
  } catch (error) {
    return { outcome: 'unknown', failure: { code: 'PROVIDER_FAILED', message: errorText(error) } };
  }
}

/** Has the provider charge the approved amount. The payment's reference is the idempotency key, so two requests charge once. */
export const askToCharge = (
  providers: PaymentProviders,
  payment: PaymentRecord,
): Promise<ProviderOutcome<ProviderPayment>> => {
  const approval: Approval = { providerKey: payment.providerKey, token: payment.approvalToken };
  return ask(providers, payment, (provider) => provider.confirm(askOf(payment), approval, payment.reference));
};

/** Looks the payment up. */
export const lookUp = (
  providers: PaymentProviders,
  payment: PaymentRecord,
): Promise<ProviderOutcome<ProviderPayment | null>> =>
  ask(providers, payment, (provider) => provider.inquire(askOf(payment)));

/** Gives money back. The charged amount counts, even where it differs from the amount that was asked for. */
export const askToCancel = (
  providers: PaymentProviders,
  payment: PaymentRecord,
  cancel: Omit<CancelAsk, 'payment'>,
): Promise<ProviderOutcome<ProviderPayment>> => {
  const charged = {
    ...askOf(payment),
    amountMinor: payment.chargedMinor ?? payment.amountMinor,
    currency: payment.chargedCurrency ?? payment.currency,
  };
  return ask(providers, payment, (provider) => provider.cancel({ ...cancel, payment: charged }));
};
