/** Metrics of calls to payment and payout providers, as the process makes them. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OutboundClient, OutboundState } from './outbound-client.js';

/** A call to a provider that has ended. */
export interface ProviderCall {
  readonly provider: string;
  readonly operation: string;
  readonly outcome: string;
  /** Includes the wait, the tries and the look-ups of the call. */
  readonly seconds: number;
}

export type CallListener = (call: ProviderCall) => void;

/** Reports the calls of a provider. The function that it returns gives the answer of a call on. */
export const timing =
  (provider: string, tell: CallListener) =>
  async <T extends { readonly outcome: string }>(operation: string, call: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const answer = await call;
    tell({ provider, operation, outcome: answer.outcome, seconds: (performance.now() - startedAt) / 1_000 });
    return answer;
  };

/** Providers whose calls can be watched. */
export interface WatchedProviders {
  /** The guards of their calls. */
  readonly clients: readonly OutboundClient[];
  /** Reports each call that ends from now on. */
  readonly onCall: (listener: CallListener) => void;
}

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Adds the metrics of all providers of the process. It is called once for a registry. */
export function addProviderMetrics(registry: Registry, watched: readonly WatchedProviders[]): void {
  const seconds = new Histogram({
    name: 'magam_provider_call_duration_seconds',
    help: 'Time of a call to a payment or payout provider, with its wait for a turn, its tries and the look-ups that belong to it.',
    labelNames: ['provider', 'operation', 'outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 40, 65],
    registers: [registry],
  });
  const calls = new Counter({
    name: 'magam_provider_calls_total',
    help: 'Calls to payment and payout providers by outcome: unknown and away (never sent) for both; done and declined for payments; sent, paid, failed and missing for payouts.',
    labelNames: ['provider', 'operation', 'outcome'],
    registers: [registry],
  });
  for (const { onCall } of watched)
    onCall(({ provider, operation, outcome, seconds: took }) => {
      const labels = { provider, operation, outcome };
      calls.inc(labels);
      seconds.observe(labels, took);
    });
  const clients = watched.flatMap((one) => one.clients);
  const gauge = (name: string, help: string, pick: (state: OutboundState) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['provider', 'kind'],
      registers: [registry],
      collect() {
        for (const state of clients.flatMap((client) => client.states()))
          this.set({ provider: state.service, kind: state.kind }, pick(state));
      },
    });
  gauge(
    'magam_provider_breaker_state',
    'Circuit breaker of a provider: 0 closed, 1 half-open, 2 open.',
    ({ breaker }) => BREAKER_STATES[breaker],
  );
  gauge('magam_provider_calls_in_flight', 'Calls to a provider that are under way.', ({ inFlight }) => inFlight);
  gauge('magam_provider_calls_queued', 'Calls to a provider that wait for their turn.', ({ queued }) => queued);
}
