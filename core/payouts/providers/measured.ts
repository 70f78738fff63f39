/** A payout provider that reports its calls to the metrics. */
import { type CallListener, timing } from '../../../infra/outbound/provider-metrics.js';
import type { PayoutProvider } from './provider.js';

export function measured(provider: PayoutProvider, tell: CallListener): PayoutProvider {
  const timed = timing(provider.name, tell);
  return {
    name: provider.name,
    currencies: provider.currencies,
    send: (order) => timed('send', provider.send(order)),
    inquire: (inquiry) => timed('inquire', provider.inquire(inquiry)),
  };
}
