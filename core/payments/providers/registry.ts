/** The payment providers that are configured. Adding one is a folder beside this file, its settings, and a line here. */
import type { Config } from '../../../infra/config.js';
import { OutboundClient } from '../../../infra/outbound/outbound-client.js';
import type { CallListener, WatchedProviders } from '../../../infra/outbound/provider-metrics.js';
import { KakaoPayProvider } from './kakaopay/kakaopay-provider.js';
import { measured } from './measured.js';
import { PortOneProvider } from './portone/portone-provider.js';
import type { PaymentProvider } from './provider.js';
import { TossProvider } from './toss/toss-provider.js';

export interface OpenProviders extends WatchedProviders {
  /** By name. A provider that is not here is refused with PROVIDER_NOT_CONFIGURED. */
  readonly providers: ReadonlyMap<string, PaymentProvider>;
  /** Closes the connections. */
  readonly close: () => Promise<void>;
}

export interface Clocks {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A clock for the breakers that only goes forward (ms). */
  readonly steady: () => number;
}

/** Makes the configured providers. Call it once a process, because the breakers and the limits of calls apply to the whole process. */
export function paymentProviders(
  config: Pick<Config, 'paymentProviders' | 'outbound' | 'production'>,
  clocks: Clocks = { now: Date.now, steady: () => performance.now() },
): OpenProviders {
  const { toss, portOne, kakaoPay } = config.paymentProviders;
  const clients: OutboundClient[] = [];
  const listeners: CallListener[] = [];
  const client = (name: string, url: string): OutboundClient => {
    const made = new OutboundClient(name, url, config.outbound, clocks.steady);
    clients.push(made);
    return made;
  };
  const tell: CallListener = (call) => {
    for (const listener of listeners) listener(call);
  };
  const providers: PaymentProvider[] = [];
  if (toss !== null) providers.push(new TossProvider(toss, client('TOSS', toss.url)));
  if (portOne !== null) {
    const options = { testChannels: !config.production, now: clocks.now };
    providers.push(new PortOneProvider(portOne, client('PORTONE', portOne.url), options));
  }
  if (kakaoPay !== null) providers.push(new KakaoPayProvider(kakaoPay, client('KAKAOPAY', kakaoPay.url)));
  return {
    providers: new Map(providers.map((provider) => [provider.name, measured(provider, tell)])),
    clients,
    onCall: (listener) => void listeners.push(listener),
    close: async () => void (await Promise.all(clients.map((each) => each.close()))),
  };
}
