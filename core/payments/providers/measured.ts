/** A provider that reports its calls to the metrics. */
import type { CallListener } from '../../../infra/outbound/provider-metrics.js';
import type { PaymentProvider, ProviderOutcome } from './provider.js';

export function measured(provider: PaymentProvider, tell: CallListener): PaymentProvider {
  const timed = async <T>(operation: string, call: Promise<ProviderOutcome<T>>): Promise<ProviderOutcome<T>> => {
    const startedAt = performance.now();
    const result = await call;
    const seconds = (performance.now() - startedAt) / 1_000;
    tell({ provider: provider.name, operation, outcome: result.outcome, seconds });
    return result;
  };
  return {
    name: provider.name,
    currencies: provider.currencies,
    readApproval: (approval) => provider.readApproval(approval),
    readWebhook: (webhook) => provider.readWebhook(webhook),
    open: (...given) => timed('open', provider.open(...given)),
    confirm: (...given) => timed('confirm', provider.confirm(...given)),
    inquire: (...given) => timed('inquire', provider.inquire(...given)),
    cancel: (...given) => timed('cancel', provider.cancel(...given)),
  };
}
