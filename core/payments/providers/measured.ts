/** A provider that reports its calls to the metrics. */
import { type CallListener, timing } from '../../../infra/outbound/provider-metrics.js';
import type { PaymentProvider } from './provider.js';

export function measured(provider: PaymentProvider, tell: CallListener): PaymentProvider {
  const timed = timing(provider.name, tell);
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
