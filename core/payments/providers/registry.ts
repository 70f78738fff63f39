/** The payment providers that are configured. Adding one is a folder beside this file, its settings, and a line here. */
import type { Config } from '../../../infra/config.js';
import { OutboundClient } from '../../../infra/outbound/outbound-client.js';
import { MagamError } from '../../../kernel/errors.js';
import { KakaoPayProvider } from './kakaopay/kakaopay-provider.js';
import { type CallListener, measured } from './measured.js';
import { PortOneProvider } from './portone/portone-provider.js';
import type { PaymentProvider, ProviderFailure } from './provider.js';
import { TossProvider } from './toss/toss-provider.js';

export interface PaymentProviders {
  readonly providers: readonly PaymentProvider[];
  /** What their calls go through. */
  readonly clients: readonly OutboundClient[];
  /** Tells of each call that has ended, from now on. */
  readonly onCall: (listener: CallListener) => void;
  /** Closes the connections. */
  readonly close: () => Promise<void>;
}

export interface Clocks {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of the breakers: milliseconds, only going forward. */
  readonly steady: () => number;
}

/** Makes what is configured; once a process, because the breakers and the limits of calls count for all of it. */
export function paymentProviders(
  config: Pick<Config, 'paymentProviders' | 'outbound' | 'production'>,
  clocks: Clocks = { now: Date.now, steady: () => performance.now() },
): PaymentProviders {
  const { toss, portOne, kakaoPay } = config.paymentProviders;
  const clients: OutboundClient[] = [];
  const listeners: CallListener[] = [];
  const client = (name: string, url: string): OutboundClient => {
    const made = new OutboundClient(name, url, config.outbound, clocks.steady);
    clients.push(made);
    return made;
  };
  const providers: PaymentProvider[] = [];
  if (toss !== null) providers.push(new TossProvider(toss, client('TOSS', toss.url)));
  if (portOne !== null) {
    const options = { testChannels: !config.production, now: clocks.now };
    providers.push(new PortOneProvider(portOne, client('PORTONE', portOne.url), options));
  }
  if (kakaoPay !== null) providers.push(new KakaoPayProvider(kakaoPay, client('KAKAOPAY', kakaoPay.url)));
  return {
    providers: providers.map((provider) =>
      measured(provider, (call) => {
        for (const listener of listeners) listener(call);
      }),
    ),
    clients,
    onCall: (listener) => void listeners.push(listener),
    close: async () => void (await Promise.all(clients.map((each) => each.close()))),
  };
}

/** The provider of this name. Throws PROVIDER_NOT_CONFIGURED. */
export function providerNamed(providers: readonly PaymentProvider[], name: string): PaymentProvider {
  const provider = providers.find((each) => each.name === name);
  if (provider === undefined) throw new MagamError('PROVIDER_NOT_CONFIGURED', undefined, { provider: name });
  return provider;
}

/** A breaker that has opened lets calls through again after about so long (s). */
const RETRY_AFTER_SECONDS = 10;

/** What a caller is told when the provider was `away`: nothing happened, and the same may be asked again. */
export const providerUnavailable = (provider: string, failure: ProviderFailure): MagamError =>
  new MagamError('PROVIDER_UNAVAILABLE', undefined, { provider, failure, retryAfterSeconds: RETRY_AFTER_SECONDS });
