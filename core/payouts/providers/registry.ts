/** The payout providers that are configured. Adding one is a folder beside this file, its settings, and a line here. */
import type { Config } from '../../../infra/config.js';
import { OutboundClient } from '../../../infra/outbound/outbound-client.js';
import type { CallListener, WatchedProviders } from '../../../infra/outbound/provider-metrics.js';
import { measured } from './measured.js';
import type { PayoutProvider } from './provider.js';
import { TOSS_CURRENCIES, TOSS_PAYOUT, TossPayoutProvider } from './toss/toss-payout-provider.js';

/** What the configured providers transfer, by their names, for a process that asks none of them. */
export const configuredPayoutProviders = ({
  payoutProviders: { toss },
}: Pick<Config, 'payoutProviders'>): ReadonlyMap<string, Pick<PayoutProvider, 'currencies'>> =>
  new Map(toss === null ? [] : [[TOSS_PAYOUT, { currencies: TOSS_CURRENCIES }]]);

export interface OpenPayoutProviders extends WatchedProviders {
  /** By name. */
  readonly providers: ReadonlyMap<string, PayoutProvider>;
  /** Closes the connections. */
  readonly close: () => Promise<void>;
}

/** Toss Payments takes up to 60 s for a payout: https://docs.tosspayments.com/guides/payouts (ms). */
const TOSS_ANSWER_MS = 65_000;

/**
 * Makes the configured providers. Call it once a process, because the breakers and the limits of calls apply to the whole process. @param now milliseconds
 * since 1970
 */
export function payoutProviders(
  config: Pick<Config, 'payoutProviders' | 'outbound'>,
  now: () => number = Date.now,
): OpenPayoutProviders {
  const { toss } = config.payoutProviders;
  const { outbound } = config;
  const patient = {
    ...outbound,
    readMs: Math.max(outbound.readMs, TOSS_ANSWER_MS),
    answerMs: Math.max(outbound.answerMs, TOSS_ANSWER_MS),
  };
  const clients = toss === null ? [] : [new OutboundClient(TOSS_PAYOUT, toss.url, patient)];
  const providers = clients.flatMap((client) => (toss === null ? [] : [new TossPayoutProvider(toss, client, now)]));
  const listeners: CallListener[] = [];
  const tell: CallListener = (call) => {
    for (const listener of listeners) listener(call);
  };
  return {
    providers: new Map(providers.map((provider) => [provider.name, measured(provider, tell)])),
    clients,
    onCall: (listener) => void listeners.push(listener),
    close: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}
