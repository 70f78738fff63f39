/** A payout provider that reports its calls to the metrics. */
import type { CallListener } from '../../../infra/outbound/provider-metrics.js';
import type { PayoutProvider } from './provider.js';

export function measured(provider: PayoutProvider, tell: CallListener): PayoutProvider {
  const timed = async <T extends { readonly outcome: string }>(operation: string, call: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await call;
    const seconds = (performance.now() - startedAt) / 1_000;
    tell({ provider: provider.name, operation, outcome: result.outcome, seconds });
    return result;
  };
  return {
    name: provider.name,
    currencies: provider.currencies,
    send: (order) => timed('send', provider.send(order)),
    inquire: (inquiry) => timed('inquire', provider.inquire(inquiry)),
  };
}
